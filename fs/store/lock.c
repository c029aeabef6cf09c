/* SPDX-License-Identifier: MIT */
#include "fs/store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/hash.h"
#include "fs/base/log.h"
#include "fs/store/private_dir.h"
#include "fs/store/store_private.h"

/* The device tells containers apart that share their network and have the same paths. */
static socklen_t make_name(const char *state_dir, dev_t device, struct sockaddr_un *name)
{
	uint64_t hash = hash_add(HASH_START, state_dir, strlen(state_dir));
	size_t room = sizeof(name->sun_path) - 1;

	memset(name, 0, sizeof(*name));
	name->sun_family = AF_UNIX;
	int length = snprintf(name->sun_path + 1, room, "weryaifs/%u/%llx/%016llx", geteuid(),
		(unsigned long long)device, (unsigned long long)hash);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

/* Any user can take any name: who has it is of our own account only if it is we. */
static bool is_held_by_us(const struct sockaddr_un *name, socklen_t length)
{
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (fd < 0)
		return false;
	/* nobody takes calls from its queue: it is full after many attempts to mount, or since somebody wants to be in the way */
	if (connect(fd, (const struct sockaddr *)name, length) < 0)
		return errno == EAGAIN;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}

/* -EBUSY, else 0: without a name the lock file is all there is. */
static int take_name(struct store *store, const char *state_dir)
{
	struct sockaddr_un name;
	struct stat st;

	if (fstat(store->state_fd, &st) < 0)
		return -errno;
	socklen_t length = make_name(state_dir, st.st_dev, &name);
	store->name_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (store->name_fd < 0)
		return 0;
	if (bind(store->name_fd, (const struct sockaddr *)&name, length) == 0)
		return listen(store->name_fd, 64) < 0 ? -errno : 0;
	if (errno == EADDRINUSE && is_held_by_us(&name, length))
		return -EBUSY;
	log_warning("store: another user holds the name of this account's lock: two mounts of it could only be "
		    "told apart while its directory is there");
	return 0;
}

/* flock(2) does not say who has it; a lock of fcntl(2) does, by our count of processes. It is for the sentence alone: it keeps
 * nobody away, and that there is none is nothing wrong. */
static void sign(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fcntl(fd, F_SETLK, &lock) < 0)
		log_debug("store: the lock file does not say who holds it");
}

/* 0: not known, or in a container of its own. */
static long signer(int fd)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK || lock.l_pid < 0 ? 0
											  : (long)lock.l_pid;
}

int lock_take(struct store *store, const char *state_dir, char **ret_message)
{
	store->lock_fd =
		openat(store->state_fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (store->lock_fd < 0)
		return private_dir_fail(ret_message, -errno, state_dir, "could not open the lock file");
	int r = flock(store->lock_fd, LOCK_EX | LOCK_NB) < 0 ? -errno : take_name(store, state_dir);
	if (r == 0) {
		sign(store->lock_fd);
		return 0;
	}
	if (r != -EWOULDBLOCK && r != -EBUSY)
		return private_dir_fail(ret_message, r, state_dir, "could not lock");
	long pid = signer(store->lock_fd);
	if (pid > 0)
		r = asprintf(ret_message,
			"this account is mounted already, by process %ld (%s is locked; where: findmnt -t "
			"fuse.weryaifs -N %ld); end that mount first, or use --account NAME",
			pid, state_dir, pid);
	else
		r = asprintf(ret_message,
			"this account is mounted already (%s is locked); end that mount first, or use "
			"--account NAME",
			state_dir);
	return r < 0 ? -ENOMEM : -EBUSY;
}
