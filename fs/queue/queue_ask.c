/* SPDX-License-Identifier: MIT */
/* What others ask of open jobs: not to be sent, to be sent all the same, to be looked at again. */
#include "fs/queue/queue_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/log.h"
#include "fs/net/hook.h"
#include "fs/store/wishes.h"

bool queue_can_cancel(struct queue *queue, int64_t id)
{
	struct job *job = job_table_find(queue->needs.jobs, id);

	return job != NULL && job_state_is_unsent(job->record.state);
}

void queue_unwanted(struct queue *queue, int64_t id, bool unwanted)
{
	struct job *job = job_table_find(queue->needs.jobs, id);

	if (job != NULL)
		job->unwanted = unwanted;
}

void queue_drop(struct queue *queue, int64_t id)
{
	struct job *job = job_table_find(queue->needs.jobs, id);

	if (job == NULL)
		return;
	log_info("job %" PRId64 ": cancelled before it was sent", id);
	queue_forget(queue, job);
	queue_wake(queue);
}

static int write_asked(struct store *store, void *arg)
{
	return wishes_set_asked(store, *(int64_t *)arg);
}

/* That a person has asked, and the job as it is then. */
static int write_let_go(struct store *store, void *arg)
{
	const struct job *job = arg;
	int r = wishes_set_asked(store, job->record.id);

	return r < 0 ? r : job_write(store, job);
}

/* Out of HELD, in one transaction. Where the disk refuses, the job stays as it was: who was told so does not pay for it. */
static int let_go(struct queue *queue, struct job *job, bool unmade)
{
	struct job_record *record = &job->record, before = *record;

	record->dry_run = record->unmade = false;
	record->trouble = NULL;
	job_set_state(job, unmade ? JOB_WAITING : JOB_QUEUED);
	int r = store_run(queue->needs.store, false, write_let_go, job);
	if (r == 0) {
		log_info("job %" PRId64 ": a person lets it go", record->id);
		free(before.trouble);
		job->released = true;
	} else {
		*record = before;
		job_note_state(job);
	}
	job_tell(job);
	return r;
}

/* Where the disk does not take it, it is asked for until the process ends. */
static void ask(struct queue *queue, struct job *job)
{
	int r = store_run(queue->needs.store, false, write_asked, &job->record.id);

	if (r < 0)
		log_errno(LOG_LEVEL_WARNING, r, "job %" PRId64 ": submit is not recorded", job->record.id);
	job->released = true;
}

int queue_release(struct queue *queue, int64_t id)
{
	struct job *job = job_table_find(queue->needs.jobs, id);

	if (job == NULL)
		return -ENOENT;
	/* of one that is BLOCKED the text is examined anew */
	if (job->record.state != JOB_WAITING && job->record.state != JOB_HELD &&
		job->record.state != JOB_QUEUED)
		return -ENOENT;
	/* what a dry run has shown is not what can be sent */
	bool unmade = job->record.state == JOB_HELD && job->record.unmade;
	if (job->record.state == JOB_HELD) {
		int r = let_go(queue, job, unmade);
		if (r < 0)
			return r;
	} else {
		ask(queue, job);
	}
	if (job->record.state == JOB_WAITING && !unmade)
		return 0; /* what it waits for is looked at again */
	job->not_before = 0;
	queue_clear_pause(queue);
	queue_models_accepted(queue->models, job->record.model);
	queue_wake(queue);
	return unmade ? 1 : 0;
}

void queue_go_on(struct queue *queue)
{
	queue_clear_pause(queue);
	queue_models_clear(queue->models);
	queue_wake(queue);
}

/* Has it results that were made and not fetched? */
static bool has_unfetched(struct queue *queue, int64_t id)
{
	struct result_record *results;
	size_t count;
	bool unfetched = false;

	if (results_get(queue->needs.store, id, &results, &count) < 0)
		return false;
	for (size_t i = 0; i < count; i++)
		unfetched = unfetched || (results[i].ino == 0 && results[i].size < 0);
	result_records_finish(results, count);
	return unfetched;
}

int queue_fetch_again(struct queue *queue, int64_t id)
{
	if (job_table_find(queue->needs.jobs, id) != NULL)
		return 0; /* that goes on already */
	struct job *job = job_create(queue->needs.jobs);
	if (job == NULL)
		return -ENOMEM;
	job->queue = queue;
	int r = jobs_get(queue->needs.store, id, &job->record);
	bool made = job->record.state == JOB_SUCCESS || job->record.state == JOB_FAILED;
	if (r == 0 && (!made || !has_unfetched(queue, id)))
		r = -ENOENT;
	if (r == 0)
		r = tasks_get(queue->needs.store, id, &job->tasks, &job->task_count);
	if (r == 0) {
		job->released = true;
		job_set_trouble(&job->record, NULL);
		r = job_change(job, JOB_FETCHING, true);
	}
	if (r == 0)
		r = job_table_enter(queue->needs.jobs, job);
	if (r < 0) {
		job_destroy(job);
		return r;
	}
	queue_wake(queue);
	return 0;
}

bool queue_called_back(struct queue *queue, const char *token)
{
	char word[sizeof(HOOK_WORD "=") + HOOK_TOKEN];

	snprintf(word, sizeof(word), HOOK_WORD "=%s", token);
	struct list *item;

	list_for_each(item, &queue->needs.jobs->lines.busy)
	{
		struct job *job = list_entry(item, struct job, busy);
		if (!job_state_is_active(job->record.state) || job->record.body == NULL ||
			strstr(job->record.body, word) == NULL)
			continue;
		log_info("job %" PRId64 ": called back", job->record.id);
		job->not_before = 0;
		job->called_back = job->call != NULL;
		queue_wake(queue);
		return true;
	}
	return false;
}

void queue_retry(struct queue *queue)
{
	if (queue->pause != QUEUE_PAUSED_CREDITS)
		queue_clear_pause(queue);
	queue_models_clear(queue->models);
	for (struct job *job = job_table_first(queue->needs.jobs); job != NULL;
		job = job_table_next(job))
		job->not_before = 0;
	queue_wake(queue);
}
