/* SPDX-License-Identifier: MIT */
#include "fs/store/uploads.h"

#include <errno.h>

#include "fs/store/store_private.h"

int uploads_get(struct store *store, const char *hash, char **ret_url, int64_t *ret_when)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(
		store->db, "SELECT url, \"when\" FROM upload WHERE hash = ?", &row, "s", hash);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	char *url = db_column_text(row, 0);
	*ret_when = sqlite3_column_int64(row, 1);
	if (url == NULL)
		return -ENOMEM;
	*ret_url = url;
	return 0;
}

int uploads_set(struct store *store, const char *hash, const char *url, int64_t when)
{
	return db_run(store->db, "INSERT OR REPLACE INTO upload(hash, url, \"when\") VALUES(?,?,?)",
		"ssi", hash, url, when);
}

int uploads_remove(struct store *store, const char *hash)
{
	return db_run(store->db, "DELETE FROM upload WHERE hash = ?", "s", hash);
}
