/* SPDX-License-Identifier: MIT */
#pragma once
/* prompt_path: paths of reference inputs as people paste them (design 1.4): from a file manager, a browser, a terminal. Pure: what
 * exists is for the caller to see. Quotes around the value are gone already (prompt_value.h). */
#include <stddef.h>

#include "fs/base/str.h"

#define PROMPT_PATHS_MAX 8 /* candidates of one value */

/* The paths on the mount that `value` may stand for, in the order in which they are to be tried: as it is written; without
 * "file://"; percent-decoded; without a shell's backslashes; and each of these with a place where the mount is visible
 * (`mounts`: absolute, no slash at the end) taken off its begin. -ENOMEM. */
int prompt_path_candidates(
	const char *value, const char *const *mounts, size_t mount_count, struct strlist *ret_paths);
