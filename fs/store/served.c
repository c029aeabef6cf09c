/* SPDX-License-Identifier: MIT */
/* Which request of the kernel's has made the last transaction: a number in the table meta. */
#include "fs/store/store_private.h"

int served_note(struct store *store)
{
	if (store->request == 0)
		return 0;
	return db_run(store->db, "INSERT OR REPLACE INTO meta(key, value) VALUES('served', ?)", "i",
		store->request);
}

void store_serves(struct store *store, int64_t request)
{
	store->request = request;
}

int store_served(struct store *store, int64_t *ret_request)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT value FROM meta WHERE key = 'served'", &row, "");

	if (r < 0)
		return r;
	*ret_request = r == 0 ? 0 : sqlite3_column_int64(row, 0);
	return 0;
}

int store_served_forget(struct store *store)
{
	int r = db_begin(store->db, false);

	if (r == 0)
		r = db_run(store->db, "DELETE FROM meta WHERE key = 'served'", "");
	return db_end(store->db, r);
}
