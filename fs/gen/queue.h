/* SPDX-License-Identifier: MIT */
#pragma once
/* queue: owns every job with something left to do: which may be sent and when (limit, gap, backoff, spending guard),
 * the sending, the polling, and what each answer means for the state. One POST at a time.
 *
 * Durability: SUBMITTING and the request are fsynced before the POST starts; the task ids before anything else is done
 * with them (fs/store/jobs.h has the rows, job.h the table of legal changes). */
#include <stdbool.h>
#include <stdint.h>

#include "fs/gen/job.h"

struct gen;
struct queue;

int queue_create(struct gen *gen, struct queue **ret_queue);
void queue_destroy(struct queue *queue);
/* After a mount: reads the open jobs; SUBMITTING becomes UNKNOWN; the rest goes on. */
int queue_resume(struct queue *queue);
/* The job with this record goes to work (QUEUED, HELD, or finished already). Takes the record's contents. */
int queue_add(struct queue *queue, struct job_record *record);
struct job *queue_find(struct queue *queue, int64_t id); /* NULL: not open */
/* Not sent yet and never will be. False: too late, it goes on. Removes the job's rows inside the caller's transaction;
 * queue_drop() after the commit forgets it. */
bool queue_can_cancel(struct queue *queue, int64_t id);
void queue_drop(struct queue *queue, int64_t id);
/* A person says `submit`: out of HELD, and past a stop. -EINVAL: nothing to submit in this state. */
int queue_release(struct queue *queue, int64_t id);
void queue_retry(struct queue *queue);
void queue_stop(struct queue *queue, void (*done)(void *arg), void *arg);
/* Why nothing is sent at the moment, a sentence; NULL: nothing is in the way. Valid until the next call. */
const char *queue_reason(struct queue *queue, const struct job *job);
int queue_active(const struct queue *queue);
int queue_waiting(const struct queue *queue);
