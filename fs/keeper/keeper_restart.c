/* SPDX-License-Identifier: MIT */
/* `weryaifs --restart MOUNT`: the program at our path first shows that it could go on, then the daemon that runs hands over
 * to it. The program that ran before stays open until the new one has answered a request, and is started again where that
 * one dies. */
#include "fs/keeper/keeper_private.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/base/log.h"

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int listen_at(const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(name);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	memcpy(address.sun_path + 1, name, length);
	if (bind(fd, (const struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length)) == 0 &&
		listen(fd, 1) == 0)
		return fd;
	int r = -errno;
	close(fd);
	return r;
}

void keeper_restart_create(struct keeper_restart *restart)
{
	char name[64];

	*restart = (struct keeper_restart){
		.client = -1, .output = -1, .program = -1, .previous = -1};
	snprintf(name, sizeof(name), KEEPER_CONTROL "%d", getpid());
	restart->listener = listen_at(name);
	if (restart->listener < 0)
		log_errno(LOG_LEVEL_WARNING, restart->listener, "keeper: cannot be asked to restart");
}

static void answer(struct keeper_restart *restart, const char *sentence)
{
	if (restart->client < 0)
		return;
	if (sentence[0] != '\0')
		log_warning("keeper: no restart: %s", sentence);
	(void)send(restart->client, sentence, strlen(sentence) + 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	close_fd(&restart->client);
}

static bool may_ask(int client)
{
	struct ucred who;
	socklen_t length = sizeof(who);

	return getsockopt(client, SOL_SOCKET, SO_PEERCRED, &who, &length) == 0 &&
	       (who.uid == 0 || who.uid == getuid());
}

static int prove(struct keeper_restart *restart, const struct keeper_child *child, int memory)
{
	restart->output = memfd_create("said", MFD_CLOEXEC);
	restart->program = keeper_child_open(child);
	if (restart->output < 0 || restart->program < 0)
		return restart->program < 0 ? restart->program : -errno;
	return keeper_child_prove(
		child, restart->program, memory, restart->output, &restart->prover);
}

void keeper_restart_hear(
	struct keeper_restart *restart, const struct keeper_child *child, int memory)
{
	int client = accept4(restart->listener, NULL, NULL, SOCK_CLOEXEC);

	if (client < 0)
		return;
	if (restart->client >= 0 || restart->previous >= 0 || child->pid == 0 || !may_ask(client)) {
		static const char busy[] = "another restart is under way";
		static const char others[] = "this mount is another user's";
		const char *why = may_ask(client) ? busy : others;
		(void)send(client, why, strlen(why) + 1, MSG_NOSIGNAL | MSG_DONTWAIT);
		close(client);
		return;
	}
	restart->client = client;
	int r = prove(restart, child, memory);
	if (r < 0) {
		restart->prover = 0;
		close_fd(&restart->output);
		close_fd(&restart->program);
		answer(restart, strerror(-r));
	}
}

/* The last line that it has said. */
static void answer_with_output(struct keeper_restart *restart)
{
	char text[1024];
	ssize_t length = pread(restart->output, text, sizeof(text) - 1, 0);

	while (length > 0 && text[length - 1] == '\n')
		length--;
	text[length > 0 ? length : 0] = '\0';
	const char *line = strrchr(text, '\n');
	line = line != NULL ? line + 1 : text;
	answer(restart, line[0] != '\0' ? line : "the new program cannot start");
}

bool keeper_restart_proved(struct keeper *keeper, int status)
{
	struct keeper_restart *restart = &keeper->restart;
	bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;

	restart->prover = 0;
	if (!good) {
		answer_with_output(restart);
		close_fd(&restart->program);
	}
	close_fd(&restart->output);
	if (good && keeper->child.pid == 0) /* died meanwhile */
		keeper_restart_begin(keeper);
	return good && keeper->child.pid != 0;
}

void keeper_restart_begin(struct keeper *keeper)
{
	struct keeper_restart *restart = &keeper->restart;

	if (restart->program < 0)
		return;
	restart->previous = keeper->child.program;
	restart->schema = keeper->memory->schema;
	unsetenv(KEEPER_KEY_ENVIRONMENT);
	keeper->child.program = restart->program;
	restart->program = -1;
}

void keeper_restart_done(struct keeper_restart *restart)
{
	if (restart->previous < 0)
		return;
	close_fd(&restart->previous);
	answer(restart, "");
}

bool keeper_restart_back(struct keeper *keeper)
{
	struct keeper_restart *restart = &keeper->restart;

	if (restart->previous < 0 || keeper->memory->schema != restart->schema)
		return false;
	close_fd(&keeper->child.program);
	keeper->child.program = restart->previous;
	restart->previous = -1;
	answer(restart,
		"the new program has died before it answered a request: the old one goes on");
	return true;
}
