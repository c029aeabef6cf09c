/* SPDX-License-Identifier: MIT */
/* store_check(): is the ledger consistent, and are the files there that it speaks of? Reads only. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/ids.h"
#include "fs/store/copy.h"
#include "fs/store/jobs.h"
#include "fs/store/nodes.h"
#include "fs/store/private_dir.h"
#include "fs/store/ranges.h"
#include "fs/store/store_private.h"

#define REPORT_MAX (1 << 20)
#define SHOWN_MAX 20 /* findings of one kind */

struct check {
	struct store store; /* borrowed by the functions of nodes and jobs */
	struct buf report;
	int problems;
};

/* What must not be: each row is one case, its first column says which. The states are those of jobs.h. */
static const struct {
	const char *sql, *what;
} rules[] = {
	{"SELECT 'job ' || job FROM task WHERE job NOT IN (SELECT id FROM job)",
		"has a task, but is not in the ledger"},
	{"SELECT 'job ' || job FROM result WHERE job NOT IN (SELECT id FROM job)",
		"has a result, but is not in the ledger"},
	{"SELECT 'job ' || id FROM job WHERE state < 1 OR state > 12", "is in no known state"},
	{"SELECT 'job ' || id FROM job WHERE state IN (6, 7)"
	 " AND NOT EXISTS(SELECT 1 FROM task WHERE task.job = job.id)",
		"runs, but its task is not known"},
	{"SELECT 'job ' || id FROM job WHERE state IN (8, 11)"
	 " AND NOT EXISTS(SELECT 1 FROM result WHERE result.job = job.id)",
		"has succeeded, but its results' addresses are not known"},
	{"SELECT 'job ' || id FROM job WHERE state IN (3, 5) AND body IS NULL",
		"has no request to send"},
	{"SELECT 'prompt ' || name FROM node WHERE kind = 3 AND parent IS NOT NULL AND job IS NOT "
	 "NULL"
	 " AND job != 0 AND job NOT IN (SELECT id FROM job)",
		"has a job that is not in the ledger"},
	{"SELECT 'result ' || result.seq || ' of job ' || result.job FROM result WHERE ino != 0"
	 " AND ino NOT IN (SELECT ino FROM node)",
		"has a file that is not in the tree"},
	{"SELECT 'inode ' || ino || ' ' || name FROM node WHERE parent IS NOT NULL AND parent != 0"
	 " AND parent NOT IN (SELECT ino FROM node)",
		"is in a directory that is gone"},
	{"SELECT 'state ' || state FROM job_count"
	 " WHERE jobs != (SELECT count(*) FROM job WHERE job.state = job_count.state)",
		"has another number of jobs than is noted"},
	{"SELECT 'directory ' || parent FROM (SELECT parent, count(*) AS names, sum(kind <= 2) AS dirs"
	 " FROM node WHERE parent IS NOT NULL GROUP BY parent) AS real"
	 " LEFT JOIN dir_count ON dir = parent"
	 " WHERE dir_count.names IS NOT real.names OR dir_count.dirs IS NOT real.dirs",
		"has another number of names than is noted"},
	{"SELECT 'cache' FROM meta WHERE key = 'cached_bytes'"
	 " AND value != (SELECT ifnull(sum(bytes), 0) FROM cached)",
		"has another size than is noted"},
	{"SELECT 'day ' || day FROM spend WHERE submissions < 0", "has a negative count"},
};

static void __attribute__((format(printf, 2, 3)))
complain(struct check *check, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	check->problems++;
	buf_addf(&check->report, "problem: %s\n", text);
}

static int check_sql(struct check *check, const char *sql, const char *what, bool ok_is_good)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int count = 0;
	int r = db_row(check->store.db, sql, &row, "");

	while (r == 1) {
		const char *which = (const char *)sqlite3_column_text(row, 0);
		if (ok_is_good && which != NULL && strcmp(which, "ok") == 0) {
			r = 0;
			break;
		}
		if (count++ < SHOWN_MAX)
			complain(check, "%s %s", which == NULL ? "?" : which, what);
		else
			check->problems++;
		r = db_row_next(check->store.db, row);
	}
	return r;
}

