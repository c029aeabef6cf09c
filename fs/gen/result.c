/* SPDX-License-Identifier: MIT */
#include "fs/gen/result.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/list.h"
#include "fs/base/log.h"
#include "fs/base/map.h"
#include "fs/gen/gen_private.h"
#include "fs/gen/renew.h"
#include "fs/net/backoff.h"
#include "fs/store/cache.h"
#include "fs/store/jobs.h"

/* A request asks for a window that grows while a reader goes on in sequence and is small again where it seeks, so that a
 * look into a file costs little and a whole file few requests. */
#define WINDOW_FIRST (INT64_C(256) * 1024)
#define WINDOW_TO_END (INT64_C(16) * 1024 * 1024) /* from here on: up to the end of the file */
#define AHEAD                                                                                      \
	(INT64_C(16) * 1024 * 1024) /* further than this in front of the last read it pauses */
#define NEAR (INT64_C(1024) * 1024) /* a read so far in front of the transfer waits for it */
#define READ_MAX (1024 * 1024)      /* of one read: the kernel's largest */
#define ATTEMPTS 4                  /* without a single new byte */
#define SAVE_EVERY (INT64_C(64) * 1024 * 1024)

static const struct backoff pace = {.first_ms = 300, .max_ms = 5000, .jitter_percent = 20};

struct result_read {
	struct result *result; /* borrowed */
	struct list link;
	int64_t offset;
	size_t length, filled;
	void (*done)(void *arg, ssize_t length, const char *data);
	void *arg;
	char data[];
};

struct result {
	struct results *results; /* borrowed */
	int64_t ino;
	unsigned users;
	struct result_record *record; /* owned, one */
	struct cache_file *file;      /* owned */
	struct list reads;            /* result_read.link, owned, oldest first */
	struct http_request *request; /* owned; the one transfer */
	struct renewal *renewal;      /* owned */
	struct loop_timer *retry;     /* owned */
	int64_t start, position,
		end;      /* of the transfer: asked from, next byte to come, up to (exclusive) */
	int64_t furthest; /* end of the last read */
	int64_t window;
	int64_t unsaved; /* bytes since the map was saved */
	unsigned attempts;
	bool paused, renewed, ignore_body;
	struct http_head head;
};

struct results {
	struct gen *gen;    /* borrowed */
	struct map *by_ino; /* of struct result, owned by their users */
	uint64_t transfers;
	char *scratch; /* owned; for reads that the cache answers */
};

static void pump(struct result *result);

int results_create(struct gen *gen, struct results **ret_results)
{
	struct results *results = calloc(1, sizeof(*results));

	if (results == NULL)
		return -ENOMEM;
	results->gen = gen;
	results->by_ino = map_create();
	results->scratch = malloc(READ_MAX);
	if (results->by_ino == NULL || results->scratch == NULL) {
		results_destroy(results);
		return -ENOMEM;
	}
	*ret_results = results;
	return 0;
}

static void result_free(struct result *result)
{
	struct list *item, *after;

	map_remove(result->results->by_ino, (uint64_t)result->ino);
	http_cancel(result->request);
	renew_cancel(result->renewal);
	loop_timer_destroy(result->retry);
	cache_file_close(result->file);
	list_for_each_safe(item, after, &result->reads)
		free(list_entry(item, struct result_read, link));
	result_records_finish(result->record, 1);
	free(result);
}

void results_destroy(struct results *results)
{
	struct result *result;
	uint64_t ino;

	if (results == NULL)
		return;
	while (results->by_ino != NULL && (result = map_any(results->by_ino, &ino)) != NULL)
		result_free(result);
	map_destroy(results->by_ino);
	free(results->scratch);
	free(results);
}

uint64_t results_transfers(const struct results *results)
{
	return results->transfers;
}

static void on_retry(void *arg)
{
	pump(arg);
}

/* The bytes of a text are in its row. A cache that does not take them gives an error to who reads. */
static void fill_text(struct result *result)
{
	const char *url = result->record->url;

	if (strncmp(url, RESULT_TEXT, strlen(RESULT_TEXT)) != 0)
		return;
	const char *text = url + strlen(RESULT_TEXT);
	size_t length = strlen(text);
	if (cache_file_run_end(result->file, 0) < (int64_t)length &&
		cache_file_write(result->file, 0, text, length) < 0)
		log_warning("result: inode %lld: no room for its text", (long long)result->ino);
}

int result_open(struct results *results, int64_t ino, struct result **ret_result)
{
	struct result *result = map_get(results->by_ino, (uint64_t)ino);
	int r;

	if (result != NULL) {
		result->users++;
		*ret_result = result;
		return 0;
	}
	result = calloc(1, sizeof(*result));
	if (result == NULL)
		return -ENOMEM;
	result->results = results;
	result->ino = ino;
	result->users = 1;
	result->window = WINDOW_FIRST;
	list_init(&result->reads);
	result->record = calloc(1, sizeof(*result->record));
	r = result->record == NULL ? -ENOMEM
				   : results_find(results->gen->store, ino, result->record);
	if (r == 0)
		r = cache_file_open(results->gen->store, ino, &result->file);
	if (r == 0)
		fill_text(result);
	if (r == 0)
		r = loop_timer_create(results->gen->loop, on_retry, result, &result->retry);
	if (r == 0)
		r = map_put(results->by_ino, (uint64_t)ino, result);
	if (r < 0) {
		result_free(result);
		return r;
	}
	*ret_result = result;
	return 0;
}

