/* SPDX-License-Identifier: MIT */
/* Which job may go when. What an answer means is in queue_answer.c. */
#include "fs/gen/queue.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/gen/credits.h"
#include "fs/gen/draft.h"
#include "fs/gen/gen_private.h"
#include "fs/gen/harvest.h"
#include "fs/gen/input.h"
#include "fs/gen/queue_private.h"
#include "fs/gen/status.h"
#include "fs/gen/waiting.h"
#include "fs/net/backoff.h"
#include "fs/net/hook.h"

#define RETRY_MS 5000     /* of what failed for want of memory */
#define DISK_RETRY_MS 500 /* of the disk, first */
#define DAY_MS (INT64_C(24) * 3600 * 1000)

static void pump(void *arg);

static int by_id_add(struct queue *queue, struct job *job)
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

static void forget(struct queue *queue, struct job *job)
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
		forget(queue, list_entry(queue->jobs.next, struct job, link));
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
	if (job->record.after != 0 && queue_find(queue, job->record.after) != NULL)
		return "an earlier text of this prompt is still being made";
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
	if (job->unsaved)
		return; /* stays until the disk has taken it */
	if (job->record.submitted != 0 && job->record.state != JOB_UNKNOWN)
		credits_note_after(queue->gen->credits, job->record.id);
	forget(queue, job);
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
	int r = by_id_add(queue, job);
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

bool queue_can_cancel(struct queue *queue, int64_t id)
{
	struct job *job = queue_find(queue, id);

	return job != NULL && job_state_is_unsent(job->record.state);
}

void queue_unwanted(struct queue *queue, int64_t id, bool unwanted)
{
	struct job *job = queue_find(queue, id);

	if (job != NULL)
		job->unwanted = unwanted;
}

void queue_drop(struct queue *queue, int64_t id)
{
	struct job *job = queue_find(queue, id);

	if (job == NULL)
		return;
	log_info("job %" PRId64 ": cancelled before it was sent", id);
	forget(queue, job);
	queue_pump(queue);
}

int queue_release(struct queue *queue, int64_t id)
{
	struct job *job = queue_find(queue, id);

	if (job == NULL)
		return -ENOENT;
	if (job->record.state == JOB_INVALID)
		return -ENOENT; /* its text is examined anew */
	if (job->record.state != JOB_HELD && job->record.state != JOB_QUEUED)
		return -EBUSY;
	job->released = true;
	job->not_before = 0;
	job->record.dry_run = false;
	queue_clear_hold(queue);
	/* what a dry run has shown is not what can be sent */
	bool unmade = job->record.state == JOB_HELD && job->record.body != NULL &&
		      strstr(job->record.body, INPUT_LATER) != NULL;
	if (job->record.state == JOB_HELD) {
		int r = job_change(queue->gen, job, unmade ? JOB_WAITING : JOB_QUEUED, false);
		if (r == 0 && unmade)
			r = waiting_adopt(queue->gen, job);
		if (r < 0)
			return r;
	}
	queue_pump(queue);
	return 0;
}

void queue_go_on(struct queue *queue)
{
	queue_clear_hold(queue);
	queue_pump(queue);
}

bool queue_has_unfetched(struct queue *queue, int64_t id)
{
	struct result_record *results;
	size_t count;
	bool unfetched = false;

	if (results_get(queue->gen->store, id, &results, &count) < 0)
		return false;
	for (size_t i = 0; i < count; i++)
		unfetched = unfetched || (results[i].ino == 0 && results[i].size < 0);
	result_records_finish(results, count);
	return unfetched;
}

int queue_fetch_again(struct queue *queue, int64_t id)
{
	struct job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		return -ENOMEM;
	list_init(&job->link);
	int r = jobs_get(queue->gen->store, id, &job->record);
	if (r == 0 && (job->record.state != JOB_FAILED || !queue_has_unfetched(queue, id)))
		r = -ENOENT;
	if (r == 0)
		r = tasks_get(queue->gen->store, id, &job->tasks, &job->task_count);
	if (r == 0) {
		job->record.published = false;
		job_set_text(&job->record.error, NULL);
		r = job_change(queue->gen, job, JOB_SUCCESS, true);
	}
	if (r == 0)
		r = by_id_add(queue, job);
	if (r < 0) {
		job_destroy(job);
		return r;
	}
	queue_pump(queue);
	return 0;
}

