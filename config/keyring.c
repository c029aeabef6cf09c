/* SPDX-License-Identifier: MIT */
#include "config/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config/sentence.h"
#include "fs/base/cleanup.h"

extern char **environ;

char *keyring_command(const char *account)
{
	char *command;

	return asprintf(&command, "secret-tool lookup service weryaifs account %s", account) < 0
		       ? NULL
		       : command;
}

static int spawn(const char *account, int input, pid_t *ret_pid)
{
	char *words[] = {(char *)"secret-tool", (char *)"store", (char *)"--label=WeryAI API key",
		(char *)"service", (char *)"weryaifs", (char *)"account", (char *)account, NULL};
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);

	if (error)
		return -error;
	error = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	if (!error)
		error = posix_spawnp(ret_pid, words[0], &actions, NULL, words, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -error;
}

/* The key is shorter than a pipe, so that writing it never waits; SIGPIPE is ignored (main). */
static int give(int fd, const struct secret *secret)
{
	size_t length = strlen(secret->key);
	ssize_t wrote = write(fd, secret->key, length);

	close(fd);
	return wrote == (ssize_t)length ? 0 : wrote < 0 ? -errno : -EIO;
}

int keyring_store(const char *account, const struct secret *secret, char **ret_message)
{
	int ends[2], status = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return sentence_fail(ret_message, -errno, "no pipe: %s", strerror(errno));
	int r = spawn(account, ends[0], &pid);
	close(ends[0]);
	if (r < 0) {
		close(ends[1]);
		return sentence_fail(ret_message, r,
			"cannot run secret-tool, which --keyring needs (package libsecret-tools): "
			"%s",
			strerror(-r));
	}
	r = give(ends[1], secret);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r == 0 && status == 0)
		return 0;
	return sentence_fail(ret_message, -EIO,
		"secret-tool could not store the key, see its own message above; without "
		"--keyring it goes to a file that only you can read");
}
