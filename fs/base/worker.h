/* SPDX-License-Identifier: MIT */
#pragma once
/* worker: one thread for system calls that move many bytes, so that the loop can go on meanwhile. It owns nothing but
 * the queue: a job's data belongs to its submitter, who leaves it alone until done.
 *
 * Thread: run() on the worker's thread, everything else on the loop's. Jobs run in the order of their submission.
 * Callbacks: done() exactly once, from the loop or from worker_drain(). It may free the job.
 * Errors: -ENOMEM, -EAGAIN (no thread), those of eventfd(2). */
#include "fs/base/list.h"

struct loop;
struct worker;

struct worker_job {
	struct list link;
	void (*run)(struct worker_job *job);
	void (*done)(struct worker_job *job);
};

int worker_create(struct loop *loop, struct worker **ret_worker);
void worker_destroy(struct worker *worker); /* after worker_drain(); NULL is fine */
void worker_submit(struct worker *worker, struct worker_job *job);
/* For what nobody waits for: together with what comes next, within some milliseconds, since waking the thread costs more
 * than a small job does. */
void worker_submit_later(struct worker *worker, struct worker_job *job);
/* Jobs that are not done yet. */
unsigned worker_pending(const struct worker *worker);
/* Waits for all of them: at the end alone, since they may take their time. */
void worker_drain(struct worker *worker);
