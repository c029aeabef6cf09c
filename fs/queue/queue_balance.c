/* SPDX-License-Identifier: MIT */
/* What the balance means for a queue that is paused for want of credits, or after a refusal as if for the key (API
 * reference 11.8). */
#include "fs/queue/queue_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/log.h"
#include "fs/queue/credits.h"

/* often while somebody may be buying some, then seldom */
#define BALANCE_SOON_MS 10000
#define BALANCE_LATE_MS 60000
#define BALANCE_SOON_COUNT 30

/* The key is good: it was one request's trouble. */
static void end_suspect(struct queue *queue)
{
	struct job *job = job_table_find(queue->needs.jobs, queue->suspect);
	char *why = job != NULL && job->record.trouble != NULL ? strdup(job->record.trouble) : NULL;

	queue->suspect = 0;
	queue_clear_pause(queue);
	if (job != NULL && job->record.state == JOB_QUEUED) {
		queue_models_failed(queue->models, job->record.model);
		queue_end_without(queue, job, JOB_FAILED,
			why != NULL ? why : "the service gives no permission for this");
	}
	free(why);
	queue_wake(queue);
}

static void on_asked_about_key(struct queue *queue, const struct api_error *error)
{
	/* without an answer nothing is known: it is asked again */
	if (error != NULL &&
		(error->class == ERRCLASS_NETWORK || error->class == ERRCLASS_SERVER ||
			error->class == ERRCLASS_PROTOCOL || error->class == ERRCLASS_THROTTLED))
		return;
	if (error == NULL || error->class != ERRCLASS_AUTH) {
		end_suspect(queue);
		return;
	}
	queue->suspect = 0;
	queue->pause = QUEUE_PAUSED_KEY;
	log_warning("queue: the key is refused: nothing is sent until it changes");
}

void queue_ask_about_key(struct queue *queue, struct job *job)
{
	queue->suspect = job->record.id;
	queue->balance_next = 0;
	queue->balance_count = 0;
	queue_wake(queue);
}

void queue_on_balance(void *arg, double balance, const struct api_error *error)
{
	struct queue *queue = arg;

	if (queue->pause == QUEUE_PAUSED_ASKING)
		on_asked_about_key(queue, error);
	if (queue->pause != QUEUE_PAUSED_CREDITS || error != NULL)
		return;
	if (isnan(queue->pause_balance)) {
		queue->pause_balance = balance;
	} else if (balance > queue->pause_balance) {
		log_info("queue: the balance has risen to %g credits: goes on", balance);
		queue_clear_pause(queue);
		queue_wake(queue);
	}
}

void queue_watch_balance(struct queue *queue, int64_t now, int64_t *wake)
{
	bool asks = queue->pause == QUEUE_PAUSED_CREDITS || queue->pause == QUEUE_PAUSED_ASKING;

	if (!asks || queue->stopping)
		return;
	if (queue->balance_next <= now) {
		queue->balance_next =
			now + (queue->balance_count++ < BALANCE_SOON_COUNT ? BALANCE_SOON_MS
									   : BALANCE_LATE_MS);
		credits_ask(queue->needs.credits);
	}
	if (queue->balance_next < *wake)
		*wake = queue->balance_next;
}
