/* SPDX-License-Identifier: MIT */
#include "fs/store/jobs.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/store/pack.h"
#include "fs/store/store_private.h"
#include "fs/store/tidy.h"
#include "fs/store/wishes.h"

void job_record_finish(struct job_record *record)
{
	free(record->model);
	free(record->mode);
	free(record->text);
	free(record->body);
	free(record->left_out);
	free(record->settings);
	free(record->warning);
	free(record->trouble);
	free(record->error);
	memset(record, 0, sizeof(*record));
}

/* Columns that have the name of the member that they are, said once: i a number, s a text, c credits (a NAN becomes NULL,
 * https://www.sqlite.org/c3ref/bind_blob.html). The first ones are known when the job is made, the others come later. */
#define FIRST_COLUMNS(i, s) s(body) i(next_attempt) i(dry_run) i(unmade) s(warning) s(trouble) s(error)
#define LATER_COLUMNS(i, c) \
	i(batch) i(submitted) i(finished) i(attempts) c(balance_before) c(balance_after) i(balance_at) \
	i(step_asked)

/* What becomes of them behind others in a statement, */
#define NAME(column) ", " #column
#define PLACE(column) ",?"
#define SET(column) ", " #column " = ?"
/* as types and arguments of db_run(), */
#define INTEGER(column) "i"
#define TEXT(column) "s"
#define CREDITS(column) "d"
#define NUMBER_OF(column) , (int64_t)record->column
#define VALUE_OF(column) , record->column
/* and in a row, `at` being the next column. */
#define READ_NUMBER(column) record.column = (__typeof__(record.column))sqlite3_column_int64(row, at++);
#define READ_TEXT(column) whole = read_text(row, at++, &record.column) && whole;
#define READ_CREDITS(column) record.column = read_credits(row, at++);

int jobs_add(struct store *store, struct job_record *record)
{
	const struct job_place *place = &record->place;
	int r = db_run(store->db,
		"INSERT INTO job(ino, dir, stem, model, mode, text, created, left_out, settings,"
		" state" FIRST_COLUMNS(NAME, NAME) ") VALUES(?,?,?,?,?,?,?,?,?,?" FIRST_COLUMNS(PLACE, PLACE) ")",
		"iibssbissi" FIRST_COLUMNS(INTEGER, TEXT), place->ino, place->dir, place->stem,
		strlen(place->stem), record->model, record->mode, record->text,
		record->text_length, record->created, record->left_out,
		record->settings, (int64_t)record->state FIRST_COLUMNS(NUMBER_OF, VALUE_OF));

	if (r == 0)
		record->id = db_last_id(store->db);
	return r;
}

int jobs_save(struct store *store, const struct job_record *record)
{
	int r = db_run(store->db,
		"UPDATE job SET state = ?" FIRST_COLUMNS(SET, SET) LATER_COLUMNS(SET, SET) " WHERE id = ?",
		"i" FIRST_COLUMNS(INTEGER, TEXT) LATER_COLUMNS(INTEGER, CREDITS) "i",
		(int64_t)record->state FIRST_COLUMNS(NUMBER_OF, VALUE_OF)
			LATER_COLUMNS(NUMBER_OF, VALUE_OF), record->id);

	return r < 0 ? r
		     : db_run(store->db,
			       "UPDATE node SET mtime = ? WHERE ino ="
			       " (SELECT ino FROM job WHERE id = ?) AND job = ?",
			       "iii", clock_wall_ns(), record->id, record->id);
}

int jobs_remove(struct store *store, int64_t id)
{
	int r = db_run(store->db, "DELETE FROM task WHERE job = ?", "i", id);

	if (r == 0)
		r = db_run(store->db, "DELETE FROM result WHERE job = ?", "i", id);
	if (r == 0)
		r = db_run(store->db, "DELETE FROM graft WHERE job = ?", "i", id);
	if (r == 0)
		r = wishes_remove(store, id);
	if (r == 0)
		r = db_run(store->db, "DELETE FROM job WHERE id = ?", "i", id);
	return r;
}

static bool read_text(sqlite3_stmt *row, int column, char **ret_text)
{
	*ret_text = db_column_text(row, column);
	return *ret_text != NULL || sqlite3_column_type(row, column) == SQLITE_NULL;
}

/* Bytes that may have NULs in them; one comes behind them. */
static char *read_bytes(sqlite3_stmt *row, int column, size_t *ret_length)
{
	size_t length = (size_t)sqlite3_column_bytes(row, column);
	char *copy = malloc(length + 1);

	if (copy == NULL)
		return NULL;
	if (length > 0)
		memcpy(copy, sqlite3_column_blob(row, column), length);
	copy[length] = '\0';
	*ret_length = length;
	return copy;
}

/* ino, dir and stem are the first columns. */
static struct job_place read_place(sqlite3_stmt *row)
{
	struct job_place place = {
		.ino = sqlite3_column_int64(row, 0), .dir = sqlite3_column_int64(row, 1)};
	size_t length = (size_t)sqlite3_column_bytes(row, 2);

	if (length >= sizeof(place.stem))
		length = sizeof(place.stem) - 1;
	if (length > 0)
		memcpy(place.stem, sqlite3_column_blob(row, 2), length);
	return place;
}

static double read_credits(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? NAN
							       : sqlite3_column_double(row, column);
}

