/* SPDX-License-Identifier: MIT */
#pragma once
/* copiers: programs that copy or restore a tree, as far as their acts show it, and shadows that must not be in their way.
 *
 * Such a program makes each file with O_EXCL, X.status like any other, and fails where there is one already: made of X.txt,
 * which it has just brought. It is known by having made the directory itself (cp -r), by the old times that it gives to what
 * it makes (cp -a, mv, tar), or by removing a shadow a second time because it was still there (tar). It does not
 * find the shadows of prompts that it has brought or that it has removed, for a few seconds or until it has made them.
 * Everybody else sees the truth. In memory alone, bounded, the oldest go first. Pure but for the clock. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct copiers;

int copiers_create(struct copiers **ret_copiers);
void copiers_destroy(struct copiers *copiers); /* NULL is fine */
/* The process made this directory; this file, with O_EXCL. */
void copiers_made_dir(struct copiers *copiers, uint64_t dir, pid_t pid);
void copiers_made(struct copiers *copiers, uint64_t parent, const char *name, pid_t pid);
/* It looked what there is in this directory, as no program does in the middle of copying to it. */
void copiers_listed(struct copiers *copiers, uint64_t dir, pid_t pid);
/* It removed this shadow, which is still there. */
void copiers_removed(struct copiers *copiers, uint64_t parent, const char *name, pid_t pid);
/* It gave a file times of the past. */
void copiers_dated(struct copiers *copiers, pid_t pid, const struct timespec *mtime);
/* Must this shadow not be found by it? */
bool copiers_hide(struct copiers *copiers, uint64_t parent, const char *name, pid_t pid);
/* It has brought this shadow. */
void copiers_brought(struct copiers *copiers, uint64_t parent, const char *name, pid_t pid);
