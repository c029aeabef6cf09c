/* SPDX-License-Identifier: MIT */
#pragma once
/* twin: a file of the user's that lies where a result would be, and has the result's own bytes: a copy that a restore has brought back.
 * It is the result (design 1.1): nothing is fetched, and there is no second one under another name. */
#include <stdint.h>

#include "fs/store/jobs.h"
#include "fs/store/nodes.h"

struct twin {
	struct node node;
	bool carries; /* it is what users have seen of the result: with what that carries (grafts.h) */
};

/* Of the `count` results of a job the one that is a file in this directory under a name of STEM's results. -ENOENT: none is, or
 * it is not known by what its bytes are. */
int twin_find(struct store *store, const struct result_record *result, size_t count, int64_t dir, const char *stem,
	struct twin *ret_twin);
/* Its bytes become those of the result, which has its inode by now, in the cache, while the loop goes on; users see the file as it is. `done`
 * comes once, not from in here, and ends it: 0, and the result has its size; -ESTALE: the file was changed meanwhile; -ETIMEDOUT: the
 * cache's disk hangs. -EFBIG: too many to be copied while others wait. -ENODATA: it has a hole, so its copying was cut off. */
struct twin_copying;
int twin_copy(struct store *store, const struct twin *twin, struct result_record *result, void (*done)(void *arg, int result),
	void *arg, struct twin_copying **ret_copying);
void twin_copy_cancel(struct twin_copying *copying); /* NULL is fine */
