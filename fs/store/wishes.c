/* SPDX-License-Identifier: MIT */
#include "fs/store/wishes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/store/store_private.h"

#define COLUMNS                                                                                    \
	"wish.job, wish.place, wish.name, wish.hash, wish.request, wish.inputs, wish.owner,"       \
	" wish.gone, wish.asked, wish.hold, wish.note, job.state, job.submitted,"                  \
	" EXISTS(SELECT 1 FROM task WHERE task.job = wish.job)"
#define FROM_WISH " FROM wish JOIN job ON job.id = wish.job"

void wish_record_finish(struct wish_record *record)
{
	free(record->inputs);
	free(record->note);
	memset(record, 0, sizeof(*record));
}

/* "" is NULL in the row, so that it equals nothing */
static const char *or_null(const char *text)
{
	return text[0] != '\0' ? text : NULL;
}

int wishes_add(struct store *store, const struct wish_record *record)
{
	return db_run(store->db,
		"INSERT INTO wish(job, place, name, hash, request, inputs, owner, gone, asked, "
		"hold,"
		" note) VALUES(?,?,?,?,?,?,?,?,?,?,?)",
		"iibsssiiiis", record->job, record->place, record->name, strlen(record->name),
		or_null(record->hash), or_null(record->request), record->inputs, record->owner,
		record->gone, (int64_t)record->asked, (int64_t)record->hold, record->note);
}

static void copy_column(sqlite3_stmt *row, int column, char *text, size_t size)
{
	int length = sqlite3_column_bytes(row, column);

	if (length >= (int)size)
		length = (int)size - 1;
	if (length > 0)
		memcpy(text, sqlite3_column_blob(row, column), (size_t)length);
	text[length] = '\0';
}

/* A text that is NULL in the row is NULL; one that memory does not suffice for is an error. */
static int copy_text(sqlite3_stmt *row, int column, char **ret_text)
{
	*ret_text = db_column_text(row, column);
	return *ret_text == NULL && sqlite3_column_type(row, column) != SQLITE_NULL ? -ENOMEM : 0;
}

static int read_wish(sqlite3_stmt *row, struct wish_record *record)
{
	memset(record, 0, sizeof(*record));
	record->job = sqlite3_column_int64(row, 0);
	record->place = sqlite3_column_int64(row, 1);
	copy_column(row, 2, record->name, sizeof(record->name));
	copy_column(row, 3, record->hash, sizeof(record->hash));
	copy_column(row, 4, record->request, sizeof(record->request));
	record->owner = sqlite3_column_int64(row, 6);
	record->gone = sqlite3_column_int64(row, 7);
	record->asked = sqlite3_column_int(row, 8) != 0;
	record->hold = (enum wish_hold)sqlite3_column_int(row, 9);
	record->state = (enum job_state)sqlite3_column_int(row, 11);
	record->submitted = sqlite3_column_int64(row, 12);
	record->has_task = sqlite3_column_int(row, 13) != 0;
	int r = copy_text(row, 5, &record->inputs);
	if (r == 0)
		r = copy_text(row, 10, &record->note);
	if (r < 0)
		wish_record_finish(record);
	return r;
}

int wishes_get(struct store *store, int64_t job, struct wish_record *ret_record)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(
		store->db, "SELECT " COLUMNS FROM_WISH " WHERE wish.job = ?", &row, "i", job);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return read_wish(row, ret_record);
}

int wishes_get_note(struct store *store, int64_t job, enum wish_hold *ret_hold, char **ret_note)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT hold, note FROM wish WHERE job = ?", &row, "i", job);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*ret_hold = (enum wish_hold)sqlite3_column_int(row, 0);
	return copy_text(row, 1, ret_note);
}

/* The place whose job this is asks for none. */
static int forget_sent(struct store *store, int64_t job)
{
	return db_run(store->db,
		"UPDATE place SET job = 0 WHERE job = ? AND id ="
		" (SELECT place FROM wish WHERE wish.job = ?)",
		"ii", job, job);
}

int wishes_remove(struct store *store, int64_t job)
{
	int r = forget_sent(store, job);

	return r < 0 ? r : db_run(store->db, "DELETE FROM wish WHERE job = ?", "i", job);
}

int wishes_set_content(struct store *store, const struct wish_record *record)
{
	return db_run(store->db, "UPDATE wish SET hash = ?, request = ?, inputs = ? WHERE job = ?",
		"sssi", or_null(record->hash), or_null(record->request), record->inputs,
		record->job);
}

int wishes_set_hold(struct store *store, int64_t job, enum wish_hold hold)
{
	return db_run(
		store->db, "UPDATE wish SET hold = ? WHERE job = ?", "ii", (int64_t)hold, job);
}

int wishes_set_asked(struct store *store, int64_t job)
{
	return db_run(store->db, "UPDATE wish SET asked = 1, hold = 0 WHERE job = ?", "i", job);
}

int wishes_set_note(struct store *store, int64_t job, const char *note)
{
	return db_run(store->db, "UPDATE wish SET note = ? WHERE job = ?", "si", note, job);
}

int wishes_set_gone(struct store *store, int64_t job, int64_t gone)
{
	return db_run(store->db, "UPDATE wish SET gone = ? WHERE job = ?", "ii", gone, job);
}

int wishes_leave(struct store *store, int64_t place, int64_t now)
{
	return db_run(store->db, "UPDATE wish SET gone = ? WHERE place = ? AND gone = 0", "ii", now,
		place);
}

int wishes_rename(struct store *store, int64_t place, const char *name)
{
	return db_run(store->db, "UPDATE wish SET name = ? WHERE place = ?", "bi", name,
		strlen(name), place);
}

