/* SPDX-License-Identifier: MIT */
/* The open jobs, and which of them may go when. */
#include "fs/queue/queue_private.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/queue/credits.h"
#include "fs/tree/draft.h"
#include "fs/account/account_private.h"
#include "fs/queue/harvest.h"
#include "fs/tree/status.h"
#include "fs/input/inputs.h"

#define RETRY_MS 5000 /* of what failed for want of memory */

static void pump(void *arg);

int queue_enter(struct queue *queue, struct job *job)
{
	int r = map_put(queue->by_id, (uint64_t)job->record.id, job);

	job->queue = queue;
	if (r == 0)
		list_append(&queue->jobs, &job->link);
	return r;
}

int queue_create(struct gen *gen, struct queue **ret_queue)
{
	struct queue *queue = calloc(1, sizeof(*queue));

	if (queue == NULL)
		return -ENOMEM;
	queue->gen = gen;
	list_init(&queue->jobs);
	queue->last_post = INT64_MIN / 2;
	queue->by_id = map_create();
	int r = queue->by_id == NULL ? -ENOMEM
				     : loop_timer_create(gen->loop, pump, queue, &queue->timer);
	if (r < 0) {
		queue_destroy(queue);
		return r;
	}
	credits_listen(gen->credits, queue_on_balance, queue);
	*ret_queue = queue;
	return 0;
}

void queue_forget(struct queue *queue, struct job *job)
{
	map_remove(queue->by_id, (uint64_t)job->record.id);
	if (queue->posting == job)
		queue->posting = NULL;
	job_destroy(job);
}

void queue_destroy(struct queue *queue)
{
	if (queue == NULL)
		return;
	while (!list_empty(&queue->jobs))
		queue_forget(queue, list_entry(queue->jobs.next, struct job, link));
	credits_listen(queue->gen->credits, NULL, NULL);
	loop_timer_destroy(queue->timer);
	map_destroy(queue->by_id);
	free(queue->reason);
	free(queue);
}

struct job *queue_find(struct queue *queue, int64_t id)
{
	return map_get(queue->by_id, (uint64_t)id);
}

void queue_pump(struct queue *queue)
{
	loop_timer_arm(queue->timer, 0);
}

int queue_active(const struct queue *queue)
{
	const struct list *item;
	int active = 0;

	list_for_each(item, &queue->jobs)
	{
		const struct job *job = list_entry(item, struct job, link);
		if (job_state_is_active(job->record.state))
			active += job->task_count > 0 ? (int)job->task_count : 1;
	}
	return active;
}

int queue_waiting(const struct queue *queue)
{
	const struct list *item;
	int waiting = 0;

	list_for_each(item, &queue->jobs) waiting +=
		list_entry(item, struct job, link)->record.state == JOB_QUEUED;
	return waiting;
}

void queue_hold_off(struct queue *queue, int64_t wait_ms, enum queue_stop stop, const char *reason)
{
	struct list *item;

	queue->not_before = clock_mono_ms() + wait_ms;
	queue->wants_place = false;
	queue->stop = stop;
	job_set_text(&queue->reason, "%s", reason);
	list_for_each(item, &queue->jobs)
	{
		struct job *job = list_entry(item, struct job, link);
		if (job->record.state == JOB_QUEUED && job->record.ino != 0)
			status_changed(queue->gen, job->record.ino);
	}
}

void queue_clear_hold(struct queue *queue)
{
	queue->not_before = 0;
	queue->wants_place = false;
	queue->stop = QUEUE_RUNS;
	job_set_text(&queue->reason, NULL);
}

const char *queue_stopped(const struct queue *queue)
{
	return queue->stop != QUEUE_RUNS || queue->not_before > clock_mono_ms() ? queue->reason
										: NULL;
}

const char *queue_reason(struct queue *queue, const struct job *job)
{
	if (job->record.state != JOB_QUEUED)
		return NULL;
	const struct job *earlier =
		job->record.after != 0 ? queue_find(queue, job->record.after) : NULL;
	if (earlier != NULL)
		return earlier->record.state == JOB_SUCCESS && earlier->record.error != NULL
			       ? "what an earlier text of this prompt has made could not be "
				 "fetched "
				 "yet, and is tried again; a copy of this prompt under another "
				 "name "
				 "does not wait for it"
			       : "an earlier text of this prompt is still being made";
	if (queue_stopped(queue) != NULL)
		return queue->reason;
	if (queue_active(queue) >= queue->gen->options.max_active)
		return "the account's limit of tasks at once is reached";
	return NULL;
}

/* After the commit that made a job final and published, or in place of one that was cancelled. */
void queue_end_job(struct queue *queue, struct job *job)
{
	if (jobs_place(queue->gen->store, &job->record) == 0 && job->record.ino != 0)
		status_changed(queue->gen, job->record.ino);
	if (job->unsaved) { /* stays until the disk has taken it */
		queue_pump(queue);
		return;
	}
	if (job->record.submitted != 0 && job->record.state != JOB_UNKNOWN)
		credits_note_after(queue->gen->credits, job->record.id);
	queue_forget(queue, job);
	queue_pump(queue);
}

