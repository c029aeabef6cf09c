/* SPDX-License-Identifier: MIT */
/* No statement of the store goes through a table that grows with the account: each one is run once, and SQLite is asked how it
 * would go about it (EXPLAIN QUERY PLAN). A statement that this test does not run is counted in the sources, and missed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <sqlite3.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/store/cache.h"
#include "fs/store/found.h"
#include "fs/store/grafts.h"
#include "fs/store/jobs.h"
#include "fs/store/known.h"
#include "fs/store/nodes.h"
#include "fs/store/places.h"
#include "fs/store/removed.h"
#include "fs/store/sheets.h"
#include "fs/store/store.h"
#include "fs/store/tally.h"
#include "fs/store/tidy.h"
#include "fs/store/uploads.h"
#include "fs/store/wishes.h"

static const char *const growing[] = {"node", "job", "result", "task", "xattr", "cached", "upload", "place",
	"wish", "graft", "sheet", "sheet_row", "removed"};
/* Indexes that hold what is asked for and no more, or in the order in which their reader wants it until he has enough. */
static const char *const partial[] = {"job_open", "node_draft", "cached_used", "sheet_todo"};
static const char *seen[256];
static unsigned statements;

int __real_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int length, unsigned flags,
	sqlite3_stmt **ret_statement, const char **ret_rest);
int __wrap_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int length, unsigned flags,
	sqlite3_stmt **ret_statement, const char **ret_rest);

/* Strings that are equal are one, see db.h. */
static void count_statement(const char *sql)
{
	for (unsigned i = 0; i < statements; i++)
		if (seen[i] == sql)
			return;
	assert_true(statements < array_length(seen));
	seen[statements++] = sql;
}

/* "SCAN job", "SCAN job USING INDEX job_open": the second goes through what the index holds alone. */
static void check_step(const char *sql, const char *step)
{
	char table[64], index[64] = "";

	/* 0 is "none", and that is nearly all of them */
	if (strstr(sql, "AND ino = 0") != NULL && strstr(step, "_ino (") != NULL)
		fail_msg("%s: %s", step, sql);
	if (sscanf(step, "SCAN %63s USING %*s %63s", table, index) < 1)
		return;
	/* from the newest down, in the order of the table itself: its reader stops when he has enough */
	if (strcmp(table, "node") == 0 && index[0] == '\0' && strstr(sql, "ORDER BY ino DESC") != NULL)
		return;
	for (size_t i = 0; i < array_length(partial); i++)
		if (strcmp(index, partial[i]) == 0)
			return;
	for (size_t i = 0; i < array_length(growing); i++)
		if (strcmp(table, growing[i]) == 0)
			fail_msg("%s: %s", step, sql);
}

int __wrap_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int length, unsigned flags,
	sqlite3_stmt **ret_statement, const char **ret_rest)
{
	char *explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
	sqlite3_stmt *plan;

	if (strncmp(sql, "BEGIN", 5) != 0 && strcmp(sql, "COMMIT") != 0 && strcmp(sql, "ROLLBACK") != 0) {
		assert_int_equal(sqlite3_prepare_v2(db, explain, -1, &plan, NULL), SQLITE_OK);
		while (sqlite3_step(plan) == SQLITE_ROW)
			check_step(sql, (const char *)sqlite3_column_text(plan, 3));
		sqlite3_finalize(plan);
		count_statement(sql);
	}
	sqlite3_free(explain);
	return __real_sqlite3_prepare_v3(db, sql, length, flags, ret_statement, ret_rest);
}

static char root[] = "/tmp/weryaifs-test-plans-XXXXXX";

static struct store *open_store(void)
{
	char state_dir[64], cache_dir[64];
	struct store *store = NULL;
	char *message = NULL;

	snprintf(state_dir, sizeof(state_dir), "%s/state", root);
	snprintf(cache_dir, sizeof(cache_dir), "%s/cache", root);
	if (store_open(state_dir, cache_dir, &store, &message) < 0)
		fail_msg("store_open: %s", message != NULL ? message : "?");
	return store;
}

static int see_result(void *arg, const struct result_record *result)
{
	return 0;
}

static int see_node(void *arg, const struct node *node)
{
	return 0;
}

static int see_id(void *arg, int64_t id)
{
	return 0;
}

