/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sandbox/util.h"

/* of a number, at most: what was 0.1 in a request is 0.1 in the log */
enum { LOG_DIGITS = 15 };

struct log {
	pthread_mutex_t lock; /* one line at a time */
	int fd;               /* -1: keeps nothing */
};

int log_create(const char *path, struct log **ret)
{
	struct log *log;
	int fd = -1;

	if (path) {
		fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		if (fd < 0)
			return -errno;
	}
	log = xcalloc(1, sizeof(*log));
	pthread_mutex_init(&log->lock, NULL);
	log->fd = fd;
	*ret = log;
	return 0;
}

void log_destroy(struct log *log)
{
	if (!log)
		return;
	if (log->fd >= 0)
		close(log->fd);
	pthread_mutex_destroy(&log->lock);
	free(log);
}

void log_write(struct log *log, json_t *entry)
{
	char *line;
	size_t size, done = 0;

	if (log->fd < 0)
		return;
	line = json_dumps(entry, JSON_COMPACT | JSON_REAL_PRECISION(LOG_DIGITS));
	if (!line)
		return;
	size = strlen(line);
	line[size++] = '\n'; /* in the place of the terminator */
	pthread_mutex_lock(&log->lock);
	while (done < size) {
		ssize_t wrote = write(log->fd, line + done, size - done);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0) {
			fprintf(stderr, "weryaifs-sandbox: request log: %s\n", strerror(errno));
			break;
		}
		done += (size_t)wrote;
	}
	pthread_mutex_unlock(&log->lock);
	free(line);
}
