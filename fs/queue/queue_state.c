/* SPDX-License-Identifier: MIT */
/* How the queue stands: paused or not, and why; and the end of a job. */
#include "fs/queue/queue_private.h"

#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/queue/credits.h"
#include "fs/store/known.h"

void queue_wake(struct queue *queue)
{
	loop_timer_arm(queue->timer, 0);
}

#define TELL_SLICE 64 /* statuses in one turn of the loop */
#define PLACE_MS (INT64_C(3600) * 1000)

/* Nobody has known for so long how it stands that it does not keep others from being sent. */
static bool has_lost_its_place(const struct job *job)
{
	return job->strange_since != 0 && clock_mono_ms() - job->strange_since > PLACE_MS;
}

int queue_active(const struct queue *queue)
{
	const struct list *item;
	int active = 0;

	list_for_each(item, &queue->needs.jobs->lines.busy)
	{
		const struct job *job = list_entry(item, struct job, busy);
		if (job_state_is_active(job->record.state) && !has_lost_its_place(job))
			active += job->task_count > 0 ? (int)job->task_count : 1;
	}
	return active;
}

int queue_waiting(const struct queue *queue)
{
	return (int)queue->needs.jobs->lines.all.count;
}

/* All that wait have another reason: some in each turn of the loop. */
static void tell_queued(void *arg)
{
	struct queue *queue = arg;
	const struct job_line *line = &queue->needs.jobs->lines.all;
	size_t at = job_line_before(line, queue->tell_from);

	for (int i = 0; i < TELL_SLICE && at < line->count; i++) {
		struct job *job = job_line_at(line, at++);
		queue->tell_from = job->record.id + 1;
		job_tell(job);
	}
	if (at < line->count && loop_defer(queue->needs.loop, tell_queued, queue) == 0)
		return;
	queue->tell_from = INT64_MAX;
}

void queue_stop_telling(struct queue *queue)
{
	loop_defer_cancel(queue->needs.loop, tell_queued, queue);
}

static void tell_all_queued(struct queue *queue)
{
	bool under_way = queue->tell_from != INT64_MAX;

	queue->tell_from = 0;
	if (!under_way && loop_defer(queue->needs.loop, tell_queued, queue) < 0)
		tell_queued(queue);
}

void queue_hold_off(
	struct queue *queue, int64_t wait_ms, enum queue_pause pause, const char *reason)
{
	/* that the service has no place free is told to thousands once, not every few seconds */
	bool is_told = queue->reason != NULL && reason != NULL && strcmp(queue->reason, reason) == 0;

	queue->not_before = clock_mono_ms() + wait_ms;
	queue_gap_interrupted(&queue->gap);
	queue->wants_place = false;
	queue->pause = pause;
	job_set_text(&queue->reason, "%s", reason);
	if (!is_told)
		tell_all_queued(queue);
}

void queue_clear_pause(struct queue *queue)
{
	queue->not_before = 0;
	queue->wants_place = false;
	queue->pause = QUEUE_RUNS;
	job_set_text(&queue->reason, NULL);
}

const char *queue_paused(const struct queue *queue)
{
	return queue->pause != QUEUE_RUNS || queue->not_before > clock_mono_ms() ? queue->reason
										 : NULL;
}

const char *queue_reason(struct queue *queue, const struct job *job)
{
	if (job->record.state != JOB_QUEUED)
		return NULL;
	if (queue->needs.read_only)
		return "this mount is read-only (-o ro): nothing is sent from it";
	if (queue_paused(queue) != NULL)
		return queue->reason;
	if (queue_models_reason(queue->models, job->record.model) != NULL)
		return queue_models_reason(queue->models, job->record.model);
	if (queue_active(queue) >= queue->needs.max_active)
		return "the account's limit of tasks at once is reached";
	return NULL;
}

const char *queue_needs_word(struct queue *queue, const struct job *job)
{
	int64_t until = job->not_before > queue->not_before ? job->not_before : queue->not_before;

	if (job->record.state != JOB_QUEUED)
		return NULL;
	if (queue->pause == QUEUE_PAUSED_CREDITS)
		return "credits";
	if (queue->pause == QUEUE_PAUSED_KEY)
		return "key";
	/* the limits of a day are waited for until after midnight, see queue_answer.c */
	return until - clock_mono_ms() > clock_ms_to_midnight(clock_wall_ms()) ? "tomorrow" : NULL;
}

void queue_forget(struct queue *queue, struct job *job)
{
	if (queue->posting == job)
		queue->posting = NULL;
	job_table_remove(job);
}

void queue_end_job(struct queue *queue, struct job *job)
{
	job_tell(job);
	if (job->unsaved) { /* stays until the disk has taken it */
		queue_wake(queue);
		return;
	}
	if (job->record.submitted != 0 && job->record.state != JOB_UNKNOWN)
		credits_note_after(queue->needs.credits, job->record.id);
	queue_forget(queue, job);
	queue_wake(queue);
}

void queue_end_without(struct queue *queue, struct job *job, enum job_state state, const char *why)
{
	job_set_error(&job->record, why);
	job->record.finished = clock_wall_ms();
	job_change(job, state, true);
	queue_end_job(queue, job);
}

#define GAP_KNOWN "gap"

void queue_recall_gap(struct queue *queue)
{
	CLEANUP_FREE char *text = NULL;
	int64_t when;

	if (known_get(queue->needs.store, GAP_KNOWN, &text, &when) == 0)
		queue_gap_recall(&queue->gap, text);
	queue->gap_known_ms = queue_gap_ms(&queue->gap);
}

static int write_gap(struct store *store, void *arg)
{
	return known_set(store, GAP_KNOWN, arg, clock_wall_ms());
}

void queue_remember_gap(struct queue *queue)
{
	int64_t now = queue_gap_ms(&queue->gap), known = queue->gap_known_ms;
	char text[QUEUE_GAP_TEXT];

	if (queue->needs.submit_gap_ms >= 0 || (now * 10 <= known * 11 && now * 10 >= known * 9))
		return;
	queue_gap_text(&queue->gap, text);
	if (store_run(queue->needs.store, false, write_gap, text) == 0)
		queue->gap_known_ms = now;
}