static int see_cached(void *arg, int64_t ino, int64_t bytes)
{
	return 0;
}

static int see_name(void *arg, const char *name)
{
	return 0;
}

/* The lock file tells of other mounts than the database does. */
static void pretend_copied(void)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/state/lock", root);
	FILE *lock = fopen(path, "w");
	assert_non_null(lock);
	fputs("999\n", lock);
	fclose(lock);
}

static void run_nodes(struct store *store)
{
	struct node node = {.parent = 7, .kind = NODE_FILE, .mode = 0100644, .name = "x"}, found;
	struct node fixed = {.ino = 9, .parent = 7, .kind = NODE_DIR, .mode = 040755, .name = "y"};
	int64_t count;
	size_t length;
	bool busy;

	assert_int_equal(nodes_add(store, &node), 0);
	assert_int_equal(nodes_add(store, &fixed), 0);
	assert_int_equal(nodes_get(store, node.ino, &found), 0);
	int64_t next;
	assert_int_equal(nodes_next_result(store, node.ino, true, &next), -ENOENT);
	assert_int_equal(nodes_next_result(store, node.ino, false, &next), -ENOENT);
	assert_int_equal(nodes_find(store, 7, "x", &found), 0);
	assert_int_equal(nodes_list(store, 7, 0, see_node, NULL), 0);
	assert_int_equal(nodes_list_below(store, 7, see_node, NULL), 0);
	assert_int_equal(nodes_list_dirs_below(store, 7, see_node, NULL), 0);
	assert_int_equal(nodes_list_made(store, 0, INT64_MAX, 0, see_node, NULL), 0);
	assert_int_equal(nodes_list_made(store, 7, INT64_MAX, 0, see_node, NULL), 0);
	assert_int_equal(nodes_count(store, 7, false, &count), 0);
	assert_int_equal(nodes_is_busy(store, 7, &busy), 0);
	assert_int_equal(nodes_set_attributes(store, &node), 0);
	assert_int_equal(nodes_set_name(store, node.ino, 7, "z"), 0);
	assert_int_equal(nodes_set_name(store, node.ino, 0, NULL), 0);
	assert_int_equal(nodes_set_draft(store, node.ino, DRAFT_OPEN), 0);
	assert_int_equal(nodes_set_job(store, node.ino, 1), 0);
	assert_int_equal(nodes_touch(store, node.ino, 1), 0);
	assert_int_equal(nodes_list_drafts(store, see_node, NULL), 0);
	assert_int_equal(nodes_list_nameless(store, see_node, NULL), 0);
	assert_int_equal(xattrs_set(store, node.ino, "user.x", "1", 1, 0), 0);
	assert_int_equal(xattrs_get(store, node.ino, "user.x", NULL, 0, &length), 0);
	assert_int_equal(xattrs_list(store, node.ino, see_name, NULL), 0);
	assert_int_equal(xattrs_remove(store, node.ino, "user.x"), 0);
	assert_int_equal(nodes_remove(store, node.ino), 0);
}

