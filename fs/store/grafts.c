/* SPDX-License-Identifier: MIT */
#include "fs/store/grafts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/store/store_private.h"

void graft_record_finish(struct graft_record *graft)
{
	free(graft->original);
	free(graft->head);
	free(graft->tail);
	free(graft->content);
	*graft = (struct graft_record){0};
}

static char *copy_blob(sqlite3_stmt *row, int column, size_t *ret_length)
{
	const void *blob = sqlite3_column_blob(row, column);
	size_t length = (size_t)sqlite3_column_bytes(row, column);
	char *copy = malloc(length + 1);

	if (copy == NULL)
		return NULL;
	if (length > 0)
		memcpy(copy, blob, length);
	*ret_length = length;
	return copy;
}

int grafts_get(struct store *store, int64_t job, int64_t seq, struct graft_record *ret_graft)
{
	struct graft_record graft = {0};
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	size_t cut = 0;
	int r = db_row(store->db, "SELECT original, head, tail, content FROM graft WHERE job = ? AND seq = ?",
		&row, "ii", job, seq);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	graft.original = copy_blob(row, 0, &cut);
	graft.head = copy_blob(row, 1, &graft.head_length);
	graft.tail = copy_blob(row, 2, &graft.tail_length);
	graft.content = db_column_text(row, 3);
	graft.cut = (int64_t)cut;
	if (graft.original == NULL || graft.head == NULL || graft.tail == NULL || graft.content == NULL) {
		graft_record_finish(&graft);
		return -ENOMEM;
	}
	*ret_graft = graft;
	return 0;
}

int grafts_set(struct store *store, int64_t job, int64_t seq, const struct graft_record *graft)
{
	return db_run(store->db,
		"INSERT OR REPLACE INTO graft(job, seq, original, head, tail, content) VALUES(?,?,?,?,?,?)",
		"iibbbs", job, seq, graft->original, (size_t)graft->cut, graft->head, graft->head_length,
		graft->tail, graft->tail_length, graft->content);
}

int grafts_find(struct store *store, const char *content, int64_t *ret_job, int64_t *ret_seq)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT job, seq FROM graft WHERE content = ? LIMIT 1", &row, "s", content);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*ret_job = sqlite3_column_int64(row, 0);
	*ret_seq = sqlite3_column_int64(row, 1);
	return 0;
}
