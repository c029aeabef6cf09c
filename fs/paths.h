/* SPDX-License-Identifier: MIT */
#pragma once
/* paths: where an account's files are, and paths that stay right when the daemon leaves for "/". */
#include <stdbool.h>

/* $VARIABLE/weryaifs/ACCOUNT, by default below the home directory, as the XDG base directory
 * specification wants it: ("XDG_STATE_HOME", ".local/state", "default"). Caller frees.
 * NULL with errno: ENOENT no home directory is known, ENOMEM. */
char *paths_user(const char *variable, const char *fallback, const char *account);
/* The path with the working directory in front where it is relative. Caller frees; NULL with errno. */
char *paths_absolute(const char *path);
/* Is `path` in `directory` or the same? Symbolic links are followed in both; what cannot be followed
 * is compared as written. */
bool paths_is_below(const char *path, const char *directory);
