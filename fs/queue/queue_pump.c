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

/* The oldest one of a model that may go now; NULL: none. *ret_wake: when to look again. */
static struct job *next_of_model(struct queue *queue, const struct job_line *line, int64_t now, int64_t *ret_wake)
{
	for (size_t i = 0; i < line->count; i++) {
		struct job *job = job_line_at(line, i);
		if (job->not_before > now && job->not_before < *ret_wake)
			*ret_wake = job->not_before;
		if (job->not_before <= now && !is_changing(queue, job))
			return job;
	}
	return NULL;
}

static bool goes_before(const struct queue *queue, const struct job_line *line, const struct job_line *other)
{
	bool line_is_behind = queue_models_is_behind(queue->models, line->model);

	if (line_is_behind != queue_models_is_behind(queue->models, other->model))
		return !line_is_behind;
	return job_line_is_first(line, other);
}

/* Models take turns, and one that was refused lately comes behind the others; within a model the oldest goes first. NULL:
 * nobody. *ret_wake: when to look again. */
static struct job *next_to_go(struct queue *queue, int64_t now, int64_t *ret_wake)
{
	int64_t open = queue_gap_next_ms(&queue->gap);
	struct job *best = NULL;
	struct list *item;

	if (queue->needs.read_only || queue->stopping || queue->posting != NULL ||
		queue->pause != QUEUE_RUNS || queue_waiting(queue) == 0 ||
		queue_active(queue) >= queue->needs.max_active)
		return NULL;
	if (open < queue->not_before)
		open = queue->not_before;
	list_for_each(item, &queue->needs.jobs->lines.models)
	{
		struct job_line *line = list_entry(item, struct job_line, link);
		int64_t model = queue_models_not_before(queue->models, line->model);
		int64_t when = model > open ? model : open;
		if (line->count == 0)
			continue;
		if (when > now) {
			*ret_wake = when < *ret_wake ? when : *ret_wake;
			continue;
		}
		if (best != NULL && !goes_before(queue, line, best->line))
			continue;
		struct job *job = next_of_model(queue, line, now, ret_wake);
		if (job != NULL)
			best = job;
	}
	return best;
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

	/* it goes on by itself */
	job_note_state(job);
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
	struct list *item, *after;

	list_for_each_safe(item, after, &queue->needs.jobs->lines.busy)
		work_on(queue, list_entry(item, struct job, busy), now, &wake);
	struct job *job = next_to_go(queue, now, &wake);
	if (job != NULL) {
		queue_models_sent(queue->models, job->record.model);
		job_line_sent(&queue->needs.jobs->lines, job->line);
		queue_submit(queue, job);
	}
	queue_watch_balance(queue, now, &wake);
	/* a callback may have asked for another pass meanwhile */
	if (wake != INT64_MAX && !loop_timer_armed(queue->timer))
		loop_timer_arm(queue->timer, wake - now);
}