static int check_ledger(struct check *check)
{
	int r = check_sql(check, "PRAGMA integrity_check(20)", "(database)", true);

	for (size_t i = 0; i < array_length(rules) && r >= 0; i++)
		r = check_sql(check, rules[i].sql, rules[i].what, false);
	return r;
}

/* Every plain file and prompt has its bytes. */
static int check_data(struct check *check)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	char name[STORE_NAME];
	int r = db_row(check->store.db,
		"SELECT ino, name FROM node WHERE kind = 3 AND parent IS NOT NULL", &row, "");

	while (r == 1) {
		store_name(sqlite3_column_int64(row, 0), name);
		if (faccessat(check->store.data_fd, name, R_OK, AT_SYMLINK_NOFOLLOW) < 0)
			complain(check, "file %s: its bytes (data/%s) cannot be read: %s",
				(const char *)sqlite3_column_text(row, 1), name, strerror(errno));
		r = db_row_next(check->store.db, row);
	}
	return r;
}

/* Bytes that the database does not know: it may have been put back from an older copy. */
static int check_orphans(struct check *check)
{
	CLEANUP(ids_finish) struct ids orphans = {0};
	int r = store_data_each(&check->store, ids_note, &orphans);

	for (size_t i = 0; i < orphans.count && i < SHOWN_MAX; i++)
		buf_addf(&check->report, "unknown: data/%lld belongs to no file\n", (long long)orphans.items[i]);
	if (orphans.count > 0)
		buf_addf(&check->report,
			"%zu file%s in data/ of which nothing is known; to find them in .weryaifs/lost+found: "
			"weryaifs --check --repair\n",
			orphans.count, orphans.count == 1 ? "" : "s");
	return r;
}

/* How far one would have to go back. */
static int describe_copy(struct check *check)
{
	int64_t age = ledger_copy_age(&check->store);

	if (age < 0)
		return buf_adds(&check->report, "copy of the database: none yet; one is made each day of a mount\n");
	return buf_addf(&check->report, "copy of the database: %s, %lld h old\n", STORE_DATABASE DB_COPY_NEW,
		(long long)(age / 3600000));
}

/* A cache that was emptied is fetched again, so only a map that nobody can read is a problem. */
static int check_cache(struct check *check)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int64_t files = 0, bytes = 0;
	int r = db_row(check->store.db, "SELECT ino, ranges FROM cached", &row, "");

	while (r == 1) {
		struct ranges present = {0};
		int decoded = ranges_decode(&present, sqlite3_column_blob(row, 1),
			(size_t)sqlite3_column_bytes(row, 1));
		if (decoded == -EBADMSG)
			complain(check, "cache: the map of %lld cannot be read",
				(long long)sqlite3_column_int64(row, 0));
		bytes += ranges_total(&present);
		files++;
		ranges_finish(&present);
		r = db_row_next(check->store.db, row);
	}
	buf_addf(&check->report, "cache: %" PRId64 " bytes of %" PRId64 " results\n", bytes, files);
	return r;
}

static int count(struct check *check, const char *sql, const char *what)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	int r = db_row(check->store.db, sql, &row, "");

	while (r == 1) {
		buf_addf(&check->report, "%s%s: %lld\n", what,
			(const char *)sqlite3_column_text(row, 0),
			(long long)sqlite3_column_int64(row, 1));
		r = db_row_next(check->store.db, row);
	}
	return r;
}

static int describe(struct check *check)
{
	int r = count(check, "SELECT '', count(*) FROM node WHERE kind = 3 AND parent IS NOT NULL",
		"files");

	if (r >= 0)
		r = count(check,
			"SELECT '', count(*) FROM node WHERE kind = 4 AND parent IS NOT NULL",
			"results");
	if (r >= 0)
		r = count(check,
			"SELECT CASE state WHEN 1 THEN 'INVALID' WHEN 12 THEN 'INVALID' WHEN 2 THEN 'WAITING'"
			" WHEN 3 THEN 'QUEUED' WHEN 4 THEN 'HELD' WHEN 5 THEN 'SUBMITTING'"
			" WHEN 6 THEN 'PENDING'"
			" WHEN 7 THEN 'PROCESSING' WHEN 11 THEN 'PROCESSING' WHEN 8 THEN 'SUCCESS' WHEN 9 THEN 'FAILED'"
			" WHEN 10 THEN 'UNKNOWN' ELSE '?' END, count(*) FROM job GROUP BY 1 ORDER BY min(state)",
			"jobs ");
	if (r >= 0)
		r = count(check, "SELECT day, submissions FROM spend ORDER BY day DESC LIMIT 7",
			"submissions ");
	return r;
}

