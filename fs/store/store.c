/* SPDX-License-Identifier: MIT */
#include "fs/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/store/identity.h"
#include "fs/store/private_dir.h"
#include "fs/store/store_private.h"

static int take_lock(struct store *store, const char *state_dir, char **ret_message)
{
	store->lock_fd =
		openat(store->state_fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (store->lock_fd < 0)
		return private_dir_fail(ret_message, -errno, state_dir, "could not open the lock file");
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return private_dir_fail(ret_message, -errno, state_dir, "could not lock");
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
	r = private_dir_open(state_dir, &store->state_fd, ret_message);
	if (r == 0)
		r = take_lock(store, state_dir, ret_message);
	if (r == 0)
		r = private_dir_open(cache_dir, &store->cache_fd, ret_message);
	if (r == 0 && asprintf(&path, "%s/data", state_dir) < 0)
		r = -ENOMEM;
	if (r == 0)
		r = private_dir_open(path, &store->data_fd, ret_message);
	if (r == 0) {
		free(path);
		r = asprintf(&path, "%s/" STORE_DATABASE, state_dir) < 0 ? -ENOMEM : 0;
	}
	if (r == 0)
		r = db_open(path, &store->db, ret_message);
	/* what was made just now has its name on the disk as well */
	if (r == 0 && fsync(store->state_fd) < 0)
		r = private_dir_fail(ret_message, -errno, state_dir, "could not make this directory durable");
	if (r == 0) {
		r = identity_check(store);
		if (r < 0)
			private_dir_fail(ret_message, r, path, "could not write to this database");
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
