/* SPDX-License-Identifier: MIT */
#include "fs/paths.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"

static const char *home_directory(void)
{
	const char *home = getenv("HOME");

	if (home && home[0] == '/')
		return home;
	const struct passwd *user = getpwuid(getuid());
	return user && user->pw_dir && user->pw_dir[0] == '/' ? user->pw_dir : NULL;
}

char *paths_user(const char *variable, const char *fallback, const char *account)
{
	const char *base = getenv(variable);
	const char *home = home_directory();
	char *path = NULL;
	int r;

	/* The specification: a relative path is to be ignored. */
	if (base && base[0] == '/') {
		r = asprintf(&path, "%s/weryaifs/%s", base, account);
	} else if (home) {
		r = asprintf(&path, "%s/%s/weryaifs/%s", home, fallback, account);
	} else {
		errno = ENOENT;
		return NULL;
	}
	return r < 0 ? NULL : path;
}

char *paths_absolute(const char *path)
{
	char *absolute = NULL;

	if (path[0] == '/')
		return strdup(path);
	CLEANUP_FREE char *directory = get_current_dir_name();
	if (!directory || asprintf(&absolute, "%s/%s", directory, path) < 0)
		return NULL;
	return absolute;
}

bool paths_is_below(const char *path, const char *directory)
{
	CLEANUP_FREE char *real_path = realpath(path, NULL);
	CLEANUP_FREE char *real_directory = realpath(directory, NULL);
	const char *inner = real_path ? real_path : path;
	const char *outer = real_directory ? real_directory : directory;
	size_t length = strlen(outer);

	while (length > 0 && outer[length - 1] == '/')
		length--;
	return strncmp(inner, outer, length) == 0 &&
	       (inner[length] == '/' || inner[length] == '\0');
}
