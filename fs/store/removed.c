/* SPDX-License-Identifier: MIT */
#include "fs/store/removed.h"

#include <errno.h>

#include "fs/store/cache.h"
#include "fs/store/jobs.h"
#include "fs/store/store_private.h"

int removed_note(struct store *store, int64_t ino, int64_t now)
{
	return db_run(store->db,
		"INSERT OR REPLACE INTO removed(ino, job, seq, size, \"when\")"
		" SELECT ino, job, seq, size, ? FROM result WHERE ino = ? AND ino != 0 AND size > 0",
		"ii", now, ino);
}

/* By the file itself: what the ledger says of it may be older. */
static bool is_whole(struct store *store, int64_t ino, int64_t size)
{
	struct cache_file *file;

	if (cache_file_open(store, ino, &file) < 0)
		return false;
	cache_file_check(file);
	bool whole = cache_file_run_end(file, 0) >= size;
	cache_file_close(file);
	return whole;
}

int removed_is_kept(struct store *store, int64_t ino, bool *ret_kept)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT size FROM removed WHERE ino = ?", &row, "i", ino);

	*ret_kept = r == 1 && is_whole(store, ino, sqlite3_column_int64(row, 0));
	return r < 0 ? r : 0;
}

int removed_find(struct store *store, int64_t job, int64_t seq, int64_t *ret_ino, int64_t *ret_size)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT ino, size FROM removed WHERE job = ? AND seq = ?"
		" AND NOT EXISTS(SELECT 1 FROM node WHERE node.ino = removed.ino)",
		&row, "ii", job, seq);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*ret_ino = sqlite3_column_int64(row, 0);
	*ret_size = sqlite3_column_int64(row, 1);
	return is_whole(store, *ret_ino, *ret_size) ? 0 : -ENOENT;
}

int removed_list(struct store *store, int64_t before, int64_t *ret_inos, size_t max, size_t *ret_count)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	size_t count = 0;
	int r = db_row(store->db,
		"SELECT ino FROM removed WHERE \"when\" < ?"
		" AND NOT EXISTS(SELECT 1 FROM node WHERE node.ino = removed.ino) ORDER BY \"when\" LIMIT ?",
		&row, "ii", before, (int64_t)max);

	while (r == 1 && count < max) {
		ret_inos[count++] = sqlite3_column_int64(row, 0);
		r = db_row_next(store->db, row);
	}
	*ret_count = count;
	return r < 0 ? r : 0;
}
