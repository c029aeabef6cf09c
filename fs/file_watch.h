/* SPDX-License-Identifier: MIT */
#pragma once
/* file_watch: says when a file may have changed: written, replaced, or given another mode. Knows
 * nothing of what is in it. A symbolic link is watched, not the file that it leads to.
 *
 * Callbacks: from the loop, never from inside file_watch_create(); may not destroy the watch. */
#include "fs/base/loop.h"

struct file_watch;

/* 0, or the errno of inotify_add_watch(2) on the file's directory. `path` is copied. */
int file_watch_create(struct loop *loop, const char *path, void (*changed)(void *arg), void *arg,
	struct file_watch **ret_watch);
void file_watch_destroy(struct file_watch *watch); /* NULL is fine */
