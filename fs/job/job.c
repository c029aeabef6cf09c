/* SPDX-License-Identifier: MIT */
#include "fs/job/job.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "fs/api/client.h"
#include "fs/base/backoff.h"
#include "fs/base/log.h"
#include "fs/job/changes.h"
#include "fs/job/job_line.h"
#include "fs/job/job_table.h"
#include "fs/store/store.h"

static const char *const names[JOB_STATE_COUNT] = {
	[JOB_INVALID] = "INVALID",
	[JOB_WAITING] = "WAITING",
	[JOB_QUEUED] = "QUEUED",
	[JOB_HELD] = "HELD",
	[JOB_SUBMITTING] = "SUBMITTING",
	[JOB_PENDING] = "PENDING",
	[JOB_PROCESSING] = "PROCESSING",
	[JOB_SUCCESS] = "SUCCESS",
	[JOB_FAILED] = "FAILED",
	[JOB_UNKNOWN] = "UNKNOWN",
	[JOB_FETCHING] = "FETCHING",
	[JOB_BLOCKED] = "BLOCKED",
};

#define TO(state) (1u << (state))

/* Money rule 1 in one place: the only ways into SUBMITTING are from QUEUED, and the only way back to QUEUED from there is
 * an answer that says no task exists. What has ended stays so, but for results that are fetched again: a person's `submit`
 * makes a new job. Which of the arrows are fsynced: fs/queue/queue.h. */
static const unsigned may_become[JOB_STATE_COUNT] = {
	[JOB_WAITING] =
		TO(JOB_WAITING) | TO(JOB_QUEUED) | TO(JOB_HELD) | TO(JOB_BLOCKED) | TO(JOB_INVALID),
	[JOB_BLOCKED] =
		TO(JOB_BLOCKED) | TO(JOB_WAITING) | TO(JOB_QUEUED) | TO(JOB_HELD) | TO(JOB_INVALID),
	[JOB_QUEUED] = TO(JOB_QUEUED) | TO(JOB_HELD) | TO(JOB_SUBMITTING) | TO(JOB_FAILED),
	[JOB_HELD] = TO(JOB_HELD) | TO(JOB_QUEUED) | TO(JOB_WAITING),
	[JOB_SUBMITTING] = TO(JOB_PENDING) | TO(JOB_QUEUED) | TO(JOB_FETCHING) | TO(JOB_FAILED) |
			   TO(JOB_UNKNOWN),
	[JOB_PENDING] = TO(JOB_PENDING) | TO(JOB_PROCESSING) | TO(JOB_FETCHING) | TO(JOB_FAILED) |
			TO(JOB_UNKNOWN),
	[JOB_PROCESSING] = TO(JOB_PENDING) | TO(JOB_PROCESSING) | TO(JOB_FETCHING) |
			   TO(JOB_FAILED) | TO(JOB_UNKNOWN),
	[JOB_FETCHING] = TO(JOB_SUCCESS),
	[JOB_SUCCESS] = TO(JOB_FETCHING),
	/* an older version called it so where what was made could not be fetched */
	[JOB_FAILED] = TO(JOB_FETCHING),
};

const char *job_state_name(enum job_state state)
{
	return state > 0 && state < JOB_STATE_COUNT ? names[state] : "?";
}

bool job_state_may_change(enum job_state from, enum job_state to)
{
	return from > 0 && from < JOB_STATE_COUNT && (may_become[from] & TO(to)) != 0;
}

bool job_state_is_final(enum job_state state)
{
	return state == JOB_INVALID || state == JOB_SUCCESS || state == JOB_FAILED ||
	       state == JOB_UNKNOWN;
}

bool job_state_is_active(enum job_state state)
{
	return state == JOB_SUBMITTING || state == JOB_PENDING || state == JOB_PROCESSING;
}

bool job_state_is_unsent(enum job_state state)
{
	return state == JOB_INVALID || state == JOB_BLOCKED || state == JOB_WAITING ||
	       state == JOB_QUEUED || state == JOB_HELD;
}

enum job_state job_state_shown(enum job_state state)
{
	/* done for the user is what can be read; and what cannot be sent is told as such, whether it goes on by itself or not */
	return state == JOB_FETCHING ? JOB_PROCESSING : state == JOB_BLOCKED ? JOB_INVALID : state;
}

