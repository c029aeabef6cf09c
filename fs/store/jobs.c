/* SPDX-License-Identifier: MIT */
#include "fs/store/jobs.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/store/store_private.h"
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

int jobs_add(struct store *store, struct job_record *record)
{
	const struct job_place *place = &record->place;
	int r = db_run(store->db,
		"INSERT INTO job(ino, dir, stem, model, mode, state, text, body, created,"
		" next_attempt, after, dry_run, unmade, warning, trouble, error, left_out,"
		" settings) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
		"iibssibsiiiiisssss", place->ino, place->dir, place->stem, strlen(place->stem),
		record->model, record->mode, (int64_t)record->state, record->text,
		record->text_length, record->body, record->created, record->next_attempt,
		record->after, (int64_t)record->dry_run, (int64_t)record->unmade, record->warning,
		record->trouble, record->error, record->left_out, record->settings);

	if (r == 0)
		record->id = db_last_id(store->db);
	return r;
}

/* A NAN becomes NULL (https://www.sqlite.org/c3ref/bind_blob.html). */
int jobs_save(struct store *store, const struct job_record *record)
{
	int r = db_run(store->db,
		"UPDATE job SET state = ?, body = ?, batch = ?, submitted = ?, finished = ?,"
		" attempts = ?, next_attempt = ?, after = ?, dry_run = ?, unmade = ?,"
		" warning = ?, trouble = ?, error = ?,"
		" balance_before = ?, balance_after = ?, balance_at = ? WHERE id = ?",
		"isiiiiiiiisssddii", (int64_t)record->state, record->body, record->batch,
		record->submitted, record->finished, record->attempts, record->next_attempt,
		record->after, (int64_t)record->dry_run, (int64_t)record->unmade, record->warning,
		record->trouble, record->error, record->balance_before, record->balance_after,
		record->balance_at, record->id);

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
		r = wishes_remove(store, id);
	if (r == 0)
		r = db_run(store->db, "DELETE FROM job WHERE id = ?", "i", id);
	return r;
}

static char *column_copy(sqlite3_stmt *row, int column, size_t *ret_length)
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

static double column_credits(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? NAN
							       : sqlite3_column_double(row, column);
}

int jobs_get(struct store *store, int64_t id, struct job_record *ret_record)
{
	struct job_record record = {0};
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT ino, dir, stem, model, mode, state, text, body, batch, created, submitted,"
		" finished, attempts, next_attempt, after, dry_run, unmade, warning, trouble,"
		" error, balance_before, balance_after, balance_at, left_out, settings"
		" FROM job WHERE id = ?",
		&row, "i", id);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	record.id = id;
	record.place = read_place(row);
	record.model = db_column_text(row, 3);
	record.mode = db_column_text(row, 4);
	record.state = (enum job_state)sqlite3_column_int(row, 5);
	record.text = column_copy(row, 6, &record.text_length);
	record.body = db_column_text(row, 7);
	record.batch = sqlite3_column_int64(row, 8);
	record.created = sqlite3_column_int64(row, 9);
	record.submitted = sqlite3_column_int64(row, 10);
	record.finished = sqlite3_column_int64(row, 11);
	record.attempts = sqlite3_column_int64(row, 12);
	record.next_attempt = sqlite3_column_int64(row, 13);
	record.after = sqlite3_column_int64(row, 14);
	record.dry_run = sqlite3_column_int(row, 15) != 0;
	record.unmade = sqlite3_column_int(row, 16) != 0;
	record.warning = db_column_text(row, 17);
	record.trouble = db_column_text(row, 18);
	record.error = db_column_text(row, 19);
	record.balance_before = column_credits(row, 20);
	record.balance_after = column_credits(row, 21);
	record.balance_at = sqlite3_column_int64(row, 22);
	record.left_out = db_column_text(row, 23);
	record.settings = db_column_text(row, 24);
	bool whole = record.model != NULL && record.mode != NULL && record.text != NULL &&
		     (record.body != NULL || sqlite3_column_type(row, 7) == SQLITE_NULL);
	if (!whole) {
		job_record_finish(&record);
		return -ENOMEM;
	}
	*ret_record = record;
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
