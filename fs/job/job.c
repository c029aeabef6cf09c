/* SPDX-License-Identifier: MIT */
#include "fs/job/job.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "fs/base/log.h"
#include "fs/account/account_private.h"
#include "fs/queue/harvest.h"
#include "fs/tree/status.h"
#include "fs/base/backoff.h"
#include "fs/input/inputs.h"

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
};

#define TO(state) (1u << (state))

/* Money rule 1 in one place: the only ways into SUBMITTING are from QUEUED, and the only way back to QUEUED from there is
 * an answer that says no task exists. What is final stays so: a person's `submit` makes a new job. Which of the
 * arrows are fsynced: fs/queue/queue.h. */
static const unsigned may_become[JOB_STATE_COUNT] = {
	[JOB_WAITING] = TO(JOB_WAITING) | TO(JOB_QUEUED) | TO(JOB_HELD) | TO(JOB_INVALID),
	/* whose input is missing or has failed goes on when that changes */
	[JOB_INVALID] = TO(JOB_INVALID) | TO(JOB_WAITING) | TO(JOB_QUEUED) | TO(JOB_HELD),
	[JOB_QUEUED] = TO(JOB_QUEUED) | TO(JOB_HELD) | TO(JOB_SUBMITTING) | TO(JOB_FAILED),
	[JOB_HELD] = TO(JOB_HELD) | TO(JOB_QUEUED) | TO(JOB_WAITING),
	[JOB_SUBMITTING] = TO(JOB_PENDING) | TO(JOB_QUEUED) | TO(JOB_SUCCESS) | TO(JOB_FAILED) |
			   TO(JOB_UNKNOWN),
	[JOB_PENDING] = TO(JOB_PENDING) | TO(JOB_PROCESSING) | TO(JOB_SUCCESS) | TO(JOB_FAILED) |
			TO(JOB_UNKNOWN),
	[JOB_PROCESSING] = TO(JOB_PENDING) | TO(JOB_PROCESSING) | TO(JOB_SUCCESS) | TO(JOB_FAILED) |
			   TO(JOB_UNKNOWN),
	/* until its results are in the tree */
	[JOB_SUCCESS] = TO(JOB_SUCCESS),
	/* an older version called it so where what was made could not be fetched */
	[JOB_FAILED] = TO(JOB_SUCCESS),
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
	return state == JOB_INVALID || state == JOB_WAITING || state == JOB_QUEUED ||
	       state == JOB_HELD;
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

int job_save(struct gen *gen, struct job *job, bool durable)
{
	int r = store_begin(gen->store, durable);

	if (r == 0)
		r = jobs_save(gen->store, &job->record);
	if (r == 0)
		r = tasks_set(gen->store, job->record.id, job->tasks, job->task_count);
	r = store_end(gen->store, r);
	/* what was kept back for this: an answer that has been paid for must not be lost to a full disk */
	if (r == -ENOSPC && store_reserve_use(gen->store))
		return job_save(gen, job, durable);
	job->unsaved = r < 0;
	job->save_failures = r < 0 ? job->save_failures + 1 : 0;
	if (r < 0)
		log_errno(LOG_LEVEL_ERROR, r, "job %lld: could not be recorded",
			(long long)job->record.id);
	return r;
}

int job_change(struct gen *gen, struct job *job, enum job_state state, bool durable)
{
	assert(job_state_may_change(job->record.state, state));
	if (job->record.state != state)
		log_info("job %lld: %s -> %s", (long long)job->record.id,
			job_state_name(job->record.state), job_state_name(state));
	job->record.state = state;
	int r = job_save(gen, job, durable);
	if (jobs_place(gen->store, &job->record) == 0 && job->record.ino != 0)
		status_changed(gen, job->record.ino);
	return r;
}

int64_t job_save_wait_ms(const struct job *job)
{
	static const struct backoff pace = {.first_ms = 250, .max_ms = 10000};

	return backoff_wait_ms(&pace, job->save_failures > 0 ? job->save_failures : 1, -1, 0);
}

void job_destroy(struct job *job)
{
	if (job == NULL)
		return;
	api_cancel(job->call);
	harvest_cancel(job->harvest);
	inputs_destroy(job->inputs);
	list_remove(&job->link);
	job_record_finish(&job->record);
	for (size_t i = 0; job->urls != NULL && i < job->task_count; i++)
		strlist_finish(&job->urls[i]);
	free(job->urls);
	task_records_finish(job->tasks, job->task_count);
	free(job);
}