/* Not wrong, but for a person to look at. */
static int list_unclear(struct check *check)
{
	CLEANUP_ROW sqlite3_stmt *row = NULL;
	char when[CLOCK_TEXT];
	int r = db_row(check->store.db,
		"SELECT stem, model, submitted, state FROM job WHERE state IN (5, 10)"
		" ORDER BY id DESC LIMIT 20",
		&row, "");

	while (r == 1) {
		clock_format(sqlite3_column_int64(row, 2), when);
		buf_addf(&check->report,
			"unclear: %.*s.txt, sent to %s at %s: %s; it may have been charged\n",
			sqlite3_column_bytes(row, 0), (const char *)sqlite3_column_blob(row, 0),
			(const char *)sqlite3_column_text(row, 1), when,
			sqlite3_column_int(row, 3) == JOB_SUBMITTING
				? "the next mount makes it UNKNOWN"
				: "UNKNOWN");
		r = db_row_next(check->store.db, row);
	}
	return r;
}

static int open_account(struct check *check, const char *state_path, const char *cache_path)
{
	struct store *store = &check->store;
	const char *witness = NULL;
	CLEANUP_FREE char *path = NULL, *message = NULL, *state_dir = NULL, *cache_dir = NULL;
	int r = private_dir_look(state_path, &state_dir, &store->state_fd, &message);

	if (r < 0 && r != -ENOENT && message != NULL) {
		complain(check, "%s", message);
		return -EAGAIN;
	}
	if (r < 0)
		return r;
	store->lock_fd = openat(store->state_fd, "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (store->lock_fd < 0)
		return -errno;
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	store->data_fd =
		openat(store->state_fd, "data", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (store->data_fd < 0)
		complain(check, "%s/data: %s", state_dir, strerror(errno));
	/* there need not be one */
	private_dir_look(cache_path, &cache_dir, &store->cache_fd, &message);
	free(steal(&message));
	if (asprintf(&path, "%s/" STORE_DATABASE, state_dir) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	r = store_find_witness(store, cache_dir, &witness);
	if (r == 0)
		r = db_open_to_look(path, witness, &store->db, &message);
	if (r == -ENOENT)
		return r;
	if (r == -EAGAIN) {
		buf_addf(&check->report, "%s\n", message);
	} else if (r < 0) {
		complain(check, "%s", message != NULL ? message : strerror(-r));
		r = -EAGAIN;
	}
	return r;
}

int store_check(const char *state_dir, const char *cache_dir, char **ret_report, int *ret_problems)
{
	struct check check = {
		.store = {.state_fd = -1, .data_fd = -1, .cache_fd = -1, .lock_fd = -1}};

	buf_init(&check.report, REPORT_MAX);
	int r = open_account(&check, state_dir, cache_dir);
	if (r == 0)
		r = check_ledger(&check);
	if (r >= 0 && check.store.data_fd >= 0)
		r = check_data(&check);
	if (r >= 0 && check.store.data_fd >= 0)
		r = check_orphans(&check);
	if (r >= 0)
		r = describe(&check);
	if (r >= 0)
		r = describe_copy(&check);
	if (r >= 0)
		r = check_cache(&check);
	if (r >= 0)
		r = list_unclear(&check);
	if (r == -EAGAIN) /* what there is to say is in the report */
		r = 0;
	db_close(check.store.db);
	cleanup_closep(&check.store.data_fd);
	cleanup_closep(&check.store.cache_fd);
	cleanup_closep(&check.store.state_fd);
	cleanup_closep(&check.store.lock_fd);
	*ret_problems = check.problems;
	*ret_report = r < 0 ? NULL : buf_steal(&check.report);
	if (r >= 0)
		r = *ret_report == NULL ? -ENOMEM : 0;
	buf_finish(&check.report);
	return r;
}
