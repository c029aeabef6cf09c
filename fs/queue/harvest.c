/* SPDX-License-Identifier: MIT */
#include "fs/queue/harvest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/backoff.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/fetch/fetch.h"
#include "fs/fetch/renew.h"
#include "fs/job/lease.h"
#include "fs/job/place.h"
#include "fs/job/writers.h"
#include "fs/queue/embed.h"
#include "fs/queue/first_bytes.h"
#include "fs/queue/publish.h"
#include "fs/queue/result_node.h"
#include "fs/queue/twin.h"
#include "fs/store/store.h"

#define RENEW_EVERY 4 /* failures until new addresses are asked for */
#define TWIN_MS 500      /* between two looks at a file that is still being written */
#define TWIN_LOOKS 120   /* a minute of them */
#define COVER_TRIES 3 /* then a song goes without */
/* A result is left out after so long without one success, by a clock that does not jump: the first where nothing else can be
 * shown; where something can, so many times the time after which a download counts as stalled. */
#define GIVE_UP_MS (INT64_C(24) * 3600 * 1000)
#define PATIENCE_STALLS 10

static const struct backoff pace = {.first_ms = 700, .max_ms = 600000, .jitter_percent = 20};

struct harvest {
	struct job_work work;            /* the job's, while it goes on */
	const struct queue_needs *needs; /* borrowed */
	struct job *job;                 /* borrowed */
	struct result_record *results;   /* owned */
	size_t count, current;           /* current == count: all are here, or left out */
	struct twin_copying *copying; /* borrowed; of the current one; NULL: none */
	int64_t *twins;           /* owned, one for each result: the file of the user's that it is (twin.h), 0 none */
	bool *left_out;           /* owned, one for each result: the job is published without it */
	char *missing;            /* owned; what is told of those; NULL: none */
	struct first_bytes first; /* of the current one */
	struct renewal *renewal;  /* owned */
	struct loop_timer *timer; /* owned */
	unsigned twin_looks;      /* at files that were being written */
	unsigned failures;        /* in a row, of all that are wanted */
	int64_t failing_since;    /* monotonic ms: the first of them */
	void (*done)(void *arg, struct job *job);
	void *arg;
};

static void step(void *arg);

static void harvest_cancel(struct job_work *work)
{
	struct harvest *harvest = container_of(work, struct harvest, work);

	first_bytes_cancel(&harvest->first);
	twin_copy_cancel(harvest->copying);
	renew_cancel(harvest->renewal);
	loop_timer_destroy(harvest->timer);
	result_records_finish(harvest->results, harvest->count);
	free(harvest->twins);
	free(harvest->left_out);
	free(harvest->missing);
	free(harvest);
}

static void on_renewed(void *arg, int result)
{
	struct harvest *harvest = arg;
	struct result_record *results;
	size_t count;

	harvest->renewal = NULL;
	if (result == 0)
		result = results_get(
			harvest->needs->store, harvest->job->record.id, &results, &count);
	if (result == 0 && count == harvest->count) {
		for (size_t i = 0; i < count; i++) {
			/* what was found out so far is not in the rows yet */
			char *url = results[i].url;
			results[i].url = harvest->results[i].url;
			harvest->results[i].url = url;
			harvest->results[i].kind = results[i].kind;
		}
	}
	if (result == 0)
		result_records_finish(results, count);
}

static bool is_wanted(const struct harvest *harvest, size_t i)
{
	return harvest->results[i].size < 0 && !harvest->left_out[i];
}

/* In a circle, so that one that fails holds up none of the others; `count`: nothing is wanted any more. */
static void go_to_next(struct harvest *harvest)
{
	size_t before = harvest->current;

	harvest->current = harvest->count;
	for (size_t n = 1; n <= harvest->count && harvest->current == harvest->count; n++)
		if (is_wanted(harvest, (before + n) % harvest->count))
			harvest->current = (before + n) % harvest->count;
}

/* How long failures are put up with. What is here is not kept back for long by what may never come; nor is a person who
 * asked again kept waiting. */
static int64_t patience_ms(const struct harvest *harvest)
{
	bool shows = harvest->job->released;

	for (size_t i = 0; i < harvest->count; i++)
		shows = shows || (harvest->results[i].size >= 0 && !harvest->left_out[i]);
	return shows ? PATIENCE_STALLS * harvest->needs->stall_ms : GIVE_UP_MS;
}

