/* SPDX-License-Identifier: MIT */
#pragma once
/* client: who asks, where that matters: servers that hand our files on to other machines go by a file's size, and the text of
 * a wait has none before its end. */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "fs/tree/tree.h"

enum client {
	CLIENT_HERE,
	CLIENT_SFTP, /* reads what it is asked for: with a size that is large enough its clients (sshfs) ask, and wait */
	CLIENT_NFS   /* its clients read as much as the size says, no less and no more: they cannot wait */
};

/* A file of /proc/PID; on any thread. What cannot be read is false. */
bool client_read(pid_t pid, const char *file, char *text, size_t size);
/* The process of a thread; 0: it cannot be seen. Does not wait for a process in execve(2), as other files there do (flush.h). */
pid_t client_process(pid_t thread);
/* By the name of the thread's program: who cannot be seen is here. */
enum client client_of(pid_t thread);
/* The size of a wait that has not ended, for who asks. */
void client_show_size(pid_t thread, struct tree_entry *entry);
