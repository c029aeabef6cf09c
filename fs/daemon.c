/* SPDX-License-Identifier: MIT */
#include "fs/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/compat.h"
#include "fs/refuse.h"

/* What the child writes: this byte, or a sentence. */
#define READY '\0'
#define SENTENCE_MAX PIPE_BUF /* one write, which is whole or not at all (pipe(7)) */

void daemon_none(struct daemon *daemon)
{
	*daemon = (struct daemon){.fd = -1};
}

/* Makes `target` a descriptor of /dev/null. */
static int to_null(int target, int flags)
{
	CLEANUP_CLOSE int fd = open("/dev/null", flags | O_CLOEXEC);

	return fd < 0 || dup2(fd, target) < 0 ? -errno : 0;
}

static int become_daemon(void)
{
	if (chdir("/") < 0)
		return -errno;
	return to_null(STDIN_FILENO, O_RDONLY);
}

int daemon_fork(struct daemon *daemon)
{
	int ends[2];

	daemon_none(daemon);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	fflush(NULL); /* else both would write what is buffered */
	pid_t pid = fork();
	if (pid < 0) {
		int r = -errno;
		close(ends[0]);
		close(ends[1]);
		return r;
	}
	daemon->pid = pid;
	daemon->fd = ends[pid > 0 ? 0 : 1];
	close(ends[pid > 0 ? 1 : 0]);
	return pid > 0 ? 1 : become_daemon();
}

void daemon_close_inherited(const struct daemon *daemon)
{
	unsigned first = STDERR_FILENO + 1;

	if (daemon->fd >= (int)first) {
		(void)compat_close_range(first, (unsigned)daemon->fd - 1);
		first = (unsigned)daemon->fd + 1;
	}
	(void)compat_close_range(first, ~0u); /* since Linux 5.9; before it they stay open */
}

/* All that the child says, until it says no more. */
static int listen_to_child(int fd, struct buf *text)
{
	char data[512];

	for (;;) {
		ssize_t got = read(fd, data, sizeof(data));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : text->failed;
		buf_add(text, data, (size_t)got);
	}
}

/* It ended without a word. */
static char *describe_end(int status)
{
	char *message = NULL;

	if (WIFSIGNALED(status))
		refuse(&message, 0, "the daemon was ended by signal %d (%s) while it started",
			WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		refuse(&message, 0,
			"the daemon ended before the mount was usable; to see why, start it with "
			"-f");
	return message;
}

int daemon_wait(struct daemon *daemon, char **ret_message)
{
	CLEANUP(buf_finish) struct buf text;
	int status = 0;

	buf_init(&text, SENTENCE_MAX);
	int r = listen_to_child(daemon->fd, &text);
	close(daemon->fd);
	daemon->fd = -1;
	if (r == 0 && text.length == 1 && text.data[0] == READY)
		return 0;
	while (waitpid(daemon->pid, &status, 0) < 0 && errno == EINTR)
		;
	*ret_message = text.length > 0 ? buf_steal(&text) : describe_end(status);
	return -ECHILD;
}

static int tell_parent(struct daemon *daemon, const char *data, size_t length)
{
	ssize_t wrote;

	do
		wrote = write(daemon->fd, data, length);
	while (wrote < 0 && errno == EINTR);
	int r = wrote < 0 ? -errno : 0;
	close(daemon->fd);
	daemon->fd = -1;
	return r;
}

int daemon_ready(struct daemon *daemon)
{
	static const char ready = READY;

	if (daemon->fd < 0)
		return 0;
	/* Not before the mount: an automount lets only the process group of who asked for it come near (autofs(5)). */
	if (setsid() < 0)
		return -errno;
	/* First the terminal, then the word: `$(weryaifs DIR)` reads until nobody holds the pipe. */
	int r = to_null(STDOUT_FILENO, O_WRONLY);
	if (r == 0)
		r = to_null(STDERR_FILENO, O_WRONLY);
	return r < 0 ? r : tell_parent(daemon, &ready, 1);
}

void daemon_fail(struct daemon *daemon, const char *message)
{
	if (message == NULL)
		message = "out of memory";
	if (daemon->fd < 0 || tell_parent(daemon, message, strnlen(message, SENTENCE_MAX)) < 0)
		complain(message);
}
