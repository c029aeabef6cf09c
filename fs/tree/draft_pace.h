/* SPDX-License-Identifier: MIT */
#pragma once
/* draft_pace: how long a text has to be left alone before it is examined (design 1.3, "a file that is still being thought about"). Saved
 * again while the last job of its place has not ended, a prompt waits twice as long each time, so that an editor which
 * saves by itself buys few half sentences. In memory alone. */
#include <stdint.h>

struct pace;
struct tree_needs;

struct pace *pace_create(const struct tree_needs *needs); /* borrowed; NULL: out of memory */
void pace_destroy(struct pace *pace);			  /* NULL is fine */
/* The prompt was saved just now. *ret_note: why it takes longer than usual, owned by the caller; NULL: it does not. */
int64_t pace_wait_ms(struct pace *pace, int64_t ino, char **ret_note);
