/* SPDX-License-Identifier: MIT */
/* The end of a mount: what of the cache survives a power loss. */
#include "fs/store/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/ids.h"
#include "fs/store/cache_private.h"

#define SYNC_MS 2000 /* of waiting for the disk */

static int sync_file(struct store *store, int64_t ino)
{
	char name[STORE_NAME];

	store_name(ino, name);
	struct stat st;
	int fd = disk_open(store->disk, store->cache_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, &st);
	if (fd < 0)
		return fd == -ETIMEDOUT ? fd : 0;
	int r = disk_sync(store->disk, fd);
	disk_close(store->disk, fd);
	return r;
}

/* Those that were synced in time, latest read first. */
static int sync_files(struct store *store, struct ids *synced)
{
	int64_t deadline = clock_mono_ms() + SYNC_MS;
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT ino FROM cached WHERE boot = ? ORDER BY used DESC", &row,
		"s", cache_boot_id());

	while (r == 1 && clock_mono_ms() < deadline) {
		int64_t ino = sqlite3_column_int64(row, 0);
		r = sync_file(store, ino);
		if (r == 0)
			r = ids_add(synced, ino);
		if (r == 0)
			r = db_row_next(store->db, row);
	}
	return r < 0 ? r : 0;
}

int cache_sync_all(struct store *store)
{
	CLEANUP(ids_finish) struct ids synced = {0};
	int r = cache_flush(store);

	if (r == 0)
		r = sync_files(store, &synced);
	if (r < 0 || synced.count == 0)
		return r;
	r = db_begin(store->db, true);
	for (size_t i = 0; i < synced.count && r == 0; i++)
		r = db_run(store->db, "UPDATE cached SET boot = '" CACHE_SYNCED "' WHERE ino = ?", "i",
			synced.items[i]);
	return db_end(store->db, r);
}
