/* SPDX-License-Identifier: MIT */
/* The daemon's process: started with its descriptors at their places, heard and answered. */
#include "fs/keeper/keeper_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/compat.h"

enum { EXIT_NOT_STARTED = 127 };

/* Away from the places, onto which others are put. */
static int lift(int fd)
{
	return fd < 0 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, KEEPER_SPARE_FD);
}

static int put(int fd, int place)
{
	return fd < 0 || dup2(fd, place) == place ? 0 : -errno;
}

static void execute(int program, const char *path, char **words)
{
	compat_execveat(program, "", words, environ, AT_EMPTY_PATH);
	/* a script cannot be run in this way */
	if (errno == ENOENT)
		execv(path, words);
}

int keeper_child_open(const struct keeper_child *child)
{
	int fd = open(child->path, O_PATH | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* In the child. In the background it leaves our process group by itself, when it has mounted (daemon_ready()). */
static void become_daemon(
	const struct keeper_child *child, pid_t keeper, int socket, int memory, int device)
{
	sigset_t none;

	/* whoever kills the keeper has ended the mount: nobody is left behind that holds the account */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != keeper)
		_exit(EXIT_NOT_STARTED);
	int program = lift(child->program);
	memory = lift(memory);
	device = lift(device);
	sigemptyset(&none);
	if ((child->own_group && setpgid(0, 0) < 0) || sigprocmask(SIG_SETMASK, &none, NULL) < 0 ||
		put(socket, KEEPER_SOCKET_FD) < 0 || put(memory, KEEPER_MEMORY_FD) < 0 ||
		put(device, KEEPER_DEVICE_FD) < 0)
		_exit(EXIT_NOT_STARTED);
	execute(program, child->path, child->words);
	_exit(EXIT_NOT_STARTED);
}

int keeper_child_start(struct keeper_child *child, int memory, int device)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	CLEANUP_CLOSE int theirs = fcntl(ends[1], F_DUPFD_CLOEXEC, KEEPER_SPARE_FD);
	close(ends[1]);
	pid_t keeper = getpid(), pid = theirs < 0 ? -1 : fork();
	if (pid == 0)
		become_daemon(child, keeper, theirs, memory, device);
	if (pid < 0) {
		int r = -errno;
		close(ends[0]);
		return r;
	}
	child->pid = pid;
	child->socket = ends[0];
	return 0;
}

static void become_prover(const struct keeper_child *child, int program, int memory, int output)
{
	sigset_t none;

	sigemptyset(&none);
	program = lift(program);
	output = lift(output);
	memory = lift(memory);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0 || put(output, STDOUT_FILENO) < 0 ||
		put(output, STDERR_FILENO) < 0 || put(memory, KEEPER_MEMORY_FD) < 0 ||
		setenv(KEEPER_PROVE_ENVIRONMENT, "1", 1) < 0 ||
		unsetenv(KEEPER_KEY_ENVIRONMENT) < 0)
		_exit(EXIT_NOT_STARTED);
	execute(program, child->path, child->words);
	_exit(EXIT_NOT_STARTED);
}

int keeper_child_prove(const struct keeper_child *child, int program, int memory, int output,
	pid_t *ret_pid)
{
	pid_t pid = fork();

	if (pid == 0)
		become_prover(child, program, memory, output);
	*ret_pid = pid;
	return pid < 0 ? -errno : 0;
}

void keeper_child_order(struct keeper_child *child, int kind)
{
	const struct keeper_message message = {.kind = kind};

	if (child->socket >= 0)
		keeper_child_answer(child, &message, -1);
}

int keeper_child_hear(struct keeper_child *child, struct keeper_message *ret_message)
{
	ssize_t got = recv(child->socket, ret_message, sizeof(*ret_message), MSG_DONTWAIT);

	if (got < 0)
		return errno == EINTR || errno == EAGAIN ? -EAGAIN : -EPIPE;
	if (got == 0)
		return -EPIPE;
	/* the texts end inside of it, whatever it says */
	ret_message->text[sizeof(ret_message->text) - 1] = '\0';
	ret_message->text[sizeof(ret_message->text) - 2] = '\0';
	if ((size_t)got < offsetof(struct keeper_message, text))
		return -EBADMSG;
	memset((char *)ret_message + got, 0, sizeof(*ret_message) - (size_t)got);
	return 0;
}

void keeper_child_answer(struct keeper_child *child, const struct keeper_message *message, int fd)
{
	size_t length = offsetof(struct keeper_message, text) + strlen(message->text) + 1;
	struct iovec part = {.iov_base = (void *)message, .iov_len = length};
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};

	if (fd >= 0) {
		header.msg_control = &control;
		header.msg_controllen = sizeof(control);
		struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
	}
	/* one that cannot take it is dying, which will be seen */
	(void)sendmsg(child->socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void keeper_child_forget(struct keeper_child *child)
{
	if (child->socket >= 0)
		close(child->socket);
	child->socket = -1;
	child->pid = 0;
}
