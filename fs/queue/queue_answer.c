/* SPDX-License-Identifier: MIT */
/* What the answer to a submission means for the job and for the queue (design part 3, API reference 5, 8). */
#include "fs/queue/queue_private.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/api/request.h"
#include "fs/base/backoff.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/job/model_refusal.h"
#include "fs/job/place.h"
#include "fs/queue/credits.h"
#include "fs/store/nodes.h"

#define QUEUE_FULL 1007 /* of the service, whoever fills it: no matter of our rate */
#define HELD_GAPS 2     /* a model that was refused for the rate is tried again after so many, as they are then */
#define AMBIGUOUS_MAX 3 /* API reference 5.2: 1001 without a text that says what it means */

static const struct backoff concurrency = {.first_ms = 5000, .max_ms = 60000, .jitter_percent = 20};
static const struct backoff network = {.first_ms = 1000, .max_ms = 60000, .jitter_percent = 20};

void queue_post_ended(struct queue *queue, struct job *job)
{
	job->call = NULL;
	queue->posting = NULL;
	queue_gap_answered(&queue->gap, clock_mono_ms());
	credits_answered(queue->needs.credits);
	if (queue->stopping && queue->stopped != NULL)
		queue->stopped(queue->stopped_arg);
	queue_wake(queue);
}

void queue_explain(const struct api_error *error, char text[QUEUE_WHY_BYTES])
{
	char own[ERRCLASS_EXPLAIN];

	errclass_explain(error, own, sizeof(own));
	if (error->text[0] != '\0')
		snprintf(text, QUEUE_WHY_BYTES, "%s (the service says: %s)", own, error->text);
	else
		snprintf(text, QUEUE_WHY_BYTES, "%s", own);
}

/* Without advice: what to do about a lost answer is queue_lost_answer()'s. */
static void explain_loss(const struct api_error *error, char text[QUEUE_WHY_BYTES])
{
	char cause[ERRCLASS_EXPLAIN];
	int length = errclass_cause(error, cause, sizeof(cause));

	if (length > 0 && (size_t)length < sizeof(cause) && cause[length - 1] == '.')
		cause[length - 1] = '\0';
	if (error->text[0] == '\0')
		snprintf(text, QUEUE_WHY_BYTES, "%s", cause);
	else
		snprintf(text, QUEUE_WHY_BYTES, "%s (%s%s)", cause,
			error->class == ERRCLASS_NETWORK ? "" : "the service says: ", error->text);
}

void queue_lost_answer(struct queue *queue, struct job *job, const char *why)
{
	char when[CLOCK_TEXT], word[PLACE_WORD], text[QUEUE_WHY_BYTES + 768];

	job_status_word(job, word);
	clock_format(job->record.submitted, when);
	snprintf(text, sizeof(text),
		"sent to %s at %s, but the answer was lost: %s. It may have been charged; weryaifs "
		"does not send it again by itself. Look at the call history of your account "
		"(https://weryai.com/api/history), then, to send it again: echo submit > %s",
		job->record.model, when, why, word);
	credits_want_after(queue->needs.credits, job->record.id);
	queue_end_without(queue, job, JOB_UNKNOWN, text);
}

/* While it was on its way its prompt was removed, or given another text. */
static bool has_lost_prompt(struct store *store, const struct job *job, int64_t prompt)
{
	struct node node;

	if (prompt == 0)
		return true;
	int r = nodes_get(store, prompt, &node);
	return r == -ENOENT || (r == 0 && node.job != job->record.id);
}

struct unwanted {
	int64_t job, prompt, submitted;
	int results; /* that it asked for */
};

static int take_back(struct store *store, void *arg)
{
	const struct unwanted *unwanted = arg;
	char day[CLOCK_DAY];
	struct node node;
	int64_t sent = 0;
	int r = jobs_remove(store, unwanted->job);

	clock_day(unwanted->submitted, day);
	if (r == 0)
		r = spend_take_back(store, day, unwanted->results);
	if (r < 0 || unwanted->prompt == 0 || nodes_get(store, unwanted->prompt, &node) < 0 ||
		node.job != unwanted->job)
		return r;
	/* the prompt's job is again the one that was sent before */
	r = jobs_find_sent(store, unwanted->prompt, &sent);
	return r == 0 || r == -ENOENT ? nodes_set_job(store, unwanted->prompt, sent) : r;
}

/* A submission that came back and that nobody wants any more goes, with its rows. False: it waits as all others do. */
static bool drop_unwanted(struct queue *queue, struct job *job)
{
	struct job_place place;

	bool is_placed = job_place(job, &place) == 0;
	if (!job->unwanted && !(is_placed && has_lost_prompt(queue->needs.store, job, place.ino)))
		return false;
	struct unwanted unwanted = {job->record.id, place.ino, job->record.submitted,
		api_request_number(job->record.body)};
	if (store_run(queue->needs.store, true, take_back, &unwanted) < 0)
		return false;
	changes_tell_status(queue->needs.changes, place.ino);
	queue_drop(queue, unwanted.job);
	return true;
}

