/* SPDX-License-Identifier: MIT */
/* Everything that is due: the work on each open job, and which of those that wait is sent next. */
#include "fs/queue/queue_private.h"

#include <inttypes.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/queue/harvest.h"
#include "fs/store/nodes.h"

#define RETRY_MS 5000 /* of what failed for want of memory */

/* Has its prompt been changed since it was last examined? Then the job is not sent: it may be replaced. */
static bool is_changing(struct queue *queue, struct job *job)
{
	struct job_place place;
	struct node node;

	return job_place(job, &place) == 0 && place.ino != 0 &&
	       nodes_get(queue->needs.store, place.ino, &node) == 0 && node.draft != DRAFT_NONE;
}

/* When the job may go as far as itself and its model are concerned. */
static int64_t opens(const struct queue *queue, const struct job *job, int64_t open)
{
	int64_t model = queue_models_not_before(queue->models, job->record.model);
	int64_t when = job->not_before > model ? job->not_before : model;

	return when > open ? when : open;
}

/* Earliest first: FIFO by job number, but one of a model that was refused lately comes behind those of others. NULL:
 * nobody. *ret_wake: when to look again. */
static struct job *next_to_go(struct queue *queue, int64_t now, int64_t *ret_wake)
{
	int64_t open = queue->last_post + queue->needs.submit_gap_ms;
	struct job *second = NULL;

	if (queue->needs.read_only || queue->stopping || queue->posting != NULL ||
		queue->pause != QUEUE_RUNS || queue_active(queue) >= queue->needs.max_active)
		return NULL;
	if (open < queue->not_before)
		open = queue->not_before;
	for (struct job *job = job_table_first(queue->needs.jobs); job != NULL;
		job = job_table_next(job)) {
		if (job->record.state != JOB_QUEUED)
			continue;
		int64_t when = opens(queue, job, open);
		if (when > now && when < *ret_wake)
			*ret_wake = when;
		bool behind = queue_models_is_behind(queue->models, job->record.model);
		if (when > now || (behind && second != NULL) || is_changing(queue, job))
			continue;
		if (!behind)
			return job;
		second = job;
	}
	return second;
}

static void save_again(struct queue *queue, struct job *job)
{
	if (job_save(job, true) < 0)
		job->not_before = clock_mono_ms() + job_save_wait_ms(job);
	else if (job_state_is_final(job->record.state))
		queue_end_job(queue, job);
	/* to what is due next: the job's polls, or the next attempt */
	queue_wake(queue);
}

static void on_harvested(void *arg, struct job *job)
{
	queue_end_job(arg, job);
}

static void harvest(struct queue *queue, struct job *job)
{
	int r = harvest_start(&queue->needs, job, on_harvested, queue);

	if (r < 0) {
		log_errno(LOG_LEVEL_ERROR, r, "job %" PRId64 ": results", job->record.id);
		job->not_before = clock_mono_ms() + RETRY_MS;
		queue_wake(queue);
	}
}

/* Everything of one job that is due. */
static void work_on(struct queue *queue, struct job *job, int64_t now, int64_t *wake)
{
	bool polled = job->record.state == JOB_PENDING || job->record.state == JOB_PROCESSING;
	bool fetches = job->record.state == JOB_FETCHING && job->work == NULL;

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
		queue_poll(queue, job);
	else
		harvest(queue, job);
}

void queue_pump(void *arg)
{
	struct queue *queue = arg;
	int64_t now = clock_mono_ms(), wake = INT64_MAX;
	struct job *job, *next;

	for (job = job_table_first(queue->needs.jobs); job != NULL; job = next) {
		next = job_table_next(job);
		work_on(queue, job, now, &wake);
	}
	job = next_to_go(queue, now, &wake);
	if (job != NULL) {
		queue_models_sent(queue->models, job->record.model);
		queue_submit(queue, job);
	}
	queue_watch_balance(queue, now, &wake);
	/* a callback may have asked for another pass meanwhile */
	if (wake != INT64_MAX && !loop_timer_armed(queue->timer))
		loop_timer_arm(queue->timer, wake - now);
}
