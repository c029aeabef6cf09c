/* SPDX-License-Identifier: MIT */
/* Sending one job: the guards before it, the record that is on the disk first, the POST. */
#include "fs/queue/queue_private.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "fs/api/request.h"
#include "fs/base/backoff.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/model/model.h"
#include "fs/queue/costs.h"
#include "fs/queue/credits.h"
#include "fs/store/tally.h"
#include "fs/store/wishes.h"

#define DISK_RETRY_MS 500 /* of the disk, first */

/* As far as it is known what today's submissions have cost, and what this one will. */
static int find_credits_guard(struct queue *queue, const struct job *job, const char *day, char **ret_why)
{
	int limit = queue->needs.credits_per_day;
	double spent = 0, price = 0;

	if (limit == 0)
		return 0;
	int r = tally_credits(queue->needs.store, day, &spent);
	if (r == 0)
		r = costs_expected(queue->needs.store, *queue->needs.models, &job->record, NULL, &price);
	if (r < 0)
		return r;
	/* one whose price nobody knows goes as long as there is anything left */
	if (isnan(price))
		price = 0;
	if (spent + price > limit || spent >= limit)
		job_set_text(ret_why,
			"today's limit of %d credits is reached (credits_per_day; spent today: %.10g, by this "
			"prompt: %.10g); to send it all the same: echo submit into this file",
			limit, spent, price);
	return 0;
}

/* Why a person has to say `submit` first; NULL: nothing. A ledger that cannot be read is an error. */
static int find_guard(
	struct queue *queue, const struct job *job, enum wish_hold *ret_hold, char **ret_why)
{
	char day[CLOCK_DAY];
	int64_t today;
	int limit = queue->needs.submissions_per_day;

	*ret_why = NULL;
	if (job->released)
		return 0;
	if (job->record.id <= store_hold_up_to(queue->needs.store)) {
		*ret_hold = HOLD_RESTORED;
		*ret_why = strdup(
			"this account was copied or put back from a backup, so this prompt may "
			"have been sent from there already: look at the call history of your "
			"account, then, to send it: echo submit into this file");
		return *ret_why == NULL ? -ENOMEM : 0;
	}
	clock_day(clock_wall_ms(), day);
	int r = find_credits_guard(queue, job, day, ret_why);
	*ret_hold = HOLD_GUARD;
	if (r < 0 || *ret_why != NULL || limit == 0)
		return r;
	r = spend_get(queue->needs.store, day, &today);
	int number = api_request_number(job->record.body);
	if (r == 0 && today + number > limit)
		job_set_text(ret_why,
			"today's limit of %d results is reached (submissions_per_day; asked for "
			"today: %lld, by this prompt: %d); to send it all the same: echo submit "
			"into this file",
			limit, (long long)today, number);
	return r;
}

/* What is paid for must not be known to the service alone after a power loss. */
static int sync_prompt(struct store *store, int64_t ino)
{
	CLEANUP_CLOSE int fd = ino == 0 ? -ENOENT : store_data_open(store, ino, O_RDONLY);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	return fdatasync(fd) < 0 ? -errno : store_data_sync(store);
}

struct sending {
	const struct queue *queue;
	const struct job_record *record;
};

static int write_submitting(struct store *store, void *arg)
{
	const struct queue *queue = ((struct sending *)arg)->queue;
	const struct job_record *record = ((struct sending *)arg)->record;
	char day[CLOCK_DAY];
	double expected = NAN;
	int64_t price = 0;
	int r = jobs_save(store, record);

	/* the place has asked for this one last */
	if (r == 0)
		r = wishes_sent(store, record->id);
	if (r == 0)
		r = store_count_sent(store);
	if (r == 0)
		r = costs_expected(store, *queue->needs.models, record, &price, &expected);
	if (r == 0)
		r = tally_sent(store, record->id, api_request_number(record->body), price, expected);
	clock_day(record->submitted, day);
	return r < 0 ? r : spend_add(store, day, api_request_number(record->body));
}

