/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/store/cache.h"
#include "fs/store/jobs.h"
#include "fs/store/nodes.h"
#include "fs/store/store.h"

static char root[] = "/tmp/weryaifs-test-store-XXXXXX";
static char state_dir[64], cache_dir[64];

static struct store *open_store(void)
{
	struct store *store = NULL;
	char *message = NULL;
	int r = store_open(state_dir, cache_dir, &store, &message);

	if (r < 0)
		fail_msg("store_open: %s", message != NULL ? message : strerror(-r));
	return store;
}

static int set_up(void **state)
{
	strcpy(root + strlen(root) - 6, "XXXXXX");
	if (mkdtemp(root) == NULL)
		return -1;
	snprintf(state_dir, sizeof(state_dir), "%s/state", root);
	snprintf(cache_dir, sizeof(cache_dir), "%s/cache", root);
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

static struct node make_node(int64_t parent, const char *name, enum node_kind kind)
{
	struct node node = {.parent = parent, .kind = kind, .mode = 0100644};

	snprintf(node.name, sizeof(node.name), "%s", name);
	return node;
}

static void test_store_nodes_are_there_after_reopening(void **state)
{
	struct store *store = open_store();
	struct node node = make_node(7, "a \xff name", NODE_FILE), found;

	assert_int_equal(store_begin(store, false), 0);
	assert_int_equal(store_end(store, nodes_add(store, &node)), 0);
	assert_true(node.ino >= 1000);
	store_close(store);
	store = open_store();
	assert_int_equal(nodes_find(store, 7, "a \xff name", &found), 0);
	assert_int_equal(found.ino, node.ino);
	assert_int_equal(found.mode, 0100644);
	assert_int_equal(nodes_find(store, 7, "another", &found), -ENOENT);
	store_close(store);
}

static void test_store_a_failed_operation_leaves_nothing(void **state)
{
	struct store *store = open_store();
	struct node node = make_node(7, "x", NODE_FILE), found;

	assert_int_equal(store_begin(store, false), 0);
	assert_int_equal(nodes_add(store, &node), 0);
	assert_int_equal(store_end(store, -EIO), -EIO);
	assert_int_equal(nodes_find(store, 7, "x", &found), -ENOENT);
	/* and numbers are not used again by what came after */
	assert_int_equal(store_begin(store, true), 0);
	node.ino = 0;
	assert_int_equal(store_end(store, nodes_add(store, &node)), 0);
	struct node again = make_node(7, "x", NODE_DIR);
	assert_int_equal(store_begin(store, false), 0);
	assert_int_equal(store_end(store, nodes_add(store, &again)), -EEXIST);
	store_close(store);
}

/* What was found lately is not asked for again; never may that be what was not committed, or is not so any more. */
static void test_store_what_is_remembered_is_true(void **state)
{
	struct store *store = open_store();
	struct node node = make_node(7, "x", NODE_RESULT), found;

	assert_int_equal(store_begin(store, false), 0);
	assert_int_equal(store_end(store, nodes_add(store, &node)), 0);
	assert_int_equal(nodes_find(store, 7, "x", &found), 0);
	assert_int_equal(nodes_get(store, node.ino, &found), 0);
	assert_string_equal(found.name, "x");

	assert_int_equal(store_begin(store, false), 0);
	assert_int_equal(nodes_set_name(store, node.ino, 7, "y"), 0);
	assert_int_equal(nodes_get(store, node.ino, &found), 0);
	assert_string_equal(found.name, "y");
	assert_int_equal(store_end(store, -EIO), -EIO);
	assert_int_equal(nodes_get(store, node.ino, &found), 0);
	assert_string_equal(found.name, "x");

	assert_int_equal(store_begin(store, false), 0);
	assert_int_equal(store_end(store, nodes_set_name(store, node.ino, 7, "z")), 0);
	assert_int_equal(nodes_get(store, node.ino, &found), 0);
	assert_string_equal(found.name, "z");
	assert_int_equal(store_begin(store, false), 0);
	assert_int_equal(store_end(store, nodes_remove(store, node.ino)), 0);
	assert_int_equal(nodes_get(store, node.ino, &found), -ENOENT);
	store_close(store);
}

static void test_store_busy_is_who_has_something_open(void **state)
{
	struct store *store = open_store();
	struct node node = make_node(7, "x.txt", NODE_FILE);
	bool busy = true;

	assert_int_equal(store_begin(store, false), 0);
	assert_int_equal(store_end(store, nodes_add(store, &node)), 0);
	assert_int_equal(nodes_is_busy(store, 7, &busy), 0);
	assert_false(busy);
	assert_int_equal(store_begin(store, false), 0);
	assert_int_equal(store_end(store, nodes_set_draft(store, node.ino, DRAFT_CLOSED)), 0);
	assert_int_equal(nodes_is_busy(store, 7, &busy), 0);
	assert_true(busy);
	assert_int_equal(nodes_is_busy(store, 8, &busy), 0);
	assert_false(busy);
	store_close(store);
}

static void test_store_second_opener_is_refused(void **state)
{
	struct store *store = open_store(), *second = NULL;
	char *message = NULL;

	assert_int_equal(store_open(state_dir, cache_dir, &second, &message), -EBUSY);
	assert_non_null(strstr(message, "mounted already"));
	free(message);
	store_close(store);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void test_store_damaged_database_is_refused_untouched(void **state)
{
	static const char garbage[] =
		"this is no database at all, but it is long enough to be looked at as one\n";
	struct store *store = NULL;
	char path[128], back[256] = "";
	char *message = NULL;

	mkdir(state_dir, 0700);
	snprintf(path, sizeof(path), "%s/weryaifs.db", state_dir);
	write_file(path, garbage);
	assert_int_equal(store_open(state_dir, cache_dir, &store, &message), -EINVAL);
	assert_non_null(strstr(message, "left as it is"));
	free(message);
	int fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, back, sizeof(back) - 1), strlen(garbage));
	close(fd);
	assert_string_equal(back, garbage);
}

