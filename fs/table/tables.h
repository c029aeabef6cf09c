/* SPDX-License-Identifier: MIT */
#pragma once
/* tables: prompts from the rows of a table (design 1.6): sets.csv in a model's directory makes sets/NAME.txt.
 *
 * What it is:   a table that has settled is compared with the prompts that it has made before, and with what they say now. A row whose
 *               text stands in the prompt of another row takes that prompt along (a rename); a new row makes one, a changed row changes it,
 *               a removed row leaves it. What other hands have changed, made or removed is left alone. What is bought is decided of
 *               each prompt by the tree, as of any other.
 * Invariants:   Nothing is written for a table that asks for more than ask_above new results before a person says `submit`. What is to
 *               be done is in the ledger before it begins (SHEET_TODO, ROW_WRITING), so that a kill anywhere leads to the same prompts.
 * States:       of one: none; to be looked at; held; done; done with faults (enum sheet_state of fs/store/sheets.h).
 * Ownership:    needs are borrowed.
 * Calls back:   nobody; what it changes is told by way of fs/job/changes.h. Works in slices, from the loop.
 * Files, bottom up: table_report (words), table_read, table_dir (where the prompts are), table_move, table_row, tables. */
#include <stdbool.h>
#include <stdint.h>

struct changes;
struct loop;
struct model_table;
struct store;
struct tables;
struct tree;
struct writers;

struct tables_needs { /* all borrowed */
	struct loop *loop;
	struct store *store;
	struct changes *changes;
	struct writers *writers;
	struct tree *tree;
	const struct model_table *const *models; /* the table in force, which may be another one at the next turn */
	int ask_above; /* new results; 0: any number */
	bool allow_unknown;
};

int tables_create(const struct tables_needs *needs, struct tables **ret_tables);
void tables_destroy(struct tables *tables); /* NULL is fine */
/* After a mount: what was begun goes on. */
int tables_resume(struct tables *tables);
/* tree_needs.table_settled: a file with the name of a table has settled. */
int tables_settled(struct tables *tables, int64_t ino);
/* May this file be one, for tables_submit()? */
bool tables_is(struct tables *tables, int64_t ino);
/* A person says `submit`. -EBUSY: somebody writes to it; -EINVAL: it is none. */
int tables_submit(struct tables *tables, int64_t ino);
