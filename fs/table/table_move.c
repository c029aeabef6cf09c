/* SPDX-License-Identifier: MIT */
/* Rows whose names have changed: what was bought for their texts comes along. Two prompts of which one is in the way of the other change
 * their names, so that each step leaves every text in a file, wherever a kill comes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/compat.h"
#include "fs/base/hash.h"
#include "fs/job/changes.h"
#include "fs/job/place.h"
#include "fs/store/store.h"
#include "fs/table/table_private.h"
#include "fs/tree/tree.h"

static uint64_t key_of(const char *name)
{
	return hash_add(HASH_START, name, strlen(name));
}

static size_t index_of(const struct map *map, uint64_t key)
{
	return (size_t)(uintptr_t)map_get(map, key);
}

static int put_index(struct map *map, uint64_t key, size_t index)
{
	return map_put(map, key, (void *)(uintptr_t)(index + 1));
}

static int note_known(void *arg, const struct sheet_row *row)
{
	struct table_work *work = arg;

	if ((work->known_count & (work->known_count - 1)) == 0) {
		size_t capacity = work->known_count == 0 ? 1 : work->known_count * 2;
		void *more = reallocarray(work->known, capacity, sizeof(*work->known));
		if (more == NULL)
			return -ENOMEM;
		work->known = more;
	}
	work->known[work->known_count] = (struct table_known){.row = *row};
	return put_index(work->known_by_name, key_of(row->name), work->known_count++);
}

int table_know(struct table_work *work)
{
	int r = 0;

	work->known_by_name = map_create();
	work->known_by_hash = map_create();
	work->rows_by_name = map_create();
	if (work->known_by_name == NULL || work->known_by_hash == NULL || work->rows_by_name == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < work->rows.count && r == 0; i++)
		if (work->rows.rows[i].error == NULL)
			r = put_index(work->rows_by_name, key_of(work->rows.rows[i].name), i);
	if (r == 0 && work->sheet.dir != 0)
		r = sheet_rows_list(work->tables->needs.store, work->sheet.dir, note_known, work);
	return r;
}

int table_look(struct table_work *work, size_t index)
{
	struct table_known *known = &work->known[index];
	struct node file;
	int r = table_file_find(work, known->row.name, &file);

	if (r == -ENOENT || (r == 0 && file.kind != NODE_FILE))
		return 0;
	if (r == 0)
		r = table_file_hash(work, file.ino, &known->hash);
	if (r < 0)
		return r;
	known->exists = true;
	known->in_use = file.draft != DRAFT_NONE;
	known->next = index_of(work->known_by_hash, (uint64_t)known->hash);
	return put_index(work->known_by_hash, (uint64_t)known->hash, index);
}

/* Does the row of this prompt's name want just what it says? */
static bool is_wanted(const struct table_work *work, const struct table_known *known)
{
	size_t row = index_of(work->rows_by_name, key_of(known->row.name));

	return row != 0 && work->plans[row - 1].hash == known->hash;
}

/* A prompt with this text that no row of its own name wants any more; NULL: there is none. */
static struct table_known *find_source(struct table_work *work, int64_t hash)
{
	size_t index = index_of(work->known_by_hash, (uint64_t)hash);

	for (; index != 0; index = work->known[index - 1].next) {
		struct table_known *known = &work->known[index - 1];
		if (known->hash == hash && known->exists && !known->in_use && !is_wanted(work, known))
			return known;
	}
	return NULL;
}

struct moved {
	const struct table_work *work;
	const struct table_known *source, *target; /* by their new names; target NULL: there is none */
	const char *left;			   /* the source's old name */
};

static int write_moved(struct store *store, void *arg)
{
	const struct moved *moved = arg;
	int64_t dir = moved->work->sheet.dir;
	int r = sheet_rows_set(store, dir, &moved->source->row);

	if (r < 0)
		return r;
	return moved->target != NULL ? sheet_rows_set(store, dir, &moved->target->row)
				     : sheet_rows_remove(store, dir, moved->left);
}

/* Until it is known which of the two says what, none of it is by other hands. */
static int write_begun(struct store *store, void *arg)
{
	const struct moved *moved = arg;
	struct sheet_row row = moved->source->row;

	row.state = ROW_WRITING;
	int r = sheet_rows_set(store, moved->work->sheet.dir, &row);
	if (r < 0 || moved->target == NULL)
		return r;
	row = moved->target->row;
	row.state = ROW_WRITING;
	return sheet_rows_set(store, moved->work->sheet.dir, &row);
}

static int rename_known(struct table_work *work, struct table_known *known, const char *name, struct table_known *in_the_way)
{
	char from[256 + 8], to[256 + 8], left[256];

	snprintf(left, sizeof(left), "%s", known->row.name);
	snprintf(from, sizeof(from), "%s" PLACE_PROMPT, left);
	snprintf(to, sizeof(to), "%s" PLACE_PROMPT, name);
	struct moved moved = {work, known, in_the_way, left};
	int r = store_run(work->tables->needs.store, false, write_begun, &moved);
	if (r == 0)
		r = tree_rename(work->tables->needs.tree, (uint64_t)work->sheet.dir, from,
			(uint64_t)work->sheet.dir, to, in_the_way != NULL ? RENAME_EXCHANGE : RENAME_NOREPLACE);
	if (r == -EEXIST || r == -ENOENT)
		return 0; /* somebody was faster: it is judged as it is now */
	if (r < 0)
		return r;
	if (in_the_way == NULL) { /* else both names stay */
		changes_tell_name(work->tables->needs.changes, CHANGES_PROMPT_GONE, work->sheet.dir, from);
		changes_tell_name(work->tables->needs.changes, CHANGES_PROMPT_MADE, work->sheet.dir, to);
	}
	map_remove(work->known_by_name, key_of(left));
	snprintf(known->row.name, sizeof(known->row.name), "%s", name);
	known->row.hash = known->hash;
	known->row.state = ROW_OURS;
	known->in_use = true;
	r = put_index(work->known_by_name, key_of(name), (size_t)(known - work->known));
	if (r == 0 && in_the_way != NULL) {
		snprintf(in_the_way->row.name, sizeof(in_the_way->row.name), "%s", left);
		in_the_way->row.hash = in_the_way->hash;
		in_the_way->row.state = ROW_OURS;
		r = put_index(work->known_by_name, key_of(left), (size_t)(in_the_way - work->known));
	}
	return r < 0 ? r : store_run(work->tables->needs.store, false, write_moved, &moved);
}

int table_move(struct table_work *work, size_t row)
{
	const char *name = work->rows.rows[row].name;
	int64_t hash = work->plans[row].hash;
	struct node file;

	if (work->rows.rows[row].error != NULL)
		return 0;
	size_t index = index_of(work->known_by_name, key_of(name));
	struct table_known *there = index != 0 ? &work->known[index - 1] : NULL;
	if (there != NULL && there->exists && there->hash == hash)
		return 0;
	struct table_known *source = find_source(work, hash);
	if (source == NULL)
		return 0;
	if (there == NULL || !there->exists) {
		/* a file that is not of this table keeps its name */
		int r = table_file_find(work, name, &file);
		return r == -ENOENT ? rename_known(work, source, name, NULL) : r;
	}
	if (there->row.state == ROW_EDITED || there->in_use)
		return 0;
	return rename_known(work, source, name, there);
}
