/* SPDX-License-Identifier: MIT */
/* The bytes of plain files and prompts: data/INO. */
#include "fs/store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/store/nodes.h"
#include "fs/store/store_private.h"

int store_data_open(struct store *store, int64_t ino, int flags)
{
	char name[STORE_NAME];

	store_name(ino, name);
	int fd = openat(store->data_fd, name, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

int store_data_stat(struct store *store, int64_t ino, struct stat *ret_stat)
{
	char name[STORE_NAME];

	store_name(ino, name);
	return fstatat(store->data_fd, name, ret_stat, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

int store_data_remove(struct store *store, int64_t ino)
{
	char name[STORE_NAME];

	store_name(ino, name);
	return unlinkat(store->data_fd, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

int store_data_sync(struct store *store)
{
	return fsync(store->data_fd) < 0 ? -errno : 0;
}

int store_data_sweep(struct store *store)
{
	int fd = openat(store->state_fd, "data", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	struct node node;
	int r = 0;

	if (dir == NULL) {
		r = -errno;
		cleanup_closep(&fd);
		return r;
	}
	while (r == 0 && (entry = readdir(dir)) != NULL) {
		char *end;
		int64_t ino = strtoll(entry->d_name, &end, 10);
		if (*end != '\0' || ino <= 0)
			continue;
		int found = nodes_get(store, ino, &node);
		if (found == -ENOENT) {
			log_info("store: data file %s has no node: removed", entry->d_name);
			r = store_data_remove(store, ino);
		} else {
			r = found;
		}
	}
	closedir(dir);
	return r;
}

int store_statvfs(struct store *store, struct statvfs *ret_statvfs)
{
	return fstatvfs(store->data_fd, ret_statvfs) < 0 ? -errno : 0;
}
