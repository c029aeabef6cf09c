/* SPDX-License-Identifier: MIT */
#include "fs/store/private_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/cleanup.h"

int private_dir_fail(char **ret_message, int error, const char *path, const char *what)
{
	if (asprintf(ret_message, "%s: %s: %s", path, what, strerror(-error)) < 0) {
		*ret_message = NULL;
		return -ENOMEM;
	}
	return error;
}

int private_dir_open(const char *path, int *ret_fd, char **ret_message)
{
	CLEANUP_FREE char *copy = strdup(path);
	struct stat st;

	if (copy == NULL)
		return -ENOMEM;
	for (char *p = copy + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			return private_dir_fail(ret_message, -errno, copy, "could not make this directory");
		*p = '/';
	}
	if (mkdir(copy, 0700) < 0 && errno != EEXIST)
		return private_dir_fail(ret_message, -errno, copy, "could not make this directory");
	int fd = open(copy, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return private_dir_fail(ret_message, -errno, copy, "could not open this directory");
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid()) {
		close(fd);
		return private_dir_fail(ret_message, -EPERM, copy, "this directory belongs to somebody else");
	}
	if ((st.st_mode & 077) != 0 && fchmod(fd, 0700) < 0) {
		int r = private_dir_fail(ret_message, -errno, copy, "could not make this directory private");
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}
