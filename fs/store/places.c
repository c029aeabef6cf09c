/* SPDX-License-Identifier: MIT */
#include "fs/store/places.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/store/store_private.h"

/* No path begins like this: where places are put while two of them change their paths. */
#define ASIDE "\001"

int places_find(struct store *store, const char *path, int64_t *ret_id, int64_t *ret_job)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT id, job FROM place WHERE path = ? AND displaced = 0",
		&row, "b", path, strlen(path));

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*ret_id = sqlite3_column_int64(row, 0);
	*ret_job = sqlite3_column_int64(row, 1);
	return 0;
}

int places_need(struct store *store, const char *path, int64_t *ret_id)
{
	int64_t job;
	int r = places_find(store, path, ret_id, &job);

	if (r != -ENOENT)
		return r;
	r = db_run(store->db, "INSERT INTO place(path) VALUES(?)", "b", path, strlen(path));
	if (r == 0)
		*ret_id = db_last_id(store->db);
	return r;
}

static int set_path(struct store *store, const char *old_path, const char *path)
{
	return db_run(store->db, "UPDATE place SET path = ? WHERE path = ? AND displaced = 0", "bb",
		path, strlen(path), old_path, strlen(old_path));
}

int places_move(struct store *store, const char *old_path, const char *path)
{
	int64_t id, job;
	int r = places_find(store, old_path, &id, &job);

	/* without a memory of its own it finds that of the place to which it comes */
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = db_run(store->db, "UPDATE place SET displaced = 1 WHERE path = ? AND displaced = 0",
		"b", path, strlen(path));
	return r < 0 ? r : set_path(store, old_path, path);
}

int places_exchange(struct store *store, const char *path, const char *other)
{
	int r = set_path(store, path, ASIDE);

	if (r == 0)
		r = set_path(store, other, path);
	return r < 0 ? r : set_path(store, ASIDE, other);
}

/* All paths that begin with DIR and '/' are between these two. -ENOMEM. */
static int bounds(const char *dir, char **ret_first, char **ret_end)
{
	if (asprintf(ret_first, "%s/", dir) < 0)
		*ret_first = NULL;
	if (asprintf(ret_end, "%s0", dir) < 0) /* '0' comes after '/' */
		*ret_end = NULL;
	return *ret_first == NULL || *ret_end == NULL ? -ENOMEM : 0;
}

/* substr() counts from 1 */
static int set_paths_below(struct store *store, const char *old_dir, const char *dir)
{
	CLEANUP_FREE char *first = NULL;
	CLEANUP_FREE char *end = NULL;
	int r = bounds(old_dir, &first, &end);

	if (r < 0)
		return r;
	return db_run(store->db,
		"UPDATE place SET path = CAST(? || substr(path, ?) AS BLOB)"
		" WHERE displaced = 0 AND path >= ? AND path < ?",
		"bibb", dir, strlen(dir), (int64_t)strlen(old_dir) + 1, first, strlen(first), end,
		strlen(end));
}

static int displace_below(struct store *store, const char *old_dir, const char *dir)
{
	CLEANUP_FREE char *first = NULL;
	CLEANUP_FREE char *end = NULL;
	int r = bounds(dir, &first, &end);

	if (r < 0)
		return r;
	return db_run(store->db,
		"UPDATE place SET displaced = 1 WHERE displaced = 0 AND path >= ? AND path < ?"
		" AND EXISTS(SELECT 1 FROM place AS comes WHERE comes.displaced = 0"
		" AND comes.path = CAST(? || substr(place.path, ?) AS BLOB))",
		"bbbi", first, strlen(first), end, strlen(end), old_dir, strlen(old_dir),
		(int64_t)strlen(dir) + 1);
}

int places_move_below(struct store *store, const char *old_dir, const char *dir)
{
	int r = displace_below(store, old_dir, dir);

	return r < 0 ? r : set_paths_below(store, old_dir, dir);
}

int places_exchange_below(struct store *store, const char *dir, const char *other)
{
	int r = set_paths_below(store, dir, ASIDE);

	if (r == 0)
		r = set_paths_below(store, other, dir);
	return r < 0 ? r : set_paths_below(store, ASIDE, other);
}

int places_drop_unused(struct store *store, int64_t id)
{
	return db_run(store->db,
		"DELETE FROM place WHERE id = ? AND job = 0 AND NOT EXISTS(SELECT 1 FROM wish WHERE wish.place = ?)", "ii", id, id);
}
