/* SPDX-License-Identifier: MIT */
#include "fs/queue/credits.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fs/api/client.h"
#include "fs/base/backoff.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/job/changes.h"
#include "fs/queue/costs.h"
#include "fs/store/jobs.h"
#include "fs/store/store.h"

#define FRESH_MS 60000  /* no need to ask again */
#define PACE_MS 500     /* between questions that nobody waits for */
#define WANTED_MAX 64   /* lost answers of one moment: more than tasks can run */
#define ATTEMPTS_MAX 12 /* of the questions for them */

static const struct backoff trouble = {.first_ms = 1000, .max_ms = 60000, .jitter_percent = 20};

struct credits {
	struct credits_needs needs;
	struct api_call *call;    /* owned */
	struct loop_timer *timer; /* owned; asks for those that wait */
	bool known;
	double balance;
	int64_t wall_ms, mono_ms; /* when it was read */
	uint64_t posts, posts_at_answer, mark_at_call;
	int64_t asked_ms; /* monotonic */
	int64_t wanted[WANTED_MAX];
	size_t wanted_count, wanted_at_call;
	int64_t noted[WANTED_MAX]; /* ended, and not worth a question; the oldest give way */
	size_t noted_count;
	unsigned failures;
	bool posting; /* a POST is on its way */
	struct costs *costs; /* owned */
	credits_told *told;
	void *told_arg;
};

static void on_timer(void *arg)
{
	credits_ask(arg);
}

int credits_create(const struct credits_needs *needs, struct credits **ret_credits)
{
	struct credits *credits = calloc(1, sizeof(*credits));

	if (credits == NULL)
		return -ENOMEM;
	credits->needs = *needs;
	credits->asked_ms = INT64_MIN / 2;
	int r = loop_timer_create(needs->loop, on_timer, credits, &credits->timer);
	if (r == 0)
		r = costs_create(needs->store, needs->jobs, &credits->costs);
	if (r < 0) {
		credits_destroy(credits);
		return r;
	}
	*ret_credits = credits;
	return 0;
}

void credits_destroy(struct credits *credits)
{
	if (credits == NULL)
		return;
	api_cancel(credits->call);
	loop_timer_destroy(credits->timer);
	costs_destroy(credits->costs);
	free(credits);
}

void credits_listen(struct credits *credits, credits_told *told, void *arg)
{
	credits->told = told;
	credits->told_arg = arg;
}

static int save_row(struct store *store, void *arg)
{
	return jobs_save(store, arg);
}

/* The job has ended, so that only its row is there. */
static int save_after(struct credits *credits, int64_t id, double balance, bool tell)
{
	struct store *store = credits->needs.store;
	struct job_record record;
	int r = jobs_get(store, id, &record);

	if (r < 0)
		return r;
	record.balance_after = balance;
	r = store_run(store, false, save_row, &record);
	if (tell)
		changes_tell_status(credits->needs.changes, record.place.ino);
	job_record_finish(&record);
	return r;
}

/* Those that asked before the question left. */
static void serve_wanted(struct credits *credits)
{
	size_t count = credits->wanted_at_call;

	for (size_t i = 0; i < count; i++) {
		int r = save_after(credits, credits->wanted[i], credits->balance, true);
		if (r < 0 && r != -ENOENT)
			log_errno(
				LOG_LEVEL_WARNING, r, "credits: job %" PRId64, credits->wanted[i]);
	}
	credits->wanted_count -= count;
	for (size_t i = 0; i < credits->wanted_count; i++)
		credits->wanted[i] = credits->wanted[i + count];
}

static void ask_later(struct credits *credits)
{
	if (credits->wanted_count == 0)
		return;
	if (credits->failures >= ATTEMPTS_MAX) {
		credits->wanted_count = 0;
		credits->failures = 0;
		return;
	}
	loop_timer_arm(credits->timer,
		credits->failures == 0
			? 0
			: backoff_wait_ms(&trouble, credits->failures, -1, backoff_random()));
}

uint64_t credits_mark(const struct credits *credits)
{
	return credits->posts * 2 + (credits->posting ? 1 : 0);
}

static void ask_soon(struct credits *credits);