static int count_less(struct store *store, void *arg)
{
	const struct job_record *record = arg;
	char day[CLOCK_DAY];

	clock_day(record->submitted, day);
	return spend_take_back(store, day, api_request_number(record->body));
}

/* To QUEUED: no task exists, and no submission is counted. */
static void send_back(struct queue *queue, struct job *job, const char *reason)
{
	credits_refused(queue->needs.credits, job->record.id);
	if (drop_unwanted(queue, job))
		return;
	if (store_run(queue->needs.store, false, count_less, &job->record) < 0)
		log_warning("job %" PRId64 ": still counted as a submission", job->record.id);
	job->record.submitted = 0;
	job->record.attempts++;
	job_set_trouble(&job->record, reason);
	job_change(job, JOB_QUEUED, true);
	queue_wake(queue);
}

/* To QUEUED, and nothing else is sent meanwhile either. */
static void send_later(struct queue *queue, struct job *job, int64_t wait, enum queue_pause pause,
	const char *reason)
{
	queue_hold_off(queue, wait, pause, reason);
	send_back(queue, job, reason);
}

/* The service has said when. */
static void send_when_told(struct queue *queue, struct job *job, int64_t wait,
	enum queue_pause pause, const char *reason)
{
	job->record.next_attempt = clock_wall_ms() + wait;
	send_later(queue, job, wait, pause, reason);
}

void queue_not_sent(struct queue *queue, struct job *job, const char *why)
{
	char reason[640];

	queue_post_ended(queue, job);
	job->record.next_attempt = 0;
	snprintf(reason, sizeof(reason), "it could not be sent: %s; tried again by itself", why);
	send_later(queue, job, backoff_wait_ms(&network, ++queue->rejections, -1, backoff_random()),
		QUEUE_RUNS, reason);
}

static int64_t until_tomorrow(void)
{
	/* a few minutes past midnight UTC: which clock the service's day follows is not published */
	return clock_ms_to_midnight(clock_wall_ms()) + 60000 + backoff_random() % 240000;
}

/* Back to QUEUED; this model alone waits. */
static void hold_model(
	struct queue *queue, struct job *job, const struct api_error *error, const char *why)
{
	int64_t gap_ms = queue_gap_ms(&queue->gap);
	/* a rate that is near is found by trying again soon */
	bool is_fast = queue->needs.submit_gap_ms < 0 && HELD_GAPS * gap_ms < QUEUE_MODELS_FIRST_MS;
	int64_t first_ms = is_fast ? HELD_GAPS * gap_ms : QUEUE_MODELS_FIRST_MS;
	int64_t wait =
		queue_models_refused(queue->models, job->record.model, error->retry_after_ms, first_ms, why);

	job->record.next_attempt = clock_wall_ms() + wait;
	job->not_before = clock_mono_ms() + wait;
	send_back(queue, job, why);
}

static void on_daily_limit(
	struct queue *queue, struct job *job, const struct api_error *error, const char *why)
{
	int64_t wait = until_tomorrow();

	if (errclass_hits(error) == ERRCLASS_HITS_ACCOUNT) {
		send_when_told(queue, job, wait, QUEUE_RUNS, why);
		return;
	}
	job->record.next_attempt = clock_wall_ms() + wait;
	job->not_before = clock_mono_ms() + wait;
	send_back(queue, job, why);
}

/* Told in `.model`; where the disk does not take it, the job's own status says it. */
static void note_no_model(struct queue *queue, const struct job *job, const char *words)
{
	int r = model_refusal_note(
		queue->needs.store, job->record.model, job->record.mode, words);

	if (r < 0)
		log_errno(LOG_LEVEL_WARNING, r, "job %" PRId64 ": that %s was refused",
			job->record.id, job->record.model);
}

/* Of what was refused before, if it was. */
static void note_taken(struct queue *queue, const struct job *job)
{
	int r = model_refusal_forget(queue->needs.store, job->record.model, job->record.mode);

	if (r < 0)
		log_errno(LOG_LEVEL_WARNING, r, "job %" PRId64 ": that %s was taken",
			job->record.id, job->record.model);
}

static void fail(
	struct queue *queue, struct job *job, const struct api_error *error, const char *why)
{
	queue_models_failed(queue->models, job->record.model);
	if (errclass_is_no_model(error))
		note_no_model(queue, job, error->text);
	if (errclass_spent(error) == SPENT_UNKNOWN)
		credits_want_after(queue->needs.credits, job->record.id);
	else
		credits_spared(queue->needs.credits, job->record.id);
	queue_end_without(queue, job, JOB_FAILED, why);
}