/* The others, which were paid for as well, appear without it. */
static void leave_out(struct harvest *harvest, const char *why)
{
	struct job *job = harvest->job;
	struct result_record *result = &harvest->results[harvest->current];
	char *before = harvest->missing;

	log_warning("job %" PRId64 ": goes on without result %zu: %s", job->record.id,
		harvest->current + 1, why);
	harvest->left_out[harvest->current] = true;
	/* the node without a name goes at the next mount */
	result->ino = 0;
	if (result->kind == RESULT_COVER) {
		result->size = 0;
		harvest->failures = 0;
		job_set_text(&job->record.warning,
			"its cover could not be fetched: %s; its address: %s", why, result->url);
	} else if (asprintf(&harvest->missing, "%sresult %zu of %zu: %s; its address: %s ; ",
			   before != NULL ? before : "", harvest->current + 1, harvest->count, why,
			   result->url) < 0) {
		harvest->missing = before;
	} else {
		free(before);
	}
	go_to_next(harvest);
	loop_timer_arm(harvest->timer, 0);
}

static bool is_patient(const struct harvest *harvest, unsigned rounds)
{
	if (harvest->current == harvest->count) /* it is our disk that fails */
		return true;
	if (harvest->results[harvest->current].kind == RESULT_COVER &&
		harvest->failures >= COVER_TRIES)
		return false;
	return rounds <= RENEW_EVERY ||
	       clock_mono_ms() - harvest->failing_since <= patience_ms(harvest);
}

/* Download trouble never leads to a submission: it is tried again, at a slower and slower pace. */
static void retry(struct harvest *harvest, const char *why)
{
	struct job *job = harvest->job;
	unsigned wanted = 0;
	int64_t wait = 0;

	first_bytes_leave(&harvest->first);
	for (size_t i = 0; i < harvest->count; i++)
		wanted += is_wanted(harvest, i);
	if (harvest->failures++ == 0)
		harvest->failing_since = clock_mono_ms();
	/* one round: each of those that are wanted has failed */
	unsigned rounds = wanted == 0 ? harvest->failures : harvest->failures / wanted;
	bool round = wanted == 0 || harvest->failures % wanted == 0;
	if (!is_patient(harvest, rounds)) {
		leave_out(harvest, why);
		return;
	}
	if (round)
		wait = backoff_wait_ms(
			&pace, rounds, harvest->first.head.retry_after_ms, backoff_random());
	log_info("job %" PRId64 ": result %zu could not be fetched (%s): again in %" PRId64 " ms",
		job->record.id, harvest->current + 1, why, wait);
	job_set_text(
		&job->record.trouble, "finished, but the result could not be fetched yet: %s", why);
	job_tell(job);
	if (round && rounds % RENEW_EVERY == 0 && harvest->renewal == NULL &&
		renew_start(harvest->needs->store, harvest->needs->api, job->record.id, on_renewed,
			harvest, &harvest->renewal) < 0)
		log_warning("job %" PRId64 ": no new addresses", job->record.id);
	if (wanted > 0)
		go_to_next(harvest);
	loop_timer_arm(harvest->timer, wait);
}

static void on_twin(void *arg, int error);

/* Is it here already, as a file of the user's? -EINPROGRESS: yes, and on_twin() tells when it is taken. -EAGAIN: it will be when its
 * writer has closed it: whoever copies may have made it as long as it is to be before its bytes come. Else: no. */
static int take_twin(struct harvest *harvest)
{
	struct result_record *result = &harvest->results[harvest->current];
	struct store *store = harvest->needs->store;
	struct job_place place;
	struct twin twin;

	if (job_place(harvest->job, &place) < 0 || place.ino == 0 ||
		twin_find(store, result, harvest->count, place.dir, place.stem, &twin) < 0)
		return -ENOENT;
	for (size_t i = 0; i < harvest->count; i++)
		if (harvest->twins[i] == twin.node.ino)
			return -ENOENT;
	if (writers_any(harvest->needs->writers, twin.node.ino))
		return harvest->twin_looks++ < TWIN_LOOKS ? -EAGAIN : -ENOENT;
	int r = twin_copy(store, &twin, result, on_twin, harvest, &harvest->copying);
	if (r < 0)
		return log_errno(LOG_LEVEL_INFO, r, "job %" PRId64 ": '%s' has the bytes of a result", harvest->job->record.id,
			twin.node.name);
	harvest->twins[harvest->current] = twin.node.ino;
	return -EINPROGRESS;
}

static void on_first_bytes(void *arg, enum first_bytes_end end, const char *why)
{
	struct harvest *harvest = arg;
	struct result_record *result = &harvest->results[harvest->current];
	int r;

	switch (end) {
	case FIRST_BYTES_HERE:
		r = embed_result(harvest->needs->store, &harvest->job->record, result, harvest->first.first,
			first_bytes_length(&harvest->first), harvest->needs->embeds);
		if (r < 0) {
			result->size = -1;
			retry(harvest, strerror(-r));
			return;
		}
		harvest->failures = 0;
		if (take_twin(harvest) == -EINPROGRESS)
			return;
		go_to_next(harvest);
		step(harvest);
		return;
	case FIRST_BYTES_FAILED:
		retry(harvest, why);
		return;
	case FIRST_BYTES_IMPOSSIBLE:
		leave_out(harvest, why);
	}
}