/* What tidy.h has packed; `packed` and the body once more are in these columns. */
static int read_packed(sqlite3_stmt *row, int at, struct job_record *record)
{
	size_t length;

	if ((sqlite3_column_int(row, at) & JOB_PACKED_TEXT) != 0) {
		char *text = unpack(record->text, record->text_length, NULL, 0, &length);
		if (text == NULL)
			return log_errno(LOG_LEVEL_ERROR, -EIO, "store: the text of job %lld", (long long)record->id);
		free(record->text);
		record->text = text;
		record->text_length = length;
	}
	if (sqlite3_column_type(row, at + 1) != SQLITE_BLOB)
		return 0;
	free(record->body);
	record->body = unpack(sqlite3_column_blob(row, at + 1), (size_t)sqlite3_column_bytes(row, at + 1), record->text,
		record->text_length, &length);
	return record->body != NULL ? 0 : log_errno(LOG_LEVEL_ERROR, -EIO, "store: the request of job %lld", (long long)record->id);
}

int jobs_get(struct store *store, int64_t id, struct job_record *ret_record)
{
	CLEANUP(job_record_finish) struct job_record record = {.id = id};
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	bool whole = true;
	int at = 3; /* behind the place */
	int r = db_row(store->db,
		"SELECT ino, dir, stem, text, created, model, mode, left_out, settings,"
		" state" FIRST_COLUMNS(NAME, NAME) LATER_COLUMNS(NAME, NAME) ", packed, body FROM job WHERE id = ?",
		&row, "i", id);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	record.place = read_place(row);
	record.text = read_bytes(row, at++, &record.text_length);
	READ_NUMBER(created)
	READ_TEXT(model)
	READ_TEXT(mode)
	READ_TEXT(left_out)
	READ_TEXT(settings)
	READ_NUMBER(state)
	FIRST_COLUMNS(READ_NUMBER, READ_TEXT)
	LATER_COLUMNS(READ_NUMBER, READ_CREDITS)
	if (!whole || record.text == NULL)
		return -ENOMEM;
	r = read_packed(row, at, &record);
	if (r < 0)
		return r;
	*ret_record = record;
	record = (struct job_record){0};
	return 0;
}

int jobs_list_open(struct store *store, int (*visit)(void *arg, int64_t id), void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT id FROM job WHERE ended = 0 ORDER BY id", &row, "");

	return db_row_each(store->db, r, row, visit, arg);
}

static int read_number(int r, sqlite3_stmt *row, int64_t *ret_value)
{
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*ret_value = sqlite3_column_int64(row, 0);
	return 0;
}

int jobs_move(struct store *store, int64_t ino, int64_t dir, const char *stem)
{
	return db_run(store->db, "UPDATE job SET dir = ?, stem = ? WHERE ino = ? AND ino != 0",
		"ibi", dir, stem, strlen(stem), ino);
}

int jobs_detach(struct store *store, int64_t ino)
{
	return db_run(store->db, "UPDATE job SET ino = 0 WHERE ino = ? AND ino != 0", "i", ino);
}

int jobs_set_prompt(struct store *store, int64_t place, int64_t ino, int64_t dir, const char *stem)
{
	return db_run(store->db,
		"UPDATE job SET ino = ?, dir = ?, stem = ? WHERE id IN (SELECT job FROM wish WHERE"
		" place = ?)",
		"iibi", ino, dir, stem, strlen(stem), place);
}

int jobs_set_place(struct store *store, int64_t id, int64_t ino, int64_t dir, const char *stem)
{
	return db_run(store->db, "UPDATE job SET ino = ?, dir = ?, stem = ? WHERE id = ?", "iibi",
		ino, dir, stem, strlen(stem), id);
}

int jobs_is_running(struct store *store, int64_t ino, bool *ret_running)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT EXISTS(SELECT 1 FROM job WHERE ino = ? AND ino != 0"
		" AND state IN (5, 6, 7, 11))",
		&row, "i", ino);

	if (r < 0)
		return r;
	*ret_running = sqlite3_column_int(row, 0) != 0;
	return 0;
}

int jobs_find_sent(struct store *store, int64_t ino, int64_t *ret_id)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT id FROM job WHERE ino = ? AND ino != 0 AND state >= 5 AND state != 12 "
		"ORDER BY id DESC "
		"LIMIT 1",
		&row, "i", ino);

	return read_number(r, row, ret_id);
}

int jobs_latest_time(struct store *store, int64_t *ret_wall_ms)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT value FROM meta WHERE key = 'latest_time'", &row, "");

	return read_number(r, row, ret_wall_ms);
}

int jobs_place(struct store *store, int64_t id, struct job_place *ret_place)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT ino, dir, stem FROM job WHERE id = ?", &row, "i", id);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*ret_place = read_place(row);
	return 0;
}

int jobs_count_states(struct store *store, int64_t counts[JOB_STATE_COUNT])
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT state, jobs FROM job_count", &row, "");

	memset(counts, 0, sizeof(counts[0]) * JOB_STATE_COUNT);
	while (r == 1) {
		int state = sqlite3_column_int(row, 0);
		if (state > 0 && state < JOB_STATE_COUNT)
			counts[state] = sqlite3_column_int64(row, 1);
		r = db_row_next(store->db, row);
	}
	return r;
}
