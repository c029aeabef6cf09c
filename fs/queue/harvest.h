/* SPDX-License-Identifier: MIT */
#pragma once
/* harvest: from the addresses of a finished job to files in the tree: fetches first bytes (for type and size) into the
 * cache, then publishes them (publish.h). It is the job's work (job.h) until it is done or the job ends. */
#include "fs/queue/queue.h"

/* `done` runs once, from the loop: the files are in the tree and the job is published, committed. It may destroy the job.
 * Until then it is tried again, with backoff, for as long as it takes. -ENOMEM and errors of the disk. */
int harvest_start(const struct queue_needs *needs, struct job *job,
	void (*done)(void *arg, struct job *job), void *arg);
