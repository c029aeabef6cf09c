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
#include "fs/fetch/renew.h"
#include "fs/job/place.h"
#include "fs/store/nodes.h"

#define RETRY_MS 5000  /* of what failed for want of memory */
#define POLL_TROUBLE 2 /* failures in a row: the status says so */
#define EMPTY_MS (INT64_C(5) * 60 * 1000) /* so long a success without results is asked for them */

static bool task_ended(const struct task_record *task)
{
	return task->state == TASK_SUCCEEDED || task->state == TASK_FAILED;
}

/* `told` becomes one more of what the task has made. */
static int add_made(
	struct job_made *made, const char *task, enum result_kind kind, const char *told)
{
	struct result_record *more = reallocarray(made->results, made->count + 1, sizeof(*more));

	if (more == NULL)
		return -ENOMEM;
	made->results = more;
	struct result_record *result = &more[made->count];
	*result = (struct result_record){.kind = kind, .size = -1};
	result->task = strdup(task);
	result->url = strdup(kind == RESULT_TEXT ? "" : told);
	result->text = kind == RESULT_TEXT ? strdup(told) : NULL;
	if (result->task == NULL || result->url == NULL ||
		(kind == RESULT_TEXT && result->text == NULL)) {
		result_record_finish(result);
		return -ENOMEM;
	}
	made->count++;
	return 0;
}

/* What comes along with a song: its words, and its covers. */
static void add_company(
	const struct job *job, struct job_made *made, const char *task, const struct api_task *told)
{
	int r = told->lyrics != NULL ? add_made(made, task, RESULT_TEXT, told->lyrics) : 0;

	for (size_t i = 0; i < told->covers.count && r == 0; i++)
		r = add_made(made, task, RESULT_COVER, told->covers.items[i]);
	if (r < 0)
		log_warning("job %" PRId64 ": out of memory: no words or no cover", job->record.id);
}

static int list_made(
	const struct job *job, struct job_made *made, const char *task, const struct api_task *told)
{
	int r = 0;

	for (size_t i = 0; i < told->urls.count && r == 0; i++) {
		enum result_kind kind = RESULT_FILE;
		const char *url = result_address(told->urls.items[i], &kind);
		r = add_made(made, task, kind, url);
	}
	if (r == 0)
		add_company(job, made, task, told);
	return r;
}

/* No results yet: it is asked for them some time longer, then it has failed. True: it goes on. */
static bool waits_for_results(struct job *job, struct task_record *task)
{
	int64_t now = clock_mono_ms();

	if (job->empty_since == 0)
		job->empty_since = now;
	if (now - job->empty_since < EMPTY_MS) {
		job_set_text(&job->record.trouble, "the service says that it has made it, but gives "
						 "no result yet: it is asked "
						 "again by itself");
		return true;
	}
	job_set_text(&task->message,
		"the service says that task %s succeeded, but gave no result in %d minutes",
		task->id, (int)(EMPTY_MS / 60000));
	return false;
}

static void note_strange(struct job *job)
{
	if (job->strange_since != 0)
		return;
	job->strange_since = clock_mono_ms();
	job->strange_wall = clock_wall_ms();
}

/* A word of the service that no document has: it is asked on, and people see the word. */
static void note_word(struct job *job, const struct api_task *told)
{
	note_strange(job);
	job_set_text(&job->record.trouble,
		"the service says '%s', which weryaifs does not know; it is asked again by itself",
		told->raw_state[0] != '\0' ? told->raw_state : "nothing");
}

static void take_state(struct job *job, size_t i, const struct api_task *told)
{
	struct task_record *task = &job->tasks[i];
	enum task_state state = told->state;

	result_records_finish(job->made[i].results, job->made[i].count);
	job->made[i] = (struct job_made){0};
	if (list_made(job, &job->made[i], task->id, told) < 0) {
		log_error("job %" PRId64 ": out of memory: task %s is asked for again", job->record.id,
			task->id);
		return;
	}
	if (told->message[0] != '\0')
		job_set_text(&task->message, "%s", told->message);
	job->half_done = told->half_done;
	if (state == TASK_SUCCEEDED && job->made[i].count == 0)
		state = waits_for_results(job, task) ? TASK_PROCESSING : TASK_FAILED;
	/* the script of a podcast is paid for, and is there */
	if (state == TASK_FAILED && told->lyrics != NULL && queue_has_step(job->queue, job)) {
		state = TASK_SUCCEEDED;
		job_set_text(&job->record.warning,
			"the script was made, but not its sound: %s; to try all of it again: echo "
			"submit into this file",
			told->message[0] != '\0' ? told->message : "no reason given");
	}
	task->state = (int)state;
}

