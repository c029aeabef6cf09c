/* SPDX-License-Identifier: MIT */
/* What is done for one of many: looks at jobs, steps of SQLite's machine and statuses told in one turn of the loop are counted, and
 * do not grow with how many there are. Times are measured by tests/scale. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <sqlite3.h>
#include <sys/epoll.h>

#include "fs/job/changes.h"
#include "fs/job/job_table.h"
#include "fs/queue/queue.h"
#include "fs/tree/tree.h"
#include "tests/unit/own_http.h"
#include "tests/unit/world.h"

#define FEW 40
#define MANY 400
#define HOUR_MS (INT64_C(3600) * 1000)

static uint64_t looks, steps;

struct job *__real_job_table_next(const struct job *job);
struct job *__wrap_job_table_next(const struct job *job);
struct job *__real_job_line_at(const struct job_line *line, size_t n);
struct job *__wrap_job_line_at(const struct job_line *line, size_t n);
int __real_sqlite3_step(sqlite3_stmt *statement);
int __wrap_sqlite3_step(sqlite3_stmt *statement);

struct job *__wrap_job_table_next(const struct job *job)
{
	looks++;
	return __real_job_table_next(job);
}

struct job *__wrap_job_line_at(const struct job_line *line, size_t n)
{
	looks++;
	return __real_job_line_at(line, n);
}

int __wrap_sqlite3_step(sqlite3_stmt *statement)
{
	int r = __real_sqlite3_step(statement);

	steps += (uint64_t)sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1);
	return r;
}

static void begin_count(void)
{
	looks = steps = 0;
}

/* Prompts that wait, since one POST is never answered. */
static void queue_up(int from, int to)
{
	char path[32], text[32];

	own_http_next("POST", (struct own_answer){.hold = true});
	for (int i = from; i < to; i++) {
		snprintf(path, sizeof(path), "FLUX/%d.txt", i);
		snprintf(text, sizeof(text), "%d foxes\n", i);
		world_save(path, text);
	}
	world_wait(1500);
}

static void look_at_status(uint64_t *ret_looks, uint64_t *ret_steps)
{
	begin_count();
	world_assert_state("FLUX/30.txt", "QUEUED");
	*ret_looks = looks;
	*ret_steps = steps;
}

static void test_scale_status_of_one_that_waits(void **state)
{
	uint64_t few, many, few_steps, many_steps;

	queue_up(0, FEW);
	look_at_status(&few, &few_steps);
	queue_up(FEW, MANY);
	look_at_status(&many, &many_steps);
	/* the place in line is looked up by halving */
	assert_in_range(many, 0, few + 16);
	assert_in_range(many_steps, 0, few_steps + few_steps / 10);
}

static int told, told_in_turn, most_in_turn;

static void count_told(void *arg, uint64_t prompt, bool by_itself)
{
	told++;
	told_in_turn++;
}

int __real_epoll_wait(int epoll, struct epoll_event *events, int count, int timeout);
int __wrap_epoll_wait(int epoll, struct epoll_event *events, int count, int timeout);

int __wrap_epoll_wait(int epoll, struct epoll_event *events, int count, int timeout)
{
	if (told_in_turn > most_in_turn)
		most_in_turn = told_in_turn;
	told_in_turn = 0;
	return __real_epoll_wait(epoll, events, count, timeout);
}

/* A refusal is told to all that wait, some in each turn of the loop; the same refusal again, to none but the one that was refused. */
static void test_scale_refusal_is_told_in_slices_and_once(void **state)
{
	static const struct changes_events events = {.status = count_told};
	static const struct own_answer full = {.status = 200, .body = "{\"status\":6010,\"desc\":\"too many\"}"};
	struct changes_listener listener = {0};

	queue_up(0, MANY);
	changes_listen(account_changes(world.account), &listener, &events, NULL);
	told = most_in_turn = 0;
	own_http_next_many("POST", full, SIZE_MAX);
	own_http_release(full);
	world_wait(100);
	assert_in_range(told, MANY, MANY + 5);
	assert_in_range(most_in_turn, 1, 70);
	told = 0;
	size_t posts = own_http_count("POST");
	world_wait(HOUR_MS / 4);
	assert_true(own_http_count("POST") > posts + 5);
	assert_in_range(told, 1, 2 * (int)(own_http_count("POST") - posts) + 2);
	changes_unlisten(&listener);
}

/* What one submission and its end cost while so many wait. */
static uint64_t looks_of_one(void)
{
	begin_count();
	own_http_release((struct own_answer){.status = 500});
	own_http_next("POST", (struct own_answer){.hold = true});
	world_wait(600);
	return looks;
}

