/* SPDX-License-Identifier: MIT */
#include "fs/kept/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/kept/carried.h"
#include "fs/kept/keeper.h"

enum { UNMOUNT_MS = 10000 }; /* of patience with a keeper that unmounts */

struct kept {
	struct keeper_memory *memory; /* shared with the keeper */
	struct loop_watch *watch;
	struct loop_timer *beat;
	struct kept_orders orders;
	void *arg;
	bool resumes;
	int order; /* one that came while we waited for an answer; 0 none */
};

static int number_of(const char *variable)
{
	const char *text = getenv(variable);
	int number = text != NULL ? (int)strtol(text, NULL, 10) : -1;

	unsetenv(variable);
	return number;
}

int kept_tell_fd(void)
{
	int fd = number_of(KEEPER_TELL_ENVIRONMENT);

	return fd > 2 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 ? fd : -1;
}

int kept_create(struct kept **ret_kept)
{
	int version = number_of(KEEPER_ENVIRONMENT);

	*ret_kept = NULL;
	if (version < 0)
		return 0;
	if (version != KEEPER_VERSION)
		return -EPROTO;
	struct kept *kept = calloc(1, sizeof(*kept));
	if (kept == NULL)
		return -ENOMEM;
	/* a program that is started by a descriptor has its number for a name */
	prctl(PR_SET_NAME, "weryaifs");
	kept->memory = mmap(NULL, KEEPER_MEMORY_HEAD, PROT_READ | PROT_WRITE, MAP_SHARED,
		KEEPER_MEMORY_FD, 0);
	if (kept->memory == MAP_FAILED || fcntl(KEEPER_SOCKET_FD, F_SETFD, FD_CLOEXEC) < 0 ||
		fcntl(KEEPER_MEMORY_FD, F_SETFD, FD_CLOEXEC) < 0 ||
		(kept->memory->mounted != 0 && fcntl(KEEPER_DEVICE_FD, F_SETFD, FD_CLOEXEC) < 0)) {
		int r = -errno;
		free(kept);
		return r;
	}
	kept->resumes = kept->memory->mounted != 0;
	*ret_kept = kept;
	return 0;
}

bool kept_proves(void)
{
	return number_of(KEEPER_PROVE_ENVIRONMENT) > 0;
}

int kept_prove(int64_t schema)
{
	struct carried *carried;

	if (number_of(KEEPER_ENVIRONMENT) != KEEPER_VERSION)
		return -EPROTO;
	struct keeper_memory *memory =
		mmap(NULL, KEEPER_MEMORY_HEAD, PROT_READ, MAP_SHARED, KEEPER_MEMORY_FD, 0);
	if (memory == MAP_FAILED)
		return -errno;
	bool newer = memory->schema > schema;
	munmap(memory, KEEPER_MEMORY_HEAD);
	if (newer)
		return -EOVERFLOW;
	int r = carried_create(KEEPER_MEMORY_FD, true, &carried);
	if (r == 0)
		carried_destroy(carried);
	return r;
}

void kept_destroy(struct kept *kept)
{
	if (kept == NULL)
		return;
	loop_watch_remove(kept->watch);
	loop_timer_destroy(kept->beat);
	munmap(kept->memory, KEEPER_MEMORY_HEAD);
	close(KEEPER_SOCKET_FD);
	close(KEEPER_MEMORY_FD);
	free(kept);
}

bool kept_resumes(const struct kept *kept)
{
	return kept != NULL && kept->resumes;
}

bool kept_is_mounted(const struct kept *kept)
{
	return kept != NULL && kept->memory->mounted != 0;
}

int kept_memory_fd(const struct kept *kept)
{
	return kept != NULL ? KEEPER_MEMORY_FD : -1;
}

static void follow(struct kept *kept, int order)
{
	if (order == KEEPER_HAND_OVER)
		kept->orders.hand_over(kept->arg);
	else if (order == KEEPER_END)
		kept->orders.end(kept->arg);
}

static void beat(void *arg)
{
	struct kept *kept = arg;
	int order = kept->order;

	kept->memory->beat_ms = clock_mono_ms();
	kept->memory->running = kept->orders.running(kept->arg);
	loop_timer_arm(kept->beat, KEEPER_BEAT_MS);
	kept->order = 0;
	follow(kept, order);
}

static void hear(void *arg, unsigned events)
{
	struct kept *kept = arg;
	struct keeper_message message;
	ssize_t got = recv(KEEPER_SOCKET_FD, &message, sizeof(message), MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		/* and takes us along: PR_SET_PDEATHSIG */
		loop_watch_remove(kept->watch);
		kept->watch = NULL;
		return;
	}
	follow(kept, message.kind);
}

