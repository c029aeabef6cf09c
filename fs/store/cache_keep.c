/* SPDX-License-Identifier: MIT */
/* What the cache keeps, in all: how much there is, and what goes. */
#include "fs/store/cache.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/store/cache_private.h"

#define BOOT_ID 40

/* proc(5): /proc/sys/kernel/random/boot_id is new at each boot. */
const char *cache_boot_id(void)
{
	static char id[BOOT_ID];

	if (id[0] == '\0') {
		int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : read(fd, id, sizeof(id) - 1);
		if (fd >= 0)
			close(fd);
		/* without one, no map is trusted after a restart */
		if (n <= 0)
			memcpy(id, "?", 2);
		else
			id[strcspn(id, "\n")] = '\0';
	}
	return id;
}

void cache_file_free(struct cache_file *file)
{
	struct map *files = file->store->cache_files;

	if (map_get(files, (uint64_t)file->ino) == file)
		map_remove(files, (uint64_t)file->ino);
	list_remove(&file->link);
	cache_fd_close(file);
	ranges_finish(&file->present);
	free(file);
}

static void drop(struct store *store, int64_t ino)
{
	struct cache_file *file = map_remove(store->cache_files, (uint64_t)ino);

	if (file == NULL)
		return;
	/* a writer that is not through yet may hold it */
	file->gone = true;
	list_remove(&file->link);
	if (file->holds == 0)
		cache_file_free(file);
}

static int forget(struct store *store, const int64_t *inos, size_t count)
{
	char names[CACHE_EVICT_MAX * STORE_NAME] = "";
	size_t length = 0;

	assert(count <= CACHE_EVICT_MAX);
	for (size_t i = 0; i < count; i++) {
		drop(store, inos[i]);
		store_name(inos[i], names + length);
		length += strlen(names + length) + 1;
	}
	/* what cannot be removed there is not asked for any more */
	int r = disk_unlink(store->disk, store->cache_fd, names, length);
	if (r < 0)
		log_errno(LOG_LEVEL_WARNING, r, "cache: %zu files are not removed, the first is that of %lld", count, (long long)inos[0]);
	r = 0;
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = db_run(store->db, "DELETE FROM removed WHERE ino = ?", "i", inos[i]);
		if (r == 0)
			r = db_run(store->db, "DELETE FROM cached WHERE ino = ?", "i", inos[i]);
	}
	return r;
}

int cache_remove(struct store *store, int64_t ino)
{
	return forget(store, &ino, 1);
}

/* The files go before their maps: a map without a file claims nothing, see load_map(). */
int cache_evict(struct store *store, const int64_t *inos, size_t count)
{
	int r = count == 0 ? 0 : db_begin(store->db, false);

	if (r < 0 || count == 0)
		return r;
	return db_end(store->db, forget(store, inos, count));
}

int cache_list(struct store *store, struct cache_place *place, cache_visit visit, void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT used, ino, bytes FROM cached WHERE bytes > 0 AND (used, ino) > (?, ?) ORDER BY used, ino",
		&row, "ii", place->used, place->ino);

	while (r == 1) {
		*place = (struct cache_place){sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1)};
		r = visit(arg, place->ino, sqlite3_column_int64(row, 2));
		if (r == 0)
			r = db_row_next(store->db, row);
		else
			break;
	}
	return r < 0 ? r : 0;
}

int cache_total(struct store *store, int64_t *ret_bytes)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT value FROM meta WHERE key = 'cached_bytes'", &row, "");

	if (r < 0)
		return r;
	*ret_bytes = sqlite3_column_int64(row, 0);
	return 0;
}
