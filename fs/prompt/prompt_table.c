/* SPDX-License-Identifier: MIT */
#include "fs/prompt/prompt_table.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/hash.h"
#include "fs/base/map.h"
#include "fs/base/str.h"
#include "fs/prompt/prompt.h"
#include "fs/prompt/prompt_name.h"

#define COLUMNS_MAX 64

/* What is read, and where. */
struct reader {
	const char *at, *end;
	char separator;
	size_t line;
};

struct cells {
	struct strlist list; /* owned */
	size_t line;	     /* where the row begins */
	const char *error;   /* of its form; NULL: none */
};

static void cells_finish(struct cells *cells)
{
	strlist_finish(&cells->list);
	*cells = (struct cells){0};
}

static bool at_line_end(const struct reader *reader)
{
	return reader->at == reader->end || *reader->at == '\n' || *reader->at == '\r';
}

static void skip_line_end(struct reader *reader)
{
	if (reader->at < reader->end && *reader->at == '\r')
		reader->at++;
	if (reader->at < reader->end && *reader->at == '\n')
		reader->at++;
	reader->line++;
}

/* Between its quotes a cell may hold separators and line ends; a doubled quote is one. */
static void read_quoted(struct reader *reader, struct cells *cells, struct buf *cell)
{
	for (reader->at++; reader->at < reader->end; reader->at++) {
		if (*reader->at == '"') {
			if (++reader->at == reader->end || *reader->at != '"')
				return;
		} else if (*reader->at == '\n') {
			reader->line++;
		}
		if (*reader->at != '\r')
			buf_add(cell, reader->at, 1);
	}
	cells->error = "a quote is opened here and never closed";
}

static int read_cell(struct reader *reader, struct cells *cells)
{
	CLEANUP(buf_finish) struct buf cell;

	buf_init(&cell, PROMPT_MAX_BYTES);
	if (reader->at < reader->end && *reader->at == '"')
		read_quoted(reader, cells, &cell);
	while (!at_line_end(reader) && *reader->at != reader->separator) {
		if (*reader->at == '"' && cells->error == NULL)
			cells->error = "a quote stands in the midst of a cell: put the whole cell in quotes "
				       "and write each quote in it twice";
		buf_add(&cell, reader->at++, 1);
	}
	if (cell.failed == -EFBIG)
		cells->error = "a cell is longer than a prompt may be (256 KiB)";
	else if (!buf_ok(&cell))
		return -ENOMEM;
	if (cells->list.count < COLUMNS_MAX)
		return strlist_addn(&cells->list, cell.data, cell.length);
	cells->error = "it has more cells than a table may have columns (64)";
	return 0;
}

/* One row, which may take several lines. */
static int read_row(struct reader *reader, struct cells *cells)
{
	cells_finish(cells);
	cells->line = reader->line;
	for (;;) {
		int r = read_cell(reader, cells);
		if (r < 0)
			return r;
		if (at_line_end(reader))
			break;
		reader->at++;
	}
	skip_line_end(reader);
	return 0;
}

static bool is_blank(const struct strlist *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i][strspn(list->items[i], " \t\n")] != '\0')
			return false;
	return true;
}

/* The columns of a table. */
struct head {
	struct strlist keys; /* owned */
	size_t name, prompt; /* indexes of these two */
};

/* -ENOENT: this is not the first row of a table. */
static int read_head(struct reader *reader, bool (*is_key)(void *arg, const char *key), void *arg,
	struct head *head)
{
	CLEANUP(cells_finish) struct cells cells = {0};
	int r = read_row(reader, &cells);

	if (r < 0)
		return r;
	if (cells.error != NULL)
		return -ENOENT;
	head->name = head->prompt = SIZE_MAX;
	for (size_t i = 0; i < cells.list.count; i++) {
		const char *key = cells.list.items[i];
		size_t length = strlen(key);
		str_trim(&key, &length);
		CLEANUP_FREE char *trimmed = strndup(key, length);
		if (trimmed == NULL)
			return -ENOMEM;
		bool is_name = strcasecmp(trimmed, "name") == 0, is_prompt = strcasecmp(trimmed, "prompt") == 0;
		if (strlist_find(&head->keys, trimmed) != NULL && (is_name || is_prompt))
			return -ENOENT;
		if (is_name)
			head->name = i;
		else if (is_prompt)
			head->prompt = i;
		else if (!is_key(arg, trimmed))
			return -ENOENT;
		r = strlist_add(&head->keys, trimmed);
		if (r < 0)
			return r;
	}
	return head->name == SIZE_MAX || head->prompt == SIZE_MAX ? -ENOENT : 0;
}

static const char *cell_at(const struct cells *cells, size_t column)
{
	return column < cells->list.count ? cells->list.items[column] : "";
}

/* Why the row has no name that a prompt file can have; NULL: it has one. */
static const char *judge_name(const char *name)
{
	char file[256];

	if (name[0] == '\0')
		return "it has no name";
	if (strchr(name, '/') != NULL || strchr(name, '\n') != NULL)
		return "its name is no file's name: leave out '/' and line ends";
	if (strlen(name) + strlen(".status") > 255)
		return "its name is too long: 248 bytes at most";
	snprintf(file, sizeof(file), "%s.txt", name);
	if (!prompt_is_name(file))
		return "a prompt's name does not begin with '.', '~' or '#', and is not one that tools give to their copies";
	return NULL;
}

