/* SPDX-License-Identifier: MIT */
#include "fs/notify/notifier_child.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/compat.h"

enum { WORDS = 4 }; /* token, directory, name, and the new name or the bytes to be read */

int notifier_child_is(int argc, char *const *argv)
{
	return argc == 2 && strcmp(argv[0], NOTIFIER_NAME) == 0;
}

/* Nothing here keeps a descriptor of the mount longer than one order: it could not be unmounted. */
static int open_mount(const char *mountpoint, const char *token)
{
	CLEANUP_CLOSE int root = open(mountpoint, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return -errno;
	CLEANUP_CLOSE int probe = openat(root, token, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (probe >= 0 || errno != NOTIFIER_HERE)
		return -EXDEV;
	int fd = root;
	root = -1;
	return fd;
}

/* Name by name, because a path of the tree may be longer than a system call takes. Never leaves the mount. */
static int open_directory(const char *mountpoint, const char *token, char *path)
{
	struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH};
	int fd = open_mount(mountpoint, token);
	char *name;

	while (fd >= 0 && (name = strsep(&path, "/")) != NULL) {
		if (*name == '\0')
			continue;
		int next = (int)syscall(SYS_openat2, fd, name, &how, sizeof(how));
		if (next < 0)
			next = -errno;
		close(fd);
		fd = next;
	}
	return fd;
}

/* O_EXCL: the mount lets us, and only us, make what is there already. Its first bytes are then in the kernel's cache:
 * readahead(2) raises no event, and is a help whose failure is none. */
static int create(int dir, const char *name, const char *bytes)
{
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444);

	if (fd < 0)
		return -errno;
	size_t length = strtoul(bytes, NULL, 10);
	if (length > 0) /* 0 would be all of it */
		(void)readahead(fd, 0, length);
	return close(fd) < 0 ? -errno : 0;
}

/* A change of the modification time alone raises IN_MODIFY (fsnotify_change() of the kernel), without an open file. */
static int modify(int dir, const char *name)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_NOW}};

	return utimensat(dir, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

/* What a status or a directory is made with is all the same: the mount answers with what is there. */
static int make(int dir, const char *name, char kind)
{
	int r = kind == NOTIFIER_DIRECTORY ? mkdirat(dir, name, 0755)
					   : mknodat(dir, name, S_IFREG | 0644, 0);

	return r < 0 ? -errno : 0;
}

static int rename_to(int dir, const char *name, const char *new_name)
{
	return compat_renameat2(dir, name, dir, new_name, RENAME_NOREPLACE) < 0 ? -errno : 0;
}

static int perform(const char *mountpoint, char *order, size_t length)
{
	char *words[WORDS] = {0}, *end = order + length;
	size_t count = 0;

	for (char *word = order + 1; word < end && count < WORDS; word += strlen(word) + 1)
		words[count++] = word;
	if (length == 0 || end[-1] != '\0' || count < 3 ||
		((order[0] == NOTIFIER_CREATE || order[0] == NOTIFIER_RENAME) && count < WORDS))
		return -EINVAL;
	CLEANUP_CLOSE int dir = open_directory(mountpoint, words[0], words[1]);
	if (dir < 0)
		return dir;
	switch (order[0]) {
	case NOTIFIER_CREATE:
		return create(dir, words[2], words[3]);
	case NOTIFIER_MODIFY:
		return modify(dir, words[2]);
	case NOTIFIER_RENAME:
		return rename_to(dir, words[2], words[3]);
	case NOTIFIER_STATUS:
	case NOTIFIER_DIRECTORY:
		return make(dir, words[2], order[0]);
	case NOTIFIER_REMOVE:
		return unlinkat(dir, words[2], 0) < 0 ? -errno : 0;
	default:
		return -EINVAL;
	}
}

int notifier_child_main(const char *mountpoint)
{
	static char order[NOTIFIER_ORDER_MAX];

	/* whatever the libraries opened without O_CLOEXEC */
	(void)compat_close_range(NOTIFIER_FD + 1, ~0u);
	/* the end of the socket tells it, too, unless we hang in the mount */
	if (prctl(PR_SET_NAME, NOTIFIER_NAME) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || chdir("/") < 0)
		return EXIT_FAILURE;
	for (;;) {
		ssize_t length = recv(NOTIFIER_FD, order, sizeof(order), 0);
		if (length < 0 && errno == EINTR)
			continue;
		if (length <= 0)
			return length < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
		int result = perform(mountpoint, order, (size_t)length);
		if (send(NOTIFIER_FD, &result, sizeof(result), MSG_NOSIGNAL) < 0)
			return EXIT_FAILURE;
	}
}
