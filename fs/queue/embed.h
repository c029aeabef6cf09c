/* SPDX-License-Identifier: MIT */
#pragma once
/* embed: what a result carries beside its own bytes (`metadata = embed`): its prompt, model, task and settings, so that it still has them
 * when it has left the mount. Decided once, when its first bytes are here, so that its size is right from the first look;
 * what is in the cache stays as it was made. */
#include <stddef.h>

#include "fs/store/jobs.h"

struct store;

/* `first`: the first bytes of the result, whose size and type are known. One that has carried something before carries the same again;
 * else, where it is wished, what its job says. Writes the row, and result->extra, which the caller saves. Bytes that take none: 0, and
 * extra is 0. -ENOMEM, errors of the store. */
int embed_result(struct store *store, const struct job_record *job, struct result_record *result, const char *first,
	size_t length, bool wished);
