/* SPDX-License-Identifier: MIT */
#include "fs/store/cache.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/store/cache_private.h"
#include "fs/store/private_dir.h"

#define CLOSED_MAX 128 /* files whose maps wait to be saved together */

/* Somebody may have emptied the cache directory, or put something else there: then nothing is known to be in it, and its bytes
 * are fetched again. */
void cache_file_check(struct cache_file *file)
{
	struct stat st;
	bool open = file->fd >= 0;

	if (file->present.count == 0)
		return;
	int r = cache_fd_find(file);
	if (r == 0 && open)
		r = disk_stat(file->store->disk, file->fd, &st);
	/* a disk that does not answer still has them, and so has one that cannot be opened for want of descriptors */
	file->looked = r != -ETIMEDOUT;
	if (r == -ETIMEDOUT || r == -EMFILE || r == -ENFILE)
		return;
	if (r < 0 && r != -ENOENT)
		log_errno(LOG_LEVEL_WARNING, r, "cache: the file of %lld cannot be opened: its bytes are fetched again",
			(long long)file->ino);
	if (r < 0 || (open && st.st_size < ranges_end(&file->present)))
		ranges_finish(&file->present);
}

static int find_map(struct store *store, int64_t ino, sqlite3_stmt **ret_row)
{
	return db_row(
		store->db, "SELECT boot, ranges FROM cached WHERE ino = ?", ret_row, "i", ino);
}

int cache_prepare(struct store *store)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = find_map(store, 0, &row);

	return r < 0 ? r : 0;
}

static int load_map(struct cache_file *file)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = find_map(file->store, file->ino, &row);

	if (r <= 0)
		return r;
	const char *boot = (const char *)sqlite3_column_text(row, 0);
	bool trusted = boot != NULL && strcmp(boot, "?") != 0 &&
		       (strcmp(boot, CACHE_SYNCED) == 0 || strcmp(boot, cache_boot_id()) == 0);
	r = trusted ? ranges_decode(&file->present, sqlite3_column_blob(row, 1),
			      (size_t)sqlite3_column_bytes(row, 1))
		    : -EBADMSG;
	if (r == -EBADMSG) {
		log_info("cache: the map of %lld is from before a power loss: its bytes are "
			 "fetched again",
			(long long)file->ino);
		return 0;
	}
	return r;
}

int cache_file_open(struct store *store, int64_t ino, struct cache_file **ret_file)
{
	/* one that is open, or was a moment ago: two maps of one file would forget each other's bytes */
	struct cache_file *file = map_get(store->cache_files, (uint64_t)ino);
	int r;

	if (file != NULL && file->holds > 0) {
		file->holds++;
		*ret_file = file;
		return 0;
	}
	r = 0;
	if (file == NULL) {
		file = calloc(1, sizeof(*file));
		if (file == NULL)
			return -ENOMEM;
		list_init(&file->link);
		list_init(&file->open);
		file->store = store;
		file->ino = ino;
		file->fd = -1;
		file->used = clock_wall_ms();
		r = map_put(store->cache_files, (uint64_t)ino, file);
		if (r == 0)
			r = load_map(file);
	}
	if (r < 0) {
		cache_file_free(file);
		return r;
	}
	file->holds = 1;
	*ret_file = file;
	return 0;
}

void cache_file_hold(struct cache_file *file)
{
	file->holds++;
	file->writers++;
}

static void let_go(struct cache_file *file)
{
	if (--file->holds > 0)
		return;
	if (list_empty(&file->link)) {
		cache_file_free(file);
	} else {
		struct store *store = file->store;
		cache_fd_close(file);
		/* the next one to be opened is looked for among them; inside somebody's transaction there can be no other */
		if (++store->cache_closed >= CLOSED_MAX && !db_in_transaction(store->db))
			cache_flush(store);
	}
}

void cache_file_close(struct cache_file *file)
{
	if (file != NULL)
		let_go(file);
}

void cache_file_release(struct cache_file *file)
{
	file->writers--;
	let_go(file);
}

void cache_file_touch(struct cache_file *file)
{
	file->used = clock_wall_ms();
	cache_file_changed(file);
}

int cache_file_write(struct cache_file *file, int64_t offset, const void *data, size_t length)
{
	int r = cache_fd_open(file);

	if (r == 0)
		r = disk_write(file->store->disk, file->fd, offset, data, length);
	if (r < 0)
		return r;
	return cache_file_note(file, offset, length);
}

