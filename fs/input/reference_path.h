/* SPDX-License-Identifier: MIT */
#pragma once
/* reference_path: which name of the mount a reference means (design 1.4): as it is written, or as people paste paths
 * (fs/prompt/prompt_path.h), or a file's name without its suffix. Looks at names only. */
#include "fs/input/reference.h"

/* The first reading of `value` at which there is something, or will be; where there is none, `value` as it is. Caller frees. 0, -ENOMEM, or an
 * error of the disk. */
int reference_find_path(const struct asker *asker, const char *value, enum api_kind kind, char **ret_path);
/* "fox", "fox.png" and "fox-2.png" may be what fox.txt makes, or what fox-2.txt makes: which prompt, and which of its results,
 * from 1. -ENOENT. */
int reference_find_future(
	struct store *store, int64_t dir, const char *name, struct node *ret_prompt, size_t *ret_n);
