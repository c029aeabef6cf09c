/* SPDX-License-Identifier: MIT */
#pragma once
/* inode: what a number stands for, in the tree or in .weryaifs, and how often it is held.
 *
 * Two holders are counted: the kernel, which is told of a number by each entry it gets and forgets it in
 * FORGET requests, and our own open files, because a FORGET may overtake the RELEASE. A prompt and its shadows share
 * one count: a prompt that was removed lives on while somebody reads its .wait. When nobody holds a number any more
 * the tree is told. (What a file is worth otherwise, names and bytes, is not counted here.)
 * Errors of the look-ups: those of tree.h. */
#include <stdint.h>

#include "fs/tree/tree.h"

struct session;

int inode_lookup(
	struct session *session, uint64_t parent, const char *name, struct tree_entry *ret_entry);
int inode_get(struct session *session, uint64_t ino, struct tree_entry *ret_entry);
int inode_parent(struct session *session, uint64_t ino, uint64_t *ret_parent);

/* For so many milliseconds from now the names of results in this directory are the kernel's to keep: they do not change
 * by themselves (tree_quiet_ms()), and those that did are told of. */
int64_t inode_quiet_ms(struct session *session, uint64_t dir);

/* What the last daemon has told the kernel so. -ENOMEM. */
int inode_quiet_again(struct session *session);

int inode_ref(struct session *session, uint64_t ino); /* -ENOMEM */
void inode_unref(struct session *session, uint64_t ino, uint64_t count);
/* Unmounted: the kernel holds nothing any more. */
void inode_unref_all(struct session *session);
