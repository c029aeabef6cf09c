/* SPDX-License-Identifier: MIT */
#include "fs/table/tables.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/base/backoff.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/ids.h"
#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/job/changes.h"
#include "fs/job/place.h"
#include "fs/job/writers.h"
#include "fs/store/store.h"
#include "fs/table/table_private.h"

#define SLICE 32 /* rows that are looked at before others have their turn */

static const struct backoff retry_pace = {.first_ms = 250, .max_ms = 10000};

static void work_destroy(struct table_work *work)
{
	if (work == NULL)
		return;
	list_remove(&work->link);
	sheet_finish(&work->sheet);
	prompt_table_finish(&work->rows);
	map_destroy(work->rows_by_name);
	map_destroy(work->known_by_name);
	map_destroy(work->known_by_hash);
	free(work->plans);
	free(work->known);
	free(work);
}

static void work_destroyp(struct table_work **work)
{
	work_destroy(*work);
}

/* --- the row in the store --- */

struct noted {
	const struct sheet *sheet;
	int64_t ino;
	bool is_table;
};

static int write_sheet(struct store *store, void *arg)
{
	const struct noted *noted = arg;
	int r = nodes_set_draft(store, noted->ino, DRAFT_NONE);

	/* the time of its status */
	if (r == 0)
		r = nodes_touch(store, noted->ino, clock_wall_ns());
	if (r < 0)
		return r;
	return noted->is_table ? sheets_set(store, noted->sheet) : sheets_remove(store, noted->ino);
}

static int save_sheet(struct tables *tables, const struct sheet *sheet)
{
	struct noted noted = {sheet, sheet->ino, true};
	int r = store_run(tables->needs.store, false, write_sheet, &noted);

	if (r == 0)
		changes_tell_status(tables->needs.changes, sheet->ino);
	return r;
}

/* Who watches the directory hears of a status that has come or gone. */
static void tell_name(struct tables *tables, enum changes_name what, int64_t dir, const char *table)
{
	char name[256 + sizeof(PLACE_STATUS)];

	snprintf(name, sizeof(name), "%s" PLACE_STATUS, table);
	changes_tell_name(tables->needs.changes, what, dir, name);
}

static int forget_sheet(struct tables *tables, int64_t ino)
{
	struct noted noted = {NULL, ino, false};
	int r = store_run(tables->needs.store, false, write_sheet, &noted);

	changes_tell_status(tables->needs.changes, ino);
	return r;
}

static int conclude(struct table_work *work, enum sheet_state state)
{
	free(work->sheet.report);
	work->sheet.report = table_report(work, &state);
	if (work->sheet.report == NULL)
		return -ENOMEM;
	work->sheet.state = state;
	work->sheet.asked = false;
	return save_sheet(work->tables, &work->sheet);
}

/* --- the work --- */

static int begin_writing(struct table_work *work)
{
	int limit = work->tables->needs.ask_above;

	if (work->dir_error != NULL)
		return conclude(work, SHEET_DONE);
	if (limit > 0 && work->results > limit && !work->sheet.asked)
		return conclude(work, SHEET_HELD);
	if (work->results > 0 && work->sheet.dir == 0) {
		int r = table_dir_make(work);
		if (r == 0)
			r = save_sheet(work->tables, &work->sheet);
		if (r < 0)
			return r;
	}
	work->phase = WORK_WRITE;
	work->next = 0;
	return 1;
}

static int step(struct table_work *work)
{
	size_t index = work->next;

	switch (work->phase) {
	case WORK_LOOK:
		return table_look(work, index);
	case WORK_MOVE:
		return table_move(work, index);
	case WORK_JUDGE:
		return table_judge(work, index);
	case WORK_WRITE:
		break;
	}
	return table_write(work, index);
}

