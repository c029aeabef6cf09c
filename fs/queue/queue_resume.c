/* SPDX-License-Identifier: MIT */
/* After a mount: the ledger's open jobs go on. */
#include "fs/queue/queue_private.h"

#include <errno.h>
#include <stdlib.h>

#include "fs/base/clock.h"
#include "fs/base/ids.h"
#include "fs/store/wishes.h"

static int note_job(void *arg, int64_t id)
{
	return ids_add(arg, id);
}

#define ALL_MS (INT64_C(5) * 60 * 1000) /* longer waits are those of the whole account */

/* A rejection that was to be waited for before the restart is waited for after it: by its model, or by all. */
static void resume_patience(struct queue *queue, struct job *job, bool clock_is_back)
{
	int64_t wait = job->record.next_attempt - clock_wall_ms();

	if (job->record.attempts > queue->rejections)
		queue->rejections = (unsigned)job->record.attempts;
	if (wait <= 0)
		return;
	/* the clock was set back, or was wrong then: no more is known than that it was too soon */
	if (clock_is_back || wait > CLOCK_DAY_MS + CLOCK_DAY_MS / 12)
		wait = 60000;
	const char *why = job->record.trouble != NULL ? job->record.trouble
						    : "the service asked to wait";
	job->not_before = clock_mono_ms() + wait;
	if (wait <= ALL_MS)
		queue_models_refused(
			queue->models, job->record.model, wait, QUEUE_MODELS_FIRST_MS, why);
	else if (job->not_before > queue->not_before)
		queue_hold_off(queue, wait, QUEUE_RUNS, why);
}

static int resume_job(struct queue *queue, int64_t id, bool clock_is_back)
{
	struct job *job = job_create(queue->needs.jobs);

	if (job == NULL)
		return -ENOMEM;
	job->queue = queue;
	int r = jobs_get(queue->needs.store, id, &job->record);
	if (r == 0)
		r = tasks_get(queue->needs.store, id, &job->tasks, &job->task_count);
	if (r == 0) {
		job->made = calloc(job->task_count + 1, sizeof(*job->made));
		r = job->made == NULL ? -ENOMEM : job_table_enter(queue->needs.jobs, job);
	}
	if (r < 0) {
		job_destroy(job);
		return r;
	}
	/* addresses of tasks that had ended are asked for again */
	for (size_t i = 0; i < job->task_count; i++)
		job->tasks[i].state = TASK_WAITING;
	struct wish_record wish;
	if (job_state_is_unsent(job->record.state) &&
		wishes_get(queue->needs.store, id, &wish) == 0) {
		job->released = wish.asked;
		wish_record_finish(&wish);
	}
	if (job->record.state == JOB_QUEUED)
		resume_patience(queue, job, clock_is_back);
	if (job->record.state == JOB_SUBMITTING)
		queue_lost_answer(queue, job, "weryaifs was stopped before the answer came");
	else if (job_state_is_active(job->record.state) && job->task_count == 0)
		queue_lost_answer(queue, job, "the task's number was not recorded");
	return 0;
}

int queue_take_up(struct queue *queue, int64_t id)
{
	struct job *job = job_table_find(queue->needs.jobs, id);
	struct job_record record = {0};
	int r = 0;

	if (job == NULL) {
		r = jobs_get(queue->needs.store, id, &record);
		if (r == 0 && !job_state_is_final(record.state))
			r = resume_job(queue, id, false);
		job_record_finish(&record);
		job = r < 0 ? NULL : job_table_find(queue->needs.jobs, id);
		/* a person who waits is not to wait a day for what nobody has any more */
		if (job != NULL)
			job->released = true;
	}
	if (job != NULL) {
		job->unwanted = false;
	}
	queue_wake(queue);
	return r;
}

int queue_resume(struct queue *queue)
{
	struct ids open = {0};
	int64_t latest = 0;
	int r = jobs_latest_time(queue->needs.store, &latest);
	bool clock_is_back = latest > clock_wall_ms();

	if (r == 0)
		r = jobs_list_open(queue->needs.store, note_job, &open);
	for (size_t i = 0; i < open.count && r == 0; i++)
		r = resume_job(queue, open.items[i], clock_is_back);
	ids_finish(&open);
	queue_wake(queue);
	return r;
}