static struct job_record make_job(int64_t ino, int64_t dir, const char *stem)
{
	struct job_record job = {.place = {.ino = ino, .dir = dir},
		.model = strdup("FLUX"),
		.mode = strdup("text-to-image"),
		.state = JOB_QUEUED,
		.text = strdup("a fox\n"),
		.text_length = 6,
		.body = strdup("{}"),
		.created = 1};

	snprintf(job.place.stem, sizeof(job.place.stem), "%s", stem);
	return job;
}

static void add_job(struct store *store, struct job_record *job)
{
	assert_int_equal(store_begin(store, true), 0);
	assert_int_equal(store_end(store, jobs_add(store, job)), 0);
}

static void test_store_jobs_keep_what_they_are(void **state)
{
	struct store *store = open_store();
	struct job_record job = make_job(1001, 5, "fox"), back = {0};
	struct task_record task = {.id = strdup("-T_1"), .state = 1, .message = NULL}, *tasks;
	size_t count;

	add_job(store, &job);
	job.state = JOB_PENDING;
	job.batch = INT64_C(9007199254740993); /* not a double */
	assert_int_equal(store_begin(store, true), 0);
	int r = jobs_save(store, &job);
	if (r == 0)
		r = tasks_set(store, job.id, &task, 1);
	assert_int_equal(store_end(store, r), 0);
	store_close(store);
	store = open_store();
	assert_int_equal(jobs_get(store, job.id, &back), 0);
	assert_int_equal(back.state, JOB_PENDING);
	assert_int_equal(back.batch, INT64_C(9007199254740993));
	assert_string_equal(back.text, "a fox\n");
	assert_int_equal(tasks_get(store, job.id, &tasks, &count), 0);
	assert_int_equal(count, 1);
	assert_string_equal(tasks[0].id, "-T_1");
	task_records_finish(tasks, count);
	free(task.id);
	job_record_finish(&back);
	job_record_finish(&job);
	store_close(store);
}

