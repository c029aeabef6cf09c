/* SPDX-License-Identifier: MIT */
/* Following a task to its end: when it is asked for, and what its states and addresses mean for the job. */
#include "fs/queue/queue_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/backoff.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/fetch/fetch.h"
#include "fs/job/place.h"
#include "fs/store/nodes.h"

#define RETRY_MS 5000                          /* of what failed for want of memory */
#define POLL_TROUBLE 2                         /* failures in a row: the status says so */
#define NOT_FOUND_MIN 20                       /* polls in a row, and */
#define NOT_FOUND_MS (INT64_C(15) * 60 * 1000) /* from the first to the last: the task is lost */

static int64_t poll_wait(const struct queue_needs *needs, const struct job *job)
{
	static const struct backoff trouble = {
		.first_ms = 2000, .max_ms = 60000, .jitter_percent = 20};
	int64_t age = clock_mono_ms() - job->sent_at;
	int64_t wait = age < needs->slow_poll_after_ms ? needs->poll_interval_ms
						       : needs->slow_poll_interval_ms;

	if (job->poll_failures > 0) {
		int64_t backed_off =
			backoff_wait_ms(&trouble, job->poll_failures, -1, backoff_random());
		return backed_off > wait ? backed_off : wait;
	}
	/* spread over nine to eleven tenths, so that many jobs do not ask at the same moment */
	return wait * 9 / 10 + (wait / 5 > 0 ? backoff_random() % (wait / 5 + 1) : 0);
}

static void ask_again(struct queue *queue, struct job *job)
{
	job->not_before = clock_mono_ms() + (job->called_back ? 0 : poll_wait(&queue->needs, job));
	job->called_back = false;
	queue_wake(queue);
}

static bool task_ended(const struct task_record *task)
{
	return task->state == TASK_SUCCEEDED || task->state == TASK_FAILED;
}

static int add_marked(struct strlist *urls, const char *mark, const char *text)
{
	char *url;

	if (asprintf(&url, "%s%s", mark, text) < 0)
		return -ENOMEM;
	int r = strlist_add(urls, url);
	free(url);
	return r;
}

/* What comes along with a song: its words, and its covers. */
static void add_company(const struct job *job, struct strlist *urls, const struct api_task *told)
{
	int r = told->lyrics != NULL ? add_marked(urls, FETCH_TEXT, told->lyrics) : 0;

	for (size_t i = 0; i < told->covers.count && r == 0; i++)
		r = add_marked(urls, QUEUE_COVER, told->covers.items[i]);
	if (r < 0)
		log_warning("job %" PRId64 ": out of memory: no words or no cover", job->record.id);
}

static int take_task(struct job *job, struct api_task *told, size_t only)
{
	for (size_t i = 0; i < job->task_count; i++) {
		bool same = told->id != NULL && strcmp(told->id, job->tasks[i].id) == 0;
		/* asked for one task, its answer may lack the id */
		if (!same && !(told->id == NULL && i == only))
			continue;
		if (task_ended(&job->tasks[i]) || told->state == TASK_UNKNOWN)
			return 0;
		strlist_finish(&job->urls[i]);
		job->urls[i] = told->urls;
		memset(&told->urls, 0, sizeof(told->urls));
		add_company(job, &job->urls[i], told);
		job->tasks[i].state = (int)told->state;
		if (told->message[0] != '\0')
			job_set_text(&job->tasks[i].message, "%s", told->message);
		if (told->state == TASK_SUCCEEDED && job->urls[i].count == 0) {
			job->tasks[i].state = TASK_FAILED;
			job_set_text(&job->tasks[i].message, "%s",
				"the service says it succeeded, but gave no result");
		}
		return 0;
	}
	return 0;
}