bool queue_called_back(struct queue *queue, const char *token)
{
	struct list *item;
	char word[sizeof(HOOK_WORD "=") + HOOK_TOKEN];

	snprintf(word, sizeof(word), HOOK_WORD "=%s", token);
	list_for_each(item, &queue->jobs)
	{
		struct job *job = list_entry(item, struct job, link);
		if (!job_state_is_active(job->record.state) || job->record.body == NULL ||
			strstr(job->record.body, word) == NULL)
			continue;
		log_info("job %" PRId64 ": called back", job->record.id);
		job->not_before = 0;
		queue_pump(queue);
		return true;
	}
	return false;
}

void queue_retry(struct queue *queue)
{
	struct list *item;

	if (queue->stop != QUEUE_STOPPED_CREDITS)
		queue_clear_hold(queue);
	list_for_each(item, &queue->jobs) list_entry(item, struct job, link)->not_before = 0;
	queue_pump(queue);
}

void queue_day(char day[QUEUE_DAY])
{
	char text[CLOCK_TEXT];

	clock_format(clock_wall_ms(), text);
	memcpy(day, text, QUEUE_DAY - 1);
	day[QUEUE_DAY - 1] = '\0';
}

/* Why a person has to say `submit` first; NULL: nothing. A ledger that cannot be read is an error. */
static int find_guard(struct queue *queue, const struct job *job, char **ret_why)
{
	char day[QUEUE_DAY];
	int64_t today;
	int limit = queue->gen->options.submissions_per_day;

	*ret_why = NULL;
	if (job->released)
		return 0;
	if (job->record.id <= store_hold_up_to(queue->gen->store)) {
		*ret_why = strdup(
			"this account was copied or put back from a backup, so this prompt may "
			"have been sent from there already: look at the call history of your "
			"account, then, to send it: echo submit into this file");
		return *ret_why == NULL ? -ENOMEM : 0;
	}
	if (limit == 0)
		return 0;
	queue_day(day);
	int r = spend_get(queue->gen->store, day, &today);
	if (r == 0 && today >= limit)
		job_set_text(ret_why,
			"today's limit of %d submissions is reached (submissions_per_day); to send "
			"it all "
			"the same: echo submit into this file",
			limit);
	return r;
}

/* What is paid for must not be known to the service alone after a power loss. */
static int sync_prompt(struct store *store, int64_t ino)
{
	CLEANUP_CLOSE int fd = ino == 0 ? -ENOENT : store_data_open(store, ino, O_RDONLY);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	return fdatasync(fd) < 0 ? -errno : store_data_sync(store);
}

/* Money rule 1: SUBMITTING, with the request and the day's count, is on the disk before the POST starts. */
static int record_submitting(struct queue *queue, struct job *job)
{
	struct store *store = queue->gen->store;
	char day[QUEUE_DAY];

	assert(job_state_may_change(job->record.state, JOB_SUBMITTING));
	int r = store_reserve_make(store);
	if (r == 0)
		r = sync_prompt(store, job->record.ino);
	if (r < 0)
		return r;
	job->record.state = JOB_SUBMITTING;
	job->record.submitted = clock_wall_ms();
	queue_day(day);
	if (!credits_before(
		    queue->gen->credits, &job->record.balance_before, &job->record.balance_at))
		job->record.balance_before = NAN;
	r = store_begin(store, true);
	if (r == 0)
		r = jobs_save(store, &job->record);
	if (r == 0)
		r = spend_add(store, day);
	r = store_end(store, r);
	if (r < 0) {
		job->record.state = JOB_QUEUED;
		job->record.submitted = 0;
	}
	return r;
}

static void hold(struct queue *queue, struct job *job, const char *why)
{
	job_set_text(&job->record.error, "%s", why);
	job_change(queue->gen, job, JOB_HELD, false);
	queue_pump(queue);
}

static void wait_for_disk(struct queue *queue, struct job *job, int error)
{
	static const struct backoff pace = {.first_ms = DISK_RETRY_MS, .max_ms = 10000};

	log_errno(LOG_LEVEL_ERROR, error, "job %" PRId64 ": not sent", job->record.id);
	queue_hold_off(queue, backoff_wait_ms(&pace, ++queue->disk_failures, -1, 0), QUEUE_RUNS,
		error == -ENOSPC
			? "the state disk is full: nothing is sent that cannot be recorded"
			: "the state disk has a fault: nothing is sent that cannot be recorded");
	queue_pump(queue);
}

