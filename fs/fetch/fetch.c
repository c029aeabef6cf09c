/* SPDX-License-Identifier: MIT */
#include "fs/fetch/fetch.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/list.h"
#include "fs/base/log.h"
#include "fs/base/map.h"
#include "fs/fetch/evict.h"
#include "fs/fetch/fetch_private.h"

#define KEPT_BEHIND (512 * 1024) /* the kernel's reads overtake each other a little */
#define FLUSH_MS 1000
#define READ_MAX (1024 * 1024) /* of one read: the kernel's largest */

static void on_flush(void *arg)
{
	struct results *results = arg;
	int r = cache_flush(results->gen->store);

	if (r < 0)
		log_errno(LOG_LEVEL_WARNING, r, "result: what was fetched could not be noted");
	else
		evict_check(results->evictor);
}

/* SQL is parsed when it is first used: not while the first reader waits. */
static int prepare(struct store *store)
{
	struct result_record none;
	int r = results_find(store, 0, &none);

	if (r == 0)
		result_record_finish(&none);
	return r < 0 && r != -ENOENT ? r : cache_prepare(store);
}

int results_create(struct gen *gen, struct results **ret_results)
{
	struct results *results = calloc(1, sizeof(*results));

	if (results == NULL)
		return -ENOMEM;
	results->gen = gen;
	results->latency_ms = -1;
	list_init(&results->waiting);
	results->by_ino = map_create();
	results->troubles = map_create();
	results->read = map_create();
	results->scratch = malloc(READ_MAX);
	int r = results->by_ino == NULL || results->troubles == NULL || results->read == NULL ||
				results->scratch == NULL
			? -ENOMEM
			: 0;
	if (r == 0)
		r = block_pool_create(&results->blocks);
	if (r == 0)
		r = prepare(gen->store);
	if (r == 0)
		r = evict_create(gen, &results->evictor);
	if (r == 0)
		r = loop_timer_create(gen->loop, on_flush, results, &results->flush);
	if (r == 0)
		r = loop_timer_create(gen->loop, results_fetch_next, results, &results->next);
	if (r < 0) {
		results_destroy(results);
		return r;
	}
	*ret_results = results;
	return 0;
}

static void unload(struct result *result)
{
	result_stop_all(result);
	block_drop_all(result->results->blocks, &result->blocks);
	renew_cancel(result->renewal);
	loop_timer_destroy(result->retry);
	loop_timer_destroy(result->far);
	cache_file_close(result->file);
	result_record_finish(&result->record);
}

static void result_free(struct result *result)
{
	struct list *item, *after;

	map_remove(result->results->by_ino, (uint64_t)result->ino);
	unload(result);
	list_for_each_safe(item, after, &result->reads)
		free(list_entry(item, struct result_read, link));
	free(result);
}

void results_destroy(struct results *results)
{
	struct result *result;
	uint64_t ino;

	if (results == NULL)
		return;
	results_fetch_end(results);
	while (results->by_ino != NULL && (result = map_any(results->by_ino, &ino)) != NULL)
		result_free(result);
	map_destroy(results->by_ino);
	map_destroy(results->read);
	results_trouble_end(results);
	/* blocks on their way to disk */
	worker_drain(results->gen->options.worker);
	block_pool_destroy(results->blocks);
	evict_destroy(results->evictor);
	loop_timer_destroy(results->flush);
	loop_timer_destroy(results->next);
	free(results->scratch);
	free(results);
}

uint64_t results_transfers(const struct results *results)
{
	return results->transfers;
}

void results_cache_grew(struct results *results)
{
	if (!loop_timer_armed(results->flush))
		loop_timer_arm(results->flush, FLUSH_MS);
}

bool results_is_open(const struct results *results, int64_t ino)
{
	return map_get(results->by_ino, (uint64_t)ino) != NULL;
}

/* The bytes of a text are in its row. A cache that does not take them gives an error to who reads. */
static void fill_text(struct result *result)
{
	const char *url = result->record.url;

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
	list_init(&result->reads);
	list_init(&result->transfers);
	list_init(&result->blocks);
	r = map_put(results->by_ino, (uint64_t)ino, result);
	if (r < 0) {
		free(result);
		return r;
	}
	*ret_result = result;
	return 0;
}