/* 1: there is more to be done; 0: it is over. A step that fails is tried again. */
static int do_slice(struct table_work *work)
{
	size_t count = work->phase == WORK_LOOK ? work->known_count : work->rows.count;

	for (int i = 0; i < SLICE && work->next < count; i++) {
		int r = step(work);
		if (r < 0)
			return r;
		work->next++;
	}
	if (work->next < count)
		return 1;
	if (work->phase == WORK_WRITE)
		return conclude(work, SHEET_DONE);
	if (work->phase == WORK_JUDGE)
		return begin_writing(work);
	work->phase++;
	work->next = 0;
	return 1;
}

static bool is_still_there(struct table_work *work)
{
	struct store *store = work->tables->needs.store;
	struct node now;

	return nodes_get(store, work->file.ino, &now) == 0 && place_is_table(store, &now) &&
	       now.parent == work->file.parent && strcmp(now.name, work->file.name) == 0;
}

static void stop_work(struct tables *tables, int64_t ino)
{
	struct list *item, *after;

	list_for_each_safe(item, after, &tables->works)
	{
		struct table_work *work = list_entry(item, struct table_work, link);
		if (work->file.ino == ino)
			work_destroy(work);
	}
}

/* Takes rows and sheet. */
static int start(struct tables *tables, const struct node *file, struct prompt_table *rows, struct sheet *sheet)
{
	CLEANUP(work_destroyp) struct table_work *work = calloc(1, sizeof(*work));

	if (work == NULL)
		return -ENOMEM;
	list_init(&work->link);
	work->tables = tables;
	work->file = *file;
	work->rows = *rows;
	work->sheet = *sheet;
	*rows = (struct prompt_table){0};
	*sheet = (struct sheet){0};
	snprintf(work->stem, sizeof(work->stem), "%.*s", (int)(strrchr(file->name, '.') - file->name), file->name);
	work->plans = calloc(work->rows.count + 1, sizeof(*work->plans));
	if (work->plans == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < work->rows.count; i++) {
		const char *text = work->rows.rows[i].text;
		work->plans[i].hash = text == NULL ? 0 : sheet_hash(text, strlen(text));
	}
	int r = table_dir_find(work);
	if (r == 0)
		r = table_know(work);
	if (r == 0)
		r = save_sheet(tables, &work->sheet);
	if (r < 0)
		return r;
	stop_work(tables, file->ino);
	list_append(&tables->works, &steal(&work)->link);
	loop_timer_arm(tables->timer, 0);
	return 0;
}

static int refuse(struct tables *tables, const struct node *file, struct sheet *sheet)
{
	free(sheet->report);
	sheet->parent = file->parent;
	snprintf(sheet->name, sizeof(sheet->name), "%s", file->name);
	sheet->state = SHEET_FAULTY;
	sheet->report = NULL;
	if (asprintf(&sheet->report, "error: a table has %d rows and %d MiB at most: divide it\n", PROMPT_TABLE_MAX_ROWS,
		    PROMPT_TABLE_MAX_BYTES / 1024 / 1024) < 0)
		sheet->report = NULL;
	return sheet->report == NULL ? -ENOMEM : save_sheet(tables, sheet);
}

static int look_at(struct tables *tables, const struct node *file, bool asked)
{
	CLEANUP(prompt_table_finish) struct prompt_table rows = {0};
	CLEANUP(sheet_finish) struct sheet sheet = {0};
	int r = sheets_get(tables->needs.store, file->ino, &sheet);

	if (r < 0 && r != -ENOENT)
		return r;
	bool is_new = r == -ENOENT || sheet.parent != file->parent || strcmp(sheet.name, file->name) != 0;
	if (is_new && r == 0)
		tell_name(tables, CHANGES_STATUS_GONE, sheet.parent, sheet.name);
	r = table_read(tables, file, &rows);
	if (r == -ENOENT && !is_new)
		tell_name(tables, CHANGES_STATUS_GONE, file->parent, file->name);
	if (r == -ENOENT) {
		stop_work(tables, file->ino);
		return forget_sheet(tables, file->ino);
	}
	if ((r == 0 || r == -EFBIG) && is_new)
		tell_name(tables, CHANGES_STATUS_MADE, file->parent, file->name);
	sheet.ino = file->ino;
	if (r == -EFBIG) {
		stop_work(tables, file->ino);
		return refuse(tables, file, &sheet);
	}
	if (r < 0)
		return r;
	sheet.state = SHEET_TODO;
	sheet.asked = asked;
	return start(tables, file, &rows, &sheet);
}

