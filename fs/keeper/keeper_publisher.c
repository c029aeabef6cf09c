/* SPDX-License-Identifier: MIT */
/* The process that works on the mount for the daemon (fs/notify/notifier_child.h), which is confined and may start none. It
 * is the keeper's child, and ends when its daemon does. */
#include "fs/keeper/keeper_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fs/base/cleanup.h"

enum { EXIT_NOT_STARTED = 127 };

static int put(int fd, int place)
{
	return dup2(fd, place) == place ? 0 : -errno;
}

/* In the child. ^C in the terminal is not for it. */
static void become_publisher(const struct keeper *keeper, int socket)
{
	char *const words[] = {(char *)KEEPER_PUBLISHER_NAME, keeper->mount.mountpoint, NULL}, *const environment[] = {NULL};
	int program = fcntl(keeper->child.program, F_DUPFD_CLOEXEC, KEEPER_SPARE_FD);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	char path[32];
	sigset_t none;

	/* not as the daemon is started: the kernel would call it by the program's own name, and it is not the daemon */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", program);
	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	if (program < 0 || null < 0 || setpgid(0, 0) < 0 || sigprocmask(SIG_SETMASK, &none, NULL) < 0 ||
		put(null, STDIN_FILENO) < 0 || put(null, STDOUT_FILENO) < 0 || put(null, STDERR_FILENO) < 0 ||
		put(socket, KEEPER_SOCKET_FD) < 0)
		_exit(EXIT_NOT_STARTED);
	execve(path, words, environment);
	_exit(EXIT_NOT_STARTED);
}

int keeper_publisher_start(struct keeper *keeper, int *ret_socket)
{
	int ends[2];

	keeper_publisher_end(keeper);
	if (keeper->mount.fuse == NULL)
		return -ENOTCONN;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	CLEANUP_CLOSE int theirs = fcntl(ends[1], F_DUPFD_CLOEXEC, KEEPER_SPARE_FD);
	close(ends[1]);
	pid_t pid = theirs < 0 ? -1 : fork();
	if (pid == 0)
		become_publisher(keeper, theirs);
	if (pid < 0) {
		int r = -errno;
		close(ends[0]);
		return r;
	}
	keeper->publisher = pid;
	*ret_socket = ends[0];
	return 0;
}

void keeper_publisher_end(struct keeper *keeper)
{
	/* at work on the mount it may not end before that is gone: it is not waited for */
	if (keeper->publisher > 0)
		kill(keeper->publisher, SIGKILL);
	keeper->publisher = 0;
}