void result_close(struct result *result)
{
	assert(result->users > 0);
	if (--result->users == 0)
		result_free(result);
}

static void answer(struct result_read *read, ssize_t length)
{
	list_remove(&read->link);
	read->done(read->arg, length, read->data);
	free(read);
}

static void stop_transfer(struct result *result)
{
	http_cancel(result->request);
	result->request = NULL;
	result->paused = false;
}

/* Everybody who waits gets the error; a later read tries anew. */
static void fail(struct result *result, int error)
{
	log_errno(LOG_LEVEL_WARNING, error, "result: inode %lld could not be read",
		(long long)result->ino);
	stop_transfer(result);
	loop_timer_disarm(result->retry);
	result->attempts = 0;
	result->renewed = false;
	while (!list_empty(&result->reads))
		answer(list_entry(result->reads.next, struct result_read, link), error);
}

/* Takes from the cache what follows the bytes that the read has. */
static int fill_from_cache(struct result_read *read)
{
	struct result *result = read->result;

	while (read->filled < read->length) {
		int64_t from = read->offset + (int64_t)read->filled;
		int64_t run = cache_file_run_end(result->file, from) - from;
		size_t wanted = read->length - read->filled;
		if (run <= 0)
			break;
		if ((int64_t)wanted > run)
			wanted = (size_t)run;
		int r = cache_file_read(result->file, from, read->data + read->filled, wanted);
		if (r < 0)
			return r;
		read->filled += wanted;
	}
	return 0;
}

static void fill_from_body(
	struct result_read *read, int64_t position, const char *data, size_t length)
{
	int64_t from = read->offset + (int64_t)read->filled;

	if (from < position || from >= position + (int64_t)length || read->filled == read->length)
		return;
	size_t skip = (size_t)(from - position), n = length - skip;
	if (n > read->length - read->filled)
		n = read->length - read->filled;
	memcpy(read->data + read->filled, data + skip, n);
	read->filled += n;
}

static int on_head(void *arg, const struct http_head *head)
{
	struct result *result = arg;
	const char *etag = result->record->etag;

	result->head = *head;
	result->ignore_body = head->status != 200 && head->status != 206;
	if (result->ignore_body)
		return 0;
	/* two versions never mix: what was announced with another tag or length is not this file */
	if (etag != NULL && head->etag[0] != '\0' && strcmp(etag, head->etag) != 0)
		return -ESTALE;
	if (head->total >= 0 && head->total != result->record->size)
		return -ESTALE;
	if (head->status == 200)
		result->position = 0; /* no ranges here: the whole comes, from the start */
	else if (head->range_start != result->start)
		return -EPROTO;
	return 0;
}

static int on_body(void *arg, const char *data, size_t length)
{
	struct result *result = arg;
	struct list *item, *after;

	if (result->ignore_body)
		return 0;
	/* nobody reads so far ahead: the transfer waits for its readers */
	if (list_empty(&result->reads) && result->position > result->furthest + AHEAD) {
		result->paused = true;
		return HTTP_PAUSE;
	}
	if (result->position + (int64_t)length > result->record->size)
		return -ESTALE;
	if (cache_file_write(result->file, result->position, data, length) == 0)
		result->unsaved += (int64_t)length;
	list_for_each(item, &result->reads) fill_from_body(
		list_entry(item, struct result_read, link), result->position, data, length);
	result->position += (int64_t)length;
	result->attempts = 0;
	result->renewed = false;
	if (result->unsaved >= SAVE_EVERY && cache_file_save(result->file) == 0)
		result->unsaved = 0;
	list_for_each_safe(item, after, &result->reads)
	{
		struct result_read *read = list_entry(item, struct result_read, link);
		int r = read->filled > 0 ? fill_from_cache(read) : 0;
		if (r < 0 || read->filled == read->length)
			answer(read, r < 0 ? r : (ssize_t)read->length);
	}
	return 0;
}

static void on_renewed(void *arg, int error)
{
	struct result *result = arg;

	result->renewal = NULL;
	if (error == 0) {
		struct result_record *fresh = calloc(1, sizeof(*fresh));
		error = fresh == NULL
				? -ENOMEM
				: results_find(result->results->gen->store, result->ino, fresh);
		if (error == 0) {
			result_records_finish(result->record, 1);
			result->record = fresh;
		} else {
			free(fresh);
		}
	}
	if (error < 0) {
		log_errno(LOG_LEVEL_WARNING, error,
			"result: inode %lld: its address has expired and could not be renewed",
			(long long)result->ino);
		fail(result, -EIO);
		return;
	}
	pump(result);
}

