/* SPDX-License-Identifier: MIT */
#pragma once
/* client: who asks, where that matters: servers that hand our files on to other machines go by a file's size, and the text of
 * a wait has none before its end. */
#include <sys/types.h>

#include "fs/tree/tree.h"

enum client {
	CLIENT_HERE,
	CLIENT_SFTP, /* reads what it is asked for: with a size that is large enough its clients (sshfs) ask, and wait */
	CLIENT_NFS   /* its clients read as much as the size says, no less and no more: they cannot wait */
};

/* By the name of the thread's program: who cannot be seen is here. */
enum client client_of(pid_t thread);
/* The size of a wait that has not ended, for who asks. */
void client_show_size(pid_t thread, struct tree_entry *entry);
