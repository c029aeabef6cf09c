/* SPDX-License-Identifier: MIT */
#pragma once
/* prompt_table: a table of prompts, one a row, as spreadsheets and sqlite3 write it (RFC 4180; tabs instead of commas in .tsv). Pure.
 *
 * A table's first row names its columns: `name`, `prompt`, and keys of a prompt. Any other text is no table, and an ordinary file.
 * A row becomes the text of a prompt file: a line "key: value" for each key that has a value, then the prompt. A row that cannot
 * be one has a sentence instead; the others are not touched by that. */
#include <stdbool.h>
#include <stddef.h>

#define PROMPT_TABLE_MAX_BYTES (16 * 1024 * 1024)
#define PROMPT_TABLE_MAX_ROWS 10000

struct prompt_table_row {
	size_t line; /* of the file, where the row begins; the first is 1 */
	char *name;  /* owned; of the prompt file, without ".txt"; NULL where `error` is set */
	char *text;  /* owned; of the prompt file; NULL where `error` is set */
	char *error; /* owned; a sentence without the line's number; NULL: the row is right */
};

struct prompt_table {
	struct prompt_table_row *rows; /* owned; blank rows are left out */
	size_t count;
};

/* `name`: of the file; prompt_is_table_name() holds of a table's. is_key: is this a key of a prompt, in any spelling? Returns 0, -ENOENT (no table), -EFBIG (one that is too large), -ENOMEM. */
int prompt_table_parse(const char *name, const char *data, size_t length,
	bool (*is_key)(void *arg, const char *key), void *arg, struct prompt_table *ret_table);
void prompt_table_finish(struct prompt_table *table); /* zeroed memory is fine */
