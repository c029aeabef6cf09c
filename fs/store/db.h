/* SPDX-License-Identifier: MIT */
#pragma once
/* db: the account's SQLite database: opening, schema, transactions, prepared statements. Seen by fs/store alone.
 *
 * WAL with locking_mode=EXCLUSIVE: one process, no shared memory file. A commit survives the death of the process;
 * a durable commit (synchronous=FULL: the WAL is fsynced) and all before it survive power loss
 * (https://www.sqlite.org/wal.html, https://www.sqlite.org/pragma.html#pragma_synchronous).
 * Errors: negative errno: -ENOSPC, -EIO, -ENOMEM, -EEXIST (constraint); the reason is logged. */
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/base/cleanup.h"

struct db;

/* Behind the name of the database: its last two copies (copy.h). */
#define DB_COPY_NEW ".1"
#define DB_COPY_OLD ".2"
#define DB_APPLICATION_ID 0x57455259 /* "WERY" in the file header */

/* What of a database is read before it is believed: */
enum db_reading {
	DB_READ_NOTHING,
	DB_READ_SMALL, /* all of one that is not large; of a large one the day's copy is read (copy.h) */
	DB_READ_ALL,
};

/* Opens or creates, and brings an older schema up to date. `witness`: a file that tells of an account here, so that a database
 * which is missing or empty is damage and not a new account: else what was bought would be forgotten, and bought again. NULL: there
 * is none. A file that is not ours, is damaged or comes from a newer weryaifs is left as it is: -EINVAL with a sentence in *ret_message, which the caller frees. */
int db_open(const char *path, const char *witness, enum db_reading reading, struct db **ret_db, char **ret_message);
/* For one that is there already, to read from: neither made, nor upgraded, nor checkpointed. -ENOENT: there is none, and no
 * witness; -EAGAIN with a sentence: its schema is an older one. */
int db_open_to_look(const char *path, const char *witness, struct db **ret_db, char **ret_message);
void db_close(struct db *db); /* NULL is fine */

/* One operation is one transaction. They do not nest. */
int db_begin(struct db *db, bool durable);
bool db_in_transaction(const struct db *db);
/* `result` is what the operation came to: commits on >= 0, else rolls back. Returns result, or the error of the commit. */
int db_end(struct db *db, int result);
/* Everything committed so far survives power loss when this returns 0. */
int db_sync(struct db *db);

/* `sql` must be a string constant: its address is the key of the statement cache. Types of the arguments:
 * i int64_t, d double, s const char * (NULL: SQL NULL), b const void *, size_t (NULL: SQL NULL). */
int db_run(struct db *db, const char *sql, const char *types, ...);
/* First row of a query: 1 with *ret_row to read, 0 when there is none, or an error. The row belongs to a variable that is
 * CLEANUP_ROW and starts as NULL; until it is done with, the same query cannot be asked again. */
int db_row(struct db *db, const char *sql, sqlite3_stmt **ret_row, const char *types, ...);
int db_row_next(struct db *db, sqlite3_stmt *row); /* 1, 0 or an error */
/* The first column of all rows; `r` is what db_row() returned. visit() returns 0 to go on, and may not start the same query. */
int db_row_each(struct db *db, int r, sqlite3_stmt *row, int (*visit)(void *arg, int64_t id), void *arg);
void db_row_done(sqlite3_stmt *row);
static inline void db_row_donep(sqlite3_stmt **row)
{
	if (*row != NULL)
		db_row_done(*row);
}
#define CLEANUP_ROW CLEANUP(db_row_donep)
int64_t db_last_id(struct db *db);
/* Another number than before when any row has been written since; -1: inside a transaction, which may be rolled back. */
int64_t db_state(const struct db *db);
int64_t db_changes(struct db *db);

/* Columns, copied out. Text and blob: NULL for SQL NULL and when out of memory; the caller frees. */
char *db_column_text(sqlite3_stmt *row, int column);