static void on_rejected(struct queue *queue, struct job *job, const struct api_error *error)
{
	char why[QUEUE_WHY_BYTES];
	enum errclass_next next = errclass_next(error);

	queue_explain(error, why);
	if (error->code_ambiguous && job->record.attempts + 1 >= AMBIGUOUS_MAX)
		next = ERRCLASS_NEXT_FAIL;
	switch (next) {
	case ERRCLASS_NEXT_AGAIN:
		if (error->class != ERRCLASS_CONCURRENCY) {
			if (error->code != QUEUE_FULL)
				queue_gap_refused(&queue->gap);
			hold_model(queue, job, error, why);
			queue_remember_gap(queue);
			return;
		}
		send_when_told(queue, job,
			backoff_wait_ms(&concurrency, ++queue->rejections, error->retry_after_ms,
				backoff_random()),
			QUEUE_RUNS, why);
		queue->wants_place = error->retry_after_ms < 0;
		return;
	case ERRCLASS_NEXT_TOMORROW:
		on_daily_limit(queue, job, error, why);
		return;
	case ERRCLASS_NEXT_CREDITS:
		queue->pause_balance = NAN;
		queue->balance_next = 0;
		queue->balance_count = 0;
		job->record.next_attempt = 0;
		send_later(queue, job, 0, QUEUE_PAUSED_CREDITS, why);
		return;
	case ERRCLASS_NEXT_KEY:
		job->record.next_attempt = 0;
		queue_ask_about_key(queue, job);
		send_later(queue, job, 0, QUEUE_PAUSED_ASKING, why);
		return;
	default:
		fail(queue, job, error, why);
	}
}

/* The service has it: task ids on the disk before anything else. */
static void on_accepted(struct queue *queue, struct job *job, struct api_submitted *submitted)
{
	size_t count = submitted->task_ids.count;
	struct task_record *tasks = calloc(count, sizeof(*tasks));
	struct job_made *made = calloc(count, sizeof(*made));

	queue->rejections = 0;
	queue_gap_accepted(&queue->gap);
	queue_models_accepted(queue->models, job->record.model);
	if (tasks == NULL || made == NULL) {
		/* one task more is in the log than in memory: a person can still find it */
		for (size_t i = 0; i < count; i++)
			log_error("job %" PRId64 ": task %s", job->record.id,
				submitted->task_ids.items[i]);
		free(tasks);
		free(made);
		queue_lost_answer(queue, job, "out of memory");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		tasks[i].id = submitted->task_ids.items[i];
		submitted->task_ids.items[i] = NULL;
		tasks[i].state = TASK_WAITING;
		log_info("job %" PRId64 ": task %s", job->record.id, tasks[i].id);
	}
	free(job->made); /* a resumed job has an empty list */
	job->tasks = tasks;
	job->task_count = count;
	job->made = made;
	job->record.batch = submitted->batch_id;
	job->record.next_attempt = 0;
	job->sent_at = clock_mono_ms();
	job->not_before = job->sent_at + (job->called_back ? 0 : queue_first_poll(queue, job));
	job->called_back = false;
	job_set_trouble(&job->record, NULL);
	job_change(job, JOB_PENDING, true);
	queue_remember_gap(queue);
	note_taken(queue, job);
}

/* The text that a synchronous endpoint has answered with is the result. */
static void on_text(struct queue *queue, struct job *job, const char *text)
{
	queue->rejections = 0;
	queue_gap_accepted(&queue->gap);
	int r = queue_record_text(job, text);
	if (r < 0) {
		log_errno(LOG_LEVEL_ERROR, r, "job %" PRId64 ": its answer", job->record.id);
		queue_lost_answer(queue, job, "it could not be recorded");
		return;
	}
	queue_remember_gap(queue);
	log_info("job %" PRId64 ": FETCHING, answered at once", job->record.id);
	note_taken(queue, job);
	job->not_before = 0; /* the pump goes on with it */
	queue_wake(queue);
}

void queue_on_submitted(void *arg, struct api_submit_answer *answer)
{
	struct job *job = arg;
	struct queue *queue = job->queue;
	char why[QUEUE_WHY_BYTES];

	switch (answer->outcome) {
	case API_NOT_SENT:
		queue_not_sent(queue, job, answer->error.text);
		return;
	case API_ACCEPTED:
		queue_post_ended(queue, job);
		if (answer->text != NULL)
			on_text(queue, job, answer->text);
		else
			on_accepted(queue, job, &answer->submitted);
		return;
	case API_REJECTED:
		queue_post_ended(queue, job);
		on_rejected(queue, job, &answer->error);
		return;
	case API_UNCERTAIN:
		queue_post_ended(queue, job);
		explain_loss(&answer->error, why);
		queue_lost_answer(queue, job, why);
	}
}