static const char *judge_cells(const struct head *head, const struct cells *cells)
{
	if (cells->error != NULL)
		return cells->error;
	for (size_t i = 0; i < cells->list.count; i++) {
		const char *cell = cells->list.items[i];
		if (i >= head->keys.count && cell[0] != '\0')
			return "it has more cells than the first row has columns";
		if (i != head->prompt && strchr(cell, '\n') != NULL)
			return "only the prompt may have several lines";
	}
	return NULL;
}

/* The text of the prompt file. Caller frees; NULL: out of memory. */
static char *make_text(const struct head *head, const struct cells *cells)
{
	CLEANUP(buf_finish) struct buf text;

	buf_init(&text, PROMPT_MAX_BYTES * 2);
	for (size_t i = 0; i < head->keys.count; i++) {
		const char *value = cell_at(cells, i);
		if (i != head->name && i != head->prompt && value[0] != '\0')
			buf_addf(&text, "%s: %s\n", head->keys.items[i], value);
	}
	/* its first line is not indented: it would go on with a negative above it */
	const char *words = cell_at(cells, head->prompt);
	size_t length = strlen(words);
	str_trim(&words, &length);
	buf_add(&text, words, length);
	buf_adds(&text, "\n");
	return buf_steal(&text);
}

/* Names that were met; by their hashes, so that ten thousand rows take no longer than their reading. */
static int note_name(struct map *names, const char *name, bool *ret_taken)
{
	uint64_t hash = hash_add(HASH_START, name, strlen(name));

	*ret_taken = map_get(names, hash) != NULL;
	return map_put(names, hash, names);
}

static int make_row(struct map *names, const struct head *head, const struct cells *cells,
	struct prompt_table_row *row)
{
	const char *name = cell_at(cells, head->name), *error = judge_cells(head, cells);
	size_t length = strlen(name);

	row->line = cells->line;
	str_trim(&name, &length);
	if (length > strlen(".txt") && strcasecmp(name + length - strlen(".txt"), ".txt") == 0)
		length -= strlen(".txt");
	CLEANUP_FREE char *stem = strndup(name, length);
	if (stem == NULL)
		return -ENOMEM;
	if (error == NULL)
		error = judge_name(stem);
	bool taken = false;
	int r = error != NULL ? 0 : note_name(names, stem, &taken);
	if (r < 0)
		return r;
	if (taken)
		error = "a row above has the same name";
	if (error != NULL) {
		row->error = strdup(error);
		return row->error == NULL ? -ENOMEM : 0;
	}
	row->text = make_text(head, cells);
	if (row->text == NULL)
		return -ENOMEM;
	row->name = steal(&stem);
	return 0;
}

static int add_row(struct prompt_table *table, struct map *names, const struct head *head,
	const struct cells *cells)
{
	if (table->count == PROMPT_TABLE_MAX_ROWS)
		return -EFBIG;
	/* grows by doubling: whenever the count is a power of two, the room is used up */
	if ((table->count & (table->count - 1)) == 0) {
		size_t capacity = table->count == 0 ? 1 : table->count * 2;
		void *rows = reallocarray(table->rows, capacity, sizeof(*table->rows));
		if (rows == NULL)
			return -ENOMEM;
		table->rows = rows;
	}
	struct prompt_table_row *row = &table->rows[table->count];
	*row = (struct prompt_table_row){0};
	int r = make_row(names, head, cells, row);
	if (r == 0)
		table->count++;
	return r;
}

static void head_finish(struct head *head)
{
	strlist_finish(&head->keys);
}

static void map_destroyp(struct map **map)
{
	map_destroy(*map);
}

int prompt_table_parse(const char *name, const char *data, size_t length,
	bool (*is_key)(void *arg, const char *key), void *arg, struct prompt_table *ret_table)
{
	static const char bom[] = "\xef\xbb\xbf";
	CLEANUP(prompt_table_finish) struct prompt_table table = {0};
	CLEANUP(head_finish) struct head head = {0};
	CLEANUP(cells_finish) struct cells cells = {0};
	CLEANUP(map_destroyp) struct map *names = map_create();
	struct reader reader = {data, data + length, ',', 1};

	if (names == NULL)
		return -ENOMEM;
	if (!prompt_is_table_name(name))
		return -ENOENT;
	if (strcasecmp(strrchr(name, '.'), ".tsv") == 0)
		reader.separator = '\t';
	if (length >= strlen(bom) && memcmp(data, bom, strlen(bom)) == 0)
		reader.at += strlen(bom);
	int r = read_head(&reader, is_key, arg, &head);
	if (r == 0 && length > PROMPT_TABLE_MAX_BYTES)
		return -EFBIG;
	if (r == 0 && !str_is_utf8(data, length))
		return -ENOENT;
	while (r == 0 && reader.at < reader.end) {
		r = read_row(&reader, &cells);
		if (r == 0 && (cells.error != NULL || !is_blank(&cells.list)))
			r = add_row(&table, names, &head, &cells);
	}
	if (r < 0)
		return r;
	*ret_table = table;
	table = (struct prompt_table){0};
	return 0;
}

void prompt_table_finish(struct prompt_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		free(table->rows[i].name);
		free(table->rows[i].text);
		free(table->rows[i].error);
	}
	free(table->rows);
	*table = (struct prompt_table){0};
}
