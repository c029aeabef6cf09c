/* SPDX-License-Identifier: MIT */
#pragma once
/* saved: what is saved as X.status or X.wait, whichever way a program saves: a word of a person's is done, what a copy or a
 * restore brings back is dropped (fs/tree/shadow_text.h), all else is refused. */
#include <stddef.h>
#include <stdint.h>

#include "fs/account/submit.h"

/* Bytes from the beginning of X.status, or a whole word anywhere in it. -EINVAL: neither; else as submit_prompt(). */
int saved_status(const struct submit_needs *needs, uint64_t prompt_ino, const char *text, size_t length);
/* tree_rename() to the name of a shadow, by which many editors and synchronisers save: the file goes, as if it had been
 * written there. Flags as renameat2(2). */
int saved_by_rename(const struct submit_needs *needs, uint64_t parent, const char *name, uint64_t new_parent,
	const char *new_name, unsigned flags);
