/* SPDX-License-Identifier: MIT */
/* What the ledger's open jobs become at the next mount, after an orderly end and after a kill. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/own_disk.h"
#include "tests/unit/own_http.h"
#include "fs/store/store.h"
#include "tests/unit/world.h"

#define FOX "FLUX/fox.txt"
#define OWL "FLUX/owl.txt"
#define DAY_MS (INT64_C(24) * 3600 * 1000)

static const struct own_answer hold = {.hold = true};
static const struct own_answer not_sent = {.error = -ECONNREFUSED, .not_sent = true};

static void test_resume_what_was_being_sent_is_unknown(void **state)
{
	own_http_next("POST", hold);
	world_save(FOX, "a fox\n");
	world_wait(1000);
	world_kill();
	world_assert_state(FOX, "UNKNOWN");
	assert_non_null(strstr(world_status(FOX, "error"), "stopped before the answer came"));
	world_wait(DAY_MS);
	assert_int_equal(own_http_count("POST"), 1);
	/* it may have been charged, so it is counted */
	assert_int_equal(world_count(JOB_UNKNOWN), 1);
	world_kill();
	world_wait(DAY_MS);
	world_assert_state(FOX, "UNKNOWN");
	assert_int_equal(own_http_count("POST"), 1);
}

static void test_resume_task_is_followed_to_its_end(void **state)
{
	own_http_state("processing");
	world_save(FOX, "a fox\n");
	world_wait(10000);
	world_kill();
	world_wait(10000);
	world_assert_state(FOX, "PROCESSING");
	own_http_state("succeed");
	world_wait(10000);
	world_assert_state(FOX, "SUCCESS");
	assert_true(world_exists("FLUX/fox.png"));
	assert_int_equal(own_http_count("POST"), 1);
}

static void test_resume_queued_is_sent_once(void **state)
{
	own_http_next("POST", not_sent);
	world_save(FOX, "a fox\n");
	world_wait(1000);
	world_assert_state(FOX, "QUEUED");
	world_kill();
	world_wait(60000);
	world_assert_state(FOX, "SUCCESS");
	assert_int_equal(own_http_count("POST"), 2);
	assert_int_equal(world_spent_today(), 1);
}

static void test_resume_what_was_closed_and_not_examined_is_sent(void **state)
{
	world_save(FOX, "a fox\n");
	world_wait(500);
	world_kill();
	world_assert_state(FOX, "DRAFT");
	world_wait(60000);
	world_assert_state(FOX, "SUCCESS");
	assert_int_equal(own_http_count("POST"), 1);
}

/* It may be half a text. */
static void test_resume_what_was_never_closed_is_not_sent(void **state)
{
	int fd = world_open(FOX);

	assert_int_equal(world_write(FOX, fd, "a fo"), 0);
	world_kill();
	world_wait(DAY_MS);
	world_assert_state(FOX, "DRAFT");
	assert_int_equal(own_http_count("POST"), 0);
	assert_int_equal(world_submit(FOX), 0);
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 1);
}

static void test_resume_held_stays_held(void **state)
{
	world_end();
	world.options.submissions_per_day = 1;
	world_begin();
	world_save(FOX, "a fox\n");
	world_save(OWL, "an owl\n");
	world_wait(60000);
	world_assert_state(OWL, "HELD");
	world_kill();
	world_wait(DAY_MS);
	world_assert_state(OWL, "HELD");
	assert_int_equal(own_http_count("POST"), 1);
}

static void test_resume_results_are_fetched_and_published_once(void **state)
{
	own_http_next("/T1-0.png", hold);
	world_save(FOX, "a fox\n");
	world_wait(10000);
	assert_false(world_exists("FLUX/fox.png"));
	world_kill();
	world_wait(10000);
	assert_string_equal(world_list("FLUX"), "fox.png fox.status fox.txt");
	world_kill();
	world_wait(10000);
	assert_string_equal(world_list("FLUX"), "fox.png fox.status fox.txt");
	assert_int_equal(own_http_count("POST"), 1);
}

/* A clock that was set back, or was wrong before, makes nobody wait for a day that never comes. */
static void test_resume_clock_that_was_set_back(void **state)
{
	own_http_next(
		"POST", (struct own_answer){.status = 429, .retry_after_ms = INT64_C(3600) * 1000});
	world_save(FOX, "a fox\n");
	world_wait(1000);
	world_end();
	world_jump(-10 * DAY_MS);
	world_begin();
	world_wait(59000);
	assert_int_equal(own_http_count("POST"), 1);
	world_wait(10000);
	assert_int_equal(own_http_count("POST"), 2);
}

static void test_resume_patience_is_that_of_before(void **state)
{
	own_http_next(
		"POST", (struct own_answer){.status = 429, .retry_after_ms = INT64_C(3600) * 1000});
	world_save(FOX, "a fox\n");
	world_wait(INT64_C(600) * 1000);
	world_kill();
	assert_non_null(strstr(world_status(FOX, "warning"), "faster than"));
	world_wait(INT64_C(2900) * 1000);
	assert_int_equal(own_http_count("POST"), 1);
	world_wait(INT64_C(900) * 1000);
	assert_int_equal(own_http_count("POST"), 2);
}

/* The ledger has lost the task's number: it was paid for, and nobody can ask for it. */
static void test_resume_task_without_a_number_is_unknown(void **state)
{
	struct job_record record = {0};

	own_http_state("processing");
	world_save(FOX, "a fox\n");
	world_wait(10000);
	world_job(FOX, &record);
	int r = store_begin(world.store, true);
	if (r == 0)
		r = tasks_set(world.store, record.id, NULL, 0);
	assert_int_equal(store_end(world.store, r), 0);
	job_record_finish(&record);
	world_kill();
	world_wait(DAY_MS);
	world_assert_state(FOX, "UNKNOWN");
	assert_int_equal(own_http_count("POST"), 1);
}

static void test_resume_after_a_job_that_runs(void **state)
{
	own_http_state("processing");
	world_save(FOX, "a fox\n");
	world_wait(10000);
	world_save(FOX, "a red fox\n");
	world_wait(1000);
	world_kill();
	assert_int_equal(own_http_count("POST"), 1);
	world_wait(60000);
	own_http_state("succeed");
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 2);
	assert_non_null(strstr(own_http_posted(), "a red fox"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(test_resume_what_was_being_sent_is_unknown),
		T(test_resume_task_is_followed_to_its_end),
		T(test_resume_queued_is_sent_once),
		T(test_resume_what_was_closed_and_not_examined_is_sent),
		T(test_resume_what_was_never_closed_is_not_sent),
		T(test_resume_held_stays_held),
		T(test_resume_results_are_fetched_and_published_once),
		T(test_resume_clock_that_was_set_back),
		T(test_resume_patience_is_that_of_before),
		T(test_resume_task_without_a_number_is_unknown),
		T(test_resume_after_a_job_that_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
