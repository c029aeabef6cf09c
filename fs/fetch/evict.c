/* SPDX-License-Identifier: MIT */
#include "fs/fetch/evict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/base/map.h"
#include "fs/fetch/fetch_private.h"
#include "fs/store/cache.h"
#include "fs/store/jobs.h"
#include "fs/store/removed.h"

#define BODY_MAX (64 * 1024) /* bytes of an answer that is put up with: one was asked for */
#define SLICE 32	     /* files that go in one turn of the loop, where nobody has to be asked */

struct evictor {
	struct fetches *fetches; /* borrowed */
	struct map *kept;        /* inodes that cannot be fetched again, for as long as we run */
	struct cache_place at;   /* in the walk that is under way */
	bool walks;
	int64_t ino;             /* the candidate, 0 none */
	struct result_record record; /* owned; of the candidate */
	struct http_request *request;
	struct renewal *renewal;
	bool renewed, fetchable;
	int status;
	int64_t bytes;		      /* of it in the cache */
	int64_t ready[CACHE_EVICT_MAX]; /* those that go next, together: a transaction for each is most of what one costs */
	size_t ready_count;
	int64_t ready_bytes;
};

static void next(void *arg);

int evict_create(struct fetches *fetches, struct evictor **ret_evictor)
{
	struct evictor *evictor = calloc(1, sizeof(*evictor));

	if (evictor == NULL)
		return -ENOMEM;
	evictor->fetches = fetches;
	evictor->kept = map_create();
	if (evictor->kept == NULL) {
		evict_destroy(evictor);
		return -ENOMEM;
	}
	*ret_evictor = evictor;
	return 0;
}

static void forget_candidate(struct evictor *evictor)
{
	result_record_finish(&evictor->record);
	evictor->record = (struct result_record){0};
	evictor->ino = 0;
	evictor->renewed = false;
}

void evict_destroy(struct evictor *evictor)
{
	if (evictor == NULL)
		return;
	loop_defer_cancel(evictor->fetches->needs.loop, next, evictor);
	http_cancel(evictor->request);
	renew_cancel(evictor->renewal);
	forget_candidate(evictor);
	map_destroy(evictor->kept);
	free(evictor);
}

static void keep(struct evictor *evictor)
{
	log_info("evict: inode %lld stays in the cache: it cannot be fetched again",
		(long long)evictor->ino);
	/* without memory for the note the server is asked once more the next time: no harm */
	if (map_put(evictor->kept, (uint64_t)evictor->ino, evictor) < 0)
		log_debug("evict: not noted");
	forget_candidate(evictor);
}

static int on_head(void *arg, const struct http_head *head)
{
	struct evictor *evictor = arg;
	const struct result_record *record = &evictor->record;

	evictor->status = head->status;
	evictor->fetchable = (head->status == 200 || head->status == 206) &&
			     (head->total < 0 || head->total == record->size) &&
			     (record->etag == NULL || head->etag[0] == '\0' ||
				     strcmp(record->etag, head->etag) == 0);
	/* the one byte that was asked for comes, and the connection is used again; a whole file does not */
	return evictor->fetchable && head->status == 200 ? -ECANCELED : 0;
}

static void ask(struct evictor *evictor);

/* From the loop: an account of texts alone would be evicted by one call inside the other. */
static void go_on(struct evictor *evictor)
{
	evictor->walks = loop_defer(evictor->fetches->needs.loop, next, evictor) == 0;
}

/* Those that were opened meanwhile stay. */
static int evict_ready(struct evictor *evictor)
{
	size_t count = 0;

	for (size_t i = 0; i < evictor->ready_count; i++)
		if (!fetch_is_open(evictor->fetches, evictor->ready[i]))
			evictor->ready[count++] = evictor->ready[i];
	int r = cache_evict(evictor->fetches->needs.store, evictor->ready, count);
	if (r < 0)
		log_errno(LOG_LEVEL_WARNING, r, "evict: %zu files, the first is inode %lld", count,
			(long long)evictor->ready[0]);
	evictor->ready_count = 0;
	evictor->ready_bytes = 0;
	return r;
}

/* The candidate may go. */
static int take(struct evictor *evictor)
{
	evictor->ready[evictor->ready_count++] = evictor->ino;
	evictor->ready_bytes += evictor->bytes;
	forget_candidate(evictor);
	return evictor->ready_count < CACHE_EVICT_MAX ? 0 : evict_ready(evictor);
}

/* Nobody answers: what was found to be fetchable goes, and no more is asked for until the cache grows again. */
static void give_up(struct evictor *evictor)
{
	forget_candidate(evictor);
	evict_ready(evictor);
}

/* Of a result that is there, or was removed less than a day ago. */
static int find_record(struct evictor *evictor, int64_t ino)
{
	struct store *store = evictor->fetches->needs.store;
	int r = results_find(store, ino, &evictor->record);

	return r == -ENOENT ? results_find_removed(store, ino, &evictor->record) : r;
}