static void test_store_cache_never_claims_what_is_not_there(void **state)
{
	struct store *store = open_store();
	struct cache_file *file;
	char bytes[8], path[128];

	assert_int_equal(cache_file_open(store, 1234, &file), 0);
	assert_int_equal(cache_file_write(file, 100, "12345678", 8), 0);
	assert_int_equal(cache_file_run_end(file, 100), 108);
	cache_file_close(file);
	assert_int_equal(cache_file_open(store, 1234, &file), 0);
	assert_int_equal(cache_file_run_end(file, 100), 108);
	assert_int_equal(cache_file_read(file, 100, bytes, 8), 0);
	assert_memory_equal(bytes, "12345678", 8);
	cache_file_close(file);
	/* the cache directory may be emptied by anybody */
	snprintf(path, sizeof(path), "%s/1234", cache_dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(cache_file_open(store, 1234, &file), 0);
	cache_file_check(file);
	assert_int_equal(cache_file_run_end(file, 100), 100);
	cache_file_close(file);
	store_close(store);
}

/* One was missing, so others may be, too: each is looked at once, when somebody is told that it is here. None is made by looking. */
static void test_store_cache_that_was_emptied_is_looked_at_when_it_counts(void **state)
{
	struct store *store = open_store();
	struct cache_file *file;
	char bytes[8], path[128];

	for (int64_t ino = 4001; ino <= 4003; ino++) {
		assert_int_equal(cache_file_open(store, ino, &file), 0);
		assert_int_equal(cache_file_write(file, 100, "12345678", 8), 0);
		cache_file_close(file);
	}
	assert_int_equal(cache_flush(store), 0);
	for (int64_t ino = 4001; ino <= 4002; ino++) {
		snprintf(path, sizeof(path), "%s/%lld", cache_dir, (long long)ino);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(cache_file_open(store, 4002, &file), 0);
	assert_int_equal(cache_file_run_end(file, 100), 108); /* nobody has noticed yet */
	cache_file_close(file);
	assert_int_equal(cache_file_open(store, 4001, &file), 0);
	assert_int_equal(cache_file_read(file, 100, bytes, 8), -EIO);
	cache_file_close(file);
	assert_int_equal(cache_file_open(store, 4002, &file), 0);
	/* what is not known to be here needs no look */
	assert_int_equal(cache_file_run_end(file, 200), 200);
	assert_int_equal(cache_file_next_start(file, 0), 100);
	assert_int_equal(cache_file_run_end(file, 100), 100);
	assert_int_equal(cache_file_next_start(file, 0), INT64_MAX);
	assert_int_equal(access(path, F_OK), -1);
	cache_file_close(file);
	assert_int_equal(cache_file_open(store, 4003, &file), 0);
	assert_int_equal(cache_file_run_end(file, 100), 108);
	cache_file_close(file);
	store_close(store);
}

/* Who removes a result looks at its bytes inside of a transaction; the maps of many wait to be saved then. */
static void test_store_cache_is_closed_inside_a_transaction(void **state)
{
	enum { MANY = 200 };
	struct store *store = open_store();
	struct cache_file *file;
	int64_t bytes;

	assert_int_equal(store_begin(store, false), 0);
	for (int64_t ino = 1; ino <= MANY; ino++) {
		assert_int_equal(cache_file_open(store, ino, &file), 0);
		assert_int_equal(cache_file_write(file, 0, "12345678", 8), 0);
		cache_file_close(file);
	}
	assert_int_equal(store_end(store, 0), 0);
	assert_int_equal(cache_flush(store), 0);
	assert_int_equal(cache_total(store, &bytes), 0);
	assert_int_equal(bytes, 8 * MANY);
	store_close(store);
}

static void test_store_cache_forgets_what_is_still_written_to(void **state)
{
	struct store *store = open_store();
	struct cache_file *file;
	int64_t bytes;

	assert_int_equal(cache_file_open(store, 77, &file), 0);
	assert_int_equal(cache_file_write(file, 0, "12345678", 8), 0);
	cache_file_hold(file);
	cache_file_close(file);
	assert_int_equal(cache_flush(store), 0);
	assert_int_equal(cache_evict(store, &(int64_t){77}, 1), 0);
	/* a writer that was slow */
	assert_int_equal(cache_file_note(file, 100, 8), 0);
	cache_file_release(file);
	assert_int_equal(cache_flush(store), 0);
	assert_int_equal(cache_total(store, &bytes), 0);
	assert_int_equal(bytes, 0);
	/* what comes to the same place is longer than that */
	assert_int_equal(cache_file_open(store, 77, &file), 0);
	assert_int_equal(cache_file_write(file, 200, "12345678", 8), 0);
	assert_int_equal(cache_file_run_end(file, 100), 100);
	cache_file_close(file);
	store_close(store);
}

/* Closed while a writer is not through, and opened again: it is one file, with one map. */
static void test_store_cache_has_one_map_a_file(void **state)
{
	struct store *store = open_store();
	struct cache_file *first, *second;

	assert_int_equal(cache_file_open(store, 78, &first), 0);
	assert_int_equal(cache_file_write(first, 0, "12345678", 8), 0);
	cache_file_hold(first);
	cache_file_close(first);
	assert_int_equal(cache_file_open(store, 78, &second), 0);
	assert_int_equal(cache_file_run_end(second, 0), 8);
	/* the writer ends, and somebody writes beside it */
	assert_int_equal(cache_file_write(first, 8, "12345678", 8), 0);
	cache_file_release(first);
	assert_int_equal(cache_file_write(second, 16, "12345678", 8), 0);
	cache_file_close(second);
	assert_int_equal(cache_flush(store), 0);
	assert_int_equal(cache_file_open(store, 78, &first), 0);
	assert_int_equal(cache_file_run_end(first, 0), 24);
	cache_file_close(first);
	store_close(store);
}

static int64_t spent(struct store *store)
{
	int64_t count = -1;

	assert_int_equal(spend_get(store, "2026-11-21", &count), 0);
	return count;
}

static void test_store_spend_is_counted_and_never_below_zero(void **state)
{
	struct store *store = open_store();

	assert_int_equal(spent(store), 0);
	assert_int_equal(store_begin(store, true), 0);
	assert_int_equal(store_end(store, spend_add(store, "2026-11-21", 1)), 0);
	assert_int_equal(spent(store), 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(store_begin(store, true), 0);
		assert_int_equal(store_end(store, spend_take_back(store, "2026-11-21", 1)), 0);
		assert_int_equal(spent(store), 0);
	}
	store_close(store);
}

static void test_store_state_is_private(void **state)
{
	struct stat st;

	mkdir(state_dir, 0755);
	store_close(open_store());
	assert_int_equal(stat(state_dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_store_nodes_are_there_after_reopening),
		TEST(test_store_a_failed_operation_leaves_nothing),
		TEST(test_store_what_is_remembered_is_true),
		TEST(test_store_busy_is_who_has_something_open),
		TEST(test_store_second_opener_is_refused),
		TEST(test_store_damaged_database_is_refused_untouched),
		TEST(test_store_jobs_keep_what_they_are),
		TEST(test_store_cache_never_claims_what_is_not_there),
		TEST(test_store_cache_that_was_emptied_is_looked_at_when_it_counts),
		TEST(test_store_cache_is_closed_inside_a_transaction),
		TEST(test_store_cache_forgets_what_is_still_written_to),
		TEST(test_store_cache_has_one_map_a_file),
		TEST(test_store_spend_is_counted_and_never_below_zero),
		TEST(test_store_state_is_private),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
