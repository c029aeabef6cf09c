/* SPDX-License-Identifier: MIT */
#pragma once
/* notifier_child: the process that performs real system calls on the mount (notifier.h), so that the kernel raises
 * the events of inotify. It is our own program under another name, started without any descriptor of ours but a socket.
 *
 * One packet of the socket is one order, the answer is a packet with its int: 0 or a negative errno. An order is a
 * character and strings, each with its NUL: the token, the directory below the mount point, a name there, for
 * NOTIFIER_RENAME the new name, for NOTIFIER_CREATE how many of its bytes are to be in the kernel's cache (decimal).
 * Before it touches anything it looks the token up at the mount point: that nobody else answers with NOTIFIER_HERE
 * tells that this is our mount, and not what it lies under, or what lies over it. */
#include <errno.h>

#define NOTIFIER_NAME "weryaifs-publisher"
#define NOTIFIER_FD 3
#define NOTIFIER_HERE ENOANO

enum {
	NOTIFIER_CREATE = 'c', /* IN_CREATE, IN_CLOSE_WRITE */
	NOTIFIER_MODIFY = 'm', /* IN_MODIFY */
	NOTIFIER_RENAME = 'r', /* IN_MOVED_FROM, IN_MOVED_TO */
	NOTIFIER_STATUS = 's', /* IN_CREATE of a status, or of a prompt */
	NOTIFIER_DIRECTORY = 'd', /* IN_CREATE of a directory */
	NOTIFIER_REMOVE = 'u', /* IN_DELETE of a status */
	NOTIFIER_ORDER_MAX = 65536,
};

/* Are these the words of such a process? Then main() is notifier_child_main(). */
int notifier_child_is(int argc, char *const *argv);
int notifier_child_main(const char *mountpoint); /* the exit code */