static int ask(struct harvest *harvest, struct result_record *result)
{
	if (result->size >= 0)
		return 0;
	return result->kind == RESULT_TEXT
		       ? first_bytes_of_text(result)
		       : first_bytes_start(&harvest->first, result, harvest->failures);
}

static int take(struct harvest *harvest, struct result_record *result)
{
	int r = result->ino != 0 ? 0 : result_node_reserve(harvest->needs, harvest->job, result);
	int twin = r < 0 ? r : take_twin(harvest);

	if (r < 0 || twin == -EAGAIN || twin == -EINPROGRESS)
		return twin;
	return ask(harvest, result);
}

/* `r`: how it has begun. */
static void go_on(struct harvest *harvest, int r)
{
	const struct result_record *result = &harvest->results[harvest->current];

	if (r == -EINPROGRESS)
		return;
	if (r == -EAGAIN) {
		loop_timer_arm(harvest->timer, TWIN_MS);
	} else if (r == -EINVAL || r == -EPERM) {
		leave_out(harvest, "its address is not one that weryaifs fetches");
	} else if (r < 0) {
		/* it is our disk or memory that fails: no reason to go without it */
		harvest->failing_since = clock_mono_ms();
		retry(harvest, strerror(-r));
	} else if (result->size >= 0) {
		go_to_next(harvest);
		step(harvest);
	}
}

static void on_twin(void *arg, int error)
{
	struct harvest *harvest = arg;
	struct result_record *result = &harvest->results[harvest->current];

	harvest->copying = NULL;
	if (error < 0) {
		log_errno(LOG_LEVEL_INFO, error, "job %" PRId64 ": a file that has the bytes of a result", harvest->job->record.id);
		harvest->twins[harvest->current] = 0;
	}
	go_on(harvest, ask(harvest, result));
}

static void step(void *arg)
{
	struct harvest *harvest = arg;
	struct job *job = harvest->job;

	if (harvest->current < harvest->count) {
		struct result_record *result = &harvest->results[harvest->current];
		go_on(harvest, result->kind == RESULT_REFUSED ? -EINVAL : take(harvest, result));
		return;
	}
	first_bytes_leave(&harvest->first);
	int64_t wait = publish_wait_ms(harvest->needs->leases, job);
	if (wait > 0) {
		loop_timer_arm(harvest->timer, wait);
		return;
	}
	job_set_trouble(&job->record, NULL);
	if (harvest->missing != NULL) {
		char word[PLACE_WORD];
		job_status_word(job, word);
		job_set_text(&job->record.trouble,
			"it was made and charged, but not all of it could be fetched: %sto try "
			"again to fetch it (nothing is sent): echo retry > %s",
			harvest->missing, word);
	}
	int r = publish_results(
		harvest->job, harvest->results, harvest->twins, harvest->count);
	if (r < 0) {
		retry(harvest, strerror(-r));
		return;
	}
	for (size_t i = 0; i < harvest->count; i++)
		if (harvest->twins[i] != 0 && lease_drop(harvest->needs->leases, harvest->twins[i]) < 0)
			log_warning("job %" PRId64 ": out of memory: a name may be seen as it was before", job->record.id);
	fetch_cache_grew(harvest->needs->fetches);
	for (size_t i = 0; i < harvest->count && harvest->needs->eager; i++)
		if (harvest->results[i].ino != 0 &&
			fetch_in_background(harvest->needs->fetches, harvest->results[i].ino) < 0)
			break;
	harvest->done(harvest->arg, harvest->job);
}

static void on_turn(void *arg)
{
	loop_timer_arm(((struct harvest *)arg)->timer, 0);
}

int harvest_start(const struct queue_needs *needs, struct job *job,
	void (*done)(void *arg, struct job *job), void *arg)
{
	struct harvest *harvest = calloc(1, sizeof(*harvest));

	if (harvest == NULL)
		return -ENOMEM;
	harvest->work.cancel = harvest_cancel;
	harvest->needs = needs;
	harvest->job = job;
	harvest->done = done;
	harvest->arg = arg;
	first_bytes_init(&harvest->first, needs, on_turn, on_first_bytes, harvest);
	int r = results_get(needs->store, job->record.id, &harvest->results, &harvest->count);
	if (r == 0) {
		harvest->left_out = calloc(harvest->count + 1, sizeof(*harvest->left_out));
		harvest->twins = calloc(harvest->count + 1, sizeof(*harvest->twins));
		r = harvest->left_out == NULL || harvest->twins == NULL ? -ENOMEM : 0;
	}
	if (r == 0)
		r = loop_timer_create(needs->loop, step, harvest, &harvest->timer);
	if (r < 0) {
		harvest_cancel(&harvest->work);
		return r;
	}
	/* those that have a size have appeared before */
	harvest->current = harvest->count - 1;
	go_to_next(harvest);
	loop_timer_arm(harvest->timer, 0);
	job->work = &harvest->work;
	return 0;
}