static void on_renewed(void *arg, int result)
{
	struct evictor *evictor = arg;
	int64_t ino = evictor->ino;

	evictor->renewal = NULL;
	if (result == -ENOENT || result == -EIO) {
		keep(evictor);
		go_on(evictor);
		return;
	}
	forget_candidate(evictor);
	evictor->walks = false;
	if (result < 0 || find_record(evictor, ino) < 0) {
		give_up(evictor);
		return;
	}
	evictor->ino = ino;
	evictor->renewed = true;
	ask(evictor);
}

static void on_done(void *arg, const struct http_end *end)
{
	struct evictor *evictor = arg;

	evictor->request = NULL;
	evictor->walks = false;
	if (evictor->fetchable) {
		if (take(evictor) == 0)
			go_on(evictor);
		return;
	}
	if (renew_is_due(evictor->status) && !evictor->renewed &&
		renew_start(evictor->fetches->needs.store, evictor->fetches->needs.api,
			evictor->record.job, on_renewed, evictor, &evictor->renewal) == 0) {
		evictor->walks = true;
		return;
	}
	if (evictor->status != 0 && end->error == 0) {
		keep(evictor);
		go_on(evictor);
	} else {
		give_up(evictor);
	}
}

static void ask(struct evictor *evictor)
{
	static const struct http_events events = {on_head, NULL, on_done};
	struct http_spec spec = {.url = evictor->record.url,
		.range_start = 0,
		.range_end = 0,
		.max_redirects = 5,
		.stall_ms = evictor->fetches->needs.stall_ms,
		.total_ms = evictor->fetches->needs.stall_ms,
		.max_bytes = BODY_MAX};

	evictor->fetchable = false;
	evictor->status = 0;
	evictor->walks = http_start(evictor->fetches->needs.http, &spec, &events, evictor, &evictor->request) == 0;
	if (!evictor->walks)
		give_up(evictor);
}

static int choose(void *arg, int64_t ino, int64_t bytes)
{
	struct evictor *evictor = arg;

	if (fetch_is_open(evictor->fetches, ino) || map_get(evictor->kept, (uint64_t)ino) != NULL)
		return 0;
	evictor->ino = ino;
	evictor->bytes = bytes;
	return 1;
}

/* The next candidate that somebody has to be asked about. Those that nobody needs go at once: no result has these bytes any more, or it is a
 * text, whose bytes are in its row. 1: there is one; 0: none, or no need; -EAGAIN: so many are enough for one turn. */
static int find_candidate(struct evictor *evictor)
{
	struct store *store = evictor->fetches->needs.store;
	int64_t total;

	for (int i = 0; i < SLICE; i++) {
		int r = cache_total(store, &total);
		bool enough = r == 0 && total - evictor->ready_bytes <= evictor->fetches->needs.cache_size;
		if (enough && evictor->ready_count == 0)
			return 0;
		if (r == 0 && !enough)
			r = cache_list(store, &evictor->at, choose, evictor);
		if (r < 0)
			return r;
		/* for each that was opened meanwhile another one goes */
		if (enough || evictor->ino == 0) {
			r = evict_ready(evictor);
			if (r < 0 || !enough)
				return r;
			continue;
		}
		r = find_record(evictor, evictor->ino);
		if (r == 0 && evictor->record.kind != RESULT_TEXT && !evictor->fetches->needs.evicts)
			return 1;
		if (r == 0 || r == -ENOENT)
			r = take(evictor);
		if (r < 0)
			return r;
	}
	return -EAGAIN;
}

/* What was removed a day ago goes first, and of a cache without a limit, too, in which nothing else would ever make room. -EAGAIN: some
 * went; 0: none. */
static int evict_removed(struct evictor *evictor)
{
	struct store *store = evictor->fetches->needs.store;
	int64_t total, limit = evictor->fetches->needs.cache_size, inos[CACHE_EVICT_MAX];
	size_t count = 0;
	int r = cache_total(store, &total);

	if (r == 0 && (limit <= 0 || total - evictor->ready_bytes > limit))
		r = removed_list(store, clock_wall_ms() - CLOCK_DAY_MS, inos, array_length(inos), &count);
	if (r == 0 && count > 0)
		r = cache_evict(store, inos, count);
	return r == 0 && count > 0 ? -EAGAIN : r;
}

static void next(void *arg)
{
	struct evictor *evictor = arg;
	int r = evict_removed(evictor);

	if (r == 0 && evictor->fetches->needs.cache_size > 0)
		r = find_candidate(evictor);
	evictor->walks = false;
	if (r == 1)
		ask(evictor);
	else if (r == -EAGAIN)
		go_on(evictor);
	else if (r < 0)
		give_up(evictor);
}

void evict_check(struct evictor *evictor)
{
	if (evictor->walks)
		return;
	evictor->at = (struct cache_place){0};
	next(evictor);
}
