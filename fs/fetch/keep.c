/* SPDX-License-Identifier: MIT */
#include "fs/fetch/keep.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/fetch/fetch_private.h"
#include "fs/store/store.h"

/* Nothing is read for so long: a large one waits for a longer quiet. */
#define IDLE_MS 1000
#define SMALL (INT64_C(4) << 20) /* bytes; for each further MiB a second more */
#define IDLE_MAX_MS 60000
#define OVERDUE_MS 100	/* of one that is to be owned by now */
#define AGAIN_MS 600000 /* those that could not be fetched, or had no room */

struct keep {
	struct fetches *fetches;  /* borrowed */
	struct loop_timer *timer; /* owned */
	struct unkept at;	  /* the candidate */
	bool overdue;		  /* it */
	bool running;		  /* it is on its way */
	int64_t busy_ms;	  /* monotonic: when something was read last */
	bool told;		  /* that the cache is full */
};

static void next(void *arg);

/* The oldest, if it is to be owned by now, else the smallest. A look at the row alone: the bytes on disk tell when it is opened.
 * -ENOENT: none. */
static int find(struct keep *keep)
{
	const struct fetch_needs *needs = &keep->fetches->needs;
	int r = results_next_unkept(needs->store, false, &keep->at);

	keep->overdue = r == 0 && clock_wall_ms() - keep->at.made >= needs->keep_after_ms;
	return r < 0 || keep->overdue ? r : results_next_unkept(needs->store, true, &keep->at);
}

/* How long until the candidate may come; 0: now. */
static int64_t wait_ms(const struct keep *keep)
{
	int64_t more = keep->at.size > SMALL ? (keep->at.size - SMALL) * 1000 >> 20 : 0;
	int64_t idle = IDLE_MS + more < IDLE_MAX_MS ? IDLE_MS + more : IDLE_MAX_MS;
	int64_t left = keep->busy_ms + (keep->overdue ? OVERDUE_MS : idle) - clock_mono_ms();

	return left > 0 ? left : 0;
}

/* Nothing wakes us where there is nothing to be brought in. */
static void plan(struct keep *keep)
{
	int r = keep->running ? -ENOENT : find(keep);

	if (r == 0)
		loop_timer_arm(keep->timer, wait_ms(keep));
	else if (r != -ENOENT)
		loop_timer_arm(keep->timer, AGAIN_MS);
}

static int forget_tried(struct store *store, void *arg)
{
	return results_try_unkept(store);
}

/* At the beginning of a mount, and now and then: those that could not be had, too. */
static void try_again(struct keep *keep)
{
	if (store_run(keep->fetches->needs.store, false, forget_tried, NULL) < 0)
		log_warning("results: those that could not be fetched are not tried again yet");
	plan(keep);
}

int keep_create(struct fetches *fetches, struct keep **ret_keep)
{
	struct keep *keep = calloc(1, sizeof(*keep));

	if (keep == NULL)
		return -ENOMEM;
	keep->fetches = fetches;
	keep->busy_ms = clock_mono_ms();
	int r = loop_timer_create(fetches->needs.loop, next, keep, &keep->timer);
	if (r < 0) {
		keep_destroy(keep);
		return r;
	}
	try_again(keep);
	*ret_keep = keep;
	return 0;
}

void keep_destroy(struct keep *keep)
{
	if (keep == NULL)
		return;
	loop_timer_destroy(keep->timer);
	free(keep);
}

/* Where there is no room, what would have to go may be what somebody reads. */
static bool has_room(struct keep *keep, int64_t size)
{
	const struct fetch_needs *needs = &keep->fetches->needs;
	int64_t total = 0;

	if (needs->cache_size <= 0)
		return true;
	bool room = cache_total(needs->store, &total) == 0 && total + size <= needs->cache_size;
	if (!room && !keep->told)
		log_warning("results: the cache is full (cache_size): results that nobody has read are "
			    "with the service alone, for as long as it keeps them");
	keep->told = !room;
	return room;
}

static void next(void *arg)
{
	struct keep *keep = arg;
	struct fetches *fetches = keep->fetches;

	if (keep->running)
		return;
	if (fetches->background != NULL || !list_empty(&fetches->waiting)) {
		loop_timer_arm(keep->timer, IDLE_MS);
		return;
	}
	int r = find(keep);
	int64_t wait = r == 0 ? wait_ms(keep) : 0;
	if (r == -ENOENT)
		try_again(keep);
	else if (r == 0 && wait > 0)
		loop_timer_arm(keep->timer, wait);
	else if (r < 0 || !has_room(keep, keep->at.size))
		loop_timer_arm(keep->timer, AGAIN_MS);
	else if (fetch_in_background(fetches, keep->at.ino) == 0)
		keep->running = true;
	else
		loop_timer_arm(keep->timer, AGAIN_MS);
}

static bool is_whole(const struct keep *keep)
{
	struct fetch *fetch;
	bool whole = false;

	if (fetch_open(keep->fetches, keep->at.ino, &fetch) < 0)
		return false;
	if (fetch_load(fetch) == 0)
		whole = fetch_present_end(fetch, 0) >= fetch->record.size;
	fetch_close(fetch);
	return whole;
}

struct outcome {
	const struct unkept *of;
	enum result_kept kept;
};

static int note(struct store *store, void *arg)
{
	const struct outcome *outcome = arg;

	return results_set_kept(store, outcome->of->job, outcome->of->seq, outcome->kept);
}

void keep_ended(struct keep *keep, int64_t ino)
{
	if (keep == NULL || !keep->running || ino != keep->at.ino)
		return;
	keep->running = false;
	bool whole = is_whole(keep), stopped = clock_mono_ms() - keep->busy_ms < OVERDUE_MS;
	struct outcome outcome = {&keep->at, whole ? RESULT_KEPT : RESULT_TRIED};
	/* one that a reader has stopped comes again */
	if ((whole || !stopped) &&
		store_run(keep->fetches->needs.store, false, note, &outcome) < 0) {
		log_warning("results: what has become of result %" PRId64 " is not noted", ino);
		loop_timer_arm(keep->timer, AGAIN_MS);
		return;
	}
	plan(keep);
	/* one that failed is tried again, though nothing else may come by then */
	if (!whole && !loop_timer_armed(keep->timer))
		loop_timer_arm(keep->timer, AGAIN_MS);
}

void keep_yield(struct keep *keep, const struct fetch *fetch)
{
	if (keep == NULL)
		return;
	keep->busy_ms = clock_mono_ms();
	if (keep->running && fetch != NULL && fetch->ino != keep->at.ino)
		fetch_background_stop(keep->fetches, keep->at.ino);
}

void keep_news(struct keep *keep)
{
	if (keep == NULL)
		return;
	keep->busy_ms = clock_mono_ms();
	plan(keep);
}