static void on_retry(void *arg)
{
	result_pump(arg);
}

static void on_far(void *arg)
{
	result_is_far(arg);
}

int result_load(struct result *result)
{
	struct results *results = result->results;
	struct gen *gen = results->gen;
	int r;

	if (result->loaded)
		return 0;
	r = results_find(gen->store, result->ino, &result->record);
	if (r == 0)
		r = cache_file_open(gen->store, result->ino, &result->file);
	if (r == 0)
		fill_text(result);
	if (r == 0)
		r = loop_timer_create(gen->loop, on_retry, result, &result->retry);
	if (r == 0)
		r = loop_timer_create(gen->loop, on_far, result, &result->far);
	if (r < 0) {
		cache_file_close(result->file);
		result->file = NULL;
		loop_timer_destroy(result->retry);
		result->retry = NULL;
		result_record_finish(&result->record);
		result->record = (struct result_record){0};
		return r;
	}
	/* without memory for it, it is made ready once more than needed */
	map_put(results->read, (uint64_t)result->ino, results);
	result->uncached = !gen->options.cache;
	result->loaded = true;
	cache_file_touch(result->file);
	results_cache_grew(results);
	return 0;
}

void result_expect(struct result *result)
{
	struct results *results = result->results;

	/* what was read before is most likely the kernel's to answer; and while others read, they come first. An error
	 * is the read's to tell. */
	if (map_count(results->by_ino) == 1 &&
		map_get(results->read, (uint64_t)result->ino) == NULL)
		result_load(result);
}

int64_t results_first(struct results *results, int64_t ino)
{
	struct result *result;
	int64_t bytes = 0;

	if (result_open(results, ino, &result) < 0)
		return 0;
	if (result_load(result) == 0)
		bytes = cache_file_run_end(result->file, 0);
	/* the rest of a page would have to come from the network */
	if (bytes < result->record.size)
		bytes -= bytes % sysconf(_SC_PAGESIZE);
	result_close(result);
	return bytes;
}

int result_whole(struct result *result)
{
	int r = result_load(result);

	return r == 0 && cache_file_run_end(result->file, 0) == result->record.size
		       ? cache_file_fd(result->file)
		       : -1;
}

void result_close(struct result *result)
{
	assert(result->users > 0);
	if (--result->users > 0)
		return;
	result_stop_long(result);
	result_left(result);
}

void result_left(struct result *result)
{
	if (result->users == 0 && list_empty(&result->transfers))
		result_free(result);
}

void results_forget(struct results *results, int64_t ino)
{
	struct result *result = map_get(results->by_ino, (uint64_t)ino);

	results_trouble_drop(results, ino);
	map_remove(results->read, (uint64_t)ino);
	if (result != NULL)
		result_background_drop(result);
	result = map_get(results->by_ino, (uint64_t)ino);
	if (result != NULL && result->users == 0)
		result_free(result);
}

int64_t result_present_end(const struct result *result, int64_t offset)
{
	int64_t end = cache_file_run_end(result->file, offset);

	if (end <= offset)
		end = offset + (int64_t)block_length_at(&result->blocks, offset);
	return end;
}

static bool is_here(const struct result *result, int64_t offset, int64_t end)
{
	while (offset < end) {
		int64_t present = result_present_end(result, offset);
		if (present <= offset)
			return false;
		offset = present;
	}
	return true;
}

/* Memory before disk. *ret_data: the bytes themselves where they lie together in memory, in *ret_block, else a copy. */
static int collect(struct result *result, int64_t offset, size_t length, const char **ret_data,
	struct block **ret_block)
{
	char *scratch = result->results->scratch;
	size_t filled = 0, n;

