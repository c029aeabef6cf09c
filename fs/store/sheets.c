/* SPDX-License-Identifier: MIT */
#include "fs/store/sheets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/hash.h"
#include "fs/store/store_private.h"

void sheet_finish(struct sheet *sheet)
{
	free(sheet->report);
	*sheet = (struct sheet){0};
}

static void copy_name(sqlite3_stmt *row, int column, char name[256])
{
	int length = sqlite3_column_bytes(row, column);

	if (length > 255)
		length = 255;
	if (length > 0)
		memcpy(name, sqlite3_column_blob(row, column), (size_t)length);
	name[length] = '\0';
}

int sheets_get(struct store *store, int64_t ino, struct sheet *ret_sheet)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT state, asked, dir, parent, name, report FROM sheet WHERE ino = ?", &row, "i", ino);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*ret_sheet = (struct sheet){.ino = ino,
		.state = (enum sheet_state)sqlite3_column_int(row, 0),
		.asked = sqlite3_column_int(row, 1) != 0,
		.dir = sqlite3_column_int64(row, 2),
		.parent = sqlite3_column_int64(row, 3),
		.report = db_column_text(row, 5)};
	copy_name(row, 4, ret_sheet->name);
	return ret_sheet->report == NULL && sqlite3_column_type(row, 5) != SQLITE_NULL ? -ENOMEM : 0;
}

int sheets_set(struct store *store, const struct sheet *sheet)
{
	return db_run(store->db,
		"INSERT OR REPLACE INTO sheet(ino, state, asked, dir, parent, name, report)"
		" VALUES(?,?,?,?,?,?,?)",
		"iiiiibs", sheet->ino, (int64_t)sheet->state, (int64_t)sheet->asked, sheet->dir,
		sheet->parent, sheet->name, strlen(sheet->name), sheet->report);
}

int sheets_remove(struct store *store, int64_t ino)
{
	return db_run(store->db, "DELETE FROM sheet WHERE ino = ?", "i", ino);
}

int sheets_list_todo(struct store *store, int (*visit)(void *arg, int64_t ino), void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT ino FROM sheet WHERE state = 1 ORDER BY ino", &row, "");

	return db_row_each(store->db, r, row, visit, arg);
}

static void read_sheet_row(sqlite3_stmt *row, struct sheet_row *sheet_row)
{
	copy_name(row, 0, sheet_row->name);
	sheet_row->hash = sqlite3_column_int64(row, 1);
	sheet_row->state = (enum sheet_row_state)sqlite3_column_int(row, 2);
}

int64_t sheet_hash(const char *text, size_t length)
{
	return (int64_t)hash_add(HASH_START, text, length);
}

int sheet_rows_get(struct store *store, int64_t dir, const char *name, struct sheet_row *ret_row)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT name, hash, state FROM sheet_row WHERE dir = ? AND name = ?",
		&row, "ib", dir, name, strlen(name));

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	read_sheet_row(row, ret_row);
	return 0;
}

int sheet_rows_set(struct store *store, int64_t dir, const struct sheet_row *row)
{
	return db_run(store->db,
		"INSERT OR REPLACE INTO sheet_row(dir, name, hash, state) VALUES(?,?,?,?)", "ibii", dir,
		row->name, strlen(row->name), row->hash, (int64_t)row->state);
}

int sheet_rows_remove(struct store *store, int64_t dir, const char *name)
{
	return db_run(store->db, "DELETE FROM sheet_row WHERE dir = ? AND name = ?", "ib", dir, name,
		strlen(name));
}

int sheet_rows_list(struct store *store, int64_t dir, int (*visit)(void *arg, const struct sheet_row *row), void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT name, hash, state FROM sheet_row WHERE dir = ?", &row, "i", dir);

	while (r == 1) {
		struct sheet_row sheet_row;
		read_sheet_row(row, &sheet_row);
		r = visit(arg, &sheet_row);
		if (r == 0)
			r = db_row_next(store->db, row);
	}
	return r;
}
