/* SPDX-License-Identifier: MIT */
#include "fs/store/private_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/trust.h"

int private_dir_fail(char **ret_message, int error, const char *path, const char *what)
{
	if (asprintf(ret_message, "%s: %s: %s", path, what, strerror(-error)) < 0) {
		*ret_message = NULL;
		return -ENOMEM;
	}
	return error;
}

static int refuse(char **ret_message, const char *path, const char *why)
{
	if (asprintf(ret_message,
		    "%s %s, so what is kept below it could be changed by others; make it yours alone, or set "
		    "XDG_STATE_HOME and XDG_CACHE_HOME to directories of your own",
		    path, why) < 0) {
		*ret_message = NULL;
		return -ENOMEM;
	}
	return -EPERM;
}

/* One directory or link on the way. */
static int check_step(const char *path, char **ret_message)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return private_dir_fail(ret_message, -errno, path, "could not look at this directory");
	if (!trust_owner(st.st_uid))
		return refuse(ret_message, path, "belongs to another user");
	/* in a sticky directory, as /tmp is, others cannot touch what is ours */
	if (!S_ISLNK(st.st_mode) && (st.st_mode & S_ISVTX) == 0 && trust_is_shared(&st))
		return refuse(ret_message, path, "can be written to by other users");
	return 0;
}

/* All that stands above `path`, and `path` itself. */
static int check_way(const char *path, char **ret_message)
{
	CLEANUP_FREE char *copy = strdup(path);

	if (copy == NULL)
		return -ENOMEM;
	for (char *p = copy + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		int r = check_step(copy, ret_message);
		if (r < 0)
			return r;
		*p = '/';
	}
	return check_step(copy, ret_message);
}

static int make_way(const char *path, char **ret_message)
{
	CLEANUP_FREE char *copy = strdup(path);

	if (copy == NULL)
		return -ENOMEM;
	for (char *p = copy + 1;; p++) {
		char end = *p;
		if (end != '/' && end != '\0')
			continue;
		*p = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			return private_dir_fail(
				ret_message, -errno, copy, "could not make this directory");
		if (end == '\0')
			return 0;
		*p = end;
	}
}

/* The last one: what is in it is checked by nobody else. */
static int open_last(int at_fd, const char *name, const char *path, bool change, int *ret_fd, char **ret_message)
{
	CLEANUP_CLOSE int fd = openat(at_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return private_dir_fail(ret_message, -errno, path, "could not open this directory");
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid())
		return private_dir_fail(ret_message, -EPERM, path, "this directory belongs to somebody else");
	if (change && (st.st_mode & 077) != 0 && fchmod(fd, 0700) < 0)
		return private_dir_fail(
			ret_message, -errno, path, "could not make this directory private");
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int private_dir_inside(int outer_fd, const char *path, const char *name, int *ret_fd, char **ret_message)
{
	CLEANUP_FREE char *whole = NULL;

	if (asprintf(&whole, "%s/%s", path, name) < 0) {
		whole = NULL;
		return -ENOMEM;
	}
	if (mkdirat(outer_fd, name, 0700) < 0 && errno != EEXIST)
		return private_dir_fail(ret_message, -errno, whole, "could not make this directory");
	return open_last(outer_fd, name, whole, true, ret_fd, ret_message);
}

static int open_dir(const char *path, bool change, char **ret_real, int *ret_fd, char **ret_message)
{
	CLEANUP_FREE char *real = realpath(path, NULL);

	if (real == NULL)
		return private_dir_fail(ret_message, -errno, path, "could not find this directory");
	/* the links by the way that leads to them, then what they lead to */
	int r = check_way(path, ret_message);
	if (r == 0)
		r = check_way(real, ret_message);
	if (r == 0)
		r = open_last(AT_FDCWD, real, real, change, ret_fd, ret_message);
	if (r == 0)
		*ret_real = steal(&real);
	return r;
}

int private_dir_open(const char *path, char **ret_real, int *ret_fd, char **ret_message)
{
	int r = make_way(path, ret_message);

	return r < 0 ? r : open_dir(path, true, ret_real, ret_fd, ret_message);
}

int private_dir_look(const char *path, char **ret_real, int *ret_fd, char **ret_message)
{
	return open_dir(path, false, ret_real, ret_fd, ret_message);
}
