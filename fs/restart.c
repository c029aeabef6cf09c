/* SPDX-License-Identifier: MIT */
#include "fs/restart.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/read_all.h"
#include "fs/kept/keeper.h"

#define WORDS_MAX (256 * 1024) /* of a process */

static int fail(const char *mountpoint, const char *why)
{
	fprintf(stderr, "weryaifs: '%s' is not restarted: %s\n", mountpoint, why);
	return EXIT_FAILURE;
}

/* As a string; the length has no NUL at the end of its own. */
static ssize_t read_file(const char *pid, const char *name, char *text, size_t size)
{
	char path[300];

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -errno : read_all(fd, text, size - 1);
	if (length >= 0)
		text[length] = '\0';
	return length;
}

/* 0: it has none that is a keeper. */
static int keeper_of(const char *pid)
{
	char text[2048], name[64];
	const char *parent = read_file(pid, "status", text, sizeof(text)) > 0 ? strstr(text, "\nPPid:\t") : NULL;
	int keeper = parent ? (int)strtol(parent + strlen("\nPPid:\t"), NULL, 10) : 0;

	snprintf(text, sizeof(text), "%d", keeper);
	if (keeper == 0 || read_file(text, "comm", name, sizeof(name)) <= 0)
		return 0;
	return strcmp(name, KEEPER_PROGRAM "\n") == 0 ? keeper : 0;
}

/* The last word of a daemon is the mount point, as its user has written it. */
static bool is_mount_of(const char *pid, const char *place)
{
	CLEANUP_FREE char *words = malloc(WORDS_MAX), *real = NULL;
	ssize_t length = words ? read_file(pid, "cmdline", words, WORDS_MAX) : -1;

	if (length < 2)
		return false;
	const char *last = memrchr(words, '\0', (size_t)length - 1);
	real = last ? realpath(last + 1, NULL) : NULL;
	return real && strcmp(real, place) == 0;
}

/* 0: there is none. */
static int find_keeper(const char *place)
{
	DIR *directory = opendir("/proc");
	struct dirent *entry;
	int found = 0;

	if (!directory)
		return 0;
	while (!found && (entry = readdir(directory)) != NULL) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);
		int keeper = pid > 0 && *end == '\0' ? keeper_of(entry->d_name) : 0;
		/* only then: others' words may name a mount that hangs */
		if (keeper != 0 && is_mount_of(entry->d_name, place))
			found = keeper;
	}
	closedir(directory);
	return found;
}

static int connect_to(int pid)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char *name = address.sun_path + 1;
	int length = snprintf(name, sizeof(address.sun_path) - 1, KEEPER_CONTROL "%d", pid);
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct ucred who;
	socklen_t size = sizeof(who);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
					  (size_t)length)) < 0)
		return -errno;
	/* anybody may have taken the name */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0 || who.pid != pid)
		return -ECONNREFUSED;
	int taken = fd;
	fd = -1;
	return taken;
}

int restart_mount(const char *mountpoint)
{
	CLEANUP_FREE char *place = realpath(mountpoint, NULL);
	char sentence[2048];

	if (!place)
		return fail(mountpoint, strerror(errno));
	int pid = find_keeper(place);
	if (pid == 0)
		return fail(mountpoint,
			"nothing is mounted there that outlives its daemon");
	CLEANUP_CLOSE int fd = connect_to(pid);
	if (fd < 0)
		return fail(mountpoint, strerror(-fd));
	ssize_t length;
	do
		length = recv(fd, sentence, sizeof(sentence) - 1, 0);
	while (length < 0 && errno == EINTR);
	if (length <= 0)
		return fail(mountpoint, "its keeper has ended");
	sentence[length] = '\0';
	return sentence[0] != '\0' ? fail(mountpoint, sentence) : EXIT_SUCCESS;
}

int restart_self(void)
{
	int fd = connect_to(getppid());

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}
