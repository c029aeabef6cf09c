/* SPDX-License-Identifier: MIT */
#pragma once
/* queue: owns every job with something left to do: which may be sent and when (limit, gap, backoff, spending guard),
 * the sending, the polling, and what each answer means for the state. One POST at a time.
 *
 * Durability: each change of state is one transaction (fs/store/jobs.h has the rows, job.c the table of legal changes).
 * Fsynced are: the prompt's bytes and SUBMITTING with the request, before the POST starts; the answer - task ids, a
 * refusal, UNKNOWN - before anything else is done with it; SUCCESS with the results' addresses; FAILED; the results in
 * the tree (publish.h). The others survive the process, and power loss takes them back by one step that is done again.
 * A change that the disk refuses stays in memory, marked unsaved, and is tried again; nothing is sent meanwhile. */
#include <stdbool.h>
#include <stdint.h>

#include "fs/job/job.h"

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
/* It may be on its way, but its text is gone (or back): should it not have arrived, it is not sent again. */
void queue_unwanted(struct queue *queue, int64_t id, bool unwanted);
void queue_drop(struct queue *queue, int64_t id);
/* A person says `submit`: out of HELD, and past a stop. -EINVAL: nothing to submit in this state. */
int queue_release(struct queue *queue, int64_t id);
/* A person asks again for results that were made, but could not be fetched: fetches, sends nothing. -ENOENT: this job
 * has none. */
int queue_fetch_again(struct queue *queue, int64_t id);
/* Whether job `id` has such results. */
bool queue_has_unfetched(struct queue *queue, int64_t id);
/* A person says `submit`: past what has stopped the queue. */
void queue_go_on(struct queue *queue);
void queue_retry(struct queue *queue);
/* The running job whose request has this word in its webhook is polled now. False: there is none. */
bool queue_called_back(struct queue *queue, const char *token);
void queue_pump(struct queue *queue); /* something has changed: looks again, soon, from the loop */
void queue_stop(struct queue *queue, void (*done)(void *arg), void *arg);
/* Why nothing is sent at the moment, a sentence; NULL: nothing is in the way. Valid until the next call. */
const char *queue_reason(struct queue *queue, const struct job *job);
/* The same for all that waits; NULL: the queue runs. */
const char *queue_stopped(const struct queue *queue);
int queue_active(const struct queue *queue);
int queue_waiting(const struct queue *queue);
