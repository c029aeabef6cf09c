/* SPDX-License-Identifier: MIT */
/* How many results a day has asked for. */
#include "fs/store/jobs.h"

#include "fs/store/store_private.h"

int spend_add(struct store *store, const char *day, int number)
{
	return db_run(store->db,
		"INSERT INTO spend(day, submissions) VALUES(?, ?)"
		" ON CONFLICT(day) DO UPDATE SET submissions = submissions + excluded.submissions",
		"si", day, (int64_t)number);
}

int spend_take_back(struct store *store, const char *day, int number)
{
	return db_run(store->db,
		"UPDATE spend SET submissions = max(submissions - ?, 0) WHERE day = ?", "is",
		(int64_t)number, day);
}

int spend_get(struct store *store, const char *day, int64_t *ret_count)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT submissions FROM spend WHERE day = ?", &row, "s", day);

	if (r < 0)
		return r;
	*ret_count = r == 1 ? sqlite3_column_int64(row, 0) : 0;
	return 0;
}
