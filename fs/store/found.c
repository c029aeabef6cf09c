/* SPDX-License-Identifier: MIT */
#include "fs/store/found.h"

#include <errno.h>

#include "fs/store/store_private.h"

#define DAY "mtime / 86400000000000" /* as the index has it */
#define SEQUENCES 4096		     /* results of a job, at most */

/* Numbers of files in the first column, what to go on behind in the second. */
static int visit_all(struct store *store, int r, sqlite3_stmt *row, found_visit *visit, void *arg)
{
	while (r == 1) {
		r = visit(arg, sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1));
		if (r != 0)
			return r < 0 ? r : 0;
		r = db_row_next(store->db, row);
	}
	return r;
}

int found_on_day(struct store *store, int64_t day, int64_t after, found_visit *visit, void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT ino, ino FROM node WHERE kind = 4 AND " DAY " = ? AND ino > ? AND parent IS NOT NULL"
		" ORDER BY ino LIMIT 256",
		&row, "ii", day, after);

	return visit_all(store, r, row, visit, arg);
}

int found_between(struct store *store, int64_t first, int64_t last, bool *ret_any)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT 1 FROM node WHERE kind = 4 AND " DAY " >= ? AND " DAY " <= ? AND parent IS NOT NULL LIMIT 1",
		&row, "ii", first, last);

	*ret_any = r == 1;
	return r < 0 ? r : 0;
}

int found_days(struct store *store, int64_t *ret_first, int64_t *ret_last)
{
	CLEANUP_ROW sqlite3_stmt *first = NULL, *last = NULL;
	int r = db_row(store->db,
		"SELECT " DAY " FROM node WHERE kind = 4 AND " DAY " >= 0 ORDER BY " DAY " LIMIT 1", &first, "");

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*ret_first = sqlite3_column_int64(first, 0);
	r = db_row(store->db,
		"SELECT " DAY " FROM node WHERE kind = 4 AND " DAY " >= 0 ORDER BY " DAY " DESC LIMIT 1", &last, "");
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*ret_last = sqlite3_column_int64(last, 0);
	return 0;
}

int found_in_state(struct store *store, enum job_state state, int64_t after, found_visit *visit, void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT node.ino, job.id FROM job JOIN node ON node.ino = job.ino WHERE job.state = ? AND job.id > ?"
		" AND node.job = job.id AND node.draft = 0 AND node.parent IS NOT NULL ORDER BY job.id LIMIT 256",
		&row, "ii", (int64_t)state, after);

	return visit_all(store, r, row, visit, arg);
}

int found_of_model(struct store *store, const char *model, int64_t after, found_visit *visit, void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int64_t job = after / SEQUENCES, seq = after % SEQUENCES;
	int r = db_row(store->db,
		"SELECT node.ino, job.id * 4096 + min(result.seq, 4095) FROM job JOIN result ON result.job = job.id"
		" JOIN node ON node.ino = result.ino WHERE job.model = ? AND job.id >= ?"
		" AND (job.id > ? OR result.seq > ?) AND result.ino != 0 AND node.parent IS NOT NULL"
		" ORDER BY job.id, result.seq LIMIT 256",
		&row, "siii", model, job, job, after == 0 ? (int64_t)-1 : seq);

	return visit_all(store, r, row, visit, arg);
}