	while (filled < length) {
		int64_t at = offset + (int64_t)filled;
		struct block *block = block_find(result->results->blocks, &result->blocks, at);
		const char *data = block == NULL ? NULL : block->data + (at - block->start);
		if (block != NULL)
			n = block->length - (size_t)(at - block->start);
		else
			n = (size_t)(cache_file_run_end(result->file, at) - at);
		if (data != NULL && filled == 0 && n >= length) {
			*ret_data = data;
			*ret_block = block;
			return 0;
		}
		if (n > length - filled)
			n = length - filled;
		assert(n > 0);
		if (data != NULL) {
			memcpy(scratch + filled, data, n);
		} else {
			int r = cache_file_read(result->file, at, scratch + filled, n);
			if (r < 0)
				return r;
		}
		filled += n;
	}
	*ret_data = scratch;
	return 0;
}

/* The bytes are here. */
static void answer(struct result *result, int64_t offset, size_t length, int64_t run,
	result_done *done, void *arg)
{
	struct result_hold *hold = NULL;
	struct block *block = NULL;
	const char *data = NULL;
	int r = collect(result, offset, length, &data, &block);

	if (block != NULL) {
		block_hold(block);
		hold = (struct result_hold *)block;
	}
	done(arg, r < 0 ? r : (ssize_t)length, data, hold);
	/* what a reader in sequence has got lies in the kernel's cache now; others may be at other places */
	if (r == 0 && run > 0)
		block_drop_between(result->results->blocks, &result->blocks,
			offset - run - BLOCK_BYTES, offset - KEPT_BEHIND);
}

void result_release(struct result_hold *hold)
{
	block_release((struct block *)hold);
}

static void end_read(struct result_read *read)
{
	list_remove(&read->link);
	free(read);
}

void result_fail(struct result *result, int error, const char *why)
{
	result_trouble(result, why);
	result_stop_all(result);
	loop_timer_disarm(result->retry);
	result->attempts = 0;
	result->renewed = false;
	while (!list_empty(&result->reads)) {
		struct result_read *read = list_entry(result->reads.next, struct result_read, link);
		result_done *done = read->done;
		void *arg = read->arg;
		end_read(read);
		done(arg, error, NULL, NULL);
	}
	if (result->background != NULL)
		result_background_done(result);
}

void result_progress(struct result *result)
{
	struct list *item, *after;

	list_for_each_safe(item, after, &result->reads)
	{
		struct result_read *read = list_entry(item, struct result_read, link);
		struct result_read copy = *read;
		if (!is_here(result, copy.offset, copy.offset + (int64_t)copy.length))
			continue;
		end_read(read);
		answer(result, copy.offset, copy.length, copy.run, copy.done, copy.arg);
	}
}

int result_read(struct result *result, int64_t offset, size_t length, result_done *done, void *arg,
	struct result_read **ret_read)
{
	int r = result_load(result);

	*ret_read = NULL;
	if (r < 0)
		return r;
	int64_t size = result->record.size;
	if (offset >= size || length == 0) {
		done(arg, 0, NULL, NULL);
		return 0;
	}
	if (length > READ_MAX)
		length = READ_MAX;
	if ((int64_t)length > size - offset)
		length = (size_t)(size - offset);
	int64_t end = offset + (int64_t)length;
	struct readahead_plan plan = readahead_note(&result->readahead, offset, length);
	result->stream_end = end;
	result->stream_run = plan.run;
	result->stream_length = (int64_t)length;
	if (is_here(result, offset, end)) {
		answer(result, offset, length, plan.run, done, arg);
		/* a reader that lives on what was fetched ahead keeps it going */
		if (cache_file_run_end(result->file, offset) < size) {
			result_advance(result, end);
			result_pump(result);
		}
		return 0;
	}
	struct result_read *read = malloc(sizeof(*read));
	if (read == NULL)
		return -ENOMEM;
	*read = (struct result_read){.result = result,
		.offset = offset,
		.length = length,
		.target = plan.target,
		.run = plan.run,
		.done = done,
		.arg = arg};
	list_append(&result->reads, &read->link);
	result_advance(result, end);
	result_pump(result);
	/* unless it has failed at once, together with all others */
	*ret_read = list_empty(&result->reads) ? NULL : read;
	return 0;
}

void result_read_cancel(struct result_read *read)
{
	struct result *result = read->result;

	end_read(read);
	if (list_empty(&result->reads) && result->background == NULL)
		loop_timer_disarm(result->retry);
}
