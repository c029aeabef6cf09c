/* SPDX-License-Identifier: MIT */
/* --set-key: the key file. */
#include "config/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/sentence.h"
#include "config/table.h"
#include "fs/base/cleanup.h"

char *secret_path(const struct config *config)
{
	const char *path = getenv("WERYAI_API_KEY_FILE");

	if (path && path[0] != '\0')
		return strdup(path);
	return config->key_file ? strdup(config->key_file) : config_user_path("key");
}

/* The directories in front of the file's name, as far as they are missing. */
static int make_directories(const char *path)
{
	CLEANUP_FREE char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return 0;
}

static int write_key(int fd, const struct secret *secret)
{
	char line[SECRET_MAX + 1];
	size_t length = strlen(secret->key);

	memcpy(line, secret->key, length);
	line[length++] = '\n';
	ssize_t wrote = write(fd, line, length);
	int r = wrote == (ssize_t)length ? 0 : wrote < 0 ? -errno : -EIO;
	explicit_bzero(line, sizeof(line));
	return r == 0 && fsync(fd) < 0 ? -errno : r;
}

/* mkstemp(3) makes it with mode 0600, whatever the umask. */
static int write_and_rename(char *temporary, const char *path, const struct secret *secret)
{
	CLEANUP_CLOSE int fd = mkstemp(temporary);

	if (fd < 0)
		return -errno;
	int r = write_key(fd, secret);
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0)
		unlink(temporary);
	return r;
}

int secret_store(const char *path, const struct secret *secret, char **ret_message)
{
	/* where it is a link, as people do with their settings, what it leads to is written */
	CLEANUP_FREE char *real = realpath(path, NULL), *temporary = NULL;
	const char *target = real ? real : path;
	int r = make_directories(target);

	if (asprintf(&temporary, "%s.XXXXXX", target) < 0) {
		temporary = NULL;
		return sentence_fail(ret_message, -ENOMEM, "out of memory");
	}
	if (r == 0)
		r = write_and_rename(temporary, target, secret);
	return r < 0 ? sentence_fail(ret_message, r, "cannot write the key file %s: %s", target,
			       strerror(-r))
		     : 0;
}
