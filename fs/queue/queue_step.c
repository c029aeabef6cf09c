/* SPDX-License-Identifier: MIT */
/* The second request of a task that is half done: of a podcast, whose sound is asked for when its script is there (API reference
 * 3.20). It is recorded before it is sent, and sent once, as a submission is. Unlike that it belongs to a task that can be asked
 * for, so that a lost answer is no reason to give up: either the sound comes, or a person asks for it again, and the service
 * refuses a second request for the same task (8002). */
#include "fs/queue/queue_private.h"

#include <inttypes.h>
#include <string.h>

#include "fs/base/backoff.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/job/place.h"
#include "fs/model/model.h"
#include "fs/queue/credits.h"

#define LONG_MS (INT64_C(30) * 60 * 1000) /* the official client waits no longer for both halves */
#define CODE_NOT_READY 8001
#define CODE_ASKED_ALREADY 8002

static const char *find_then(const struct queue *queue, const struct job *job)
{
	const struct model *model = model_table_find(*queue->needs.models, job->record.model);

	return model != NULL && model->tool != NULL ? model->tool->then : NULL;
}

/* Also where it has been asked for and the tool has left the configuration since. */
bool queue_has_step(const struct queue *queue, const struct job *job)
{
	return job->record.step_asked != 0 || find_then(queue, job) != NULL;
}

static int write_record(struct store *store, void *arg)
{
	return jobs_save(store, arg);
}

/* On the disk first, then in memory. */
static int record_step(struct queue *queue, struct job *job, int64_t when)
{
	struct job_record record = job->record;

	record.step_asked = when;
	int r = store_run(queue->needs.store, true, write_record, &record);
	if (r == 0)
		job->record.step_asked = when;
	return r;
}

/* It certainly was not taken, so it may be sent again. Where the disk does not take that, a person has to say so after a restart. */
static void take_back(struct queue *queue, struct job *job)
{
	if (record_step(queue, job, 0) < 0)
		log_warning("job %" PRId64 ": that its second request was refused is not recorded",
			job->record.id);
	job->record.step_asked = 0;
}

static void try_later(struct queue *queue, struct job *job, const struct api_error *error)
{
	static const struct backoff pace = {
		.first_ms = 5000, .max_ms = 3600000, .jitter_percent = 20};
	char why[QUEUE_WHY_BYTES];

	take_back(queue, job);
	queue_explain(error, why);
	job_set_text(&job->record.trouble,
		"its script is there; its sound is asked for again by itself: %s", why);
	job_tell(job);
	job->not_before = clock_mono_ms() + backoff_wait_ms(&pace, ++job->step_refusals,
						    error->retry_after_ms, backoff_random());
	queue_wake(queue);
}

/* For good: what is there is the result. */
static void end_with_script(struct queue *queue, struct job *job, const struct api_error *error)
{
	char why[QUEUE_WHY_BYTES];

	queue_explain(error, why);
	take_back(queue, job);
	if (job->made[0].count == 0) {
		queue_end_without(queue, job, JOB_FAILED, why);
		return;
	}
	job->tasks[0].state = TASK_SUCCEEDED;
	job_set_text(&job->record.warning,
		"the script was made, but its sound was refused: %s", why);
	queue_all_ended(queue, job);
}

static void on_rejected(struct queue *queue, struct job *job, const struct api_error *error)
{
	if (error->code == CODE_ASKED_ALREADY) {
		queue_ask_again(queue, job);
		return;
	}
	if (error->code == CODE_NOT_READY || errclass_next(error) != ERRCLASS_NEXT_FAIL)
		try_later(queue, job, error);
	else
		end_with_script(queue, job, error);
}

static void on_step(void *arg, struct api_submit_answer *answer)
{
	struct job *job = arg;
	struct queue *queue = job->queue;

	queue_post_ended(queue, job);
	switch (answer->outcome) {
	case API_ACCEPTED:
		log_info("job %" PRId64 ": its second request is taken", job->record.id);
		job->step_refusals = 0;
		job->sent_at = clock_mono_ms();
		queue_ask_again(queue, job);
		return;
	case API_NOT_SENT:
		try_later(queue, job, &answer->error);
		return;
	case API_REJECTED:
		on_rejected(queue, job, &answer->error);
		return;
	case API_UNCERTAIN:
		log_warning("job %" PRId64 ": the answer to its second request was lost: it is "
			    "not sent again by itself",
			job->record.id);
		queue_ask_again(queue, job);
	}
}

/* It was asked for long ago: people are told, and the service is asked more and more seldom. */
static void wait_on(struct job *job)
{
	char when[CLOCK_TEXT], word[PLACE_WORD];
	int64_t age = clock_wall_ms() - job->record.step_asked;

	if (age >= 0 && age < LONG_MS)
		return;
	/* a clock that was put back says nothing of how long it is */
	job->strange_since = clock_mono_ms() - (age > 0 ? age : LONG_MS);
	job->strange_wall = job->record.step_asked;
	clock_format(job->record.step_asked, when);
	job_status_word(job, word);
	job_set_text(&job->record.trouble,
		"its script is there; its sound was asked for at %s and has not come: it is waited "
		"for on. To ask for it again: echo retry > %s",
		when, word);
	job_tell(job);
}

/* The tool has left the configuration. The script is kept by the service, so it can wait. */
static void tell_without(struct job *job)
{
	job_set_text(&job->record.trouble,
		"its script is there, but weryaifs.conf does not say any more how its sound is asked for: put 'then' back into "
		"[model %s], and it goes on by itself at the next mount",
		job->record.model);
	job_tell(job);
}

static bool may_go(const struct queue *queue)
{
	return !queue->needs.read_only && !queue->stopping && queue->posting == NULL &&
	       queue->pause == QUEUE_RUNS && clock_mono_ms() >= queue->not_before &&
	       clock_mono_ms() >= queue_gap_next_ms(&queue->gap);
}

bool queue_step(struct queue *queue, struct job *job)
{
	const char *then = find_then(queue, job);

	if (job->task_count != 1)
		return false;
	if (job->record.step_asked != 0) {
		wait_on(job);
		return false;
	}
	if (then == NULL) {
		tell_without(job);
		return false;
	}
	if (!may_go(queue))
		return false;
	int r = record_step(queue, job, clock_wall_ms());
	if (r < 0) {
		log_errno(LOG_LEVEL_ERROR, r, "job %" PRId64 ": its second request is not sent",
			job->record.id);
		return false;
	}
	queue->posting = job;
	queue_gap_sent(&queue->gap, clock_mono_ms(), queue_waiting(queue) > 0);
	credits_posted(queue->needs.credits, &job->record);
	r = api_submit_then(queue->needs.api, then, job->tasks[0].id, on_step, job, &job->call);
	if (r < 0) {
		queue->posting = NULL;
		credits_answered(queue->needs.credits);
		take_back(queue, job);
		return false;
	}
	return true;
}

void queue_step_again(struct queue *queue, int64_t id)
{
	struct job *job = job_table_find(queue->needs.jobs, id);

	if (job == NULL)
		return;
	int64_t age = clock_wall_ms() - job->record.step_asked;
	if (job->record.step_asked == 0 || !job->half_done || job->call != NULL ||
		(age >= 0 && age < LONG_MS))
		return;
	take_back(queue, job);
	job->not_before = 0;
	queue_wake(queue);
}
