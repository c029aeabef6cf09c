/* SPDX-License-Identifier: MIT */
#pragma once
/* worker: one thread for system calls that move many bytes, so that the loop can go on meanwhile. It owns nothing but
 * the queue: a job's data belongs to its submitter, who leaves it alone until done.
 *
 * Thread: run() on the worker's thread, everything else on the loop's. Jobs run in the order of their submission.
 * Callbacks: done() exactly once, from the loop or from worker_drain(). It may free the job.
 * Errors: -ENOMEM, -EAGAIN (no thread), those of eventfd(2). */
#include "fs/base/list.h"
#include <stdbool.h>
#include <stdint.h>

struct loop;
struct worker;

struct worker_job {
	struct list link;
	void (*run)(struct worker_job *job);
	void (*done)(struct worker_job *job);
};

int worker_create(struct loop *loop, struct worker **ret_worker);
/* After worker_drain(); NULL is fine. One that hangs (worker_drain_for()) is left behind, with its jobs. */
void worker_destroy(struct worker *worker);
void worker_submit(struct worker *worker, struct worker_job *job);
/* For what nobody waits for: together with what comes next, within some milliseconds, since waking the thread costs more
 * than a small job does. */
void worker_submit_later(struct worker *worker, struct worker_job *job);
/* Jobs that are not done yet. */
unsigned worker_pending(const struct worker *worker);
/* Waits for all of them: at the end alone, since they may take their time. */
void worker_drain(struct worker *worker);
/* For so many ms at most: false, not all have come back, and what they have belongs to them for ever. */
bool worker_drain_for(struct worker *worker, int64_t ms);
