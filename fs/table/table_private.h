/* SPDX-License-Identifier: MIT */
#pragma once
/* table_private: one table at work, which the files of this room share; tables.h says which of them calls which. */
#include "fs/base/buf.h"
#include "fs/base/list.h"
#include "fs/base/map.h"
#include "fs/model/model.h"
#include "fs/prompt/prompt_table.h"
#include "fs/store/nodes.h"
#include "fs/store/sheets.h"
#include "fs/table/tables.h"

/* What becomes of a row. */
enum table_step {
	STEP_SAME,   /* its prompt is there */
	STEP_ADOPT,  /* a file says just this: it is the row's */
	STEP_WRITE,  /* the prompt is made or changed */
	STEP_EDITED, /* other hands have changed the prompt: it is left */
	STEP_GONE,   /* other hands have removed or renamed it: it is left so */
	STEP_TAKEN,  /* a file that is not of this table has the name */
	STEP_WRONG   /* the row cannot be a prompt; its error says why */
};

struct table_plan { /* of one row */
	int64_t hash; /* of its text */
	enum table_step step;
};

/* A prompt that the table has made before. */
struct table_known {
	struct sheet_row row; /* of the store */
	int64_t hash;	      /* of what the file says now */
	bool exists;
	bool in_use; /* it is being changed by somebody, or was moved already */
	size_t next; /* one with the same hash: its index, and 1; 0 none */
};

struct tables {
	struct tables_needs needs;
	struct list works;	  /* table_work.link; the first one is worked on */
	struct loop_timer *timer; /* owned; its next slice */
	unsigned failures;	  /* in a row */
};

struct table_work {
	struct list link;
	struct tables *tables; /* borrowed */
	struct node file;      /* the table */
	struct sheet sheet;    /* owned; its row */
	char stem[256];	       /* of its name, and the name of its directory */
	const char *dir_error; /* why there is no such directory; NULL */
	struct prompt_table rows; /* owned */
	struct table_plan *plans; /* owned; one a row */
	struct map *rows_by_name; /* owned; hash of a name -> index and 1 */
	struct table_known *known; /* owned */
	size_t known_count;
	struct map *known_by_name, *known_by_hash; /* owned; -> index and 1 */
	enum { WORK_LOOK, WORK_MOVE, WORK_JUDGE, WORK_WRITE } phase;
	size_t next;	 /* row or known one of this phase */
	int64_t results; /* that new and changed rows ask for */
};

/* table_read.c */
/* The model in whose directory the table is. -ENOENT: none that is known. */
int table_find_model(const struct tables *tables, const struct node *file, const struct model **ret_model);
/* -ENOENT: it is no table; -EFBIG: it is too large for one. */
int table_read(const struct tables *tables, const struct node *file, struct prompt_table *ret_rows);

/* table_dir.c */
/* sheet.dir is where the prompts of the table are, 0 where they have no directory yet; dir_error. Follows a table that was renamed. */
int table_dir_find(struct table_work *work);
int table_dir_make(struct table_work *work);
/* The file NAME.txt in it. -ENOENT. */
int table_file_find(const struct table_work *work, const char *name, struct node *ret_file);
/* What a file says, by its hash. */
int table_file_hash(const struct table_work *work, int64_t ino, int64_t *ret_hash);

/* table_move.c: rows whose texts stand in the prompts of other rows. */
int table_know(struct table_work *work); /* reads known */
int table_look(struct table_work *work, size_t known);
int table_move(struct table_work *work, size_t row);

/* table_row.c: what becomes of a row, and the writing of its prompt. */
int table_judge(struct table_work *work, size_t row);
int table_write(struct table_work *work, size_t row);

/* table_report.c: the lines of the status; NULL: no memory. The caller frees. */
char *table_report(const struct table_work *work, enum sheet_state *ret_state);