int wishes_take(struct store *store, int64_t job, int64_t place, const char *name)
{
	int r = db_run(store->db,
		"UPDATE place SET job = 0 WHERE job = ? AND id ="
		" (SELECT place FROM wish WHERE wish.job = ?)",
		"ii", job, job);

	if (r == 0)
		r = db_run(store->db, "UPDATE wish SET place = ?, name = ?, gone = 0 WHERE job = ?",
			"ibi", place, name, strlen(name), job);
	return r < 0 ? r : wishes_sent(store, job);
}

int wishes_sent(struct store *store, int64_t job)
{
	return db_run(store->db,
		"UPDATE place SET job = ? WHERE id = (SELECT place FROM wish WHERE job = ?)", "ii",
		job, job);
}

int wishes_is_last(struct store *store, int64_t job, bool *ret_last)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT place.job IN (0, wish.job) FROM wish JOIN place ON place.id = wish.place"
		" WHERE wish.job = ?",
		&row, "i", job);

	if (r >= 0)
		*ret_last = r == 0 || sqlite3_column_int(row, 0) != 0;
	return r < 0 ? r : 0;
}

/* +hash: by the place. Of one wish there may be any number of jobs. */
int wishes_return(struct store *store, int64_t place)
{
	return db_run(store->db,
		"UPDATE wish SET gone = 0 WHERE place = ? AND gone != 0 AND +hash ="
		" (SELECT last.hash FROM place JOIN wish AS last ON last.job = place.job"
		" WHERE place.id = ?)",
		"ii", place, place);
}

static int visit_all(struct store *store, int r, sqlite3_stmt *row, wishes_visit *visit, void *arg)
{
	while (r == 1) {
		struct wish_record record;
		r = read_wish(row, &record);
		if (r == 0)
			r = visit(arg, &record);
		wish_record_finish(&record);
		if (r != 0)
			return r;
		r = db_row_next(store->db, row);
	}
	return r;
}

int wishes_list_place(struct store *store, int64_t place, wishes_visit *visit, void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT " COLUMNS FROM_WISH " WHERE wish.place = ? ORDER BY wish.job DESC", &row,
		"i", place);

	return visit_all(store, r, row, visit, arg);
}

static int list_displaced(struct store *store, const char *hash, const char *request,
	const char *path, wishes_visit *visit, void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT " COLUMNS " FROM place JOIN wish ON wish.place = place.id"
		" JOIN job ON job.id = wish.job"
		" WHERE place.path = ? AND place.displaced != 0 AND wish.gone != 0"
		" AND (wish.hash = ? OR wish.request = ?) ORDER BY wish.job",
		&row, "bss", path, strlen(path), or_null(hash), or_null(request));

	return visit_all(store, r, row, visit, arg);
}

static int list_named(
	struct store *store, const char *hash, const char *name, wishes_visit *visit, void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT " COLUMNS FROM_WISH
		" WHERE wish.hash = ? AND wish.name = ? AND wish.gone != 0 ORDER BY wish.job",
		&row, "sb", or_null(hash), name, strlen(name));

	return visit_all(store, r, row, visit, arg);
}

static int list_gone_hash(struct store *store, const char *hash, wishes_visit *visit, void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT " COLUMNS FROM_WISH
		" WHERE wish.hash = ? AND wish.gone != 0 ORDER BY wish.job",
		&row, "s", or_null(hash));

	return visit_all(store, r, row, visit, arg);
}

static int list_gone_request(
	struct store *store, const char *request, wishes_visit *visit, void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT " COLUMNS FROM_WISH
		" WHERE wish.request = ? AND wish.gone != 0 ORDER BY wish.job",
		&row, "s", or_null(request));

	return visit_all(store, r, row, visit, arg);
}

int wishes_list_gone(struct store *store, const char *hash, const char *request, const char *path,
	const char *name, wishes_visit *visit, void *arg)
{
	int r = list_displaced(store, hash, request, path, visit, arg);

	if (r == 0)
		r = list_named(store, hash, name, visit, arg);
	if (r == 0)
		r = list_gone_hash(store, hash, visit, arg);
	return r != 0 ? r : list_gone_request(store, request, visit, arg);
}

int wishes_list_there(
	struct store *store, const char *hash, const char *request, wishes_visit *visit, void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	CLEANUP_ROW sqlite3_stmt *other = NULL;
	int r = db_row(store->db,
		"SELECT " COLUMNS FROM_WISH
		" WHERE wish.hash = ? AND wish.gone = 0 ORDER BY wish.job",
		&row, "s", or_null(hash));

	r = visit_all(store, r, row, visit, arg);
	if (r != 0)
		return r;
	r = db_row(store->db,
		"SELECT " COLUMNS FROM_WISH
		" WHERE wish.request = ? AND wish.gone = 0 ORDER BY wish.job",
		&other, "s", or_null(request));
	return visit_all(store, r, other, visit, arg);
}

int wishes_list_unknown(struct store *store, int (*visit)(void *arg, int64_t job), void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT job FROM wish INDEXED BY wish_unknown WHERE hash IS NULL AND job > 0"
		" AND (SELECT value FROM meta WHERE key = 'wishes_unknown') != 0 ORDER BY job",
		&row, "");

	while (r == 1) {
		r = visit(arg, sqlite3_column_int64(row, 0));
		if (r != 0)
			return r < 0 ? r : 0;
		r = db_row_next(store->db, row);
	}
	return r;
}

int wishes_all_known(struct store *store)
{
	return db_run(store->db, "UPDATE meta SET value = 0 WHERE key = 'wishes_unknown'", "");
}
