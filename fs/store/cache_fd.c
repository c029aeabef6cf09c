/* SPDX-License-Identifier: MIT */
/* The descriptors of the cache's files: one a file, opened when there is something to read or to write, few at once. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/descriptors.h"
#include "fs/base/log.h"
#include "fs/store/cache.h"
#include "fs/store/cache_private.h"
#include "fs/store/private_dir.h"

#define MAKE_AGAIN_MS 60000
#define OPEN_MAX_FILES 128 /* that stay open for the next read or write */

/* At most once a minute: whoever removed it may do it again. */
static bool cache_make_again(struct store *store)
{
	CLEANUP_FREE char *real = NULL, *message = NULL;
	int64_t now = clock_mono_ms();
	int fd;

	if (store->cache_path == NULL || (store->cache_made_ms != 0 && now - store->cache_made_ms < MAKE_AGAIN_MS))
		return false;
	store->cache_made_ms = now;
	int r = private_dir_open(store->cache_path, &real, &fd, &message);
	if (r == -EACCES && store->cache_lost != NULL) {
		log_warning("cache: it was removed while mounted: another daemon is to make a new one");
		store->cache_lost(store->cache_lost_arg);
		return false;
	}
	if (r < 0) {
		log_warning("cache: it was removed, and cannot be made again: %s", message != NULL ? message : "?");
		return false;
	}
	log_warning("cache: it was removed while mounted: a new one was made in %s", real);
	cleanup_closep(&store->cache_fd);
	store->cache_fd = fd;
	return true;
}

void cache_fd_close(struct cache_file *file)
{
	if (file->fd < 0)
		return;
	disk_close(file->store->disk, file->fd);
	file->fd = -1;
	list_remove(&file->open);
	file->store->cache_open--;
}

/* The one that was opened first of those that nobody writes to. */
static bool close_one(struct store *store)
{
	struct list *item;

	list_for_each(item, &store->cache_opened)
	{
		struct cache_file *file = list_entry(item, struct cache_file, open);
		if (file->writers == 0) {
			cache_fd_close(file);
			return true;
		}
	}
	return false;
}

/* Others may have taken the last descriptors: then a file that was used before goes first. */
static int open_name(struct store *store, const char *name, int flags, struct stat *ret_stat)
{
	int fd = disk_open(store->disk, store->cache_fd, name, flags, ret_stat);

	while ((fd == -EMFILE || fd == -ENFILE) && close_one(store))
		fd = disk_open(store->disk, store->cache_fd, name, flags, ret_stat);
	return fd;
}

/* One of which nothing is known is emptied: what is in it belongs to nobody, but to who is writing to it now (cache_io.h). */
static int open_empty(const struct cache_file *file, const char *name, struct stat *ret_stat)
{
	struct store *store = file->store;
	const int flags = O_RDWR | O_CREAT | (file->writers == 0 ? O_TRUNC : 0) | O_NOFOLLOW | O_NONBLOCK;
	int fd = open_name(store, name, flags, ret_stat);

	/* the directory was removed, with all that was in it */
	if (fd == -ENOENT && cache_make_again(store))
		fd = open_name(store, name, flags, ret_stat);
	return fd;
}

/* Somebody may have removed it, or put something else there. */
static int open_known(struct cache_file *file, const char *name, struct stat *ret_stat)
{
	int fd = open_name(file->store, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK, ret_stat);

	if (fd >= 0 && S_ISREG(ret_stat->st_mode) && ret_stat->st_size < ranges_end(&file->present)) {
		disk_close(file->store->disk, fd);
		fd = -ENOENT;
	}
	if (fd == -ENOENT)
		cache_file_missing(file);
	return fd;
}

void cache_fd_adopt(struct cache_file *file, int fd)
{
	struct store *store = file->store;

	if (file->fd >= 0) {
		disk_close(store->disk, fd);
		return;
	}
	if (store->cache_open >= descriptors_part(OPEN_MAX_FILES))
		close_one(store);
	file->fd = fd;
	file->looked = true;
	list_append(&store->cache_opened, &file->open);
	store->cache_open++;
}

static int find(struct cache_file *file, bool make)
{
	struct stat st;
	char name[STORE_NAME];

	if (file->fd >= 0)
		return 0;
	if (file->gone)
		return -ENOENT;
	store_name(file->ino, name);
	int fd = file->present.count == 0 ? -ENOENT : open_known(file, name, &st);
	if (fd == -ENOENT && make)
		fd = open_empty(file, name, &st);
	if (fd < 0)
		return fd;
	/* a pipe, a directory, a device: somebody has put it there */
	if (!S_ISREG(st.st_mode)) {
		disk_close(file->store->disk, fd);
		return -EIO;
	}
	cache_fd_adopt(file, fd);
	return 0;
}

int cache_fd_open(struct cache_file *file)
{
	return find(file, true);
}

int cache_fd_find(struct cache_file *file)
{
	return find(file, false);
}
