/* SPDX-License-Identifier: MIT */
#include "fs/store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/store/identity.h"
#include "fs/store/lock.h"
#include "fs/store/private_dir.h"
#include "fs/store/soundness.h"
#include "fs/store/store_private.h"

/* Bytes of inodes, by their names: what witness.h keeps there is not meant. */
static int has_files(int dir_fd, bool *ret_has)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	*ret_has = false;
	if (dir == NULL) {
		cleanup_closep(&fd);
		return -errno;
	}
	while (!*ret_has && (entry = readdir(dir)) != NULL)
		*ret_has = entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
	closedir(dir);
	return 0;
}

int store_find_witness(const struct store *store, const char *cache_dir, const char **ret_witness)
{
	bool data = false, cached = false;
	struct stat st;
	int r = store->data_fd < 0 ? 0 : has_files(store->data_fd, &data);

	if (r == 0 && store->cache_fd >= 0)
		r = has_files(store->cache_fd, &cached);
	if (r < 0 || fstat(store->lock_fd, &st) < 0)
		return r < 0 ? r : -errno;
	/* the lock file counts the mounts: one that is empty has seen none */
	*ret_witness = data ? "data/" : st.st_size > 0 ? "lock" : cached ? cache_dir : NULL;
	return 0;
}

static int open_database(
	struct store *store, const char *state_dir, const char *cache_dir, char **ret_message)
{
	CLEANUP_FREE char *path = NULL;
	const char *witness = NULL;
	struct stat st;

	if (asprintf(&path, "%s/" STORE_DATABASE, state_dir) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	int r = store_find_witness(store, cache_dir, &witness);
	if (r == 0)
		r = db_open(path, witness, soundness_of(store, &store->is_untouched), &store->db, ret_message);
	if (r < 0)
		return r;
	if (fstatat(store->state_fd, STORE_DATABASE, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return private_dir_fail(
			ret_message, -errno, state_dir, "could not look at this directory");
	store->database_ino = st.st_ino;
	r = soundness_opened(store);
	if (r == 0)
		r = identity_check(store);
	return r < 0 ? private_dir_fail(ret_message, r, path, "could not write to this database")
		     : 0;
}

/* A disk that has no cache to give is no reason not to mount: results are fetched when they are read. */
static int open_cache(struct store *store, const char *path, char **ret_dir, char **ret_message)
{
	store->cache_path = strdup(path);
	if (store->cache_path == NULL)
		return -ENOMEM;
	int r = disk_look(store->disk, path);
	if (r != -ETIMEDOUT)
		r = private_dir_open(path, ret_dir, &store->cache_fd, ret_message);
	if (r == 0 || r == -ENOMEM || r == -EPERM)
		return r;
	log_warning("store: without a cache: %s", *ret_message != NULL ? *ret_message : strerror(-r));
	free(steal(ret_message));
	return 0;
}

static int open_all(
	struct store *store, const char *state_path, const char *cache_path, char **ret_message)
{
	CLEANUP_FREE char *state_dir = NULL, *cache_dir = NULL;
	int r = private_dir_open(state_path, &state_dir, &store->state_fd, ret_message);

	if (r == 0)
		r = lock_take(store, state_dir, ret_message);
	if (r == 0)
		r = open_cache(store, cache_path, &cache_dir, ret_message);
	if (r == 0)
		r = private_dir_inside(
			store->state_fd, state_dir, "data", &store->data_fd, ret_message);
	return r < 0 ? r : open_database(store, state_dir, cache_dir, ret_message);
}

/* A thread that has begun before the process is confined (fs/base/confine.h) would not be: the next call begins another. */
static int end_threads(struct store *store)
{
	disk_destroy(steal(&store->disk));
	return disk_create(&store->disk);
}

int store_open(
	const char *state_dir, const char *cache_dir, struct store **ret_store, char **ret_message)
{
	struct store *store = calloc(1, sizeof(*store));

	*ret_message = NULL;
	if (store == NULL)
		return -ENOMEM;
	list_init(&store->cache_unsaved);
	list_init(&store->cache_opened);
	list_init(&store->io_waiting);
	store->state_fd = store->data_fd = store->cache_fd = store->lock_fd = store->name_fd = -1;
	store->cache_files = map_create();
	int r = store->cache_files == NULL ? -ENOMEM : disk_create(&store->disk);
	if (r == 0)
		r = open_all(store, state_dir, cache_dir, ret_message);
	if (r == 0)
		r = end_threads(store);
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
	map_destroy(store->cache_files);
	data_shared_finish(&store->shared);
	disk_destroy(store->disk);
	bool was_open = store->db != NULL;
	db_close(store->db);
	if (was_open)
		soundness_closed(store);
	cleanup_closep(&store->data_fd);
	cleanup_closep(&store->cache_fd);
	cleanup_closep(&store->state_fd);
	cleanup_closep(&store->lock_fd);
	cleanup_closep(&store->name_fd);
	free(store->cache_path);
	free(store);
}

void store_places(const struct store *store, int *ret_state_fd, int *ret_cache_fd)
{
	*ret_state_fd = store->state_fd;
	*ret_cache_fd = store->cache_fd;
}

void store_on_cache_lost(struct store *store, void (*lost)(void *arg), void *arg)
{
	store->cache_lost = lost;
	store->cache_lost_arg = arg;
}

/* What is written to a file that has no name any more survives nothing. */
static int check_is_there(struct store *store)
{
	struct stat st;

	if (fstatat(store->state_fd, STORE_DATABASE, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		st.st_ino == store->database_ino)
		return 0;
	log_error("store: the account's database was removed or moved while it is mounted: nothing "
		  "is sent any more");
	return -EIO;
}

int store_begin(struct store *store, bool durable)
{
	int r = durable ? check_is_there(store) : 0;

	if (r == 0)
		r = db_begin(store->db, durable);
	if (r < 0)
		return r;
	r = served_note(store);
	return r < 0 ? db_end(store->db, r) : 0;
}

int store_end(struct store *store, int result)
{
	return db_end(store->db, result);
}

int store_run(
	struct store *store, bool durable, int (*change)(struct store *store, void *arg), void *arg)
{
	int r = store_begin(store, durable);

	return r < 0 ? r : store_end(store, change(store, arg));
}

int64_t store_hold_up_to(const struct store *store)
{
	return store->hold_up_to;
}

int64_t store_state(const struct store *store)
{
	return db_state(store->db);
}

int store_sync(struct store *store)
{
	return db_sync(store->db);
}
