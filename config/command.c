/* SPDX-License-Identifier: MIT */
#include "config/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include "config/sentence.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/compat.h"

extern char **environ;

/* The shell with its output on `output`, and with signals as a login shell has them. */
static int spawn(const char *command, int output, pid_t *ret_pid)
{
	char shell[] = "sh", option[] = "-c";
	char *copy = strdup(command);
	char *arguments[] = {shell, option, copy, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, defaults;
	int error;

	if (!copy)
		return -ENOMEM;
	sigemptyset(&none);
	sigfillset(&defaults);
	error = posix_spawn_file_actions_init(&actions);
	if (error)
		goto no_actions;
	error = posix_spawnattr_init(&attributes);
	if (error)
		goto no_attributes;
	error = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (!error)
		error = posix_spawnattr_setsigmask(&attributes, &none);
	if (!error)
		error = posix_spawnattr_setsigdefault(&attributes, &defaults);
	if (!error)
		error = posix_spawnattr_setflags(
			&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (!error)
		error = posix_spawn(ret_pid, "/bin/sh", &actions, &attributes, arguments, environ);
	posix_spawnattr_destroy(&attributes);
no_attributes:
	posix_spawn_file_actions_destroy(&actions);
no_actions:
	free(copy);
	return -error;
}

/* Until the end of the output, or -ETIMEDOUT, or -EFBIG. */
static int collect(int fd, int64_t deadline, char *data, size_t size, size_t *ret_length)
{
	size_t length = 0;

	for (;;) {
		struct pollfd pollfd = {.fd = fd, .events = POLLIN};
		int64_t left = deadline - clock_mono_ms();
		int ready = left <= 0 ? 0 : poll(&pollfd, 1, (int)left);
		char extra;
		if (ready == 0)
			return -ETIMEDOUT;
		ssize_t got = -1;
		if (ready > 0)
			got = length < size ? read(fd, data + length, size - length)
					    : read(fd, &extra, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		if (length == size)
			return -EFBIG;
		length += (size_t)got;
	}
	*ret_length = length;
	return 0;
}

/* The command may close its output and go on; it is not given more time for that. */
static int wait_for(pid_t pid, int64_t deadline, int *ret_status)
{
	CLEANUP_CLOSE int fd = compat_pidfd_open(pid);

	if (fd < 0)
		return -errno;
	for (;;) {
		struct pollfd pollfd = {.fd = fd, .events = POLLIN};
		int64_t left = deadline - clock_mono_ms();
		int ready = left <= 0 ? 0 : poll(&pollfd, 1, (int)left);
		if (ready == 0)
			return -ETIMEDOUT;
		if (ready > 0)
			return waitpid(pid, ret_status, 0) < 0 ? -errno : 0;
		if (errno != EINTR)
			return -errno;
	}
}

static int fail(int error, int status, int timeout_ms, char **ret_message)
{
	if (error == -ETIMEDOUT)
		return sentence_fail(ret_message, error,
			"key_command did not end within %g seconds", timeout_ms / 1000.0);
	if (error == -EFBIG)
		return sentence_fail(ret_message, error,
			"key_command prints far more than an API key; it must print the key alone");
	if (error < 0)
		return sentence_fail(
			ret_message, error, "cannot run key_command: %s", strerror(-error));
	if (WIFSIGNALED(status))
		return sentence_fail(ret_message, -EAGAIN,
			"key_command was ended by signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	return sentence_fail(ret_message, -EAGAIN,
		"key_command failed with exit status %d, see its own messages above",
		WEXITSTATUS(status));
}

int command_run(const char *command, int timeout_ms, char *data, size_t size, size_t *ret_length,
	char **ret_message)
{
	int64_t deadline = clock_mono_ms() + timeout_ms;
	int ends[2], status = 0;
	size_t length = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(-errno, 0, timeout_ms, ret_message);
	int r = spawn(command, ends[1], &pid);
	close(ends[1]);
	if (r < 0) {
		close(ends[0]);
		return fail(r, 0, timeout_ms, ret_message);
	}
	r = collect(ends[0], deadline, data, size, &length);
	close(ends[0]);
	if (r == 0)
		r = wait_for(pid, deadline, &status);
	if (r < 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	if (r < 0 || status != 0)
		return fail(r, status, timeout_ms, ret_message);
	*ret_length = length;
	return 0;
}
