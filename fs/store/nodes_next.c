/* SPDX-License-Identifier: MIT */
#include "fs/store/nodes.h"

#include <errno.h>
#include <string.h>

#include "fs/store/store_private.h"

/* Between two results lie their prompts: no more names than these are looked at. */
#define NEXT_OF "LIMIT 8"

static int find_result(struct store *store, int r, sqlite3_stmt *row, int64_t *ret_ino)
{
	while (r == 1) {
		if (sqlite3_column_int(row, 1) == NODE_RESULT) {
			*ret_ino = sqlite3_column_int64(row, 0);
			return 0;
		}
		r = db_row_next(store->db, row);
	}
	return r < 0 ? r : -ENOENT;
}

int nodes_next_result(struct store *store, int64_t ino, bool by_name, int64_t *ret_ino)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	struct node node;
	int r = nodes_get(store, ino, &node);

	if (r < 0)
		return r;
	if (node.parent == 0)
		return -ENOENT;
	if (by_name)
		r = db_row(store->db,
			"SELECT ino, kind FROM node WHERE parent = ? AND name > ? ORDER BY "
			"name " NEXT_OF,
			&row, "ib", node.parent, node.name, node.name_length);
	else
		r = db_row(store->db,
			"SELECT ino, kind FROM node WHERE parent = ? AND ino > ? ORDER BY "
			"ino " NEXT_OF,
			&row, "ii", node.parent, ino);
	return find_result(store, r, row, ret_ino);
}