static void on_harvested(void *arg, struct job *job)
{
	queue_end_job(arg, job);
}

void queue_harvest(struct queue *queue, struct job *job)
{
	int r = harvest_start(queue->gen, job, on_harvested, queue, &job->harvest);

	if (r < 0) {
		log_errno(LOG_LEVEL_ERROR, r, "job %" PRId64 ": results", job->record.id);
		job->not_before = clock_mono_ms() + RETRY_MS;
	}
}

int queue_add(struct queue *queue, struct job_record *record)
{
	struct job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		return -ENOMEM;
	list_init(&job->link);
	job->record = *record;
	memset(record, 0, sizeof(*record));
	job->record.balance_before = job->record.balance_after = NAN;
	if (job->record.published) {
		job_destroy(job);
		return 0;
	}
	int r = queue_enter(queue, job);
	if (r < 0) {
		/* it is in the ledger: the next mount goes on with it */
		log_errno(LOG_LEVEL_ERROR, r, "job %" PRId64, job->record.id);
		job_destroy(job);
		return r;
	}
	log_info("job %" PRId64 ": %s for %s", job->record.id, job_state_name(job->record.state),
		job->record.model);
	queue_pump(queue);
	return job->record.state == JOB_WAITING ? waiting_adopt(queue->gen, job) : 0;
}

static bool may_go(struct queue *queue, const struct job *job, int64_t now)
{
	return job->record.state == JOB_QUEUED && job->not_before <= now &&
	       (job->record.after == 0 || queue_find(queue, job->record.after) == NULL) &&
	       !draft_is_changing(queue->gen->drafts, job->record.ino);
}

/* Earliest first: FIFO by job number. NULL: nobody. *ret_wake: when to look again. */
static struct job *next_to_go(struct queue *queue, int64_t now, int64_t *ret_wake)
{
	struct list *item;
	int64_t open = queue->last_post + queue->gen->options.submit_gap_ms;

	if (queue->stopping || queue->posting != NULL || queue->stop != QUEUE_RUNS ||
		queue_active(queue) >= queue->gen->options.max_active)
		return NULL;
	if (open < queue->not_before)
		open = queue->not_before;
	list_for_each(item, &queue->jobs)
	{
		struct job *job = list_entry(item, struct job, link);
		int64_t when = job->not_before > open ? job->not_before : open;
		if (job->record.state != JOB_QUEUED)
			continue;
		if (may_go(queue, job, now) && open <= now)
			return job;
		if (when > now && when < *ret_wake)
			*ret_wake = when;
	}
	return NULL;
}

static void poll_job(struct queue *queue, struct job *job)
{
	int r;

	if (job->task_count > 1 && job->record.batch != 0)
		r = api_batch_status(
			queue->gen->api, job->record.batch, queue_on_polled, job, &job->call);
	else
		r = api_task_status(queue->gen->api, job->tasks[job->next_task].id, queue_on_polled,
			job, &job->call);
	if (r < 0) {
		job->not_before = clock_mono_ms() + RETRY_MS;
		queue_pump(queue);
	}
}

static void save_again(struct queue *queue, struct job *job)
{
	if (job_save(queue->gen, job, true) < 0)
		job->not_before = clock_mono_ms() + job_save_wait_ms(job);
	else if (job->record.published)
		queue_end_job(queue, job);
	/* to what is due next: the job's polls, or the next attempt */
	queue_pump(queue);
}

/* Everything of one job that is due. */
static void tend(struct queue *queue, struct job *job, int64_t now, int64_t *wake)
{
	bool polled = job->record.state == JOB_PENDING || job->record.state == JOB_PROCESSING;
	bool fetches =
		job->record.state == JOB_SUCCESS && job->harvest == NULL && !job->record.published;

	if (job->call != NULL || (!polled && !fetches && !job->unsaved))
		return;
	if (job->not_before > now) {
		if (job->not_before < *wake)
			*wake = job->not_before;
		return;
	}
	if (job->unsaved)
		save_again(queue, job);
	else if (polled)
		poll_job(queue, job);
	else
		queue_harvest(queue, job);
}

static void pump(void *arg)
{
	struct queue *queue = arg;
	struct list *item, *after;
	int64_t now = clock_mono_ms(), wake = INT64_MAX;
	struct job *job;

	list_for_each_safe(item, after, &queue->jobs)
		tend(queue, list_entry(item, struct job, link), now, &wake);
	job = next_to_go(queue, now, &wake);
	if (job != NULL)
		queue_submit(queue, job);
	queue_watch_balance(queue, now, &wake);
	/* a callback may have asked for another pass meanwhile */
	if (wake != INT64_MAX && !loop_timer_armed(queue->timer))
		loop_timer_arm(queue->timer, wake - now);
}

void queue_stop(struct queue *queue, void (*done)(void *arg), void *arg)
{
	queue->stopping = true;
	queue->stopped = done;
	queue->stopped_arg = arg;
	if (queue->posting == NULL && loop_defer(queue->gen->loop, done, arg) < 0)
		done(arg);
}
