/* SPDX-License-Identifier: MIT */
#pragma once
/* sheets: tables of prompts (design 1.6) as rows: how far each is, and which prompts it has made of its rows. Knows no policy;
 * fs/table decides what follows. Rows go with their nodes, by triggers. Changes run inside the caller's transaction. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

enum sheet_state { /* values are on disk */
	SHEET_TODO = 1, /* its rows are still to be compared with the prompts */
	SHEET_HELD = 2, /* a person is asked first */
	SHEET_DONE = 3,
	SHEET_FAULTY = 4, /* done, but for rows that are none, or not the table's to change */
};

struct sheet {
	int64_t ino; /* the table's file */
	enum sheet_state state;
	bool asked;    /* a person has said `submit` to what it says now */
	int64_t dir;   /* where its prompts are; 0: there is none yet */
	char *report;  /* owned; its status but for the state; NULL none */
	int64_t parent; /* where the table was when it was last looked at, and */
	char name[256]; /* what it was called */
};

void sheet_finish(struct sheet *sheet); /* zeroed memory is fine */
int sheets_get(struct store *store, int64_t ino, struct sheet *ret_sheet); /* -ENOENT */
int sheets_set(struct store *store, const struct sheet *sheet);
int sheets_remove(struct store *store, int64_t ino); /* no error where there is none */
int sheets_list_todo(struct store *store, int (*visit)(void *arg, int64_t ino), void *arg);

enum sheet_row_state { /* values are on disk */
	ROW_OURS = 0,
	ROW_EDITED = 1, /* its text has become another one by other hands */
	ROW_WRITING = 2 /* the table is writing it: what it says is no other hand's */
};

/* A prompt DIR/NAME.txt that a table has made. */
struct sheet_row {
	int64_t hash; /* of the text that the table has given it last */
	enum sheet_row_state state;
	char name[256];
};

/* Of a prompt's text. */
int64_t sheet_hash(const char *text, size_t length);
int sheet_rows_get(struct store *store, int64_t dir, const char *name, struct sheet_row *ret_row); /* -ENOENT */
int sheet_rows_set(struct store *store, int64_t dir, const struct sheet_row *row);
int sheet_rows_remove(struct store *store, int64_t dir, const char *name);
/* visit() returns 0 to go on, and may not change rows. */
int sheet_rows_list(struct store *store, int64_t dir, int (*visit)(void *arg, const struct sheet_row *row), void *arg);
