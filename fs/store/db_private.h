/* SPDX-License-Identifier: MIT */
#pragma once
/* db_private: what db.c (transactions and statements), db_open.c (what kind of file is this?) and db_upgrade.c share. */
#include "fs/store/db.h"

struct map;

struct db {
	sqlite3 *handle;
	struct map *statements; /* address of the SQL -> sqlite3_stmt, owned */
	bool in_transaction, durable;
};

/* Statements without arguments and rows, several at once. */
int db_exec(struct db *db, const char *sql);
/* The first column of the first row. */
int db_pragma_int(struct db *db, const char *sql, int64_t *ret_value);
/* From an older version, or from nothing (0), to ours; from an older way to keep free pages, too. */
int db_upgrade(struct db *db, const char *path, int64_t version);
