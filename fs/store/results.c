/* SPDX-License-Identifier: MIT */
/* What a job has on the service's side: its tasks, and its results' addresses. */
#include "fs/store/jobs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/store/store_private.h"

void task_records_finish(struct task_record *tasks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(tasks[i].id);
		free(tasks[i].message);
	}
	free(tasks);
}

void result_record_finish(struct result_record *result)
{
	free(result->task);
	free(result->url);
	free(result->text);
	free(result->etag);
	free(result->type);
	free(result->content);
}

void result_records_finish(struct result_record *results, size_t count)
{
	for (size_t i = 0; i < count; i++)
		result_record_finish(&results[i]);
	free(results);
}

int tasks_set(struct store *store, int64_t job, const struct task_record *tasks, size_t count)
{
	int r = db_run(store->db, "DELETE FROM task WHERE job = ?", "i", job);

	for (size_t i = 0; i < count && r == 0; i++)
		r = db_run(store->db,
			"INSERT INTO task(job, seq, id, state, message) VALUES(?,?,?,?,?)", "iisis",
			job, (int64_t)i, tasks[i].id, (int64_t)tasks[i].state, tasks[i].message);
	return r;
}

/* A growing array of fixed-size records: the new last one, zeroed, or NULL. */
static void *grow(void **items, size_t *count, size_t size)
{
	void *more = reallocarray(*items, *count + 1, size);

	if (more == NULL)
		return NULL;
	*items = more;
	return memset((char *)more + size * (*count)++, 0, size);
}

int tasks_get(struct store *store, int64_t job, struct task_record **ret_tasks, size_t *ret_count)
{
	struct task_record *task;
	void *tasks = NULL;
	size_t count = 0;
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT id, state, message FROM task WHERE job = ? ORDER BY seq",
		&row, "i", job);

	while (r == 1) {
		task = grow(&tasks, &count, sizeof(*task));
		if (task != NULL) {
			task->id = db_column_text(row, 0);
			task->state = sqlite3_column_int(row, 1);
			task->message = db_column_text(row, 2);
		}
		r = task == NULL || task->id == NULL ? -ENOMEM : db_row_next(store->db, row);
	}
	if (r < 0) {
		task_records_finish(tasks, count);
		return r;
	}
	*ret_tasks = tasks;
	*ret_count = count;
	return 0;
}

int results_set(struct store *store, int64_t job, const struct result_record *results, size_t count)
{
	int r = db_run(store->db, "DELETE FROM result WHERE job = ?", "i", job);

	for (size_t i = 0; i < count && r == 0; i++)
		r = db_run(store->db,
			"INSERT INTO result(job, seq, kind, task, url, text, ino, size, etag, type,"
			" content, extra) VALUES(?,?,?,?,?,?,?,?,?,?,?,?)",
			"iiisssiisssi", job, (int64_t)i, (int64_t)results[i].kind, results[i].task,
			results[i].url, results[i].text, results[i].ino, results[i].size,
			results[i].etag, results[i].type, results[i].content, results[i].extra);
	return r;
}

static int read_result(sqlite3_stmt *row, struct result_record *result)
{
	result->job = sqlite3_column_int64(row, 0);
	result->seq = sqlite3_column_int64(row, 1);
	result->task = db_column_text(row, 2);
	result->url = db_column_text(row, 3);
	result->ino = sqlite3_column_int64(row, 4);
	result->size = sqlite3_column_int64(row, 5);
	result->etag = db_column_text(row, 6);
	result->type = db_column_text(row, 7);
	result->kind = (enum result_kind)sqlite3_column_int(row, 8);
	result->text = db_column_text(row, 9);
	result->content = db_column_text(row, 10);
	result->extra = sqlite3_column_int64(row, 11);
	return result->task == NULL || result->url == NULL ||
			       (result->kind == RESULT_TEXT && result->text == NULL)
		       ? -ENOMEM
		       : 0;
}

int results_get(
	struct store *store, int64_t job, struct result_record **ret_results, size_t *ret_count)
{
	struct result_record *result;
	void *results = NULL;
	size_t count = 0;
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT job, seq, task, url, ino, size, etag, type, kind, text, content, extra FROM result WHERE job = ?"
		" ORDER BY seq",
		&row, "i", job);

	while (r == 1) {
		result = grow(&results, &count, sizeof(*result));
		r = result == NULL ? -ENOMEM : read_result(row, result);
		if (r == 0)
			r = db_row_next(store->db, row);
	}
	if (r < 0) {
		result_records_finish(results, count);
		return r;
	}
	*ret_results = results;
	*ret_count = count;
	return 0;
}

int results_list_older(struct store *store, int64_t ino, int64_t job, int64_t dir,
	int (*visit)(void *arg, int64_t node), void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT node.ino FROM job JOIN result ON result.job = job.id"
		" JOIN node ON node.ino = result.ino"
		" WHERE job.ino = ? AND job.ino != 0 AND job.id != ? AND node.parent = ?"
		" ORDER BY job.id, result.seq",
		&row, "iii", ino, job, dir);

	return db_row_each(store->db, r, row, visit, arg);
}

