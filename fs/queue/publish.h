/* SPDX-License-Identifier: MIT */
#pragma once
/* publish: gives the results of a job their names (design 1.1): beside the prompt as it is called now, or in lost+found
 * where the prompt or its directory is gone; older results of the prompt become numbered backups. */
#include "fs/job/job.h"

struct leases;

/* All of it in one durable transaction: afterwards the files are in the tree and the job is a SUCCESS. Every result
 * has its ino (a node without a name), size and type, or could not be fetched: ino 0. Those that have a name keep it. */
/* twins: of each result the inode of the file that it is (twin.h), 0 none: that one's name is the result's, and it goes. */
int publish_results(struct job *job, struct result_record *results, const int64_t *twins, size_t count);
/* Milliseconds for which the results of the job cannot take the place of others: the kernel was promised their names. */
int64_t publish_wait_ms(struct leases *leases, struct job *job);