int kept_start(
	struct kept *kept, struct loop *loop, const struct kept_orders *orders, void *arg)
{
	if (kept == NULL)
		return 0;
	kept->orders = *orders;
	kept->arg = arg;
	int r = loop_timer_create(loop, beat, kept, &kept->beat);
	if (r == 0)
		r = loop_watch_add(
			loop, KEEPER_SOCKET_FD, LOOP_READ, 0, hear, kept, &kept->watch);
	if (r == 0)
		loop_timer_arm(kept->beat, 0);
	return r;
}

static int ask(const struct keeper_message *question, size_t length)
{
	return send(KEEPER_SOCKET_FD, question, offsetof(struct keeper_message, text) + length,
		       MSG_NOSIGNAL) < 0
		       ? -errno
		       : 0;
}

/* -EPIPE: the keeper has gone. *ret_fd: what came with the message, -1 nothing. */
static int take_message(struct keeper_message *ret_answer, int *ret_fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec part = {.iov_base = ret_answer, .iov_len = sizeof(*ret_answer) - 1};
	struct msghdr header = {.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control)};
	ssize_t got;

	*ret_fd = -1;
	do
		got = recvmsg(KEEPER_SOCKET_FD, &header, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < (ssize_t)offsetof(struct keeper_message, text))
		return got < 0 ? -errno : -EPIPE;
	((char *)ret_answer)[got] = '\0';
	struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
	if (rights != NULL && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(rights), sizeof(*ret_fd));
	return 0;
}

/* An order may have been on its way; the one that counts is to end. */
static int take_answer(
	struct kept *kept, int kind, struct keeper_message *ret_answer, int *ret_fd)
{
	int r;

	while ((r = take_message(ret_answer, ret_fd)) == 0 && ret_answer->kind != kind)
		if (kept->order != KEEPER_END)
			kept->order = ret_answer->kind;
	return r;
}

int kept_mount(struct kept *kept, const char *mountpoint, const char *options, int *ret_fd,
	char *reason, size_t size)
{
	size_t first = strlen(mountpoint) + 1, second = strlen(options) + 1;
	struct keeper_message message = {.kind = KEEPER_MOUNT};

	reason[0] = '\0';
	if (first + second > sizeof(message.text))
		return -E2BIG;
	memcpy(message.text, mountpoint, first);
	memcpy(message.text + first, options, second);
	int r = ask(&message, first + second);
	if (r == 0)
		r = take_answer(kept, KEEPER_MOUNT, &message, ret_fd);
	if (r < 0)
		return r;
	snprintf(reason, size, "%s", message.text);
	if (message.result == 0 && *ret_fd < 0)
		return -EBADF;
	return message.result;
}

int kept_device_fd(const struct kept *kept)
{
	return KEEPER_DEVICE_FD;
}

int kept_unmount(struct kept *kept)
{
	struct keeper_message message = {.kind = KEEPER_UNMOUNT};
	struct pollfd answer = {.fd = KEEPER_SOCKET_FD, .events = POLLIN};
	int fd, r = ask(&message, 0);

	if (r == 0 && poll(&answer, 1, UNMOUNT_MS) != 1)
		return -ETIMEDOUT;
	if (r == 0)
		r = take_answer(kept, KEEPER_UNMOUNT, &message, &fd);
	return r;
}

int kept_start_publisher(struct kept *kept, pid_t *ret_pid, int *ret_socket)
{
	struct keeper_message message = {.kind = KEEPER_PUBLISHER};

	int r = ask(&message, 0);
	if (r == 0)
		r = take_answer(kept, KEEPER_PUBLISHER, &message, ret_socket);
	if (r == 0 && message.result > 0 && *ret_socket < 0)
		return -EBADF;
	if (r < 0 || message.result < 0)
		return r < 0 ? r : message.result;
	*ret_pid = message.result;
	return 0;
}

void kept_opened(struct kept *kept, int64_t schema)
{
	if (kept != NULL)
		kept->memory->schema = schema;
}

void kept_answered(struct kept *kept)
{
	if (kept != NULL)
		kept->memory->answered++;
}

void kept_is_ready(struct kept *kept)
{
	if (kept != NULL)
		kept->memory->ready = 1;
}

void kept_is_ending(struct kept *kept)
{
	if (kept != NULL)
		kept->memory->ending = 1;
}

void kept_hands_over(struct kept *kept)
{
	if (kept != NULL)
		kept->memory->handed = 1;
}