/* Which of our tasks this is: by its id; else `only`, where one was asked for and the answer is about one, whatever it calls
 * it (API reference 4.1). SIZE_MAX: none of ours. */
static size_t which_task(const struct job *job, const struct api_task *told, size_t only)
{
	for (size_t i = 0; told->id != NULL && i < job->task_count; i++)
		if (strcmp(told->id, job->tasks[i].id) == 0)
			return i;
	return only;
}

/* True: the answer told how one of our tasks stands that had not ended. */
static bool take_task(struct job *job, struct api_task *told, size_t only)
{
	size_t i = which_task(job, told, only);

	if (i == SIZE_MAX || task_ended(&job->tasks[i]))
		return false;
	if (told->state == TASK_UNKNOWN) {
		note_word(job, told);
		return false;
	}
	take_state(job, i, told);
	return true;
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

/* A warning of the status while nobody knows how it stands. */
static void tell_trouble(struct job *job, const struct api_error *error)
{
	char why[ERRCLASS_EXPLAIN], since[CLOCK_TEXT];

	errclass_explain_poll(error, why, sizeof(why));
	clock_format(job->strange_wall, since);
	job_set_text(&job->record.trouble, "since %s it is not known how it stands: %s", since, why);
	job_tell(job);
}

static void on_poll_refused(struct queue *queue, struct job *job, const struct api_error *error)
{
	job->poll_failures++;
	note_strange(job);
	if (job->poll_failures == 3)
		log_warning("job %" PRId64 ": status: %s", job->record.id,
			error->text[0] != '\0' ? error->text : errclass_name(error->class));
	if (job->poll_failures >= POLL_TROUBLE)
		tell_trouble(job, error);
	queue_ask_again(queue, job);
}

static bool has_batch(const struct job *job)
{
	return job->task_count > 1 && job->record.batch != 0;
}

static size_t count_open(const struct job *job)
{
	size_t open = 0;

	for (size_t i = 0; i < job->task_count; i++)
		open += !task_ended(&job->tasks[i]);
	return open;
}

/* What an answer tells, and the end of the trouble that is over with it. */
static void take_answer(struct job *job, struct api_tasks_answer *answer)
{
	bool batch = !job->asked_alone;
	/* one asked for alone comes first (fs/api/client.h) */
	size_t told = batch ? answer->tasks.count : (answer->tasks.count > 0 ? 1 : 0);
	size_t wanted = batch ? count_open(job) : 1, known = 0;
	bool is_one = !batch && (answer->tasks.count == 1 || answer->tasks.items[0].id == NULL);
	bool had_error = job->record.trouble != NULL;

	job_set_text(&job->record.trouble, NULL);
	for (size_t i = 0; i < told; i++)
		known += take_task(job, &answer->tasks.items[i], is_one ? job->next_task : SIZE_MAX);
	if (!batch && known == 0 && job->record.trouble == NULL) {
		note_strange(job);
		job_set_text(&job->record.trouble,
			"the service answers with other tasks than the one that it is asked for; it is asked again by itself");
	}
	if (known >= wanted && job->record.trouble == NULL)
		job->poll_failures = 0;
	else
		job->poll_failures++;
	if (known > 0)
		job->strange_since = 0;
	if (had_error || job->record.trouble != NULL)
		job_tell(job);
}

static void on_polled(void *arg, struct api_tasks_answer *answer)
{
	struct job *job = arg;
	struct queue *queue = job->queue;
	enum job_state state = JOB_PENDING;

	job->call = NULL;
	if (answer->result < 0) {
		on_poll_refused(queue, job, &answer->error);
		return;
	}
	take_answer(job, answer);
	if (!next_task(job)) {
		queue_all_ended(queue, job);
		return;
	}
	for (size_t i = 0; i < job->task_count; i++)
		if (job->tasks[i].state != TASK_WAITING && job->tasks[i].state != TASK_UNKNOWN)
			state = JOB_PROCESSING;
	if (state != job->record.state && state != JOB_PENDING)
		job_change(job, state, false);
	if (!job->half_done || !queue_step(queue, job))
		queue_ask_again(queue, job);
}

void queue_poll(struct queue *queue, struct job *job)
{
	int r;

	job->asked_before = job->asked_at;
	job->asked_at = clock_mono_ms();
	job->asked++;
	/* a batch that is not known, or does not tell of all, may have tasks that are */
	job->asked_alone = !has_batch(job) || (job->poll_failures > 0 && !job->asked_alone);
	if (!job->asked_alone)
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