void credits_heard(struct credits *credits, double balance, uint64_t mark)
{
	/* what is read while a POST is on its way may be from before it or after */
	if (mark == credits->posts * 2)
		costs_read(credits->costs, balance);
	else if (costs_are_open(credits->costs) && !credits->posting)
		ask_soon(credits);
	credits->known = true;
	credits->balance = balance;
	credits->wall_ms = clock_wall_ms();
	credits->mono_ms = clock_mono_ms();
	credits->posts_at_answer = mark / 2;
	while (credits->noted_count > 0) {
		int64_t id = credits->noted[--credits->noted_count];
		int r = save_after(credits, id, balance, false);
		if (r < 0 && r != -ENOENT)
			log_errno(LOG_LEVEL_WARNING, r, "credits: job %" PRId64, id);
	}
}

void credits_note_after(struct credits *credits, int64_t id)
{
	if (credits->noted_count == WANTED_MAX) {
		memmove(credits->noted, credits->noted + 1,
			(WANTED_MAX - 1) * sizeof(*credits->noted));
		credits->noted_count--;
	}
	credits->noted[credits->noted_count++] = id;
	if (costs_are_open(credits->costs))
		ask_soon(credits);
}

static void on_balance(void *arg, struct api_balance_answer *answer)
{
	struct credits *credits = arg;

	credits->call = NULL;
	if (answer->result < 0) {
		credits->failures++;
		ask_later(credits);
		if (credits->told != NULL)
			credits->told(credits->told_arg, NAN, &answer->error);
		return;
	}
	credits->failures = 0;
	credits_heard(credits, answer->credits, credits->mark_at_call);
	serve_wanted(credits);
	ask_later(credits);
	if (credits->told != NULL)
		credits->told(credits->told_arg, answer->credits, NULL);
}

void credits_ask(struct credits *credits)
{
	if (credits->call != NULL)
		return;
	credits->mark_at_call = credits_mark(credits);
	credits->wanted_at_call = credits->wanted_count;
	credits->asked_ms = clock_mono_ms();
	if (api_balance(credits->needs.api, on_balance, credits, &credits->call) < 0) {
		credits->call = NULL;
		credits->failures++;
		ask_later(credits);
	}
}

void credits_expect(struct credits *credits)
{
	int64_t now = clock_mono_ms();
	bool fresh = credits->known && credits->posts_at_answer == credits->posts &&
		     now - credits->mono_ms < FRESH_MS;

	if (!fresh && now - credits->asked_ms >= PACE_MS)
		credits_ask(credits);
}

void credits_posted(struct credits *credits, const struct job_record *record)
{
	credits->posts++;
	credits->posting = true;
	costs_posted(credits->costs, record);
}

/* Soon, and not more often than it is worth. */
static void ask_soon(struct credits *credits)
{
	int64_t wait = credits->asked_ms + PACE_MS - clock_mono_ms();

	if (credits->call == NULL && !loop_timer_armed(credits->timer))
		loop_timer_arm(credits->timer, wait);
}

void credits_answered(struct credits *credits)
{
	credits->posting = false;
	ask_soon(credits);
}

void credits_refused(struct credits *credits, int64_t id)
{
	costs_refused(credits->costs, id);
}

void credits_spared(struct credits *credits, int64_t id)
{
	costs_spared(credits->costs, id);
}

bool credits_before(const struct credits *credits, double *ret_credits, int64_t *ret_wall_ms)
{
	return credits->posts_at_answer == credits->posts &&
	       credits_latest(credits, ret_credits, ret_wall_ms);
}

bool credits_latest(const struct credits *credits, double *ret_credits, int64_t *ret_wall_ms)
{
	if (!credits->known)
		return false;
	*ret_credits = credits->balance;
	*ret_wall_ms = credits->wall_ms;
	return true;
}

void credits_want_after(struct credits *credits, int64_t id)
{
	if (credits->wanted_count == WANTED_MAX)
		return;
	credits->wanted[credits->wanted_count++] = id;
	/* the answer to a question that is on its way may be from before the loss: ask_later() asks once more */
	if (credits->call == NULL && !loop_timer_armed(credits->timer))
		loop_timer_arm(credits->timer, 0);
}