void job_set_text(char **slot, const char *format, ...)
{
	char *text = NULL;

	if (format != NULL) {
		va_list args;
		va_start(args, format);
		if (vasprintf(&text, format, args) < 0)
			text = NULL;
		va_end(args);
	}
	free(*slot);
	*slot = text;
}

struct job *job_create(struct job_table *table)
{
	struct job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		return NULL;
	job->table = table;
	list_init(&job->link);
	list_init(&job->busy);
	list_init(&job->waiting);
	return job;
}

int job_write(struct store *store, const struct job *job)
{
	int r = jobs_save(store, &job->record);

	return r < 0 ? r : tasks_set(store, job->record.id, job->tasks, job->task_count);
}

static int save(struct store *store, void *arg)
{
	return job_write(store, arg);
}

void job_note_state(struct job *job)
{
	enum job_state state = job->record.state;

	bool busy = job_state_is_active(state) || (state == JOB_FETCHING && job->work == NULL) || job->unsaved;

	job_lines_note(job, (state == JOB_QUEUED ? JOB_LINE_QUEUED : 0u) | (busy ? JOB_LINE_BUSY : 0u) |
				    (state == JOB_WAITING || state == JOB_BLOCKED ? JOB_LINE_WAITING : 0u));
}

int job_save(struct job *job, bool durable)
{
	struct store *store = job->table->store;
	int r = store_run(store, durable, save, job);

	/* what was kept back for this: an answer that has been paid for must not be lost to a full disk */
	if (r == -ENOSPC && store_reserve_use(store))
		r = store_run(store, durable, save, job);
	job->unsaved = r < 0;
	job->save_failures = r < 0 ? job->save_failures + 1 : 0;
	job_note_state(job);
	if (r < 0)
		log_errno(LOG_LEVEL_ERROR, r, "job %" PRId64 ": could not be recorded",
			job->record.id);
	return r;
}

void job_set_state(struct job *job, enum job_state state)
{
	job->record.state = state;
	job_note_state(job);
}

int job_change(struct job *job, enum job_state state, bool durable)
{
	assert(job_state_may_change(job->record.state, state));
	if (job->record.state != state)
		log_info("job %" PRId64 ": %s -> %s", job->record.id,
			job_state_name(job->record.state), job_state_name(state));
	job_set_state(job, state);
	int r = job_save(job, durable);
	job_tell(job);
	return r;
}

int job_place(const struct job *job, struct job_place *ret_place)
{
	*ret_place = (struct job_place){.stem = "NAME"};
	return jobs_place(job->table->store, job->record.id, ret_place);
}

void job_status_word(const struct job *job, char word[PLACE_WORD])
{
	struct job_place place;

	job_place(job, &place);
	place_status_word(place.stem, word);
}

void job_tell(struct job *job)
{
	struct job_place place;

	if (job_place(job, &place) == 0)
		changes_tell_status(job->table->changes, place.ino);
}

void job_set_trouble(struct job_record *record, const char *text)
{
	job_set_text(&record->trouble, text == NULL ? NULL : "%s", text);
	job_set_text(&record->error, NULL);
}

void job_set_error(struct job_record *record, const char *text)
{
	job_set_text(&record->error, "%s", text);
	job_set_text(&record->trouble, NULL);
}

int64_t job_save_wait_ms(const struct job *job)
{
	static const struct backoff pace = {.first_ms = 250, .max_ms = 10000};

	return backoff_wait_ms(&pace, job->save_failures > 0 ? job->save_failures : 1, -1, 0);
}

void job_work_end(struct job *job)
{
	struct job_work *work = job->work;

	job->work = NULL;
	if (work != NULL)
		work->cancel(work);
	job_note_state(job);
}

void job_destroy(struct job *job)
{
	if (job == NULL)
		return;
	api_cancel(job->call);
	job_work_end(job);
	list_remove(&job->link);
	job_record_finish(&job->record);
	for (size_t i = 0; job->made != NULL && i < job->task_count; i++)
		result_records_finish(job->made[i].results, job->made[i].count);
	free(job->made);
	task_records_finish(job->tasks, job->task_count);
	free(job);
}
