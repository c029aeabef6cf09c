/* SPDX-License-Identifier: MIT */
#include "fs/keeper/keeper_notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(path);

	if ((path[0] != '/' && path[0] != '@') || length >= sizeof(address.sun_path))
		return -EINVAL;
	memcpy(address.sun_path, path, length);
	if (path[0] == '@') /* an abstract socket begins with a NUL */
		address.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	if (connect(fd, (const struct sockaddr *)&address, size) == 0)
		return fd;
	int r = -errno;
	close(fd);
	return r;
}

static int64_t watchdog_ms(void)
{
	const char *microseconds = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	long long value = microseconds != NULL ? strtoll(microseconds, NULL, 10) : 0;

	if (value <= 0 || (pid != NULL && strtoll(pid, NULL, 10) != getpid()))
		return 0;
	return value / 1000;
}

int keeper_notify_create(struct keeper_notify *notify)
{
	const char *path = getenv("NOTIFY_SOCKET");

	*notify = (struct keeper_notify){.socket = -1, .watchdog_ms = watchdog_ms()};
	if (path != NULL && path[0] != '\0')
		notify->socket = connect_to(path);
	if (path != NULL && path[0] != '\0' && notify->socket < 0)
		log_errno(LOG_LEVEL_WARNING, notify->socket, "keeper: systemd cannot be told");
	return unsetenv("NOTIFY_SOCKET") < 0 || unsetenv("WATCHDOG_USEC") < 0 ||
			       unsetenv("WATCHDOG_PID") < 0
		       ? -errno
		       : 0;
}

void keeper_notify_say(struct keeper_notify *notify, const char *line)
{
	if (notify->socket >= 0)
		(void)send(notify->socket, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void keeper_notify_ready(struct keeper_notify *notify)
{
	if (notify->ready)
		return;
	notify->ready = true;
	notify->running = 0;
	keeper_notify_say(notify, "READY=1\nSTATUS=mounted");
}

void keeper_notify_running(struct keeper_notify *notify, uint32_t jobs)
{
	char line[64];

	if (!notify->ready || notify->running == jobs)
		return;
	notify->running = jobs;
	if (jobs > 0)
		snprintf(line, sizeof(line), "STATUS=mounted, %u job%s running", jobs, jobs == 1 ? "" : "s");
	keeper_notify_say(notify, jobs > 0 ? line : "STATUS=mounted");
}

void keeper_notify_reloads(struct keeper_notify *notify)
{
	char line[64];

	snprintf(line, sizeof(line), "RELOADING=1\nMONOTONIC_USEC=%lld",
		(long long)clock_mono_ms() * 1000);
	keeper_notify_say(notify, line);
	notify->ready = false;
}

void keeper_notify_alive(struct keeper_notify *notify)
{
	int64_t now = clock_mono_ms();

	/* twice in the time it gives us, as sd_watchdog_enabled(3) has it */
	if (notify->watchdog_ms == 0 || now - notify->alive_ms < notify->watchdog_ms / 2)
		return;
	notify->alive_ms = now;
	keeper_notify_say(notify, "WATCHDOG=1");
}
