/* SPDX-License-Identifier: MIT */
#include "fs/report/events.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fs/api/json_text.h"
#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/list.h"
#include "fs/base/log.h"
#include "fs/base/text.h"
#include "fs/job/changes.h"
#include "fs/job/job_table.h"
#include "fs/job/place.h"
#include "fs/report/event_log.h"
#include "fs/store/nodes.h"
#include "fs/store/store.h"
#include "fs/store/tally.h"
#include "fs/tree/status.h"

#define LINE_MAX_BYTES (256 * 1024)

struct events {
	struct events_needs needs;
	struct changes_listener listener;
	struct list readers; /* events_reader.link, borrowed */
	struct event_log *log; /* owned; open while anybody reads */
};

struct events_reader {
	struct events *events; /* borrowed */
	struct list link;
	void (*more)(void *arg);
	void *arg;
	off_t start; /* where its stream begins */
	off_t read;  /* up to where it has come, in the log */
};

/* 0: none was told yet; then those of jobs, and that of a prompt without one. */
enum { STATE_DRAFT = JOB_STATE_COUNT };

static uint8_t state_of_word(const char *word)
{
	for (int state = 1; state < JOB_STATE_COUNT; state++)
		if (strcmp(job_state_name((enum job_state)state), word) == 0)
			return (uint8_t)state;
	return STATE_DRAFT;
}

/* NULL: none was told yet. */
static const char *word_of_state(uint8_t state)
{
	if (state == 0)
		return NULL;
	return state < JOB_STATE_COUNT ? job_state_name((enum job_state)state) : "DRAFT";
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
	off_t least = event_log_end(events->log);
	struct list *item;

	list_for_each(item, &events->readers)
	{
		const struct events_reader *reader = list_entry(item, struct events_reader, link);
		if (reader->read < least)
			least = reader->read;
	}
	event_log_give_back(events->log, least);
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
		event_log_set_state(events->log, (uint64_t)ino, 0);
		return 0;
	}
	if (r < 0)
		return r;
	uint8_t state = state_of_word(word), from = event_log_state(events->log, (uint64_t)ino);
	if (from == state)
		return 0;
	r = make_line(events, &node, word_of_state(from), &line);
	return r < 0 ? r : event_log_add(events->log, (uint64_t)ino, state, line.data, line.length);
}

static void status_has_changed(void *arg, uint64_t ino, bool by_itself)
{
	struct events *events = arg;

	if (!event_log_is_open(events->log) || event_log_has_ended(events->log))
		return;
	off_t before = event_log_end(events->log);
	int r = note_change(events, (int64_t)ino);
	if (r < 0) {
		log_errno(LOG_LEVEL_WARNING, r, "events: the stream ends for its readers");
		event_log_end_here(events->log);
	}
	if (r < 0 || event_log_end(events->log) != before)
		tell_readers(events);
}

/* What is known of a prompt before its first change: jobs that are open now. */
static void note_open_jobs(struct events *events)
{
	struct job *job;

	for (job = job_table_first(events->needs.jobs); job != NULL; job = job_table_next(job)) {
		const char *name = job_state_name(job_state_shown(job->record.state));
		if (job->record.place.ino != 0)
			event_log_set_state(events->log, (uint64_t)job->record.place.ino, state_of_word(name));
	}
}

int events_create(const struct events_needs *needs, struct events **ret_events)
{
	static const struct changes_events callbacks = {.status = status_has_changed};
	struct events *events = calloc(1, sizeof(*events));

	if (events == NULL)
		return -ENOMEM;
	events->needs = *needs;
	list_init(&events->readers);
	int r = event_log_create(needs->store, &needs->memory, &events->log);
	if (r < 0) {
		free(events);
		return r;
	}
	changes_listen(needs->changes, &events->listener, &callbacks, events);
	*ret_events = events;
	return 0;
}

void events_destroy(struct events *events)
{
	if (events == NULL)
		return;
	changes_unlisten(&events->listener);
	event_log_destroy(events->log);
	free(events);
}

static int add_reader(struct events *events, off_t start, void (*more)(void *arg), void *arg,
	struct events_reader **ret_reader)
{
	struct events_reader *reader = malloc(sizeof(*reader));

	if (reader == NULL)
		return -ENOMEM;
	*reader = (struct events_reader){.events = events, .more = more, .arg = arg, .start = start, .read = start};
	list_append(&events->readers, &reader->link);
	*ret_reader = reader;
	return 0;
}

int events_open(struct events *events, void (*more)(void *arg), void *arg, struct events_reader **ret_reader)
{
	int r = 0;

	if (!event_log_is_open(events->log)) {
		r = event_log_open(events->log);
		if (r < 0)
			return r;
		note_open_jobs(events);
	}
	r = add_reader(events, event_log_end(events->log), more, arg, ret_reader);
	if (r < 0 && list_empty(&events->readers))
		event_log_close(events->log);
	return r;
}

int events_open_again(struct events *events, off_t start, void (*more)(void *arg), void *arg,
	struct events_reader **ret_reader)
{
	if (!event_log_is_open(events->log) || start < 0 || start > event_log_end(events->log))
		return -ESTALE;
	return add_reader(events, start, more, arg, ret_reader);
}

off_t events_start(const struct events_reader *reader)
{
	return reader->start;
}

void events_close(struct events_reader *reader)
{
	if (reader == NULL)
		return;
	struct events *events = reader->events;
	list_remove(&reader->link);
	free(reader);
	if (list_empty(&events->readers))
		event_log_close(events->log);
}

ssize_t events_read(struct events_reader *reader, void *data, size_t size, off_t offset)
{
	struct events *events = reader->events;
	off_t at = reader->start + offset;
	ssize_t length = event_log_read(events->log, data, size, at);

	if (length <= 0)
		return length;
	if (at + length > reader->read)
		reader->read = at + length;
	give_back(events);
	return length;
}