static void go_on(void *arg)
{
	struct tables *tables = arg;

	if (list_empty(&tables->works))
		return;
	struct table_work *work = list_entry(tables->works.next, struct table_work, link);
	struct node file = work->file;
	int r = is_still_there(work) ? do_slice(work) : 0;
	/* something has gone that was there when it began: from the start, with a work in place of this one */
	if (r == -ENOENT && tables->failures == 0)
		r = look_at(tables, &file, work->sheet.asked) < 0 ? -ENOENT : 1;
	if (r < 0) {
		log_errno(LOG_LEVEL_ERROR, r, "tables: '%s' is gone on with later", file.name);
		loop_timer_arm(tables->timer, backoff_wait_ms(&retry_pace, ++tables->failures, -1, 0));
		return;
	}
	tables->failures = 0;
	if (r == 0)
		work_destroy(work);
	if (!list_empty(&tables->works))
		loop_timer_arm(tables->timer, 0);
}

int tables_settled(struct tables *tables, int64_t ino)
{
	struct node file;
	int r = nodes_get(tables->needs.store, ino, &file);

	/* a person may have said `submit` before it had settled */
	if (r < 0 || file.draft == DRAFT_NONE || !place_is_table(tables->needs.store, &file))
		return r == -ENOENT ? 0 : r;
	return look_at(tables, &file, false);
}

bool tables_is(struct tables *tables, int64_t ino)
{
	struct node file;

	return nodes_get(tables->needs.store, ino, &file) == 0 && place_is_table(tables->needs.store, &file);
}

int tables_submit(struct tables *tables, int64_t ino)
{
	CLEANUP(sheet_finish) struct sheet sheet = {0};
	struct node file;
	int r = nodes_get(tables->needs.store, ino, &file);

	if (r < 0)
		return r;
	if (writers_any(tables->needs.writers, ino))
		return -EBUSY;
	r = look_at(tables, &file, true);
	if (r == 0 && sheets_get(tables->needs.store, ino, &sheet) == -ENOENT)
		return -EINVAL;
	return r;
}

int tables_create(const struct tables_needs *needs, struct tables **ret_tables)
{
	struct tables *tables = calloc(1, sizeof(*tables));

	if (tables == NULL)
		return -ENOMEM;
	tables->needs = *needs;
	list_init(&tables->works);
	int r = loop_timer_create(needs->loop, go_on, tables, &tables->timer);
	if (r < 0) {
		free(tables);
		return r;
	}
	*ret_tables = tables;
	return 0;
}

void tables_destroy(struct tables *tables)
{
	if (tables == NULL)
		return;
	while (!list_empty(&tables->works))
		work_destroy(list_entry(tables->works.next, struct table_work, link));
	loop_timer_destroy(tables->timer);
	free(tables);
}

int tables_resume(struct tables *tables)
{
	struct ids todo = {0};
	int r = sheets_list_todo(tables->needs.store, ids_note, &todo);

	for (size_t i = 0; i < todo.count && r == 0; i++) {
		struct sheet sheet = {0};
		struct node file;
		r = sheets_get(tables->needs.store, todo.items[i], &sheet);
		if (r == 0)
			r = nodes_get(tables->needs.store, todo.items[i], &file);
		/* changed again: it is looked at when it has settled */
		if (r == 0 && file.draft == DRAFT_NONE && place_is_table(tables->needs.store, &file))
			r = look_at(tables, &file, sheet.asked);
		sheet_finish(&sheet);
	}
	ids_finish(&todo);
	return r;
}
