/* SPDX-License-Identifier: MIT */
#include "fs/store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/store/identity.h"
#include "fs/store/nodes.h"
#include "fs/store/store_private.h"

void store_name(int64_t ino, char *name)
{
	snprintf(name, STORE_NAME, "%" PRId64, ino);
}

static int say(char **ret_message, int error, const char *path, const char *what)
{
	if (asprintf(ret_message, "%s: %s: %s", path, what, strerror(-error)) < 0) {
		*ret_message = NULL;
		return -ENOMEM;
	}
	return error;
}

/* mkdir -p with 0700; the last directory must be ours alone. */
static int open_private_dir(const char *path, int *ret_fd, char **ret_message)
{
	CLEANUP_FREE char *copy = strdup(path);
	struct stat st;

	if (copy == NULL)
		return -ENOMEM;
	for (char *p = copy + 1; *p != '\0'; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			return say(ret_message, -errno, copy, "could not make this directory");
		*p = '/';
	}
	if (mkdir(copy, 0700) < 0 && errno != EEXIST)
		return say(ret_message, -errno, copy, "could not make this directory");
	int fd = open(copy, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return say(ret_message, -errno, copy, "could not open this directory");
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid()) {
		close(fd);
		return say(ret_message, -EPERM, copy, "this directory belongs to somebody else");
	}
	if ((st.st_mode & 077) != 0 && fchmod(fd, 0700) < 0) {
		int r = say(ret_message, -errno, copy, "could not make this directory private");
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

static int take_lock(struct store *store, const char *state_dir, char **ret_message)
{
	store->lock_fd =
		openat(store->state_fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (store->lock_fd < 0)
		return say(ret_message, -errno, state_dir, "could not open the lock file");
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return say(ret_message, -errno, state_dir, "could not lock");
	if (asprintf(ret_message,
		    "this account is mounted already (%s is locked); end that mount first, or use "
		    "--account NAME",
		    state_dir) < 0)
		return -ENOMEM;
	return -EBUSY;
}

int store_open(
	const char *state_dir, const char *cache_dir, struct store **ret_store, char **ret_message)
{
	CLEANUP_FREE char *path = NULL;
	struct store *store = calloc(1, sizeof(*store));
	int r;

	*ret_message = NULL;
	if (store == NULL)
		return -ENOMEM;
	list_init(&store->cache_files);
	list_init(&store->cache_unsaved);
	store->state_fd = store->data_fd = store->cache_fd = store->lock_fd = -1;
	r = open_private_dir(state_dir, &store->state_fd, ret_message);
	if (r == 0)
		r = take_lock(store, state_dir, ret_message);
	if (r == 0)
		r = open_private_dir(cache_dir, &store->cache_fd, ret_message);
	if (r == 0 && asprintf(&path, "%s/data", state_dir) < 0)
		r = -ENOMEM;
	if (r == 0)
		r = open_private_dir(path, &store->data_fd, ret_message);
	if (r == 0) {
		free(path);
		r = asprintf(&path, "%s/" STORE_DATABASE, state_dir) < 0 ? -ENOMEM : 0;
	}
	if (r == 0)
		r = db_open(path, &store->db, ret_message);
	/* what was made just now has its name on the disk as well */
	if (r == 0 && fsync(store->state_fd) < 0)
		r = say(ret_message, -errno, state_dir, "could not make this directory durable");
	if (r == 0) {
		r = identity_check(store);
		if (r < 0)
			say(ret_message, r, path, "could not write to this database");
	}
	if (r < 0) {
		store_close(store);
		return r;
	}
	*ret_store = store;
	return 0;
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	cache_forget_unsaved(store);
	db_close(store->db);
	cleanup_closep(&store->data_fd);
	cleanup_closep(&store->cache_fd);
	cleanup_closep(&store->state_fd);
	cleanup_closep(&store->lock_fd);
	free(store);
}

int store_begin(struct store *store, bool durable)
{
	return db_begin(store->db, durable);
}

int store_end(struct store *store, int result)
{
	return db_end(store->db, result);
}

int64_t store_hold_up_to(const struct store *store)
{
	return store->hold_up_to;
}

int store_sync(struct store *store)
{
	return db_sync(store->db);
}

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
