/* SPDX-License-Identifier: MIT */
/* What each answer of the service means for a job and for the queue (design part 3, API reference 5, 8). */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/gen/credits.h"
#include "fs/gen/gen_private.h"
#include "fs/gen/queue_private.h"
#include "fs/gen/result.h"
#include "fs/gen/status.h"
#include "fs/net/backoff.h"
#include "fs/store/nodes.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)
/* while stopped for credits: often while somebody may be buying some, then seldom */
#define BALANCE_SOON_MS 10000
#define BALANCE_LATE_MS 60000
#define BALANCE_SOON_COUNT 30
#define AMBIGUOUS_MAX 3  /* API reference 5.2: 1001 without a text that says what it means */
#define NOT_FOUND_MIN 20 /* polls in a row, and */
#define NOT_FOUND_MS (INT64_C(15) * 60 * 1000) /* from the first to the last: the task is lost */

static const struct backoff throttled = {.first_ms = 4000, .max_ms = 180000, .jitter_percent = 20};
static const struct backoff concurrency = {.first_ms = 5000, .max_ms = 60000, .jitter_percent = 20};
static const struct backoff network = {.first_ms = 1000, .max_ms = 60000, .jitter_percent = 20};

/* The answer to a POST is here: the next one may go after the gap. */
static void post_ended(struct queue *queue, struct job *job)
{
	job->call = NULL;
	queue->posting = NULL;
	queue->last_post = clock_mono_ms();
	if (queue->stopping && queue->stopped != NULL)
		queue->stopped(queue->stopped_arg);
	queue_pump(queue);
}

#define WHY_BYTES (ERRCLASS_EXPLAIN + sizeof(((struct api_error *)NULL)->text) + 32)

static void explain(const struct api_error *error, char text[WHY_BYTES])
{
	char own[ERRCLASS_EXPLAIN];

	errclass_explain(error, own, sizeof(own));
	if (error->text[0] != '\0')
		snprintf(text, WHY_BYTES, "%s (the service says: %s)", own, error->text);
	else
		snprintf(text, WHY_BYTES, "%s", own);
}

/* Without advice: what to do about a lost answer is queue_lost_answer()'s. */
static void explain_loss(const struct api_error *error, char text[WHY_BYTES])
{
	char cause[ERRCLASS_EXPLAIN];
	int length = errclass_cause(error, cause, sizeof(cause));

	if (length > 0 && (size_t)length < sizeof(cause) && cause[length - 1] == '.')
		cause[length - 1] = '\0';
	if (error->text[0] == '\0')
		snprintf(text, WHY_BYTES, "%s", cause);
	else
		snprintf(text, WHY_BYTES, "%s (%s%s)", cause,
			error->class == ERRCLASS_NETWORK ? "" : "the service says: ", error->text);
}

/* The job has ended without results. */
static void end_without(struct queue *queue, struct job *job, enum job_state state, const char *why)
{
	job_set_text(&job->record.error, "%s", why);
	job->record.finished = clock_wall_ms();
	job->record.published = true;
	job_change(queue->gen, job, state, true);
	queue_end_job(queue, job);
}

void queue_lost_answer(struct queue *queue, struct job *job, const char *why)
{
	char when[CLOCK_TEXT], text[WHY_BYTES + 768];

	clock_format(job->record.submitted, when);
	snprintf(text, sizeof(text),
		"sent to %s at %s, but the answer was lost: %s. It may have been charged; weryaifs "
		"does not send it"
		" again by itself. Look at the call history of your account "
		"(https://weryai.com/api/history), then, to send it again:"
		" echo submit > %s.status",
		job->record.model, when, why, job->record.stem);
	credits_want_after(queue->gen->credits, job->record.id);
	end_without(queue, job, JOB_UNKNOWN, text);
}

static void day_of(int64_t wall_ms, char day[QUEUE_DAY])
{
	char text[CLOCK_TEXT];

	clock_format(wall_ms, text);
	memcpy(day, text, QUEUE_DAY - 1);
	day[QUEUE_DAY - 1] = '\0';
}

/* While it was on its way its prompt was removed, emptied, or given another text. */
static bool is_unwanted(struct queue *queue, struct job *job)
{
	struct node node;

	if (job->unwanted)
		return true;
	if (jobs_place(queue->gen->store, &job->record) < 0)
		return false;
	if (job->record.ino == 0)
		return true;
	int r = nodes_get(queue->gen->store, job->record.ino, &node);
	return r == -ENOENT || (r == 0 && node.job != job->record.id);
}

