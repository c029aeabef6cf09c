/* SPDX-License-Identifier: MIT */
#include "fs/report/event_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/compat.h"
#include "fs/base/log.h"
#include "fs/base/region.h"
#include "fs/store/store.h"

#define STATES_AT 4096
#define SPOOL_MAX (INT64_C(1) << 30)
#define GIVE_BACK (INT64_C(1) << 20) /* so much that nobody needs any more is given back at once */

/* What is not in the file. */
struct event_log_head {
	int64_t given_back; /* bytes at its beginning */
	int64_t before;	    /* how long the file was before the line that is being added */
	uint64_t prompt;    /* of that line; 0: none is being added */
	uint8_t state;
	bool open, ended;
};

_Static_assert(sizeof(struct event_log_head) <= STATES_AT, "head");
_Static_assert(STATES_AT + EVENT_LOG_PROMPTS <= EVENT_LOG_SIZE, "states");

struct event_log {
	struct store *store; /* borrowed */
	struct event_log_head *head;
	bool kept; /* the next daemon goes on with it */
	int fd;	   /* -1: nobody reads */
	off_t size;
};

static uint8_t *state_at(const struct event_log *log, uint64_t prompt)
{
	return prompt < EVENT_LOG_PROMPTS ? (uint8_t *)log->head + STATES_AT + prompt : NULL;
}

uint8_t event_log_state(const struct event_log *log, uint64_t prompt)
{
	const uint8_t *state = state_at(log, prompt);

	return state != NULL ? *state : 0;
}

void event_log_set_state(struct event_log *log, uint64_t prompt, uint8_t state)
{
	uint8_t *at = state_at(log, prompt);

	if (at != NULL)
		*at = state;
}

/* A death in the midst of a write leaves a part of a line, which is not one. */
static int cut_off_half_line(struct event_log *log)
{
	char part[4096];
	struct stat st;

	if (fstat(log->fd, &st) < 0)
		return -errno;
	off_t end = st.st_size;
	while (end > log->head->given_back) {
		off_t from = end > (off_t)sizeof(part) ? end - (off_t)sizeof(part) : 0;
		ssize_t got = pread(log->fd, part, (size_t)(end - from), from);
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		while (got > 0 && part[got - 1] != '\n')
			got--;
		end = from + got;
		if (got > 0)
			break;
	}
	log->size = end;
	return end < st.st_size && ftruncate(log->fd, end) < 0 ? -errno : 0;
}

/* Was the last line written when the last daemon died? */
static void settle_last_line(struct event_log *log)
{
	struct event_log_head *head = log->head;

	if (head->prompt != 0 && log->size > head->before)
		event_log_set_state(log, head->prompt, head->state);
	head->prompt = 0;
}

static int go_on(struct event_log *log)
{
	log->fd = store_spool_again(log->store);
	int r = log->fd < 0 ? log->fd : cut_off_half_line(log);
	if (r < 0) {
		/* who reads gets an error at his next read, as handles do that cannot be opened again */
		log_errno(LOG_LEVEL_WARNING, r, "events: the stream ends for its readers");
		event_log_close(log);
		return 0;
	}
	settle_last_line(log);
	return 0;
}

int event_log_create(struct store *store, const struct event_log_memory *memory, struct event_log **ret_log)
{
	struct event_log *log = calloc(1, sizeof(*log));
	void *region = NULL;

	if (log == NULL)
		return -ENOMEM;
	log->store = store;
	log->fd = -1;
	log->kept = memory->kept;
	int r = region_create(memory->kept ? memory->fd : -1, memory->at, EVENT_LOG_SIZE, &region);
	log->head = region;
	if (r == 0 && memory->resumes && log->head->open)
		r = go_on(log);
	else if (r == 0 && log->kept)
		store_spool_remove(store); /* of a mount that ended with its keeper */
	if (r < 0) {
		event_log_destroy(log);
		return r;
	}
	*ret_log = log;
	return 0;
}

void event_log_destroy(struct event_log *log)
{
	if (log == NULL)
		return;
	if (log->fd >= 0)
		event_log_close(log);
	region_destroy(log->head, EVENT_LOG_SIZE);
	free(log);
}

bool event_log_is_open(const struct event_log *log)
{
	return log->fd >= 0;
}

int event_log_open(struct event_log *log)
{
	int r = region_clear(log->head, EVENT_LOG_SIZE);

	if (r < 0)
		return r;
	log->fd = store_spool_open(log->store, log->kept);
	if (log->fd < 0)
		return log->fd;
	log->size = 0;
	log->head->open = true;
	return 0;
}

void event_log_close(struct event_log *log)
{
	log->head->open = false;
	cleanup_closep(&log->fd);
	log->fd = -1;
	if (log->kept)
		store_spool_remove(log->store);
}

static int append(struct event_log *log, const char *line, size_t length)
{
	if (log->size - log->head->given_back + (off_t)length > SPOOL_MAX)
		return -EOVERFLOW;
	ssize_t written = pwrite(log->fd, line, length, log->size);
	if (written != (ssize_t)length)
		return written < 0 ? -errno : -ENOSPC;
	log->size += (off_t)length;
	return 0;
}

int event_log_add(struct event_log *log, uint64_t prompt, uint8_t state, const char *line, size_t length)
{
	struct event_log_head *head = log->head;

	head->before = log->size;
	head->state = state;
	atomic_thread_fence(memory_order_seq_cst);
	head->prompt = prompt;
	int r = append(log, line, length);
	if (r == 0)
		event_log_set_state(log, prompt, state);
	head->prompt = 0;
	return r;
}

void event_log_end_here(struct event_log *log)
{
	log->head->ended = true;
}

bool event_log_has_ended(const struct event_log *log)
{
	return log->head->ended;
}

off_t event_log_end(const struct event_log *log)
{
	return log->size;
}

ssize_t event_log_read(struct event_log *log, void *data, size_t size, off_t at)
{
	if (at >= log->size)
		return log->head->ended ? -EOVERFLOW : 0;
	if (at < log->head->given_back)
		return -EIO;
	if ((off_t)size > log->size - at)
		size = (size_t)(log->size - at);
	ssize_t length = pread(log->fd, data, size, at);
	return length < 0 ? -errno : length;
}

void event_log_give_back(struct event_log *log, off_t least)
{
	if (least - log->head->given_back < GIVE_BACK)
		return;
	/* what was given back reads as nothing: first it is said */
	int64_t before = log->head->given_back;
	log->head->given_back = least;
	if (fallocate(log->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, least) < 0)
		log->head->given_back = before;
}