int results_find_content(struct store *store, const char *content, int64_t *ret_job, int64_t *ret_seq)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT job, seq FROM result WHERE content = ? ORDER BY job, seq LIMIT 1", &row, "s", content);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*ret_job = sqlite3_column_int64(row, 0);
	*ret_seq = sqlite3_column_int64(row, 1);
	return 0;
}

int results_list_sized(struct store *store, int64_t size,
	int (*visit)(void *arg, const struct result_record *result), void *arg)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT job, seq, task, url, ino, size, etag, type, kind, text, content, extra FROM result"
		" WHERE size = ? AND size > 0 AND ino != 0",
		&row, "i", size);

	while (r == 1) {
		struct result_record result = {0};
		r = read_result(row, &result);
		if (r == 0)
			r = visit(arg, &result);
		result_record_finish(&result);
		if (r != 0)
			return r < 0 ? r : 0;
		r = db_row_next(store->db, row);
	}
	return r;
}

/* `r`: what db_row() has said. */
static int take_one(sqlite3_stmt *row, int r, struct result_record *ret_result)
{
	struct result_record result = {0};

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	r = read_result(row, &result);
	if (r < 0) {
		result_record_finish(&result);
		return r;
	}
	*ret_result = result;
	return 0;
}

int results_find(struct store *store, int64_t ino, struct result_record *ret_result)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT job, seq, task, url, ino, size, etag, type, kind, text, content, extra FROM result WHERE ino = ? AND ino != 0", &row,
		"i", ino);

	return take_one(row, r, ret_result);
}

int results_find_removed(struct store *store, int64_t ino, struct result_record *ret_result)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db,
		"SELECT result.job, result.seq, task, url, removed.ino, removed.size, etag, type, kind, text, content, extra"
		" FROM removed JOIN result ON result.job = removed.job AND result.seq = removed.seq WHERE removed.ino = ?",
		&row, "i", ino);

	return take_one(row, r, ret_result);
}

int results_size(struct store *store, int64_t ino, int64_t *ret_size)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(store->db, "SELECT size FROM result WHERE ino = ? AND ino != 0", &row, "i", ino);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*ret_size = sqlite3_column_int64(row, 0);
	return 0;
}

int results_save(struct store *store, const struct result_record *result)
{
	int r = db_run(store->db,
		"UPDATE result SET kept = kept = 1 AND ino = ?, ino = ?, size = ?, etag = ?, type = ?,"
		" content = ?, extra = ? WHERE job = ? AND seq = ?",
		"iiisssiii", result->ino, result->ino, result->size, result->etag, result->type, result->content,
		result->extra, result->job, result->seq);

	/* one that has a file again is none of removed.h */
	return r < 0 || result->ino == 0
		       ? r
		       : db_run(store->db, "DELETE FROM removed WHERE job = ? AND seq = ?", "ii", result->job, result->seq);
}

int results_set_url(struct store *store, int64_t job, int64_t seq, enum result_kind kind,
	const char *url)
{
	return db_run(store->db, "UPDATE result SET kind = ?, url = ? WHERE job = ? AND seq = ?", "isii",
		(int64_t)kind, url, job, seq);
}

int results_forget_ino(struct store *store, int64_t ino)
{
	return db_run(store->db, "UPDATE result SET ino = 0 WHERE ino = ? AND ino != 0", "i", ino);
}

#define UNKEPT_BY(order)                                                                           \
	"SELECT result.job, result.seq, result.ino, result.size, job.finished FROM result"          \
	" INDEXED BY result_unkept" order " CROSS JOIN job ON job.id = result.job"                  \
	" WHERE result.kept = 0 AND result.ino != 0 AND result.size > 0 AND result.kind != 1"

int results_next_unkept(struct store *store, bool smallest, struct unkept *ret_unkept)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = smallest ? db_row(store->db, UNKEPT_BY("_size") " ORDER BY result.size LIMIT 1", &row, "")
			 : db_row(store->db, UNKEPT_BY("") " AND result.job > 0 ORDER BY result.job, result.seq LIMIT 1", &row, "");

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	*ret_unkept = (struct unkept){.job = sqlite3_column_int64(row, 0),
		.seq = sqlite3_column_int64(row, 1),
		.ino = sqlite3_column_int64(row, 2),
		.size = sqlite3_column_int64(row, 3),
		.made = sqlite3_column_int64(row, 4)};
	return 0;
}

int results_try_unkept(struct store *store)
{
	return db_run(store->db, "UPDATE result SET kept = 0 WHERE kept = 2", "");
}

int results_set_kept(struct store *store, int64_t job, int64_t seq, enum result_kept kept)
{
	return db_run(store->db, "UPDATE result SET kept = ? WHERE job = ? AND seq = ?", "iii",
		(int64_t)kept, job, seq);
}