/* True: it came back, nobody wants it any more, and its rows are gone. */
static bool dropped(struct queue *queue, struct job *job, const char *day)
{
	struct store *store = queue->gen->store;
	int64_t id = job->record.id, ino = job->record.ino, sent = 0;
	struct node node;

	if (!is_unwanted(queue, job))
		return false;
	int r = store_begin(store, true);
	if (r == 0)
		r = jobs_remove(store, id);
	if (r == 0)
		r = spend_take_back(store, day);
	if (r == 0 && ino != 0 && nodes_get(store, ino, &node) == 0 && node.job == id) {
		r = jobs_find_sent(store, ino, &sent);
		r = r == 0 || r == -ENOENT ? nodes_set_job(store, ino, sent) : r;
	}
	r = store_end(store, r);
	if (r < 0) /* it waits as all others do */
		return false;
	status_changed(queue->gen, ino);
	queue_drop(queue, id);
	return true;
}

/* Back to QUEUED: no task exists, and no submission is counted. */
static void send_later(struct queue *queue, struct job *job, int64_t wait, enum queue_stop stop,
	const char *reason)
{
	struct store *store = queue->gen->store;
	char day[QUEUE_DAY];

	day_of(job->record.submitted, day);
	queue_hold_off(queue, wait, stop, reason);
	if (dropped(queue, job, day))
		return;
	job->record.submitted = 0;
	job->record.attempts++;
	job_set_text(&job->record.error, "%s", reason);
	int r = store_begin(store, false);
	if (r == 0)
		r = spend_take_back(store, day);
	if (store_end(store, r) < 0)
		log_warning("job %" PRId64 ": still counted as a submission", job->record.id);
	job_change(queue->gen, job, JOB_QUEUED, true);
	queue_pump(queue);
}

/* The service has said when. */
static void send_when_told(struct queue *queue, struct job *job, int64_t wait, enum queue_stop stop,
	const char *reason)
{
	job->record.next_attempt = clock_wall_ms() + wait;
	send_later(queue, job, wait, stop, reason);
}

void queue_not_sent(struct queue *queue, struct job *job, const char *why)
{
	char reason[640];

	post_ended(queue, job);
	job->record.next_attempt = 0;
	snprintf(reason, sizeof(reason), "it could not be sent: %s; tried again by itself", why);
	send_later(queue, job, backoff_wait_ms(&network, ++queue->rejections, -1, backoff_random()),
		QUEUE_RUNS, reason);
}

static int64_t until_tomorrow(void)
{
	/* a few minutes past midnight UTC: which clock the service's day follows is not published */
	return DAY_MS - clock_wall_ms() % DAY_MS + 60000 + backoff_random() % 240000;
}

static void on_rejected(struct queue *queue, struct job *job, const struct api_error *error)
{
	char why[WHY_BYTES];

	explain(error, why);
	/* only what says by its number that nothing was begun (API reference 8) */
	if ((error->class == ERRCLASS_THROTTLED || error->class == ERRCLASS_CONCURRENCY) &&
		!errclass_may_repeat(error)) {
		end_without(queue, job, JOB_FAILED, why);
		return;
	}
	switch (error->class) {
	case ERRCLASS_THROTTLED:
		if (error->code_ambiguous && job->record.attempts + 1 >= AMBIGUOUS_MAX) {
			end_without(queue, job, JOB_FAILED, why);
			return;
		}
		send_when_told(queue, job,
			backoff_wait_ms(&throttled, ++queue->rejections, error->retry_after_ms,
				backoff_random()),
			QUEUE_RUNS, why);
		return;
	case ERRCLASS_CONCURRENCY:
		send_when_told(queue, job,
			backoff_wait_ms(&concurrency, ++queue->rejections, error->retry_after_ms,
				backoff_random()),
			QUEUE_RUNS, why);
		return;
	case ERRCLASS_DAILY:
		send_when_told(queue, job, until_tomorrow(), QUEUE_RUNS, why);
		return;
	case ERRCLASS_CREDITS:
		queue->stop_balance = NAN;
		queue->balance_next = 0;
		queue->balance_count = 0;
		job->record.next_attempt = 0;
		send_later(queue, job, 0, QUEUE_STOPPED_CREDITS, why);
		return;
	case ERRCLASS_AUTH:
		queue_hold_off(queue, 0, QUEUE_STOPPED_KEY, why);
		end_without(queue, job, JOB_FAILED, why);
		return;
	default:
		end_without(queue, job, JOB_FAILED, why);
	}
}

