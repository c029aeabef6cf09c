/* SPDX-License-Identifier: MIT */
/* Room on the disk for the answer to a submission: a file of zeroes that makes place when the disk is full. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "fs/base/log.h"
#include "fs/store/store_private.h"

#define RESERVE_NAME "reserve"
#define RESERVE_BYTES (512 * 1024) /* a few hundred pages of the write-ahead log */

int store_reserve_make(struct store *store)
{
	if (store->reserved)
		return 0;
	int fd = openat(
		store->state_fd, RESERVE_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int r = -posix_fallocate(fd, 0, RESERVE_BYTES);
	close(fd);
	if (r < 0)
		unlinkat(store->state_fd, RESERVE_NAME, 0);
	store->reserved = r == 0;
	return r;
}

bool store_reserve_use(struct store *store)
{
	if (!store->reserved)
		return false;
	log_warning("store: the state disk is full: uses what was kept back for that");
	store->reserved = false;
	return unlinkat(store->state_fd, RESERVE_NAME, 0) == 0;
}
