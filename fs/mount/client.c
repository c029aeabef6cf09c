/* SPDX-License-Identifier: MIT */
#include "fs/mount/client.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"

#define WAIT_ROOM (64 << 20) /* more than any of their texts has */

static const struct {
	const char *name; /* as the kernel has it, 15 bytes of it */
	enum client client;
} servers[] = {
	{"sftp-server", CLIENT_SFTP},
	{"sshd", CLIENT_SFTP}, /* internal-sftp */
	{"sshd-session", CLIENT_SFTP},
	{"bindfs", CLIENT_SFTP}, /* these show our files at another place */
	{"mergerfs", CLIENT_SFTP},
	{"unionfs", CLIENT_SFTP},
	{"ganesha.nfsd", CLIENT_NFS},
	{"nfsd", CLIENT_NFS},
};

bool client_read(pid_t pid, const char *file, char *text, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, file);
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, size - 1);
	if (length <= 0)
		return false;
	text[length] = '\0';
	return true;
}

pid_t client_process(pid_t thread)
{
	char text[512];
	long process;

	if (!client_read(thread, "status", text, sizeof(text)))
		return 0;
	const char *line = strstr(text, "\nTgid:");
	return line != NULL && sscanf(line, "\nTgid: %ld", &process) == 1 ? (pid_t)process : 0;
}

/* Threads have names of their own: what counts is that of their process. */
static bool process_name(pid_t thread, char name[32])
{
	pid_t process = client_process(thread);

	if (process == 0 || !client_read(process, "comm", name, 32))
		return false;
	name[strcspn(name, "\n")] = '\0';
	return true;
}

enum client client_of(pid_t thread)
{
	char name[32];

	if (thread <= 0 || !process_name(thread, name))
		return CLIENT_HERE;
	for (size_t i = 0; i < array_length(servers); i++)
		if (strcmp(servers[i].name, name) == 0)
			return servers[i].client;
	return CLIENT_HERE;
}

void client_show_size(pid_t thread, struct tree_entry *entry)
{
	if ((entry->kind == TREE_WAIT || entry->kind == TREE_WAIT_BELOW) && entry->st.st_size == 0 &&
		client_of(thread) == CLIENT_SFTP)
		entry->st.st_size = WAIT_ROOM;
}
