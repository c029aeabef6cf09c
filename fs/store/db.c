/* SPDX-License-Identifier: MIT */
#include "fs/store/db.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/map.h"
#include "fs/store/schema.h"

struct db {
	sqlite3 *handle;
	struct map *statements; /* address of the SQL -> sqlite3_stmt, owned */
	bool in_transaction, durable;
};

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

static int db_exec(struct db *db, const char *sql)
{
	int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : db_error(db, code, sql);
}

static int db_pragma_int(struct db *db, const char *sql, int64_t *ret_value)
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

static bool db_is_sound(struct db *db)
{
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(db->handle, "PRAGMA quick_check(1)", -1, &statement, NULL) !=
		SQLITE_OK)
		return false;
	bool sound = sqlite3_step(statement) == SQLITE_ROW &&
		     strcmp((const char *)sqlite3_column_text(statement, 0), "ok") == 0;
	sqlite3_finalize(statement);
	return sound;
}

/* Reads only, so that a file which is not ours stays as it is. */
static int db_examine(struct db *db, const char *path, int64_t *ret_version, char **ret_message)
{
	int64_t tables, application = 0, version = 0;
	const char *why = NULL;

	if (db_pragma_int(db, "SELECT count(*) FROM sqlite_master", &tables) < 0 ||
		!db_is_sound(db))
		why = "is damaged";
	else if (tables > 0 && (db_pragma_int(db, "PRAGMA application_id", &application) < 0 ||
				       application != DB_APPLICATION_ID))
		why = "is not a weryaifs database";
	else if (tables > 0 && db_pragma_int(db, "PRAGMA user_version", &version) < 0)
		why = "is damaged";
	else if (tables > 0 && version <= 0)
		why = "is damaged";
	else if (version > schema_version())
		why = "was written by a newer weryaifs";
	if (why == NULL) {
		*ret_version = version;
		return 0;
	}
	if (asprintf(ret_message,
		    "%s %s; it was left as it is: move it away or restore a copy, then mount again",
		    path, why) < 0) {
		*ret_message = NULL;
		return -ENOMEM;
	}
	return -EINVAL;
}

/* From an older version, or from nothing, to ours: all steps or none. */
static int db_upgrade(struct db *db, int64_t version)
{
	char head[96];
	int r = db_begin(db, true);

	if (version > 0)
		log_info("db: the schema goes from version %lld to %lld", (long long)version,
			(long long)schema_version());
	while (r == 0 && version < schema_version())
		r = db_exec(db, schema_step(++version));
	if (r == 0) {
		snprintf(head, sizeof(head), "PRAGMA application_id=%d; PRAGMA user_version=%lld",
			DB_APPLICATION_ID, (long long)version);
		r = db_exec(db, head);
	}
	return db_end(db, r);
}

static int db_create(const char *path, int flags, struct db **ret_db, char **ret_message)
{
	struct db *db = calloc(1, sizeof(*db));

	*ret_message = NULL;
	if (db == NULL)
		return -ENOMEM;
	db->statements = map_create();
	if (db->statements == NULL) {
		free(db);
		return -ENOMEM;
	}
	int code = sqlite3_open_v2(path, &db->handle, flags | SQLITE_OPEN_NOFOLLOW, NULL);
	if (code != SQLITE_OK) {
		int r = -EIO;
		if (asprintf(ret_message, "%s: %s", path, sqlite3_errstr(code)) < 0) {
			*ret_message = NULL;
			r = -ENOMEM;
		}
		db_close(db);
		return r;
	}
	sqlite3_extended_result_codes(db->handle, 0);
	*ret_db = db;
	return 0;
}

static bool has_bytes(const char *path, const char *suffix)
{
	CLEANUP_FREE char *name = NULL;
	struct stat st;

	if (asprintf(&name, "%s%s", path, suffix) < 0) {
		name = NULL;
		return true;
	}
	return lstat(name, &st) == 0 && st.st_size > 0;
}

/* https://www.sqlite.org/uri.html */
static char *immutable_uri(const char *path)
{
	struct buf uri;

	buf_init(&uri, 3 * PATH_MAX + 32);
	buf_adds(&uri, "file:");
	for (const char *c = path; *c != '\0'; c++)
		buf_addf(&uri, strchr("?#%", *c) != NULL ? "%%%02x" : "%c", (unsigned char)*c);
	buf_adds(&uri, "?immutable=1");
	char *text = buf_steal(&uri);
	buf_finish(&uri);
	return text;
}

/* A handle to look through, that makes no file and changes none: where no log is waiting to be read, SQLite is told that
 * nothing changes; where there is one, it is not put into the database when we close. */
static int db_open_untouched(const char *path, struct db **ret_db, char **ret_message)
{
	if (!has_bytes(path, "-wal") && !has_bytes(path, "-journal")) {
		CLEANUP_FREE char *uri = immutable_uri(path);
		return uri == NULL ? -ENOMEM
				   : db_create(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, ret_db,
					     ret_message);
	}
	int r = db_create(path, SQLITE_OPEN_READWRITE, ret_db, ret_message);
	if (r < 0)
		return r;
	r = sqlite3_db_config((*ret_db)->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) ==
			    SQLITE_OK
		    ? db_exec(*ret_db, "PRAGMA locking_mode=EXCLUSIVE")
		    : -EIO;
	if (r < 0)
		db_close(*ret_db);
	return r;
}

/* 0: ours, and sound. */
static int db_look(const char *path, struct db **ret_db, int64_t *ret_version, char **ret_message)
{
	struct db *db;
	int r = db_open_untouched(path, &db, ret_message);

	if (r < 0)
		return r;
	r = db_exec(db, "PRAGMA cell_size_check=ON");
	if (r == 0)
		r = db_examine(db, path, ret_version, ret_message);
	if (r < 0) {
		db_close(db);
		return r;
	}
	*ret_db = db;
	return 0;
}

int db_open(const char *path, struct db **ret_db, char **ret_message)
{
	struct db *db;
	int64_t version = 0;
	int r = 0;

	*ret_message = NULL;
	if (has_bytes(path, "") || has_bytes(path, "-wal")) {
		r = db_look(path, &db, &version, ret_message);
		if (r < 0)
			return r;
		db_close(db);
	}
	r = db_create(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db, ret_message);
	if (r < 0)
		return r;
	r = db_exec(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA cell_size_check=ON; PRAGMA "
			"journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY");
	if (r == 0 && version < schema_version())
		r = db_upgrade(db, version);
	if (r < 0) {
		db_close(db);
		return r;
	}
	*ret_db = db;
	return 0;
}

int db_open_to_look(const char *path, struct db **ret_db, char **ret_message)
{
	struct db *db;
	int64_t version;
	int r = db_look(path, &db, &version, ret_message);

	if (r < 0)
		return r;
	if (version < schema_version()) {
		if (asprintf(ret_message,
			    "%s is from an older weryaifs; it is brought up to date by the next "
			    "mount",
			    path) < 0)
			*ret_message = NULL;
		db_close(db);
		return -EAGAIN;
	}
	*ret_db = db;
	return 0;
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
