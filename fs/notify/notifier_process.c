/* SPDX-License-Identifier: MIT */
#include "fs/notify/notifier_process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/base/compat.h"
#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/notify/notifier.h"
#include "fs/notify/notifier_child.h"

enum {
	RESTART_MS = 500, /* after the first death; doubled each time */
	RESTART_MAX_MS = 60000,
	REAP_MS = 2000,
};

struct notifier_process {
	struct loop *loop; /* borrowed, like the next five */
	const char *mountpoint;
	int (*start_child)(void *arg, pid_t *ret_pid, int *ret_socket);
	void *start_arg;
	const struct notifier_process_events *events;
	void *arg;
	pid_t pid;   /* 0: none */
	int pid_fd;  /* readable when it has ended */
	int socket;  /* our end */
	bool active; /* between start and stop */
	int64_t restart_ms;
	struct loop_watch *death, *answers;
	struct loop_timer *restart;
};

static void forget(struct notifier_process *process)
{
	loop_watch_remove(process->death);
	loop_watch_remove(process->answers);
	process->death = process->answers = NULL;
	if (process->pid_fd >= 0)
		close(process->pid_fd);
	if (process->socket >= 0)
		close(process->socket);
	process->pid_fd = process->socket = -1;
	process->pid = 0;
}

static void start_later(struct notifier_process *process)
{
	if (!process->active)
		return;
	loop_timer_arm(process->restart, process->restart_ms);
	process->restart_ms *= 2;
	if (process->restart_ms > RESTART_MAX_MS)
		process->restart_ms = RESTART_MAX_MS;
}

static void handle_answers(void *arg, unsigned events)
{
	struct notifier_process *process = arg;
	int result;
	ssize_t length = recv(process->socket, &result, sizeof(result), MSG_DONTWAIT);

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (length != sizeof(result) || !process->events->answered(process->arg, result)) {
		/* it is ending, or says what nobody asked for; its death will be told */
		loop_watch_remove(process->answers);
		process->answers = NULL;
		compat_pidfd_kill(process->pid_fd);
	}
}

static void handle_death(void *arg, unsigned events)
{
	struct notifier_process *process = arg;

	/* a keeper's child is reaped by the keeper */
	if (waitpid(process->pid, NULL, WNOHANG) == 0)
		return;
	log_warning("notifier: process %d ended; starting it again in %" PRId64 " ms", process->pid,
		process->restart_ms);
	forget(process);
	start_later(process);
	process->events->died(process->arg);
}

static int set_actions(posix_spawn_file_actions_t *actions, int socket)
{
	int error = 0;

	for (int fd = 0; fd < NOTIFIER_FD && error == 0; fd++)
		error = posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_RDWR, 0);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(actions, socket, NOTIFIER_FD);
	return error;
}

/* ^C in the terminal is for us; what we block and ignore would be inherited. */
static int set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, defaults;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	int error = posix_spawnattr_setsigmask(attributes, &none);
	if (error == 0)
		error = posix_spawnattr_setsigdefault(attributes, &defaults);
	if (error == 0)
		error = posix_spawnattr_setpgroup(attributes, 0);
	if (error == 0)
		error = posix_spawnattr_setflags(attributes,
			POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	return error;
}

/* A new program, not a fork: it has neither our memory (the key) nor our descriptors (the kernel's, the database). */
static int spawn(const char *mountpoint, int socket, pid_t *ret_pid)
{
	char *words[] = {(char *)NOTIFIER_NAME, (char *)mountpoint, NULL}, *environment[] = {NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error = posix_spawn_file_actions_init(&actions);

	if (error != 0)
		return -error;
	error = posix_spawnattr_init(&attributes);
	if (error == 0) {
		error = set_actions(&actions, socket);
		if (error == 0)
			error = set_attributes(&attributes);
		if (error == 0)
			error = posix_spawn(ret_pid, "/proc/self/exe", &actions, &attributes, words,
				environment);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return -error;
}

static int watch(struct notifier_process *process)
{
	process->pid_fd = compat_pidfd_open(process->pid);
	if (process->pid_fd < 0)
		return -errno;
	int r = loop_watch_add(process->loop, process->pid_fd, LOOP_READ, 0, handle_death, process,
		&process->death);
	return r < 0 ? r
		     : loop_watch_add(process->loop, process->socket, LOOP_READ, 0, handle_answers,
			       process, &process->answers);
}

/* Our own child. */
static int start_own(struct notifier_process *process)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	process->socket = ends[0];
	int r = spawn(process->mountpoint, ends[1], &process->pid);
	close(ends[1]);
	if (r < 0)
		process->pid = 0;
	return r;
}

static int start(struct notifier_process *process)
{
	int r = process->start_child != NULL ? process->start_child(process->start_arg, &process->pid, &process->socket)
					     : start_own(process);

	if (r == 0)
		r = watch(process);
	/* it has had no order: without its socket it ends at once */
	if (r < 0 && process->pid > 0 && process->start_child == NULL) {
		kill(process->pid, SIGKILL);
		while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (r < 0)
		forget(process);
	return r;
}

static void handle_restart(void *arg)
{
	struct notifier_process *process = arg;
	int r = start(process);

	if (r < 0) {
		log_errno(LOG_LEVEL_WARNING, r,
			"notifier: cannot be started: inotify will not tell of results");
		start_later(process);
		return;
	}
	log_debug("notifier: process %d", process->pid);
	process->events->started(process->arg);
}

int notifier_process_create(const struct notifier_needs *needs, const struct notifier_process_events *events, void *arg,
	struct notifier_process **ret_process)
{
	struct notifier_process *process = calloc(1, sizeof(*process));

	if (process == NULL)
		return -ENOMEM;
	*process = (struct notifier_process){.loop = needs->loop,
		.mountpoint = needs->mountpoint,
		.start_child = needs->start_child,
		.start_arg = needs->start_arg,
		.events = events,
		.arg = arg,
		.pid_fd = -1,
		.socket = -1,
		.restart_ms = RESTART_MS};
	int r = loop_timer_create(needs->loop, handle_restart, process, &process->restart);
	if (r < 0) {
		free(process);
		return r;
	}
	*ret_process = process;
	return 0;
}

void notifier_process_start(struct notifier_process *process)
{
	process->active = true;
	handle_restart(process);
}

void notifier_process_stop(struct notifier_process *process)
{
	process->active = false;
	loop_timer_disarm(process->restart);
	loop_watch_remove(process->death);
	loop_watch_remove(process->answers);
	process->death = process->answers = NULL;
	if (process->pid_fd >= 0)
		compat_pidfd_kill(process->pid_fd);
}

void notifier_process_destroy(struct notifier_process *process)
{
	if (process == NULL)
		return;
	notifier_process_stop(process);
	if (process->pid > 0) {
		struct pollfd ended = {.fd = process->pid_fd, .events = POLLIN};
		/* without the mount nothing can hold it; if it hangs elsewhere init takes it */
		if (poll(&ended, 1, REAP_MS) == 1)
			waitpid(process->pid, NULL, WNOHANG);
	}
	forget(process);
	loop_timer_destroy(process->restart);
	free(process);
}

pid_t notifier_process_id(const struct notifier_process *process)
{
	return process->pid;
}

int notifier_process_send(struct notifier_process *process, const void *order, size_t length)
{
	/* never full: it has answered everything before */
	return send(process->socket, order, length, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}

void notifier_process_praise(struct notifier_process *process)
{
	process->restart_ms = RESTART_MS;
}
