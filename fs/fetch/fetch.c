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
#include "fs/fetch/keep.h"
#include "fs/fetch/plan.h"

#define DISK_END_MS 2000 /* at the end */

static void on_flush(void *arg)
{
	struct fetches *fetches = arg;
	int r = cache_flush(fetches->needs.store);

	if (r < 0)
		log_errno(LOG_LEVEL_WARNING, r, "result: what was fetched could not be noted");
	else
		evict_check(fetches->evictor);
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

/* New bytes of a result. */
static void came(struct fetch *fetch)
{
	if (!list_empty(&fetch->reads))
		keep_yield(fetch->fetches->keep, fetch);
	if (fetch->moved >= FETCH_PROGRESS) {
		fetch->attempts = 0;
		fetch->renewed = false;
		fetch_trouble_over(fetch);
	}
	fetch_progress(fetch);
	/* what is behind the beginning is asked for at the right moment (plan.h), which is earlier than the next read */
	if (fetch->stream_end > 0 && fetch->stream_run < PLAN_FIRST && fetch->record.size > PLAN_FIRST &&
		route_is_far(fetch->route) && !loop_timer_armed(fetch->retry))
		loop_timer_arm(fetch->retry, 0);
}

static void background_ended(struct fetches *fetches, int64_t ino)
{
	keep_ended(fetches->keep, ino);
}

static void retry(void *arg)
{
	struct fetch *fetch = arg;

	if (fetch->users == 0)
		fetch_left(fetch);
	else
		fetch_pump(fetch);
}

static void ended(struct fetch *fetch, const struct http_end *end, bool complete)
{
	bool along = fetch->is_along;

	fetch_ended(fetch, end, complete);
	if (along)
		fetch_along_ended(fetch);
}

static void far(void *fetch)
{
	fetch_is_far(fetch);
}

/* What the files below this one call when something has happened (fetch_private.h). */
static const struct fetch_steps steps = {.connecting = fetch_is_connecting,
	.came = came,
	.ended = ended,
	.background_ended = background_ended,
	.retry = retry,
	.far = far};

int fetches_create(const struct fetch_needs *needs, struct fetches **ret_fetches)
{
	struct fetches *fetches = calloc(1, sizeof(*fetches));

	if (fetches == NULL)
		return -ENOMEM;
	fetches->needs = *needs;
	fetches->steps = &steps;
	list_init(&fetches->waiting);
	list_init(&fetches->along);
	list_init(&fetches->turns);
	fetches->by_ino = map_create();
	fetches->troubles = map_create();
	fetches->read = map_create();
	fetches->scratch = malloc(FETCH_READ_MAX);
	int r = fetches->by_ino == NULL || fetches->troubles == NULL || fetches->read == NULL ||
				fetches->scratch == NULL
			? -ENOMEM
			: 0;
	if (r == 0)
		r = block_pool_create(&fetches->blocks);
	if (r == 0)
		r = prepare(needs->store);
	if (r == 0)
		r = evict_create(fetches, &fetches->evictor);
	if (r == 0 && needs->cache && needs->brings_in)
		r = keep_create(fetches, &fetches->keep);
	if (r == 0)
		r = cache_io_begin(needs->store, needs->loop, needs->worker);
	if (r == 0)
		r = loop_timer_create(needs->loop, on_flush, fetches, &fetches->flush);
	if (r == 0)
		r = loop_timer_create(needs->loop, fetch_background_next, fetches, &fetches->next);
	if (r == 0)
		r = loop_timer_create(needs->loop, fetch_next_turns, fetches, &fetches->next_turn);
	if (r < 0) {
		fetches_destroy(fetches);
		return r;
	}
	*ret_fetches = fetches;
	return 0;
}

void fetches_destroy(struct fetches *fetches)
{
	struct fetch *fetch;
	uint64_t ino;

	if (fetches == NULL)
		return;
	fetch_background_end(fetches);
	while (fetches->by_ino != NULL && (fetch = map_any(fetches->by_ino, &ino)) != NULL)
		fetch_free(fetch);
	map_destroy(fetches->by_ino);
	map_destroy(fetches->read);
	fetch_trouble_end(fetches);
	/* blocks on their way to disk; one that does not answer keeps them */
	if (worker_drain_for(fetches->needs.worker, DISK_END_MS))
		block_pool_destroy(fetches->blocks);
	cache_io_end(fetches->needs.store);
	evict_destroy(fetches->evictor);
	keep_destroy(fetches->keep);
	loop_timer_destroy(fetches->flush);
	loop_timer_destroy(fetches->next);
	loop_timer_destroy(fetches->next_turn);
	free(fetches->scratch);
	free(fetches);
}

uint64_t fetch_transfers(const struct fetches *fetches)
{
	return fetches->transfers;
}

void fetch_cache_grew(struct fetches *fetches)
{
	fetch_note_growth(fetches);
	keep_news(fetches->keep);
}

void fetch_expect(struct fetch *fetch)
{
	struct fetches *fetches = fetch->fetches;

	/* what was read before is most likely the kernel's to answer; and while others read, they come first. An error
	 * is the read's to tell. */
	if (map_count(fetches->by_ino) == 1 && map_get(fetches->read, (uint64_t)fetch->ino) == NULL)
		fetch_load(fetch);
}

int64_t fetch_first_bytes(struct fetches *fetches, int64_t ino)
{
	struct fetch *fetch;
	int64_t bytes = 0;

	if (fetch_open(fetches, ino, &fetch) < 0)
		return 0;
	if (fetch_load(fetch) == 0)
		bytes = cache_file_run_end(fetch->file, 0);
	/* the rest of a page would have to come from the network */
	if (bytes < fetch->record.size)
		bytes -= bytes % sysconf(_SC_PAGESIZE);
	fetch_close(fetch);
	return bytes;
}

int fetch_whole(struct fetch *fetch)
{
	int r = fetch_load(fetch);

	return r == 0 && cache_file_run_end(fetch->file, 0) == fetch->record.size
		       ? cache_file_fd(fetch->file)
		       : -1;
}

void fetch_forget(struct fetches *fetches, int64_t ino)
{
	struct fetch *fetch = map_get(fetches->by_ino, (uint64_t)ino);

	fetch_trouble_drop(fetches, ino);
	map_remove(fetches->read, (uint64_t)ino);
	if (fetch != NULL)
		fetch_background_drop(fetch);
	fetch = map_get(fetches->by_ino, (uint64_t)ino);
	if (fetch != NULL && fetch->users == 0)
		fetch_free(fetch);
}

int fetch_read(struct fetch *fetch, int64_t offset, size_t length, fetch_done *done, void *arg,
	struct fetch_read **ret_read)
{
	int r = fetch_load(fetch);

	*ret_read = NULL;
	if (r < 0)
		return r;
	int64_t size = fetch->record.size;
	keep_yield(fetch->fetches->keep, fetch);
	if (offset >= size || length == 0) {
		done(arg, 0, NULL, NULL);
		return 0;
	}
	if (length > FETCH_READ_MAX)
		length = FETCH_READ_MAX;
	if ((int64_t)length > size - offset)
		length = (size_t)(size - offset);
	int64_t end = offset + (int64_t)length;
	struct readahead_plan plan = readahead_note(&fetch->readahead, offset, length);
	fetch->stream_end = end;
	fetch->stream_run = plan.run;
	fetch->stream_length = (int64_t)length;
	fetch_along_read(fetch, offset, end);
	const struct fetch_read one = {.fetch = fetch,
		.offset = offset,
		.length = length,
		.target = plan.target,
		.run = plan.run,
		.done = done,
		.arg = arg};
	struct block *block;
	const char *data;
	if (fetch_is_here(fetch, offset, end) &&
		fetch_collect(fetch, offset, length, &data, &block) == 0) {
		fetch_answer(fetch, &one, data, block);
		/* a reader who is served from what was fetched ahead has more fetched ahead */
		if (fetch_present_end(fetch, offset) < size) {
			fetch_advance(fetch, end);
			fetch_pump(fetch);
		}
		return 0;
	}
	struct fetch_read *read = malloc(sizeof(*read));
	if (read == NULL)
		return -ENOMEM;
	*read = one;
	list_append(&fetch->reads, &read->link);
	fetch_advance(fetch, end);
	fetch_pump(fetch);
	/* fetch_pump() may have failed: then all reads were answered, and this one is freed */
	*ret_read = list_empty(&fetch->reads) ? NULL : read;
	return 0;
}

void fetch_read_cancel(struct fetch_read *read)
{
	struct fetch *fetch = read->fetch;

	fetch_end_read(read);
	if (list_empty(&fetch->reads) && fetch->background == NULL)
		loop_timer_disarm(fetch->retry);
}