/* Which task is to be asked next, where they are asked one by one; false: all have ended. */
static bool next_task(struct job *job)
{
	for (size_t n = 1; n <= job->task_count; n++) {
		unsigned i = (unsigned)((job->next_task + n) % job->task_count);
		if (!task_ended(&job->tasks[i])) {
			job->next_task = i;
			return true;
		}
	}
	return false;
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

static void all_ended(struct queue *queue, struct job *job)
{
	char messages[768], word[PLACE_WORD], text[1536];
	size_t failed;

	if (queue->wants_place)
		queue->not_before = 0;
	describe_failures(job, messages, sizeof(messages), &failed);
	if (failed == job->task_count) {
		place_status_word(job->record.stem, word);
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
		ask_again(queue, job);
		return;
	}
	log_info("job %" PRId64 ": SUCCESS, results are fetched", job->record.id);
	job->not_before = 0; /* the pump goes on with it */
	queue_wake(queue);
}

/* A warning of the status while nobody knows how it stands; `error` NULL: it is known again. */
static void tell_trouble(struct queue *queue, struct job *job, const struct api_error *error)
{
	char why[ERRCLASS_EXPLAIN];

	if (error == NULL && job->record.error == NULL)
		return;
	if (error != NULL)
		errclass_explain_poll(error, why, sizeof(why));
	job_set_text(
		&job->record.error, error != NULL ? "how it stands is not known: %s" : NULL, why);
	job_tell(job);
}

static void on_poll_refused(struct queue *queue, struct job *job, const struct api_error *error)
{
	char word[PLACE_WORD], text[1536];

	job->poll_failures++;
	job->not_found = error->class == ERRCLASS_NOT_FOUND ? job->not_found + 1 : 0;
	if (job->not_found == 1)
		job->not_found_since = clock_mono_ms();
	if (job->poll_failures == 3)
		log_warning("job %" PRId64 ": status: %s", job->record.id,
			error->text[0] != '\0' ? error->text : errclass_name(error->class));
	if (job->poll_failures >= POLL_TROUBLE)
		tell_trouble(queue, job, error);
	/* by a clock that does not jump: what is given up here has been paid for */
	if (job->not_found >= NOT_FOUND_MIN &&
		clock_mono_ms() - job->not_found_since > NOT_FOUND_MS) {
		place_status_word(job->record.stem, word);
		snprintf(text, sizeof(text),
			"the service no longer knows this task (%s). It was probably charged; look "
			"at the call history of your account. To send it again: echo submit > "
			"%s",
			error->text, word);
		queue_end_without(queue, job, JOB_UNKNOWN, text);
		return;
	}
	ask_again(queue, job);
}

static void on_polled(void *arg, struct api_tasks_answer *answer)
{
	struct job *job = arg;
	struct queue *queue = job->queue;
	enum job_state state = JOB_PENDING;
	bool batch = job->task_count > 1 && job->record.batch != 0;

	job->call = NULL;
	if (answer->result < 0) {
		on_poll_refused(queue, job, &answer->error);
		return;
	}
	job->poll_failures = job->not_found = 0;
	tell_trouble(queue, job, NULL);
	/* one asked for alone comes first (fs/api/client.h) */
	size_t told = batch ? answer->tasks.count : (answer->tasks.count > 0 ? 1 : 0);
	for (size_t i = 0; i < told; i++)
		take_task(job, &answer->tasks.items[i], batch ? SIZE_MAX : job->next_task);
	if (!next_task(job)) {
		all_ended(queue, job);
		return;
	}
	for (size_t i = 0; i < job->task_count; i++)
		if (job->tasks[i].state != TASK_WAITING && job->tasks[i].state != TASK_UNKNOWN)
			state = JOB_PROCESSING;
	if (state != job->record.state && state != JOB_PENDING)
		job_change(job, state, false);
	ask_again(queue, job);
}

void queue_poll(struct queue *queue, struct job *job)
{
	int r;

	if (job->task_count > 1 && job->record.batch != 0)
		r = api_batch_status(
			queue->needs.api, job->record.batch, on_polled, job, &job->call);
	else
		r = api_task_status(queue->needs.api, job->tasks[job->next_task].id, on_polled, job,
			&job->call);
	if (r < 0) {
		job->not_before = clock_mono_ms() + RETRY_MS;
		queue_wake(queue);
	}
}
