/* SPDX-License-Identifier: MIT */
#include "fs/queue/queue_private.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/log.h"
#include "fs/queue/credits.h"

int queue_create(const struct queue_needs *needs, struct queue **ret_queue)
{
	struct queue *queue = calloc(1, sizeof(*queue));

	if (queue == NULL)
		return -ENOMEM;
	queue->needs = *needs;
	queue->needs.first_bytes = &queue->first_bytes;
	first_bytes_line_init(&queue->first_bytes);
	queue_gap_init(&queue->gap, needs->submit_gap_ms, needs->submit_gap_min_ms);
	queue_recall_gap(queue);
	queue->tell_from = INT64_MAX;
	int r = loop_timer_create(needs->loop, queue_pump, queue, &queue->timer);
	if (r < 0) {
		free(queue);
		return r;
	}
	queue->models = queue_models_create();
	queue->takes = queue_takes_create();
	if (queue->models == NULL || queue->takes == NULL) {
		queue_destroy(queue);
		return -ENOMEM;
	}
	queue_recall_takes(queue);
	credits_listen(needs->credits, queue_on_balance, queue);
	*ret_queue = queue;
	return 0;
}

void queue_destroy(struct queue *queue)
{
	if (queue == NULL)
		return;
	credits_listen(queue->needs.credits, NULL, NULL);
	queue_stop_telling(queue);
	loop_timer_destroy(queue->timer);
	queue_models_destroy(queue->models);
	queue_takes_destroy(queue->takes);
	free(queue->reason);
	free(queue);
}

int queue_add(struct queue *queue, struct job_record *record)
{
	struct job *job = job_create(queue->needs.jobs);

	if (job == NULL)
		return -ENOMEM;
	job->queue = queue;
	job->record = *record;
	memset(record, 0, sizeof(*record));
	job->record.balance_before = job->record.balance_after = NAN;
	if (job_state_is_final(job->record.state)) {
		job_destroy(job);
		return 0;
	}
	int r = job_table_enter(queue->needs.jobs, job);
	if (r < 0) {
		/* it is in the ledger: the next mount goes on with it */
		log_errno(LOG_LEVEL_ERROR, r, "job %" PRId64, job->record.id);
		job_destroy(job);
		return r;
	}
	log_info("job %" PRId64 ": %s for %s", job->record.id, job_state_name(job->record.state),
		job->record.model);
	queue_wake(queue);
	return 0;
}

void queue_stop(struct queue *queue, void (*done)(void *arg), void *arg)
{
	queue->stopping = true;
	queue->stopped = done;
	queue->stopped_arg = arg;
	if (queue->posting == NULL && loop_defer(queue->needs.loop, done, arg) < 0)
		done(arg);
}