/* Money rule 1: SUBMITTING, with the request and the day's count, is on the disk before the POST starts. */
static int record_submitting(struct queue *queue, struct job *job)
{
	struct store *store = queue->needs.store;
	struct job_record *record = &job->record;
	struct job_place place;

	assert(job_state_may_change(record->state, JOB_SUBMITTING));
	int r = store_reserve_make(store);
	if (r == 0)
		r = job_place(job, &place);
	if (r == 0)
		r = sync_prompt(store, place.ino);
	if (r < 0)
		return r;
	job_set_state(job, JOB_SUBMITTING);
	record->submitted = clock_wall_ms();
	if (!credits_before(queue->needs.credits, &record->balance_before, &record->balance_at))
		record->balance_before = NAN;
	r = store_run(store, true, write_submitting, &(struct sending){queue, record});
	if (r == 0) {
		store_note_sent(store);
	} else {
		job_set_state(job, JOB_QUEUED);
		record->submitted = 0;
	}
	return r;
}

struct held {
	int64_t id;
	enum wish_hold hold;
};

static int write_hold(struct store *store, void *arg)
{
	const struct held *held = arg;

	return wishes_set_hold(store, held->id, held->hold);
}

static void hold(struct queue *queue, struct job *job, enum wish_hold hold, const char *why)
{
	struct held held = {job->record.id, hold};

	/* where the disk does not take it, `retry` does not know why it is held, and leaves it */
	if (store_run(queue->needs.store, false, write_hold, &held) < 0)
		log_warning("job %" PRId64 ": why it is held is not recorded", job->record.id);
	job_set_trouble(&job->record, why);
	job_change(job, JOB_HELD, false);
	queue_wake(queue);
}

static void wait_for_disk(struct queue *queue, struct job *job, int error)
{
	static const struct backoff pace = {.first_ms = DISK_RETRY_MS, .max_ms = 10000};

	log_errno(LOG_LEVEL_ERROR, error, "job %" PRId64 ": not sent", job->record.id);
	queue_hold_off(queue, backoff_wait_ms(&pace, ++queue->disk_failures, -1, 0), QUEUE_RUNS,
		error == -ENOSPC
			? "the state disk is full: nothing is sent that cannot be recorded"
			: "the state disk has a fault: nothing is sent that cannot be recorded");
	queue_wake(queue);
}

/* How a tool's answer is read, its section says: without that what it answers, which is paid, could not be understood. */
static bool is_tool_gone(const struct model *model, const char *endpoint)
{
	enum api_mode mode;

	return (model == NULL || model->tool == NULL) && api_mode_parse(endpoint, &mode) < 0;
}

void queue_submit(struct queue *queue, struct job *job)
{
	CLEANUP_FREE char *guard = NULL;
	const struct model *model = model_table_find(*queue->needs.models, job->record.model);
	const char *member = model != NULL && model->tool != NULL ? model->tool->answer : NULL;
	enum wish_hold why = HOLD_NONE;
	int r = find_guard(queue, job, &why, &guard);

	if (guard != NULL) {
		hold(queue, job, why, guard);
		return;
	}
	if (r == 0 && !tool_endpoint_is_good(job->record.mode)) {
		hold(queue, job, HOLD_RESTORED,
			"this version of weryaifs cannot send it: write the prompt again");
		return;
	}
	if (r == 0 && is_tool_gone(model, job->record.mode)) {
		hold(queue, job, HOLD_RESTORED,
			"its tool is not in weryaifs.conf any more: put its section back, mount again, then, to send it: echo submit "
			"into this file");
		return;
	}
	if (r == 0)
		r = record_submitting(queue, job);
	if (r < 0) {
		wait_for_disk(queue, job, r);
		return;
	}
	queue->disk_failures = 0;
	log_info("job %" PRId64 ": QUEUED -> SUBMITTING", job->record.id);
	job_tell(job);
	queue->posting = job;
	queue_gap_sent(&queue->gap, clock_mono_ms(), queue_waiting(queue) > 0);
	credits_posted(queue->needs.credits, &job->record);
	r = api_submit(queue->needs.api, job->record.mode, member, job->record.body,
		queue_on_submitted, job, &job->call);
	if (r < 0)
		queue_not_sent(queue, job, strerror(-r));
}