static bool is_gone(int status)
{
	return status == 401 || status == 403 || status == 404 || status == 410;
}

static void on_done(void *arg, const struct http_end *end)
{
	struct result *result = arg;
	int status = end->head.status, error = end->error;

	result->request = NULL;
	result->paused = false;
	if (cache_file_save(result->file) == 0)
		result->unsaved = 0;
	if (is_gone(status) && !result->renewed) {
		result->renewed = true;
		error = renew_start(result->results->gen, result->record->job, on_renewed, result,
			&result->renewal);
		if (error < 0)
			fail(result, -EIO);
		return;
	}
	if (error == -ESTALE) {
		log_warning("result: inode %lld: the file at its address is another one now",
			(long long)result->ino);
		fail(result, -EIO);
		return;
	}
	if (list_empty(&result->reads))
		return;
	if (error == 0 && result->ignore_body)
		error = -EIO;
	/* cut short, stalled, refused for the moment: on from where it stopped */
	if (error < 0 || result->position < result->end) {
		if (++result->attempts >= ATTEMPTS) {
			fail(result, error == -ETIMEDOUT ? -ETIMEDOUT : -EIO);
			return;
		}
		loop_timer_arm(result->retry, backoff_wait_ms(&pace, result->attempts,
						      end->head.retry_after_ms, backoff_random()));
		return;
	}
	pump(result);
}

static void start_transfer(struct result *result, int64_t from)
{
	static const struct http_events events = {on_head, on_body, on_done};
	int64_t gap_end = cache_file_next_start(result->file, from);
	struct http_spec spec = {.url = result->record->url,
		.max_redirects = 5,
		.stall_ms = result->results->gen->options.stall_timeout_ms,
		.max_bytes = INT64_MAX};

	result->window = from == result->end && result->position == result->end ? result->window * 4
										: WINDOW_FIRST;
	result->start = result->position = from;
	result->end =
		result->window >= WINDOW_TO_END ? result->record->size : from + result->window;
	/* at least as far as the read that wants it, at most to what is there already */
	struct result_read *first = list_entry(result->reads.next, struct result_read, link);
	if (result->end < first->offset + (int64_t)first->length)
		result->end = first->offset + (int64_t)first->length;
	if (result->end > gap_end)
		result->end = gap_end;
	if (result->end > result->record->size)
		result->end = result->record->size;
	spec.range_start = from;
	spec.range_end = result->end - 1;
	result->results->transfers++;
	int r = http_start(result->results->gen->http, &spec, &events, result, &result->request);
	if (r < 0)
		fail(result, r == -ENOMEM ? r : -EIO);
}

/* Serves the oldest read: the transfer goes on where it will come by, else it starts where that read needs it. */
static void pump(struct result *result)
{
	if (list_empty(&result->reads) || result->renewal != NULL ||
		loop_timer_armed(result->retry))
		return;
	struct result_read *read = list_entry(result->reads.next, struct result_read, link);
	int64_t from = read->offset + (int64_t)read->filled;
	if (result->request != NULL) {
		if (result->position <= from && from <= result->position + NEAR &&
			(from < result->end || result->head.status == 200)) {
			if (result->paused) {
				result->paused = false;
				http_resume(result->request);
			}
			return;
		}
		stop_transfer(result);
	}
	start_transfer(result, from);
}

int result_read(struct result *result, int64_t offset, size_t length,
	void (*done)(void *arg, ssize_t length, const char *data), void *arg,
	struct result_read **ret_read)
{
	int64_t size = result->record->size;

	*ret_read = NULL;
	if (offset >= size || length == 0) {
		done(arg, 0, NULL);
		return 0;
	}
	if (length > READ_MAX)
		length = READ_MAX;
	if ((int64_t)length > size - offset)
		length = (size_t)(size - offset);
	result->furthest = offset + (int64_t)length;
	if (cache_file_run_end(result->file, offset) >= offset + (int64_t)length) {
		int r = cache_file_read(result->file, offset, result->results->scratch, length);
		if (r < 0)
			return r;
		/* a reader that lives on what was fetched ahead keeps the transfer going */
		if (result->paused && result->position <= result->furthest + AHEAD) {
			result->paused = false;
			http_resume(result->request);
		}
		done(arg, (ssize_t)length, result->results->scratch);
		return 0;
	}
	struct result_read *read = malloc(sizeof(*read) + length);
	if (read == NULL)
		return -ENOMEM;
	*read = (struct result_read){
		.result = result, .offset = offset, .length = length, .done = done, .arg = arg};
	int r = fill_from_cache(read);
	if (r < 0) {
		free(read);
		return r;
	}
	list_append(&result->reads, &read->link);
	*ret_read = read;
	pump(result);
	return 0;
}

void result_read_cancel(struct result_read *read)
{
	struct result *result = read->result;

	list_remove(&read->link);
	free(read);
	if (list_empty(&result->reads))
		loop_timer_disarm(result->retry);
}