static void submit(struct queue *queue, struct job *job)
{
	CLEANUP_FREE char *guard = NULL;
	const struct model *model = model_table_find(queue->gen->models, job->record.model);
	const char *member = model != NULL && model->tool != NULL ? model->tool->answer : NULL;
	int r = find_guard(queue, job, &guard);

	if (guard != NULL) {
		hold(queue, job, guard);
		return;
	}
	if (r == 0 && !tool_endpoint_is_good(job->record.mode)) {
		hold(queue, job, "this version of weryaifs cannot send it: write the prompt again");
		return;
	}
	if (r == 0)
		r = record_submitting(queue, job);
	if (r < 0) {
		wait_for_disk(queue, job, r);
		return;
	}
	queue->disk_failures = 0;
	log_info("job %" PRId64 ": QUEUED -> SUBMITTING", job->record.id);
	status_changed(queue->gen, job->record.ino);
	queue->posting = job;
	credits_posted(queue->gen->credits);
	r = api_submit(queue->gen->api, job->record.mode, member, job->record.body,
		queue_on_submitted, job, &job->call);
	if (r < 0)
		queue_not_sent(queue, job, strerror(-r));
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
		submit(queue, job);
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

struct resuming {
	int64_t *ids; /* owned */
	size_t count;
};

static int note_job(void *arg, int64_t id)
{
	struct resuming *resuming = arg;
	void *more = reallocarray(resuming->ids, resuming->count + 1, sizeof(*resuming->ids));

	if (more == NULL)
		return -ENOMEM;
	resuming->ids = more;
	resuming->ids[resuming->count++] = id;
	return 0;
}

/* A rejection that was to be waited for before the restart is waited for after it, by all. */
static void resume_patience(struct queue *queue, const struct job *job, bool clock_is_back)
{
	int64_t wait = job->record.next_attempt - clock_wall_ms();

	if (job->record.attempts > queue->rejections)
		queue->rejections = (unsigned)job->record.attempts;
	if (wait <= 0)
		return;
	/* the clock was set back, or was wrong then: no more is known than that it was too soon */
	if (clock_is_back || wait > DAY_MS + DAY_MS / 12)
		wait = 60000;
	if (clock_mono_ms() + wait > queue->not_before)
		queue_hold_off(queue, wait, QUEUE_RUNS,
			job->record.error != NULL ? job->record.error
						  : "the service asked to wait");
}

static int resume_job(struct queue *queue, int64_t id, bool clock_is_back)
{
	struct job *job = calloc(1, sizeof(*job));
	int r;

	if (job == NULL)
		return -ENOMEM;
	list_init(&job->link);
	r = jobs_get(queue->gen->store, id, &job->record);
	if (r == 0)
		r = tasks_get(queue->gen->store, id, &job->tasks, &job->task_count);
	if (r == 0) {
		job->urls = calloc(job->task_count + 1, sizeof(*job->urls));
		r = job->urls == NULL ? -ENOMEM : by_id_add(queue, job);
	}
	if (r < 0) {
		job_destroy(job);
		return r;
	}
	/* addresses of tasks that had ended are asked for again */
	for (size_t i = 0; i < job->task_count; i++)
		job->tasks[i].state = TASK_WAITING;
	if (job->record.state == JOB_QUEUED)
		resume_patience(queue, job, clock_is_back);
	if (job->record.state == JOB_WAITING || job->record.state == JOB_INVALID)
		return waiting_adopt(queue->gen, job);
	if (job->record.state == JOB_SUBMITTING)
		queue_lost_answer(queue, job, "weryaifs was stopped before the answer came");
	else if (job_state_is_active(job->record.state) && job->task_count == 0)
		queue_lost_answer(queue, job, "the task's number was not recorded");
	return 0;
}

int queue_resume(struct queue *queue)
{
	struct resuming resuming = {0};
	int64_t latest = 0;
	int r = jobs_latest_time(queue->gen->store, &latest);
	bool clock_is_back = latest > clock_wall_ms();

	if (r == 0)
		r = jobs_list_open(queue->gen->store, note_job, &resuming);
	for (size_t i = 0; i < resuming.count && r == 0; i++)
		r = resume_job(queue, resuming.ids[i], clock_is_back);
	free(resuming.ids);
	queue_pump(queue);
	return r;
}
