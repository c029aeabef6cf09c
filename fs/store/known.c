/* SPDX-License-Identifier: MIT */
#include "fs/store/known.h"

#include <errno.h>

#include "fs/store/store_private.h"

int known_get(struct store *store, const char *kind, char **ret_text, int64_t *ret_when)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(
		store->db, "SELECT list, \"when\" FROM known WHERE kind = ?", &row, "s", kind);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	char *text = db_column_text(row, 0);
	*ret_when = sqlite3_column_int64(row, 1);
	if (text == NULL)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}

int known_set(struct store *store, const char *kind, const char *text, int64_t when)
{
	return db_run(store->db, "INSERT OR REPLACE INTO known(kind, list, \"when\") VALUES(?,?,?)",
		"ssi", kind, text, when);
}

int known_forget(struct store *store, const char *kind)
{
	return db_run(store->db, "DELETE FROM known WHERE kind = ?", "s", kind);
}
