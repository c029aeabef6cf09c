/* SPDX-License-Identifier: MIT */
#pragma once
/* result_node: the inode of a result before its bytes are here: without a name, to be named when all is known. What is left over after a
 * crash goes at the next mount. */
#include "fs/queue/queue.h"
#include "fs/store/jobs.h"

/* The result has its ino then; its size, too, where its bytes are in the cache still. */
int result_node_reserve(const struct queue_needs *needs, const struct job *job, struct result_record *result);
