/* SPDX-License-Identifier: MIT */
/* One row: what becomes of it, as things are now, and the writing of its prompt. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/job/changes.h"
#include "fs/job/defaults.h"
#include "fs/job/place.h"
#include "fs/prompt/prompt.h"
#include "fs/store/store.h"
#include "fs/table/table_private.h"
#include "fs/tree/tree.h"

/* Would the prompt be sent? *ret_number: the results that it asks for. -EINVAL with a sentence in *ret_message. */
static int parse(const struct table_work *work, const char *text, int *ret_number, char **ret_message)
{
	const struct tables_needs *needs = &work->tables->needs;
	struct prompt_options options = {.allow_unknown = needs->allow_unknown, .models = *needs->models};
	CLEANUP(defaults_finish) struct defaults defaults = {0};
	CLEANUP(prompt_finish) struct prompt prompt = {0};
	const struct model *model = NULL;
	int r = table_find_model(work->tables, &work->file, &model);

	if (r < 0)
		return r == -ENOENT ? -EINVAL : r;
	r = defaults_read(needs->store, work->sheet.dir != 0 ? work->sheet.dir : work->file.parent, &defaults);
	defaults_use(&defaults, &options);
	if (r == 0)
		r = prompt_parse(model, &options, text, strlen(text), &prompt, ret_message);
	if (r == 0)
		*ret_number = prompt.request.number > 0 ? prompt.request.number : 1;
	return r;
}

/* Sentences of several lines stand in one. */
static int refuse(struct prompt_table_row *row, const char *message)
{
	row->error = strdup(message);
	for (char *c = row->error; c != NULL && *c != '\0'; c++)
		if (*c == '\n')
			*c = ';';
	return row->error == NULL ? -ENOMEM : 0;
}

static int judge_text(struct table_work *work, size_t index)
{
	CLEANUP_FREE char *message = NULL;
	int number = 0;
	int r = parse(work, work->rows.rows[index].text, &number, &message);

	if (r == -ENODATA || r == -EINVAL) {
		work->plans[index].step = STEP_WRONG;
		return refuse(&work->rows.rows[index], message != NULL ? message
				       : r == -ENODATA		       ? "it says nothing"
								       : "the service no longer has this model");
	}
	work->plans[index].step = STEP_WRITE;
	work->results += number;
	return r;
}

/* There is a file: may the row change it? */
static int judge_file(struct table_work *work, size_t index, const struct node *file, const struct sheet_row *known)
{
	struct table_plan *plan = &work->plans[index];
	int64_t hash = 0;
	int r = file->kind == NODE_FILE ? table_file_hash(work, file->ino, &hash) : 0;

	if (r < 0)
		return r;
	if (file->kind == NODE_FILE && hash == plan->hash)
		plan->step = STEP_ADOPT;
	else if (known == NULL)
		plan->step = STEP_TAKEN;
	else if (file->kind != NODE_FILE || known->state == ROW_EDITED || hash != known->hash)
		plan->step = STEP_EDITED;
	else
		return judge_text(work, index);
	return 0;
}

int table_judge(struct table_work *work, size_t index)
{
	const char *name = work->rows.rows[index].name;
	struct table_plan *plan = &work->plans[index];
	struct sheet_row row, *known = NULL;
	struct node file;

	if (work->rows.rows[index].error != NULL) {
		plan->step = STEP_WRONG;
		return 0;
	}
	int r = work->sheet.dir == 0 ? -ENOENT : sheet_rows_get(work->tables->needs.store, work->sheet.dir, name, &row);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0)
		known = &row;
	r = table_file_find(work, name, &file);
	if (r < 0 && r != -ENOENT)
		return r;
	bool exists = r == 0;
	if (known != NULL && known->state == ROW_WRITING && (!exists || file.kind == NODE_FILE))
		return judge_text(work, index);
	if (known != NULL && known->hash == plan->hash) {
		plan->step = !exists ? STEP_GONE : known->state == ROW_EDITED ? STEP_EDITED : STEP_SAME;
		return 0;
	}
	return exists ? judge_file(work, index, &file, known) : judge_text(work, index);
}

struct noted {
	int64_t dir;
	struct sheet_row row;
};

static int write_note(struct store *store, void *arg)
{
	const struct noted *noted = arg;

	return sheet_rows_set(store, noted->dir, &noted->row);
}

static int note(const struct table_work *work, size_t index, enum sheet_row_state state)
{
	struct noted noted = {work->sheet.dir, {.hash = work->plans[index].hash, .state = state}};

	snprintf(noted.row.name, sizeof(noted.row.name), "%s", work->rows.rows[index].name);
	return store_run(work->tables->needs.store, false, write_note, &noted);
}

/* As an editor would: the tree sees an open, a write and a close. */
static int open_file(const struct table_work *work, const char *name, uint64_t *ret_ino)
{
	struct tree *tree = work->tables->needs.tree;
	const struct tree_owner owner = {work->file.uid, work->file.gid};
	struct tree_entry entry;
	struct node file;
	char full[256 + 8];
	int r = table_file_find(work, name, &file);

	if (r == 0) {
		*ret_ino = (uint64_t)file.ino;
		return tree_open(tree, *ret_ino, O_WRONLY | O_TRUNC);
	}
	if (r != -ENOENT)
		return r;
	snprintf(full, sizeof(full), "%s" PLACE_PROMPT, name);
	r = tree_create(tree, (uint64_t)work->sheet.dir, full, work->file.mode & 0666, &owner, &entry);
	if (r < 0)
		return r;
	*ret_ino = entry.ino;
	changes_tell_name(work->tables->needs.changes, CHANGES_PROMPT_MADE, work->sheet.dir, full);
	return 0;
}

static int write_file(const struct table_work *work, const char *name, const char *text)
{
	struct tree *tree = work->tables->needs.tree;
	uint64_t ino;
	int r = open_file(work, name, &ino);

	if (r < 0)
		return r;
	r = tree_will_write(tree, ino, 0);
	int fd = r < 0 ? r : tree_fd(tree, ino);
	r = fd < 0 ? fd : 0;
	ssize_t length = r < 0 ? 0 : pwrite(fd, text, strlen(text), 0);
	if (r == 0 && length != (ssize_t)strlen(text)) {
		r = length < 0 ? -errno : -ENOSPC;
		tree_write_failed(tree, ino);
	}
	tree_close(tree, ino, O_WRONLY);
	return r;
}

int table_write(struct table_work *work, size_t index)
{
	const struct prompt_table_row *row = &work->rows.rows[index];
	enum table_step step = work->plans[index].step;

	if (step == STEP_ADOPT)
		return work->sheet.dir == 0 ? 0 : note(work, index, ROW_OURS);
	if (step != STEP_WRITE)
		return 0;
	int r = note(work, index, ROW_WRITING);
	if (r == 0)
		r = write_file(work, row->name, row->text);
	return r < 0 ? r : note(work, index, ROW_OURS);
}
