/* SPDX-License-Identifier: MIT */
#pragma once
/* private_dir: a directory that is ours alone. Seen by fs/store alone. */

/* mkdir -p with 0700; the last directory must be ours alone. Errors have a sentence in *ret_message. */
int private_dir_open(const char *path, int *ret_fd, char **ret_message);
/* "PATH: WHAT: strerror": returns `error`, or -ENOMEM. */
int private_dir_fail(char **ret_message, int error, const char *path, const char *what);
