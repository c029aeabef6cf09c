/* SPDX-License-Identifier: MIT */
/* What follows when a task has been asked for: it is asked again after a while, or the job has ended. */
#include "fs/queue/queue_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fs/base/backoff.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/job/place.h"
#include "fs/store/known.h"

#define PATIENT_MS                                                                                 \
	(INT64_C(15) * 60 *                                                                        \
		1000) /* after so long without a usable answer it is asked more and more seldom */
#define SELDOM_MS (INT64_C(3600) * 1000)  /* but not more seldom than that */

/* What is paid for is asked for as long as the account exists: after a quarter of an hour without a usable answer each
 * wait is an eighth of the time that has gone by. */
static int64_t strange_wait(const struct job *job)
{
	int64_t since = job->strange_since == 0 ? 0 : clock_mono_ms() - job->strange_since;

	if (since < PATIENT_MS)
		return 0;
	return since / 8 < SELDOM_MS ? since / 8 : SELDOM_MS;
}

static int64_t poll_wait(const struct queue *queue, const struct job *job)
{
	const struct queue_needs *needs = &queue->needs;
	static const struct backoff trouble = {
		.first_ms = 2000, .max_ms = 60000, .jitter_percent = 20};
	int64_t age = clock_mono_ms() - job->sent_at;
	int64_t wait = age < needs->slow_poll_after_ms ? needs->poll_interval_ms
						       : needs->slow_poll_interval_ms;

	if (strange_wait(job) > wait)
		return strange_wait(job);
	if (job->poll_failures > 0) {
		int64_t backed_off =
			backoff_wait_ms(&trouble, job->poll_failures, -1, backoff_random());
		return backed_off > wait ? backed_off : wait;
	}
	int64_t known = job->sent_at == 0 ? -1
					  : queue_takes_wait(queue->takes, job->record.model, job->record.mode, age,
						    job->asked, needs->poll_interval_ms);
	if (known >= 0)
		return known;
	/* spread over nine to eleven tenths, so that many jobs do not ask at the same moment */
	return wait * 9 / 10 + (wait / 5 > 0 ? backoff_random() % (wait / 5 + 1) : 0);
}

int64_t queue_first_poll(const struct queue *queue, const struct job *job)
{
	int64_t known = queue_takes_wait(queue->takes, job->record.model, job->record.mode, 0, 0, queue->needs.poll_interval_ms);

	return known >= 0 ? known : queue->needs.first_poll_ms;
}

#define TAKES_KNOWN "takes"

void queue_recall_takes(struct queue *queue)
{
	CLEANUP_FREE char *text = NULL;
	int64_t when;

	if (known_get(queue->needs.store, TAKES_KNOWN, &text, &when) == 0)
		queue_takes_recall(queue->takes, text);
}

static int write_takes(struct store *store, void *arg)
{
	return known_set(store, TAKES_KNOWN, arg, clock_wall_ms());
}

void queue_learn_takes(struct queue *queue, const struct job *job)
{
	int64_t before = job->asked > 1 ? job->asked_before - job->sent_at : 0;

	if (job->sent_at == 0 || job->asked == 0 || job->poll_failures > 0 ||
		queue_takes_learn(queue->takes, job->record.model, job->record.mode, clock_mono_ms() - job->sent_at,
			before) == 0)
		return;
	CLEANUP_FREE char *text = queue_takes_text(queue->takes);
	if (text == NULL || store_run(queue->needs.store, false, write_takes, text) < 0)
		log_warning("queue: how long jobs take is not remembered");
}

void queue_ask_again(struct queue *queue, struct job *job)
{
	job->not_before = clock_mono_ms() + (job->called_back ? 0 : poll_wait(queue, job));
	job->called_back = false;
	queue_wake(queue);
}

static void describe_failures(struct job *job, char *text, size_t size, size_t *ret_failed)
{
	size_t length = 0, failed = 0;

	text[0] = '\0';
	for (size_t i = 0; i < job->task_count; i++) {
		if (job->tasks[i].state != TASK_FAILED)
			continue;
		failed++;
		const char *message =
			job->tasks[i].message != NULL ? job->tasks[i].message : "no reason given";
		if (length < size && (failed == 1 || strstr(text, message) == NULL))
			length += (size_t)snprintf(text + length, size - length, "%s%s",
				failed > 1 ? "; " : "", message);
	}
	*ret_failed = failed;
}

void queue_all_ended(struct queue *queue, struct job *job)
{
	char messages[768], word[PLACE_WORD], text[1536];
	size_t failed;

	if (queue->wants_place)
		queue->not_before = 0;
	describe_failures(job, messages, sizeof(messages), &failed);
	if (failed == job->task_count) {
		job_status_word(job, word);
		snprintf(text, sizeof(text),
			"the service could not make it: %s. Whether credits were spent is not "
			"known; to try again: echo submit > %s",
			messages, word);
		queue_end_without(queue, job, JOB_FAILED, text);
		return;
	}
	if (failed > 0)
		job_set_text(&job->record.warning, "%zu of %zu tasks failed: %s", failed,
			job->task_count, messages);
	int r = queue_record_success(job);
	if (r < 0) {
		log_errno(LOG_LEVEL_ERROR, r, "job %" PRId64 ": its end could not be recorded",
			job->record.id);
		/* the tasks are asked once more when there is room */
		for (size_t i = 0; i < job->task_count; i++)
			job->tasks[i].state = TASK_WAITING;
		job->poll_failures++;
		job_set_text(&job->record.trouble, "%s: that it is made cannot be recorded; it is asked for again by itself",
			r == -ENOSPC ? "the state disk is full" : "the state disk has a fault");
		job_tell(job);
		queue_ask_again(queue, job);
		return;
	}
	queue_learn_takes(queue, job);
	log_info("job %" PRId64 ": FETCHING", job->record.id);
	job->not_before = 0; /* the pump goes on with it */
	queue_wake(queue);
}
