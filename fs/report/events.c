/* SPDX-License-Identifier: MIT */
#include "fs/report/events.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/api/json_text.h"
#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/compat.h"
#include "fs/base/list.h"
#include "fs/base/log.h"
#include "fs/base/map.h"
#include "fs/base/text.h"
#include "fs/job/changes.h"
#include "fs/job/job_table.h"
#include "fs/job/place.h"
#include "fs/store/nodes.h"
#include "fs/store/store.h"
#include "fs/store/tally.h"
#include "fs/tree/status.h"

#define LINE_MAX_BYTES (256 * 1024)
#define SPOOL_MAX (INT64_C(1) << 30)
#define GIVE_BACK (INT64_C(1) << 20) /* so much that nobody needs any more is given back at once */

struct events {
	struct events_needs needs;
	struct changes_listener listener;
	struct list readers; /* events_reader.link, borrowed */
	int spool;	     /* -1: nobody reads */
	off_t size;	     /* of the spool: where the next line begins */
	off_t given_back;    /* bytes at its beginning */
	bool full;
	struct map *states; /* prompt -> the name of the state that was told last */
};

struct events_reader {
	struct events *events; /* borrowed */
	struct list link;
	void (*more)(void *arg);
	void *arg;
	off_t start; /* where its stream begins */
	off_t read;  /* up to where it has come, in the spool */
};

/* Names of states are few and never freed: what is compared later is the name itself. */
static const char *state_named(const char *word)
{
	for (int state = 1; state < JOB_STATE_COUNT; state++)
		if (strcmp(job_state_name((enum job_state)state), word) == 0)
			return job_state_name((enum job_state)state);
	return "DRAFT";
}

static int add_path(struct buf *line, const char *path)
{
	CLEANUP_FREE char *clean = strdup(path);

	if (clean == NULL)
		return -ENOMEM;
	text_filter(clean, strlen(clean), false);
	return json_text_add(line, clean);
}

/* `report` is a line of status_line(): STATE<TAB>prompt<TAB>result... */
static int add_report(struct buf *line, const char *from, char *report)
{
	char *save, *state = strtok_r(report, "\t\n", &save), *path = strtok_r(NULL, "\t\n", &save);
	int r = path == NULL ? -EINVAL : add_path(line, path);

	if (r < 0)
		return r;
	if (from != NULL)
		buf_addf(line, ",\"from\":\"%s\"", from);
	else
		buf_adds(line, ",\"from\":null");
	buf_addf(line, ",\"to\":\"%s\",\"results\":[", state);
	const char *result = strtok_r(NULL, "\t\n", &save);
	for (bool first = true; r == 0 && result != NULL; result = strtok_r(NULL, "\t\n", &save)) {
		if (!first)
			buf_adds(line, ",");
		first = false;
		r = add_path(line, result);
	}
	buf_adds(line, "]");
	return r;
}

/* What it has cost alone; null: nothing was spent, or it is not known. */
static int add_credits(struct events *events, const struct node *prompt, struct buf *line)
{
	struct job_cost cost = {.kind = COST_UNKNOWN};
	int r = prompt->job == 0 ? -ENOENT : tally_get_cost(events->needs.store, prompt->job, &cost);

	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && cost.kind == COST_ALONE)
		return buf_addf(line, ",\"credits\":%.10g}\n", cost.credits);
	return buf_adds(line, ",\"credits\":null}\n");
}

static int make_line(struct events *events, const struct node *prompt, const char *from, struct buf *line)
{
	CLEANUP(buf_finish) struct buf report;
	char when[CLOCK_TEXT];

	buf_init(&report, LINE_MAX_BYTES);
	int r = status_line(events->needs.tree, prompt, (int64_t)TREE_ROOT, &report);
	if (r == 0)
		r = report.failed;
	if (r < 0)
		return r;
	clock_format(clock_wall_ms(), when);
	buf_addf(line, "{\"time\":\"%s\",\"path\":", when);
	r = add_report(line, from, report.data);
	if (r == 0)
		r = add_credits(events, prompt, line);
	return r < 0 ? r : line->failed;
}

/* What all have read goes back to the disk. */
static void give_back(struct events *events)
{
	off_t least = events->size;
	struct list *item;

	list_for_each(item, &events->readers)
	{
		const struct events_reader *reader = list_entry(item, struct events_reader, link);
		if (reader->read < least)
			least = reader->read;
	}
	if (least - events->given_back < GIVE_BACK)
		return;
	if (fallocate(events->spool, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, least) == 0)
		events->given_back = least;
}

static void tell_readers(struct events *events)
{
	struct list *item, *after;

	list_for_each_safe(item, after, &events->readers)
	{
		struct events_reader *reader = list_entry(item, struct events_reader, link);
		reader->more(reader->arg);
	}
}

