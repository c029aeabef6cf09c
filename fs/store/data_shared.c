/* SPDX-License-Identifier: MIT */
/* Data files that are open on behalf of users: one descriptor a file however many handles it has, and few at all. Who has opened most
 * of them leaves the others as many as before. */
#include "fs/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/descriptors.h"
#include "fs/store/store_private.h"

int store_data_open(struct store *store, int64_t ino, int flags)
{
	char name[STORE_NAME];

	store_name(ino, name);
	int fd = openat(store->data_fd, name, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

static void drop(struct data_shared *shared, size_t i)
{
	close(shared->items[i].fd);
	shared->items[i] = shared->items[--shared->count];
}

static void drop_oldest(struct data_shared *shared)
{
	size_t oldest = 0;

	for (size_t i = 1; i < shared->count; i++)
		if (shared->items[i].used < shared->items[oldest].used)
			oldest = i;
	drop(shared, oldest);
}

static struct data_fd *find(struct data_shared *shared, int64_t ino)
{
	for (size_t i = 0; i < shared->count; i++)
		if (shared->items[i].ino == ino)
			return &shared->items[i];
	return NULL;
}

/* Others may have taken the last descriptors: then a file that was used before goes first. */
static int open_one(struct store *store, int64_t ino, int flags)
{
	struct data_shared *shared = &store->shared;
	int fd = store_data_open(store, ino, O_RDWR | flags);

	while ((fd == -EMFILE || fd == -ENFILE) && shared->count > 0) {
		drop_oldest(shared);
		fd = store_data_open(store, ino, O_RDWR | flags);
	}
	return fd;
}

static int keep(struct store *store, int64_t ino, int fd)
{
	struct data_shared *shared = &store->shared;

	while (shared->count >= descriptors_part(DATA_SHARED))
		drop_oldest(shared);
	shared->items[shared->count++] = (struct data_fd){.ino = ino, .fd = fd, .used = ++shared->clock};
	return fd;
}

int store_data_fd(struct store *store, int64_t ino)
{
	struct data_fd *item = find(&store->shared, ino);

	if (item != NULL) {
		item->used = ++store->shared.clock;
		return item->fd;
	}
	int fd = open_one(store, ino, 0);
	return fd < 0 ? fd : keep(store, ino, fd);
}

int store_data_make(struct store *store, int64_t ino)
{
	store_data_fd_drop(store, ino);
	int fd = open_one(store, ino, O_CREAT | O_TRUNC);
	return fd < 0 ? fd : keep(store, ino, fd);
}

void store_data_fd_drop(struct store *store, int64_t ino)
{
	struct data_fd *item = find(&store->shared, ino);

	if (item != NULL)
		drop(&store->shared, (size_t)(item - store->shared.items));
}

void data_shared_finish(struct data_shared *shared)
{
	while (shared->count > 0)
		drop(shared, shared->count - 1);
}
