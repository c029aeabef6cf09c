/* SPDX-License-Identifier: MIT */
#pragma once
/* db_private: what db.c (transactions and statements) and db_open.c (what kind of file is this?) share. */
#include "fs/store/db.h"

struct map;

struct db {
	sqlite3 *handle;
	struct map *statements; /* address of the SQL -> sqlite3_stmt, owned */
	bool in_transaction, durable;
};

/* Statements without arguments and rows, several at once. */
int db_exec(struct db *db, const char *sql);