/* The service has it: task ids on the disk before anything else. */
static void on_accepted(struct queue *queue, struct job *job, struct api_submitted *submitted)
{
	size_t count = submitted->task_ids.count;
	struct task_record *tasks = calloc(count, sizeof(*tasks));
	struct strlist *urls = calloc(count, sizeof(*urls));

	queue->rejections = 0;
	if (tasks == NULL || urls == NULL) {
		/* one task more is in the log than in memory: a person can still find it */
		for (size_t i = 0; i < count; i++)
			log_error("job %" PRId64 ": task %s", job->record.id,
				submitted->task_ids.items[i]);
		free(tasks);
		free(urls);
		queue_lost_answer(queue, job, "out of memory");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		tasks[i].id = submitted->task_ids.items[i];
		submitted->task_ids.items[i] = NULL;
		tasks[i].state = TASK_WAITING;
		log_info("job %" PRId64 ": task %s", job->record.id, tasks[i].id);
	}
	free(job->urls); /* a resumed job has an empty list */
	job->tasks = tasks;
	job->task_count = count;
	job->urls = urls;
	job->record.batch = submitted->batch_id;
	job->record.next_attempt = 0;
	job->sent_at = clock_mono_ms();
	job->not_before = job->sent_at + queue->gen->options.first_poll_ms;
	job_set_text(&job->record.error, NULL);
	job_change(queue->gen, job, JOB_PENDING, true);
}

static void on_text(struct queue *queue, struct job *job, const char *text);

void queue_on_submitted(void *arg, struct api_submit_answer *answer)
{
	struct job *job = arg;
	struct queue *queue = job->queue;
	char why[WHY_BYTES];

	switch (answer->outcome) {
	case API_NOT_SENT:
		queue_not_sent(queue, job, answer->error.text);
		return;
	case API_ACCEPTED:
		post_ended(queue, job);
		if (answer->text != NULL)
			on_text(queue, job, answer->text);
		else
			on_accepted(queue, job, &answer->submitted);
		return;
	case API_REJECTED:
		post_ended(queue, job);
		on_rejected(queue, job, &answer->error);
		return;
	case API_UNCERTAIN:
		post_ended(queue, job);
		explain_loss(&answer->error, why);
		queue_lost_answer(queue, job, why);
	}
}

/* --- polls --- */

static int64_t poll_wait(const struct gen *gen, const struct job *job)
{
	static const struct backoff trouble = {
		.first_ms = 2000, .max_ms = 60000, .jitter_percent = 20};
	const struct gen_options *options = &gen->options;
	int64_t age = clock_mono_ms() - job->sent_at;
	int64_t wait = age < options->slow_poll_after_ms ? options->poll_interval_ms
							 : options->slow_poll_interval_ms;

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
	job->not_before = clock_mono_ms() + poll_wait(queue->gen, job);
	queue_pump(queue);
}

static bool task_ended(const struct task_record *task)
{
	return task->state == TASK_SUCCEEDED || task->state == TASK_FAILED;
}