static void test_scale_sending_one_of_many(void **state)
{
	queue_up(0, FEW);
	uint64_t few = looks_of_one();
	queue_up(FEW, MANY);
	looks_of_one();
	uint64_t many = looks_of_one();
	assert_in_range(many, 0, 2 * few + 32);
}

/* Prompts that all ask for the same, bought and removed. Steps to make one of them anew. */
static uint64_t steps_of_return(int count)
{
	char path[32];

	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "FLUX/%d.txt", i);
		world_save(path, "a fox\n");
	}
	world_wait(HOUR_MS);
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "FLUX/%d.txt", i);
		world_assert_state(path, "SUCCESS");
	}
	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "FLUX/%d.txt", i);
		assert_int_equal(world_remove(path), 0);
	}
	world_wait(HOUR_MS);
	begin_count();
	world_save("FLUX/0.txt", "a hen\n");
	uint64_t made = steps;
	assert_int_equal(world_remove("FLUX/0.txt"), 0);
	world_wait(HOUR_MS);
	return made;
}

/* The place is found by its path, whatever else asks for what it asked for. */
static void test_scale_place_with_a_memory(void **state)
{
	uint64_t few = steps_of_return(10);
	uint64_t many = steps_of_return(200);

	assert_in_range(many, 1, few + few / 10);
}

static off_t size_of_status(void)
{
	struct tree_entry entry;

	assert_int_equal(tree_lookup(account_tree(world.account), world_ino("FLUX"), "fox.status", &entry), 0);
	return entry.st.st_size;
}

static void check_size(void)
{
	size_t length;
	char *text;

	assert_int_equal(tree_status_text(account_tree(world.account), world_ino("FLUX/fox.txt"), &text, &length), 0);
	assert_int_equal(size_of_status(), length);
	free(text);
	begin_count();
	assert_int_equal(size_of_status(), length);
}

/* The text is made once for its size, and what it is about changes it at once. */
static void test_scale_size_of_a_status(void **state)
{
	char data[16];

	own_http_pictures(2 * 1024 * 1024, 1);
	world_save("FLUX/fox.txt", "a fox\n");
	world_wait(10000);
	world_assert_state("FLUX/fox.txt", "SUCCESS");
	begin_count();
	size_of_status();
	uint64_t first = steps;
	check_size();
	assert_in_range(steps, 1, first / 2);
	assert_int_equal(world_rename("FLUX/fox.png", "FLUX/a fox in the snow.png"), 0);
	check_size();
	assert_int_equal(world_rename("FLUX/a fox in the snow.png", "FLUX/b.png"), 0);
	check_size();
	own_http_next_many("GET /T1-0.png", (struct own_answer){.status = 404}, SIZE_MAX);
	own_http_next_many("/T1/status", (struct own_answer){.status = 200, .body = "{\"status\":1003}"}, 1);
	off_t before = size_of_status();
	assert_int_equal(world_read("FLUX/b.png", 1024 * 1024, sizeof(data), data, HOUR_MS), -EIO);
	assert_int_not_equal(size_of_status(), before);
	check_size();
	assert_int_equal(world_remove("FLUX/b.png"), 0);
	check_size();
}

static char *opened_status(uint64_t ino)
{
	size_t length;
	char *text;

	assert_int_equal(tree_status_opened(account_tree(world.account), ino, &text, &length), 0);
	assert_int_equal(strlen(text), length);
	return text;
}

/* What was made when it was looked up is what is read, unless something has changed in between. */
static void test_scale_status_that_is_opened(void **state)
{
	struct tree_entry entry;

	queue_up(0, FEW);
	uint64_t ino = world_ino("FLUX/30.txt");
	begin_count();
	assert_int_equal(tree_lookup(account_tree(world.account), world_ino("FLUX"), "30.status", &entry), 0);
	uint64_t made = steps;
	begin_count();
	char *text = opened_status(ino);
	assert_int_equal(strlen(text), entry.st.st_size);
	assert_in_range(steps, 0, made / 10);
	assert_null(strstr(text, "6010"));
	free(text);
	assert_int_equal(tree_lookup(account_tree(world.account), world_ino("FLUX"), "30.status", &entry), 0);
	own_http_release((struct own_answer){.status = 200, .body = "{\"status\":6010,\"desc\":\"too many\"}"});
	world_wait(5);
	text = opened_status(ino);
	assert_non_null(strstr(text, "6010"));
	free(text);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(test_scale_status_of_one_that_waits),
		T(test_scale_refusal_is_told_in_slices_and_once),
		T(test_scale_sending_one_of_many),
		T(test_scale_place_with_a_memory),
		T(test_scale_size_of_a_status),
		T(test_scale_status_that_is_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
