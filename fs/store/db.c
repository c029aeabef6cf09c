/* SPDX-License-Identifier: MIT */
#include "fs/store/db.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/log.h"
#include "fs/base/map.h"
#include "fs/store/db_private.h"

/* Logs what went wrong, and returns the negative errno for SQLite's code. */
static int db_error(struct db *db, int code, const char *what)
{
	if (code == SQLITE_CONSTRAINT)
		return -EEXIST;
	log_error("db: %s: %s (%s)", what, sqlite3_errmsg(db->handle), sqlite3_errstr(code));
	switch (code & 0xff) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	default:
		return -EIO;
	}
}

int db_exec(struct db *db, const char *sql)
{
	int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : db_error(db, code, sql);
}

int db_pragma_int(struct db *db, const char *sql, int64_t *ret_value)
{
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL) != SQLITE_OK)
		return -EIO;
	int code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*ret_value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return code == SQLITE_ROW ? 0 : -EIO;
}

void db_close(struct db *db)
{
	uint64_t key;
	sqlite3_stmt *statement;

	if (db == NULL)
		return;
	while ((statement = map_any(db->statements, &key)) != NULL) {
		sqlite3_finalize(statement);
		map_remove(db->statements, key);
	}
	map_destroy(db->statements);
	if (sqlite3_close(db->handle) != SQLITE_OK)
		log_error("db: close: %s", sqlite3_errmsg(db->handle));
	free(db);
}

int db_begin(struct db *db, bool durable)
{
	int r = 0;

	assert(!db->in_transaction);
	if (durable != db->durable) {
		r = db_exec(db, durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
		if (r < 0)
			return r;
		db->durable = durable;
	}
	r = db_run(db, "BEGIN IMMEDIATE", "");
	db->in_transaction = r == 0;
	return r;
}

bool db_in_transaction(const struct db *db)
{
	return db->in_transaction;
}

int db_end(struct db *db, int result)
{
	if (!db->in_transaction)
		return result;
	db->in_transaction = false;
	if (result >= 0) {
		int r = db_run(db, "COMMIT", "");
		if (r == 0)
			return result;
		result = r;
	}
	/* after some errors SQLite has rolled back by itself */
	if (!sqlite3_get_autocommit(db->handle))
		db_run(db, "ROLLBACK", "");
	return result;
}

int db_sync(struct db *db)
{
	int r = db_begin(db, true);

	if (r == 0)
		r = db_run(db, "UPDATE meta SET value = value + 1 WHERE key = 'synced'", "");
	return db_end(db, r);
}

static int db_bind(sqlite3_stmt *statement, const char *types, va_list args)
{
	int code = SQLITE_OK;

	for (int i = 1; *types != '\0' && code == SQLITE_OK; i++, types++) {
		const void *data;
		size_t length;

		switch (*types) {
		case 'i':
			code = sqlite3_bind_int64(statement, i, va_arg(args, int64_t));
			break;
		case 'd':
			code = sqlite3_bind_double(statement, i, va_arg(args, double));
			break;
		case 's':
			data = va_arg(args, const char *);
			code = data == NULL ? sqlite3_bind_null(statement, i)
					    : sqlite3_bind_text(
						      statement, i, data, -1, SQLITE_TRANSIENT);
			break;
		case 'b':
			data = va_arg(args, const void *);
			length = va_arg(args, size_t);
			code = data == NULL ? sqlite3_bind_null(statement, i)
					    : sqlite3_bind_blob64(
						      statement, i, data, length, SQLITE_TRANSIENT);
			break;
		default:
			abort(); /* a type letter that db.h does not know */
		}
	}
	return code;
}

int db_row_next(struct db *db, sqlite3_stmt *row)
{
	int code = sqlite3_step(row);

	if (code == SQLITE_ROW)
		return 1;
	return code == SQLITE_DONE ? 0 : db_error(db, code, sqlite3_sql(row));
}

int db_row_each(struct db *db, int r, sqlite3_stmt *row, int (*visit)(void *arg, int64_t id), void *arg)
{
	while (r == 1) {
		r = visit(arg, sqlite3_column_int64(row, 0));
		if (r != 0)
			break;
		r = db_row_next(db, row);
	}
	return r < 0 ? r : 0;
}

void db_row_done(sqlite3_stmt *row)
{
	sqlite3_reset(row);
	sqlite3_clear_bindings(row);
}

/* To the first row: as db_row(). */
static int db_start(
	struct db *db, const char *sql, const char *types, va_list args, sqlite3_stmt **ret_row)
{
	sqlite3_stmt *statement = map_get(db->statements, (uintptr_t)sql);
	int code, r;

	if (statement == NULL) {
		code = sqlite3_prepare_v3(
			db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
		if (code != SQLITE_OK)
			return db_error(db, code, sql);
		if (map_put(db->statements, (uintptr_t)sql, statement) < 0) {
			sqlite3_finalize(statement);
			return -ENOMEM;
		}
	}
	assert(!sqlite3_stmt_busy(statement));
	assert((int)strlen(types) == sqlite3_bind_parameter_count(statement));
	code = db_bind(statement, types, args);
	r = code == SQLITE_OK ? db_row_next(db, statement) : db_error(db, code, sql);
	if (r == 1)
		*ret_row = statement;
	else
		db_row_done(statement);
	return r;
}

int db_run(struct db *db, const char *sql, const char *types, ...)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	va_list args;

	va_start(args, types);
	int r = db_start(db, sql, types, args, &row);
	va_end(args);
	return r < 0 ? r : 0;
}

int db_row(struct db *db, const char *sql, sqlite3_stmt **ret_row, const char *types, ...)
{
	va_list args;

	va_start(args, types);
	int r = db_start(db, sql, types, args, ret_row);
	va_end(args);
	return r;
}

int64_t db_last_id(struct db *db)
{
	return sqlite3_last_insert_rowid(db->handle);
}

int64_t db_state(const struct db *db)
{
	return db->in_transaction ? -1 : sqlite3_total_changes64(db->handle);
}

int64_t db_changes(struct db *db)
{
	return sqlite3_changes64(db->handle);
}

char *db_column_text(sqlite3_stmt *row, int column)
{
	const unsigned char *text = sqlite3_column_text(row, column);

	return text == NULL ? NULL : strdup((const char *)text);
}