static int add_lyrics(struct strlist *urls, const char *lyrics)
{
	char *url;

	if (asprintf(&url, RESULT_TEXT "%s", lyrics) < 0)
		return -ENOMEM;
	int r = strlist_add(urls, url);
	free(url);
	return r;
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
		if (told->lyrics != NULL && add_lyrics(&job->urls[i], told->lyrics) < 0)
			log_warning("job %" PRId64 ": out of memory: no lyrics", job->record.id);
		job->tasks[i].state = (int)told->state;
		if (told->message[0] != '\0')
			job_set_text(&job->tasks[i].message, "%s", told->message);
		if (told->state == TASK_SUCCEEDED && job->urls[i].count == 0) {
			job->tasks[i].state = TASK_FAILED;
			job_set_text(&job->tasks[i].message, "%s",
				told->bad_urls > 0
					? "the service gave an address that weryaifs does not fetch"
					: "the service says it succeeded, but gave no result");
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

static int list_results(
	const struct job *job, struct result_record **ret_results, size_t *ret_count)
{
	struct result_record *results;
	size_t count = 0, n = 0;

	for (size_t i = 0; i < job->task_count; i++)
		count += job->urls[i].count;
	results = calloc(count + 1, sizeof(*results));
	if (results == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < job->task_count; i++) {
		for (size_t k = 0; k < job->urls[i].count; k++, n++) {
			results[n].size = -1;
			results[n].task = strdup(job->tasks[i].id);
			results[n].url = strdup(job->urls[i].items[k]);
			if (results[n].task == NULL || results[n].url == NULL) {
				result_records_finish(results, n + 1);
				return -ENOMEM;
			}
		}
	}
	*ret_results = results;
	*ret_count = count;
	return 0;
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

/* What was made, and SUCCESS, in one durable transaction. */
static int record_results(
	struct queue *queue, struct job *job, struct result_record *results, size_t count)
{
	struct store *store = queue->gen->store;
	enum job_state before = job->record.state;
	job->record.state = JOB_SUCCESS;
	job->record.finished = clock_wall_ms();
	int r = store_begin(store, true);
	if (r == 0)
		r = jobs_save(store, &job->record);
	if (r == 0)
		r = tasks_set(store, job->record.id, job->tasks, job->task_count);
	if (r == 0)
		r = results_set(store, job->record.id, results, count);
	r = store_end(store, r);
	if (r < 0) {
		job->record.state = before;
		job->record.finished = 0;
	}
	return r;
}

/* All tasks have ended, some with results. */
static int record_success(struct queue *queue, struct job *job)
{
	struct result_record *results = NULL;
	size_t count = 0;
	int r = list_results(job, &results, &count);

	if (r == 0)
		r = record_results(queue, job, results, count);
	result_records_finish(results, count);
	return r;
}

/* An answer that is the result: its bytes are in the row. */
static int record_text(struct queue *queue, struct job *job, const char *text)
{
	struct result_record *result = calloc(1, sizeof(*result));

	if (result == NULL)
		return -ENOMEM;
	result->size = -1;
	result->task = strdup("");
	if (asprintf(&result->url, RESULT_TEXT "%s", text) < 0)
		result->url = NULL;
	int r = result->task == NULL || result->url == NULL ? -ENOMEM
							    : record_results(queue, job, result, 1);
	result_records_finish(result, 1);
	return r;
}

static void on_text(struct queue *queue, struct job *job, const char *text)
{
	queue->rejections = 0;
	int r = record_text(queue, job, text);
	if (r < 0) {
		log_errno(LOG_LEVEL_ERROR, r, "job %" PRId64 ": its answer", job->record.id);
		queue_lost_answer(queue, job, "it could not be recorded");
		return;
	}
	log_info("job %" PRId64 ": SUCCESS, answered at once", job->record.id);
	queue_harvest(queue, job);
}

static void all_ended(struct queue *queue, struct job *job)
{
	char messages[768], text[1024];
	size_t failed;

	describe_failures(job, messages, sizeof(messages), &failed);
	if (failed == job->task_count) {
		snprintf(text, sizeof(text),
			"the service could not make it: %s. Whether credits were spent is not "
			"known; to try"
			" again: echo submit > %s.status",
			messages, job->record.stem);
		end_without(queue, job, JOB_FAILED, text);
		return;
	}
	if (failed > 0)
		job_set_text(&job->record.warning, "%zu of %zu tasks failed: %s", failed,
			job->task_count, messages);
	int r = record_success(queue, job);
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
	queue_harvest(queue, job);
	/* a place is free for the next submission */
	if (queue->stop == QUEUE_RUNS && queue->rejections > 0)
		queue->not_before = 0;
	queue_pump(queue);
}

static void on_poll_refused(struct queue *queue, struct job *job, const struct api_error *error)
{
	char text[1024];

	job->poll_failures++;
	job->not_found = error->class == ERRCLASS_NOT_FOUND ? job->not_found + 1 : 0;
	if (job->not_found == 1)
		job->not_found_since = clock_mono_ms();
	if (job->poll_failures == 3)
		log_warning("job %" PRId64 ": status: %s", job->record.id,
			error->text[0] != '\0' ? error->text : errclass_name(error->class));
	/* by a clock that does not jump: what is given up here has been paid for */
	if (job->not_found >= NOT_FOUND_MIN &&
		clock_mono_ms() - job->not_found_since > NOT_FOUND_MS) {
		snprintf(text, sizeof(text),
			"the service no longer knows this task (%s). It was probably charged; look "
			"at the call"
			" history of your account. To send it again: echo submit > %s.status",
			error->text, job->record.stem);
		end_without(queue, job, JOB_UNKNOWN, text);
		return;
	}
	ask_again(queue, job);
}

void queue_on_polled(void *arg, struct api_tasks_answer *answer)
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
		job_change(queue->gen, job, state, false);
	ask_again(queue, job);
}

/* --- credits --- */

void queue_on_balance(void *arg, double balance)
{
	struct queue *queue = arg;

	if (queue->stop != QUEUE_STOPPED_CREDITS)
		return;
	if (isnan(queue->stop_balance)) {
		queue->stop_balance = balance;
	} else if (balance > queue->stop_balance) {
		log_info("queue: the balance has risen to %g credits: goes on", balance);
		queue_clear_hold(queue);
		queue_pump(queue);
	}
}

void queue_watch_balance(struct queue *queue, int64_t now, int64_t *wake)
{
	if (queue->stop != QUEUE_STOPPED_CREDITS || queue->stopping)
		return;
	if (queue->balance_next <= now) {
		queue->balance_next =
			now + (queue->balance_count++ < BALANCE_SOON_COUNT ? BALANCE_SOON_MS
									   : BALANCE_LATE_MS);
		credits_ask(queue->gen->credits);
	}
	if (queue->balance_next < *wake)
		*wake = queue->balance_next;
}
