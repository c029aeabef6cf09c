/* SPDX-License-Identifier: MIT */
#pragma once
/* wait_below: waits for all prompts below a directory (design 1.3: DIR/.wait and .weryaifs/wait).
 *
 * What is waited for: prompts that will come to an end by themselves, those that are written, moved in or sent again meanwhile
 * included. Empty and open files and dry runs are not; they are only listed.
 * States:    looking (at what is there, some prompts a turn), waiting, writing (the report, likewise), over.
 * Ownership: store, tree and changes are borrowed and outlive it.
 * Calls back: `done`, once, from the loop, when it is over; not after wait_below_destroy(). */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct changes;
struct loop;
struct store;
struct tree;
struct wait_below;

struct wait_below_needs { /* all borrowed */
	struct loop *loop;
	struct store *store;
	struct tree *tree;
	struct changes *changes;
};

int wait_below_create(const struct wait_below_needs *needs, int64_t dir, void (*done)(void *arg), void *arg,
	struct wait_below **ret_wait);
void wait_below_destroy(struct wait_below *wait); /* NULL is fine */
/* -EAGAIN: not over yet; -ENOMEM, -EIO: it was ended by that. A line a prompt, STATE<TAB>prompt<TAB>result..., by their paths from
 * the directory. *ret_failed: one that was on its way did not succeed. The text belongs to the wait. */
int wait_below_text(const struct wait_below *wait, const char **ret_text, size_t *ret_length, bool *ret_failed);