static void run_removed(struct store *store)
{
	struct result_record result;
	int64_t ino, size;
	size_t count;
	bool kept;

	assert_int_equal(removed_is_kept(store, 5, &kept), 0);
	assert_false(kept);
	assert_int_equal(removed_find(store, 1, 0, &ino, &size), -ENOENT);
	assert_int_equal(results_find_removed(store, 5, &result), 0);
	result_record_finish(&result);
	assert_int_equal(removed_list(store, 5, &ino, 1, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(cache_remove(store, ino), 0);
	assert_int_equal(removed_list(store, 5, &ino, 1, &count), 0);
	assert_int_equal(count, 0);
}

static void run_jobs(struct store *store)
{
	char model[] = "FLUX", mode[] = "text-to-image", text[] = "a fox", id[] = "t", url[] = "https://x/";
	struct job_record job = {.place = {.ino = 5, .dir = 7, .stem = "fox"}, .model = model, .mode = mode,
		.state = JOB_QUEUED, .text = text, .text_length = 5, .balance_before = NAN,
		.balance_after = NAN}, found;
	struct task_record task = {.id = id}, *tasks;
	struct result_record result = {.task = id, .url = url, .ino = 5, .size = -1}, *results;
	struct job_place place;
	int64_t number, counts[JOB_STATE_COUNT];
	size_t count;

	assert_int_equal(jobs_add(store, &job), 0);
	assert_int_equal(jobs_save(store, &job), 0);
	assert_int_equal(jobs_get(store, job.id, &found), 0);
	assert_int_equal(jobs_place(store, job.id, &place), 0);
	job_record_finish(&found);
	assert_int_equal(jobs_list_open(store, see_id, NULL), 0);
	assert_int_equal(jobs_move(store, 5, 7, "fox"), 0);
	assert_int_equal(jobs_find_sent(store, 5, &number), -ENOENT);
	assert_int_equal(jobs_detach(store, 5), 0);
	assert_int_equal(jobs_latest_time(store, &number), 0);
	assert_int_equal(jobs_count_states(store, counts), 0);
	assert_int_equal(counts[JOB_QUEUED], 1);
	assert_int_equal(tasks_set(store, job.id, &task, 1), 0);
	assert_int_equal(tasks_get(store, job.id, &tasks, &count), 0);
	task_records_finish(tasks, count);
	assert_int_equal(results_set(store, job.id, &result, 1), 0);
	assert_int_equal(results_get(store, job.id, &results, &count), 0);
	results[0].size = 7;
	assert_int_equal(results_save(store, &results[0]), 0);
	assert_int_equal(results_set_url(store, job.id, 0, RESULT_FILE, "https://y/"), 0);
	result_records_finish(results, count);
	assert_int_equal(results_list_older(store, 5, 2, 7, see_id, NULL), 0);
	assert_int_equal(results_find(store, 5, &result), 0);
	assert_int_equal(results_size(store, 5, &(int64_t){0}), 0);
	result_record_finish(&result);
	assert_int_equal(results_list_sized(store, 7, see_result, NULL), 0);
	struct unkept unkept;
	assert_int_equal(results_next_unkept(store, false, &unkept), 0);
	assert_int_equal(results_next_unkept(store, true, &unkept), 0);
	assert_int_equal(results_set_kept(store, unkept.job, unkept.seq, RESULT_TRIED), 0);
	assert_int_equal(results_next_unkept(store, true, &unkept), -ENOENT);
	assert_int_equal(results_try_unkept(store), 0);
	int64_t owner, seq;
	assert_int_equal(results_find_content(store, "1:none", &owner, &seq), -ENOENT);
	assert_int_equal(results_next_unkept(store, false, &unkept), 0);
	assert_int_equal(removed_note(store, 5, 1), 0);
	assert_int_equal(results_forget_ino(store, 5), 0);
	run_removed(store);
	assert_int_equal(jobs_remove(store, job.id), 0);
	assert_int_equal(spend_add(store, "2026-11-21", 1), 0);
	assert_int_equal(spend_get(store, "2026-11-21", &number), 0);
	assert_int_equal(spend_take_back(store, "2026-11-21", 1), 0);
}

static int see_wish(void *arg, const struct wish_record *record)
{
	return 0;
}

static void run_wishes(struct store *store)
{
	struct wish_record wish = {.job = 1, .hash = "h", .request = "r", .name = "x"};
	int64_t number;
	char *note;
	bool last;

	assert_int_equal(places_need(store, "/FLUX/x", &wish.place), 0);
	assert_int_equal(places_find(store, "/FLUX/x", &wish.place, &number), 0);
	assert_int_equal(places_move(store, "/FLUX/x", "/FLUX/d/x"), 0);
	assert_int_equal(places_move_below(store, "/FLUX/d", "/FLUX/e"), 0);
	assert_int_equal(places_exchange_below(store, "/FLUX/d", "/FLUX/e"), 0);
	assert_int_equal(wishes_add(store, &wish), 0);
	assert_int_equal(wishes_get(store, 1, &wish), -ENOENT); /* there is no such job */
	assert_int_equal(wishes_get_note(store, 1, &wish.hold, &note), 0);
	assert_null(note);
	assert_int_equal(wishes_set_content(store, &wish), 0);
	assert_int_equal(wishes_set_hold(store, 1, HOLD_GUARD), 0);
	assert_int_equal(wishes_set_asked(store, 1), 0);
	assert_int_equal(wishes_set_note(store, 1, "so"), 0);
	assert_int_equal(wishes_set_gone(store, 1, 5), 0);
	assert_int_equal(wishes_leave(store, wish.place, 5), 0);
	assert_int_equal(wishes_return(store, wish.place), 0);
	assert_int_equal(wishes_is_last(store, 1, &last), 0);
	assert_int_equal(jobs_set_prompt(store, wish.place, 5, 7, "x"), 0);
	assert_int_equal(jobs_set_place(store, 1, 5, 7, "x"), 0);
	assert_int_equal(jobs_is_running(store, 5, &last), 0);
	assert_int_equal(wishes_rename(store, wish.place, "y"), 0);
	assert_int_equal(wishes_take(store, 1, wish.place, "y"), 0);
	assert_int_equal(wishes_list_place(store, wish.place, see_wish, NULL), 0);
	assert_int_equal(wishes_list_gone(store, "h", "r", "/FLUX/x", "x", see_wish, NULL), 0);
	assert_int_equal(wishes_list_there(store, "h", "r", see_wish, NULL), 0);
	assert_int_equal(wishes_list_unknown(store, see_id, NULL), 0);
	assert_int_equal(wishes_all_known(store), 0);
	assert_int_equal(wishes_remove(store, 1), 0);
}

/* A job that was refused and one that was paid, whose prompts are gone. */
static void run_tidy(struct store *store)
{
	int64_t after = 0;
	bool more;

	for (int i = 0; i < 2; i++) {
		struct job_record job = {.state = JOB_FAILED, .model = (char *)"FLUX", .mode = (char *)"m", .text = (char *)"t",
			.text_length = 1, .submitted = 1};
		struct wish_record wish = {.gone = 1, .name = "x"};
		struct task_record task = {.id = (char *)"T"};
		assert_int_equal(store_begin(store, false), 0);
		assert_int_equal(jobs_add(store, &job), 0);
		assert_int_equal(jobs_save(store, &job), 0);
		wish.job = job.id;
		assert_int_equal(places_need(store, "/FLUX/gone", &wish.place), 0);
		assert_int_equal(wishes_add(store, &wish), 0);
		if (i == 0)
			assert_int_equal(tasks_set(store, job.id, &task, 1), 0);
		assert_int_equal(store_end(store, 0), 0);
	}
	assert_int_equal(tidy_slice(store, INT64_C(1) << 40, &after, &more), 0);
}

static int see_found(void *arg, int64_t ino, int64_t behind)
{
	return 0;
}

static void run_found(struct store *store)
{
	int64_t first, last;
	bool any;

	assert_int_equal(found_on_day(store, 20000, 0, see_found, NULL), 0);
	assert_int_equal(found_between(store, 1, 2, &any), 0);
	found_days(store, &first, &last);
	assert_int_equal(found_in_state(store, JOB_FAILED, 0, see_found, NULL), 0);
	assert_int_equal(found_of_model(store, "FLUX", 0, see_found, NULL), 0);
}

static int see_tally(void *arg, const struct tally_row *row)
{
	return 0;
}

static void run_tally(struct store *store)
{
	struct job_cost cost = {3, COST_ALONE, NAN};
	double credits = 0;

	assert_int_equal(prices_set(store, 77, 2, 1), 0);
	assert_int_equal(prices_get(store, 77, &credits), 0);
	assert_true(credits > 1.9 && credits < 2.1);
	assert_int_equal(tally_sent(store, 1, 2, 77, 3), 0);
	assert_int_equal(tally_made(store, 1, 2), 0);
	assert_int_equal(tally_set_cost(store, 1, &cost), 0);
	tally_get_cost(store, 1, &cost);
	assert_int_equal(tally_list(store, "", see_tally, NULL), 0);
	assert_int_equal(tally_list_since(store, "2026-01-01", see_tally, NULL), 0);
	assert_int_equal(tally_credits(store, "2026-01-01", &credits), 0);
}

static int see_row(void *arg, const struct sheet_row *row)
{
	return 0;
}

static void run_sheets(struct store *store)
{
	struct sheet sheet = {.ino = 1000, .state = SHEET_TODO, .name = "sets.csv"};
	struct sheet_row row = {.hash = 7, .name = "fox"};

	assert_int_equal(sheets_set(store, &sheet), 0);
	assert_int_equal(sheets_list_todo(store, see_id, NULL), 0);
	assert_int_equal(sheets_get(store, 1000, &sheet), 0);
	assert_int_equal(sheet.state, SHEET_TODO);
	assert_int_equal(sheets_remove(store, 1000), 0);
	assert_int_equal(sheet_rows_set(store, 1001, &row), 0);
	assert_int_equal(sheet_rows_get(store, 1001, "fox", &row), 0);
	assert_int_equal(row.hash, 7);
	assert_int_equal(sheet_rows_list(store, 1001, see_row, NULL), 0);
	assert_int_equal(sheet_rows_remove(store, 1001, "fox"), 0);
	assert_int_equal(sheet_rows_get(store, 1001, "fox", &row), -ENOENT);
}

static void run_others(struct store *store)
{
	struct cache_file *file;
	int64_t number;
	char *text;

	struct graft_record graft = {.cut = 1, .original = (char *)"o", .head = (char *)"he", .head_length = 2,
		.tail = (char *)"", .content = (char *)"1:h"};
	int64_t owner, seq;
	assert_int_equal(grafts_set(store, 1, 0, &graft), 0);
	assert_int_equal(grafts_find(store, "1:h", &owner, &seq), 0);
	assert_int_equal(grafts_get(store, 1, 0, &graft), 0);
	graft_record_finish(&graft);
	assert_int_equal(uploads_set(store, "h", "https://x/", 1), 0);
	assert_int_equal(uploads_get(store, "h", &text, &number), 0);
	free(text);
	assert_int_equal(uploads_remove(store, "h"), 0);
	assert_int_equal(known_set(store, "image", "[]", 1), 0);
	assert_int_equal(known_get(store, "image", &text, &number), 0);
	assert_int_equal(known_forget(store, "audio"), 0);
	free(text);
	assert_int_equal(cache_file_open(store, 5, &file), 0);
	assert_int_equal(cache_file_write(file, 0, "abc", 3), 0);
	cache_file_close(file);
}

/* SQL strings in the sources of the store: those of db_run() and db_row(). */
static unsigned count_in_sources(void)
{
	char command[512];

	snprintf(command, sizeof(command),
		"cd '%s/fs/store' && cat $(ls *.c | grep -vE '^(db|db_open|check|repair|backup|schema)\\.c$') |"
		" tr -d '\\n\\t ' | grep -oE '(db_run|db_row)\\([a-z_>.-]+,(\"[^\"]*\"|[A-Z_]+|sql)+' |"
		" sed 's/.*(//' | cut -d, -f2- | sort -u | wc -l",
		getenv("SOURCE_ROOT"));
	FILE *pipe = popen(command, "r");
	unsigned count = 0;
	assert_non_null(pipe);
	assert_int_equal(fscanf(pipe, "%u", &count), 1);
	pclose(pipe);
	return count;
}

static void test_plans_no_statement_goes_through_a_table(void **state)
{
	struct store *store = open_store();
	int64_t number;

	assert_int_equal(store_begin(store, false), 0);
	run_nodes(store);
	run_jobs(store);
	run_wishes(store);
	run_sheets(store);
	run_tally(store);
	run_found(store);
	run_others(store);
	assert_int_equal(store_end(store, 0), 0);
	assert_int_equal(store_begin(store, false), 0);
	assert_int_equal(store_end(store, -EIO), -EIO);
	run_tidy(store);
	assert_int_equal(cache_sync_all(store), 0);
	assert_int_equal(cache_list(store, &(struct cache_place){0}, see_cached, NULL), 0);
	assert_int_equal(cache_total(store, &number), 0);
	assert_int_equal(number, 3);
	assert_int_equal(cache_evict(store, &(int64_t){5}, 1), 0);
	assert_int_equal(cache_total(store, &number), 0);
	assert_int_equal(number, 0);
	/* an orphan, and the file of a node that run_nodes() has removed */
	close(store_data_open(store, 5000, O_RDWR | O_CREAT));
	assert_int_equal(store_data_sweep(store, true), 0);
	assert_int_equal(store_data_sweep(store, false), 0);
	store_close(store);
	pretend_copied();
	store_close(open_store());
	printf("%u statements run, %u in the sources\n", statements, count_in_sources());
	assert_true(statements >= count_in_sources());
}

static int set_up(void **state)
{
	return mkdtemp(root) == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(
		test_plans_no_statement_goes_through_a_table, set_up, tear_down)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