static int append(struct events *events, const struct buf *line)
{
	if (events->size - events->given_back + (off_t)line->length > SPOOL_MAX)
		return -EOVERFLOW;
	ssize_t written = pwrite(events->spool, line->data, line->length, events->size);
	if (written != (ssize_t)line->length)
		return written < 0 ? -errno : -ENOSPC;
	events->size += (off_t)line->length;
	return 0;
}

static int note_change(struct events *events, int64_t ino)
{
	CLEANUP(buf_finish) struct buf line;
	CLEANUP_FREE char *word = NULL;
	struct node node;
	int r = nodes_get(events->needs.store, ino, &node);

	buf_init(&line, LINE_MAX_BYTES);
	if (r == 0)
		r = status_attribute(events->needs.tree, &node, "state", &word);
	/* removed, or no prompt any more */
	if (r == -ENOENT || r == -ENODATA || (r == 0 && node.parent == 0)) {
		map_remove(events->states, (uint64_t)ino);
		return 0;
	}
	if (r < 0)
		return r;
	const char *state = state_named(word), *from = map_get(events->states, (uint64_t)ino);
	if (from == state)
		return 0;
	r = make_line(events, &node, from, &line);
	if (r == 0)
		r = append(events, &line);
	return r < 0 ? r : map_put(events->states, (uint64_t)ino, (void *)(uintptr_t)state);
}

static void status_has_changed(void *arg, uint64_t ino, bool by_itself)
{
	struct events *events = arg;

	if (events->spool < 0 || events->full)
		return;
	off_t before = events->size;
	int r = note_change(events, (int64_t)ino);
	if (r < 0) {
		/* a stream with a gap is worse than one that ends */
		log_errno(LOG_LEVEL_WARNING, r, "events: the stream ends for its readers");
		events->full = true;
	}
	if (events->full || events->size != before)
		tell_readers(events);
}

/* What is known of a prompt before its first change: jobs that are open now. */
static int note_open_jobs(struct events *events)
{
	int r = 0;

	for (struct job *job = job_table_first(events->needs.jobs); job != NULL && r == 0; job = job_table_next(job)) {
		int64_t ino = job->record.place.ino;
		const char *name = job_state_name(job_state_shown(job->record.state));
		if (ino != 0)
			r = map_put(events->states, (uint64_t)ino, (void *)(uintptr_t)name);
	}
	return r;
}

int events_create(const struct events_needs *needs, struct events **ret_events)
{
	static const struct changes_events callbacks = {.status = status_has_changed};
	struct events *events = calloc(1, sizeof(*events));

	if (events == NULL)
		return -ENOMEM;
	events->needs = *needs;
	events->spool = -1;
	list_init(&events->readers);
	changes_listen(needs->changes, &events->listener, &callbacks, events);
	*ret_events = events;
	return 0;
}

static void stop(struct events *events)
{
	cleanup_closep(&events->spool);
	events->spool = -1;
	events->size = events->given_back = 0;
	events->full = false;
	map_destroy(events->states);
	events->states = NULL;
}

void events_destroy(struct events *events)
{
	if (events == NULL)
		return;
	changes_unlisten(&events->listener);
	stop(events);
	free(events);
}

static int start(struct events *events)
{
	events->states = map_create();
	if (events->states == NULL)
		return -ENOMEM;
	int r = note_open_jobs(events);
	if (r == 0)
		r = events->spool = store_spool_open(events->needs.store);
	if (r < 0)
		stop(events);
	return r < 0 ? r : 0;
}

int events_open(struct events *events, void (*more)(void *arg), void *arg, struct events_reader **ret_reader)
{
	struct events_reader *reader = calloc(1, sizeof(*reader));
	int r = reader == NULL ? -ENOMEM : 0;

	if (r == 0 && events->spool < 0)
		r = start(events);
	if (r < 0) {
		free(reader);
		return r;
	}
	reader->events = events;
	reader->more = more;
	reader->arg = arg;
	reader->start = reader->read = events->size;
	list_append(&events->readers, &reader->link);
	*ret_reader = reader;
	return 0;
}

void events_close(struct events_reader *reader)
{
	if (reader == NULL)
		return;
	struct events *events = reader->events;
	list_remove(&reader->link);
	free(reader);
	if (list_empty(&events->readers))
		stop(events);
}

ssize_t events_read(struct events_reader *reader, void *data, size_t size, off_t offset)
{
	struct events *events = reader->events;
	off_t at = reader->start + offset, end = events->size;

	if (at >= end)
		return events->full ? -EOVERFLOW : 0;
	if (at < events->given_back)
		return -EIO;
	if ((off_t)size > end - at)
		size = (size_t)(end - at);
	ssize_t length = pread(events->spool, data, size, at);
	if (length < 0)
		return -errno;
	if (at + length > reader->read)
		reader->read = at + length;
	give_back(events);
	return length;
}
