/* SPDX-License-Identifier: MIT */
#pragma once
/* harvest: from the addresses of a finished job to files in the tree: fetches first bytes (for type and size) into the
 * cache, chooses names, moves older results to numbered backups, and makes everything visible in one transaction. */
#include "fs/job/job.h"

struct gen;
struct harvest;

/* `done` runs once, from the loop: the files are in the tree and the job is published, committed. It may cancel
 * (free) the harvest. Until then it is tried again, with backoff, for as long as it takes. */
int harvest_start(struct gen *gen, struct job *job, void (*done)(void *arg, struct job *job), void *arg,
	struct harvest **ret_harvest);
void harvest_cancel(struct harvest *harvest); /* NULL is fine */
