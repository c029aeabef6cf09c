/* SPDX-License-Identifier: MIT */
/* An account of an older version, with a job in each state, becomes what this version says of the same jobs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ftw.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/log.h"
#include "fs/store/jobs.h"
#include "fs/store/nodes.h"
#include "fs/store/store.h"

#define JOBS 14

static struct store *store;
static char directory[64];

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path);
}

/* The dump becomes the database of an account. */
static void make_database(const char *path)
{
	char name[512], *sql, *message = NULL;
	sqlite3 *db;
	long length;

	snprintf(name, sizeof(name), "%s/tests/data/store/version5.sql", getenv("SOURCE_ROOT"));
	FILE *file = fopen(name, "r");
	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	length = ftell(file);
	rewind(file);
	sql = calloc(1, (size_t)length + 1);
	assert_non_null(sql);
	assert_int_equal(fread(sql, 1, (size_t)length, file), length);
	fclose(file);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s", message);
	sqlite3_close(db);
	free(sql);
}

static int setup(void **state)
{
	char path[128], cache[128], *message = NULL;

	log_setup(LOG_LEVEL_ERROR, false, false);
	snprintf(directory, sizeof(directory), "/tmp/weryaifs-unit.XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/state", directory);
	snprintf(cache, sizeof(cache), "%s/cache", directory);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/state/weryaifs.db", directory);
	make_database(path);
	snprintf(path, sizeof(path), "%s/state", directory);
	int r = store_open(path, cache, &store, &message);
	if (message != NULL)
		print_error("%s\n", message);
	return r;
}

static int teardown(void **state)
{
	store_close(store);
	return nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void get_job(const char *stem, struct job_record *job)
{
	for (int64_t id = 1; id <= JOBS; id++) {
		assert_int_equal(jobs_get(store, id, job), 0);
		if (strcmp(job->place.stem, stem) == 0)
			return;
		job_record_finish(job);
	}
	fail_msg("no job %s", stem);
}

static int count_open(void *arg, int64_t id)
{
	(*(int *)arg)++;
	return 0;
}

static void test_upgrade_states_are_said(void **state)
{
	static const struct {
		const char *stem;
		enum job_state state;
		const char *trouble, *error; /* how they begin; NULL none */
	} expected[JOBS] = {
		{"success", JOB_SUCCESS, NULL, NULL},
		{"refused", JOB_SUCCESS, "it was made and charged, but not all", NULL},
		{"failed", JOB_FAILED, NULL, "the service could not make it"},
		{"invalid", JOB_INVALID, NULL, "line 2: ratio '99:1'"},
		{"blocked", JOB_BLOCKED, NULL, "line 2: 'nowhere.png' is not there"},
		{"unknown", JOB_UNKNOWN, NULL, "sent to FLUX at"},
		{"fetching", JOB_FETCHING, NULL, NULL},
		{"pending", JOB_PENDING, NULL, NULL},
		{"waiting", JOB_WAITING, NULL, NULL},
		{"held", JOB_HELD, NULL, NULL},
		{"held-alone", JOB_HELD, NULL, NULL},
		{"song", JOB_SUCCESS, NULL, NULL},
		{"bare", JOB_SUCCESS, NULL, NULL},
		{"queued", JOB_QUEUED, "The account has too few credits", NULL},
	};
	int64_t counts[JOB_STATE_COUNT];
	int open = 0;

	for (size_t i = 0; i < JOBS; i++) {
		const char *trouble = expected[i].trouble, *error = expected[i].error;
		struct job_record job;
		get_job(expected[i].stem, &job);
		if (job.state != expected[i].state)
			fail_msg("%s is in state %d", expected[i].stem, (int)job.state);
		assert_int_equal(job.trouble != NULL, trouble != NULL);
		assert_int_equal(job.error != NULL, error != NULL);
		if (trouble != NULL)
			assert_memory_equal(job.trouble, trouble, strlen(trouble));
		/* what fetched again buys now */
		if (job.trouble != NULL)
			assert_null(strstr(job.trouble, "(nothing is sent): echo submit"));
		if (error != NULL)
			assert_memory_equal(job.error, error, strlen(error));
		job_record_finish(&job);
	}
	/* what is left to be done: blocked, fetching, pending, waiting, two that are held, queued */
	assert_int_equal(jobs_list_open(store, count_open, &open), 0);
	assert_int_equal(open, 7);
	assert_int_equal(jobs_count_states(store, counts), 0);
	assert_int_equal(counts[JOB_FETCHING], 1);
	assert_int_equal(counts[JOB_BLOCKED], 1);
	assert_int_equal(counts[JOB_SUCCESS], 4);
	assert_int_equal(counts[JOB_INVALID], 1);
}

static void test_upgrade_only_a_dry_run_with_a_file_lacks_addresses(void **state)
{
	for (int64_t id = 1; id <= JOBS; id++) {
		struct job_record job;
		assert_int_equal(jobs_get(store, id, &job), 0);
		assert_int_equal(job.unmade, strcmp(job.place.stem, "held") == 0);
		job_record_finish(&job);
	}
}

static void check_results(const char *stem, const enum result_kind *kinds, size_t expected)
{
	struct result_record *results;
	struct job_record job;
	size_t count;

	get_job(stem, &job);
	assert_int_equal(results_get(store, job.id, &results, &count), 0);
	assert_int_equal(count, expected);
	for (size_t i = 0; i < count; i++) {
		const struct result_record *result = &results[i];
		assert_int_equal(result->kind, kinds[i]);
		if (result->kind == RESULT_TEXT) {
			assert_string_equal(result->url, "");
			assert_memory_equal(result->text, "[Verse]\n", 8);
		} else if (result->kind == RESULT_REFUSED) {
			assert_memory_equal(result->url, "ftp://", 6);
		} else {
			assert_memory_equal(result->url, "http://", 7);
			assert_null(result->text);
		}
		/* the mark is no type */
		assert_true(result->type == NULL || strcmp(result->type, "cover") != 0);
	}
	result_records_finish(results, count);
	job_record_finish(&job);
}

static void test_upgrade_marks_are_kinds(void **state)
{
	check_results("success", (enum result_kind[]){RESULT_FILE}, 1);
	check_results("refused", (enum result_kind[]){RESULT_REFUSED, RESULT_FILE}, 2);
	check_results("fetching", (enum result_kind[]){RESULT_FILE}, 1);
	/* a cover that was fetched has lost its mark: it is a picture behind a sound */
	check_results("song", (enum result_kind[]){RESULT_FILE, RESULT_TEXT, RESULT_COVER}, 3);
	check_results("bare", (enum result_kind[]){RESULT_FILE, RESULT_TEXT, RESULT_COVER}, 3);
}

static void test_upgrade_results_let_copies_be_overwritten(void **state)
{
	struct result_record *results;
	struct job_record job;
	struct node node;
	size_t count;

	get_job("success", &job);
	assert_int_equal(results_get(store, job.id, &results, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(nodes_get(store, results[0].ino, &node), 0);
	assert_int_equal(node.mode & 07777, 0644);
	result_records_finish(results, count);
	job_record_finish(&job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_upgrade_states_are_said),
		cmocka_unit_test(test_upgrade_only_a_dry_run_with_a_file_lacks_addresses),
		cmocka_unit_test(test_upgrade_marks_are_kinds),
		cmocka_unit_test(test_upgrade_results_let_copies_be_overwritten),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
