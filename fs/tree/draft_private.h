/* SPDX-License-Identifier: MIT */
#pragma once
/* draft_private: what draft.c (when a text is examined) and draft_examine.c (what it means then) share. */
#include <stdbool.h>
#include <stdint.h>

struct tree_needs;

/* Makes the job that a prompt's text asks for; what cannot be sent becomes an INVALID one, which says why. 0 also where
 * there is nothing to do: it is no prompt any more, says nothing, or says what was sent last (unless `again`). */
int draft_examine(const struct tree_needs *needs, int64_t ino, bool again);
