/* SPDX-License-Identifier: MIT */
#pragma once
/* private_dir: a directory that is ours alone, and that nobody else can put another one in place of. Seen by fs/store alone.
 *
 * The way to it may have symbolic links in it (/home -> /var/home); it is opened by its real path, of which each directory
 * belongs to us or to root and is written to by nobody else. What other users put into /tmp is not taken. */

/* mkdir -p with 0700; the last directory is made 0700. *ret_real: its path without links, which the caller frees.
 * -EPERM: somebody else could change it. Errors have a sentence in *ret_message. */
int private_dir_open(const char *path, char **ret_real, int *ret_fd, char **ret_message);
/* The same for one that is there, and without changing anything: -ENOENT. */
int private_dir_look(const char *path, char **ret_real, int *ret_fd, char **ret_message);
/* One inside it, where no link is followed. `path`: of the outer one, for messages. */
int private_dir_inside(int outer_fd, const char *path, const char *name, int *ret_fd, char **ret_message);
/* "PATH: WHAT: strerror": returns `error`, or -ENOMEM. */
int private_dir_fail(char **ret_message, int error, const char *path, const char *what);