int cache_file_note(struct cache_file *file, int64_t offset, size_t length)
{
	cache_file_changed(file);
	return ranges_add(&file->present, offset, offset + (int64_t)length);
}

int cache_file_read_now(struct cache_file *file, int64_t offset, void *data, size_t length)
{
	assert(ranges_has(&file->present, offset, offset + (int64_t)length));
	if (file->store->io_worker == NULL)
		return cache_file_read(file, offset, data, length);
	return file->fd >= 0 && disk_read_now(file->store->disk, file->fd, offset, data, length) ? 0 : -EAGAIN;
}

int cache_file_read(struct cache_file *file, int64_t offset, void *data, size_t length)
{
	assert(ranges_has(&file->present, offset, offset + (int64_t)length));
	/* one that was closed meanwhile may be another one now */
	int r = cache_fd_open(file);
	if (r == 0 && !ranges_has(&file->present, offset, offset + (int64_t)length))
		r = -EIO;
	return r < 0 ? r : disk_read(file->store->disk, file->fd, offset, data, length);
}

int64_t cache_file_run_end(struct cache_file *file, int64_t offset)
{
	/* who is told that it is here gets no other answer when it is read */
	if (file->store->cache_doubted && !file->looked && ranges_run_end(&file->present, offset) > offset)
		cache_file_check(file);
	/* nothing is there while the disk does not answer */
	return disk_hangs(file->store->disk) ? offset : ranges_run_end(&file->present, offset);
}

int64_t cache_file_next_start(const struct cache_file *file, int64_t offset)
{
	return disk_hangs(file->store->disk) ? INT64_MAX : ranges_next_start(&file->present, offset);
}

int cache_file_fd(struct cache_file *file)
{
	int r = disk_hangs(file->store->disk) ? -ETIMEDOUT : cache_fd_open(file);

	return r < 0 ? r : file->fd;
}

static int save(struct cache_file *file)
{
	return db_run(file->store->db,
		"INSERT INTO cached(ino, boot, ranges, used, bytes) VALUES(?,?,?,?,?)"
		" ON CONFLICT(ino) DO UPDATE SET boot = excluded.boot, ranges = excluded.ranges,"
		" used = excluded.used, bytes = excluded.bytes",
		"isbii", file->ino, cache_boot_id(),
		file->present.items == NULL ? "" : (void *)file->present.items,
		file->present.count * sizeof(struct range), file->used,
		ranges_total(&file->present));
}

int cache_flush(struct store *store)
{
	struct list *item, *after;
	int r = 0;

	if (list_empty(&store->cache_unsaved))
		return 0;
	store->cache_closed = 0;
	r = db_begin(store->db, false);
	if (r < 0)
		return r;
	list_for_each(item, &store->cache_unsaved)
	{
		r = save(list_entry(item, struct cache_file, link));
		if (r < 0)
			break;
	}
	r = db_end(store->db, r);
	list_for_each_safe(item, after, &store->cache_unsaved)
	{
		struct cache_file *file = list_entry(item, struct cache_file, link);
		/* what cannot be noted is fetched again one day */
		if (file->holds == 0)
			cache_file_free(file);
		else if (r == 0)
			list_remove(&file->link);
	}
	return r;
}

void cache_forget_unsaved(struct store *store)
{
	struct list *item, *after;

	list_for_each_safe(item, after, &store->cache_unsaved)
		cache_file_free(list_entry(item, struct cache_file, link));
}

void cache_file_forget(struct cache_file *file)
{
	ranges_finish(&file->present);
	cache_file_changed(file);
}

int cache_file_reset(struct cache_file *file)
{
	struct stat st;
	int r = cache_fd_open(file);

	if (r == 0 && file->present.count == 0 && disk_stat(file->store->disk, file->fd, &st) == 0 &&
		st.st_size == 0)
		return 0;
	cache_file_forget(file);
	/* one that cannot be emptied has nothing that anybody asks for */
	if (r == 0)
		r = disk_truncate(file->store->disk, file->fd);
	if (r < 0)
		log_errno(LOG_LEVEL_WARNING, r, "cache: the file of %lld cannot be emptied",
			(long long)file->ino);
	return cache_flush(file->store);
}
