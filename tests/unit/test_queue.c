/* SPDX-License-Identifier: MIT */
/* Which job may go when, and what is on the disk before its POST starts. */
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
#include "tests/unit/world.h"

#define FOX "FLUX/fox.txt"
#define OWL "FLUX/owl.txt"
#define DAY_MS (INT64_C(24) * 3600 * 1000)

static const struct own_answer hold = {.hold = true};

static void test_queue_makes_a_picture(void **state)
{
	world_save(FOX, "a fox\n");
	world_assert_state(FOX, "DRAFT");
	world_wait(999);
	assert_int_equal(own_http_count("POST"), 0);
	world_wait(1);
	assert_int_equal(own_http_count("POST"), 1);
	world_wait(60000);
	world_assert_state(FOX, "SUCCESS");
	assert_int_equal(own_http_count("POST"), 1);
	assert_int_equal(world_spent_today(), 1);
	assert_string_equal(world_list("FLUX"), "fox.png fox.status fox.txt");
}

/* Money rule 1, and what was paid for is not known to the service alone after a power loss. */
static void test_queue_syncs_everything_before_the_post(void **state)
{
	char data[64];

	world_save(FOX, "a fox\n");
	snprintf(data, sizeof(data), "sync data/%llu\n", (unsigned long long)world_ino(FOX));
	world_wait(1000);
	assert_true(recorded_before(data, "POST"));
	assert_true(recorded_before("sync state/data\n", "POST"));
	assert_true(recorded_before("sync state/weryaifs.db-wal\n", "POST"));
	assert_non_null(strstr(recorded(), "POST /v1/generation/text-to-image once\n"));
}

static void test_queue_syncs_task_addresses_and_results(void **state)
{
	own_http_next("POST", hold);
	own_http_next("/T7/status", hold);
	own_http_next("/T7-0.png", hold);
	world_save(FOX, "a fox\n");
	world_wait(1000);
	record_clear();
	own_http_release((struct own_answer){
		.status = 200, .body = "{\"status\":200,\"data\":{\"task_ids\":[\"T7\"]}}"});
	world_settle();
	assert_non_null(strstr(recorded(), "sync state/weryaifs.db-wal\n"));
	world_wait(500); /* what it has cost is asked for */
	record_clear();
	world_wait(2500);
	assert_string_equal(recorded(), "GET /v1/generation/T7/status\n");
	record_clear();
	own_http_release((struct own_answer){.status = 200,
		.body = "{\"status\":200,\"data\":{\"task_id\":\"T7\",\"task_status\":\"succeed\","
			"\"images\":[\"https://cdn.test/T7-0.png\"]}}"});
	world_wait(100);
	assert_true(recorded_before("sync state/weryaifs.db-wal\n", "GET /T7-0.png"));
	record_clear();
	char body[64];
	memset(body, 'x', sizeof(body));
	memcpy(body, "GIF89a", 6);
	body[63] = '\0';
	own_http_release((struct own_answer){.status = 200, .body = body});
	world_wait(100);
	world_assert_state(FOX, "SUCCESS");
	assert_non_null(strstr(recorded(), "sync state/weryaifs.db-wal\n"));
}

static void test_queue_sends_one_at_a_time_with_a_gap(void **state)
{
	own_http_next("POST", hold);
	world_save(FOX, "a fox\n");
	world_wait(5000);
	world_save(OWL, "an owl\n");
	world_wait(5000);
	assert_int_equal(own_http_count("POST"), 1);
	own_http_release((struct own_answer){
		.status = 200, .body = "{\"status\":200,\"data\":{\"task_ids\":[\"T9\"]}}"});
	world_wait(499);
	assert_int_equal(own_http_count("POST"), 1);
	world_wait(1);
	assert_int_equal(own_http_count("POST"), 2);
}

static void test_queue_goes_in_the_order_of_the_prompts(void **state)
{
	own_http_next_many(
		"POST", (struct own_answer){.error = -ECONNREFUSED, .not_sent = true}, 1);
	world_save(FOX, "a fox\n");
	world_wait(1000);
	world_save(OWL, "an owl\n");
	world_wait(60000);
	world_assert_state(OWL, "SUCCESS");
	assert_non_null(strstr(own_http_posted(), "an owl"));
	assert_int_equal(own_http_count("POST"), 3);
}

static void test_queue_keeps_to_the_limit_of_tasks(void **state)
{
	world_end();
	world.options.max_active = 2;
	world_begin();
	own_http_state("processing");
	for (int i = 0; i < 4; i++) {
		char path[32];
		snprintf(path, sizeof(path), "FLUX/%d.txt", i);
		world_save(path, "a fox\n");
	}
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 2);
	assert_non_null(strstr(world_status("FLUX/3.txt", "warning"), "limit of tasks"));
	own_http_state("succeed");
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 4);
}

static void test_queue_guard_holds_what_is_too_much(void **state)
{
	world_end();
	world.options.submissions_per_day = 2;
	world_begin();
	for (int i = 0; i < 4; i++) {
		char path[32], text[32];
		snprintf(path, sizeof(path), "FLUX/%d.txt", i);
		snprintf(text, sizeof(text), "%d foxes\n", i);
		world_save(path, text);
	}
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 2);
	world_assert_state("FLUX/2.txt", "HELD");
	world_assert_state("FLUX/3.txt", "HELD");
	assert_int_equal(world_submit("FLUX/2.txt"), 0);
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 3);
	world_assert_state("FLUX/2.txt", "SUCCESS");
	/* one that is held stays so; a new day has a new limit for what comes then */
	world_wait(DAY_MS);
	world_assert_state("FLUX/3.txt", "HELD");
	world_save(FOX, "a fox\n");
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 4);
}

static void test_queue_sends_nothing_that_cannot_be_recorded(void **state)
{
	world_save(FOX, "a fox\n");
	world_wait(500);
	own_disk_fail_writes("weryaifs.db", EIO);
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 0);
	own_disk_reset();
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 1);
	world_assert_state(FOX, "SUCCESS");
	assert_int_equal(world_spent_today(), 1);
}

/* The examination has passed, the record before the POST is what fails. */
static void test_queue_sends_nothing_when_submitting_is_not_on_the_disk(void **state)
{
	own_http_next("POST", (struct own_answer){.error = -ECONNREFUSED, .not_sent = true});
	world_save(FOX, "a fox\n");
	world_wait(1000);
	assert_int_equal(own_http_count("POST"), 1);
	world_assert_state(FOX, "QUEUED");
	own_disk_fail_writes("weryaifs.db", EIO);
	world_wait(30000);
	assert_int_equal(own_http_count("POST"), 1);
	world_assert_state(FOX, "QUEUED");
	assert_non_null(strstr(world_status(FOX, "warning"), "state disk"));
	own_disk_reset();
	own_disk_fail_syncs("weryaifs.db-wal", EIO);
	world_wait(30000);
	assert_int_equal(own_http_count("POST"), 1);
	own_disk_reset();
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 2);
	world_assert_state(FOX, "SUCCESS");
	assert_int_equal(world_spent_today(), 1);
}

static void test_queue_sends_nothing_whose_text_is_not_on_the_disk(void **state)
{
	own_disk_fail_syncs("data/", EIO);
	world_save(FOX, "a fox\n");
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 0);
	world_assert_state(FOX, "QUEUED");
	own_disk_reset();
	own_disk_fail_syncs("state/data", EIO);
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 0);
	own_disk_reset();
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 1);
}

/* The POST could not even be started: no task exists, it is not counted, and it is tried again, later and later. */
static void test_queue_goes_on_after_a_post_that_did_not_start(void **state)
{
	own_http_next_many("POST", (struct own_answer){.refuse = -ENOMEM}, 3);
	world_save(FOX, "a fox\n");
	world_wait(1000);
	assert_int_equal(own_http_count("POST"), 0);
	world_assert_state(FOX, "QUEUED");
	assert_non_null(strstr(world_status(FOX, "warning"), "could not be sent"));
	assert_int_equal(world_spent_today(), 0);
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 1);
	world_assert_state(FOX, "SUCCESS");
	assert_int_equal(world_spent_today(), 1);
}

static int stopped;

static void on_stopped(void *arg)
{
	stopped++;
}

static void test_queue_stop_lets_a_post_end_and_starts_none(void **state)
{
	stopped = 0;
	own_http_next("POST", hold);
	world_save(FOX, "a fox\n");
	world_save(OWL, "an owl\n");
	world_wait(1000);
	account_stop(world.account, on_stopped, NULL);
	world_wait(30000);
	assert_int_equal(stopped, 0);
	own_http_release((struct own_answer){
		.status = 200, .body = "{\"status\":200,\"data\":{\"task_ids\":[\"T9\"]}}"});
	world_settle();
	assert_int_equal(stopped, 1);
	world_wait(30000);
	assert_int_equal(own_http_count("POST"), 1);
	world_remount();
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 2);
	world_assert_state(FOX, "SUCCESS");
	world_assert_state(OWL, "SUCCESS");
}

static void test_queue_stop_without_a_post_is_told_at_once(void **state)
{
	stopped = 0;
	account_stop(world.account, on_stopped, NULL);
	world_settle();
	assert_int_equal(stopped, 1);
	world_save(FOX, "a fox\n");
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 0);
}

/* Another text is sent while the first one's job runs, once it has been left alone for twice as long as usual. */
static void test_queue_sends_another_text_while_the_first_runs(void **state)
{
	own_http_state("processing");
	world_save(FOX, "a fox\n");
	world_wait(10000);
	assert_int_equal(own_http_count("POST"), 1);
	world_save(FOX, "a red fox\n");
	world_wait(1500);
	world_assert_state(FOX, "DRAFT");
	assert_non_null(strstr(world_status(FOX, "note"), "thought about"));
	assert_int_equal(own_http_count("POST"), 1);
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 2);
	own_http_state("succeed");
	world_wait(60000);
	assert_int_equal(world_pictures("FLUX", "fox"), 2);
}

/* While a prompt is open again, the job of its older text is not sent: it is about to be replaced. */
static void test_queue_waits_for_a_text_that_is_changing(void **state)
{
	own_http_next("POST", (struct own_answer){.error = -ECONNREFUSED, .not_sent = true});
	world_save(FOX, "a fox\n");
	world_wait(1000);
	int fd = world_open(FOX);
	assert_int_equal(world_write(FOX, fd, "a red fox\n"), 0);
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 1);
	world_close(FOX, fd);
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 2);
	assert_non_null(strstr(own_http_posted(), "a red fox"));
}

static void test_queue_submit_twice_is_one_post(void **state)
{
	world_save(FOX, "a fox\n");
	assert_int_equal(world_submit(FOX), 0);
	assert_int_equal(world_submit(FOX), 0);
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 1);
}

static void test_queue_retry_goes_on_at_once(void **state)
{
	own_http_next_many(
		"POST", (struct own_answer){.error = -ECONNREFUSED, .not_sent = true}, 8);
	world_save(FOX, "a fox\n");
	world_wait(100000);
	size_t before = own_http_count("POST");
	assert_true(before >= 5);
	world_assert_state(FOX, "QUEUED");
	account_retry(world.account);
	world_settle();
	assert_int_equal(own_http_count("POST"), before + 1);
}

static void test_queue_says_where_one_stands(void **state)
{
	own_http_next("POST", hold);
	world_save(FOX, "a fox\n");
	world_save(OWL, "an owl\n");
	world_save("FLUX/elk.txt", "an elk\n");
	world_wait(1500);
	assert_string_equal(world_status(FOX, "queue"), "");
	const char *place = world_status("FLUX/elk.txt", "queue");
	assert_non_null(strstr(place, "place 2 of 2, waits for its turn; will probably be sent at 2"));
	assert_ptr_equal(strstr(world_status(OWL, "queue"), "place 1 of 2"), world_status(OWL, "queue"));
	own_http_release((struct own_answer){.status = 403, .body = "{\"status\":1011,\"desc\":\"no credits\"}"});
	own_http_balance(0);
	world_wait(100);
	assert_string_equal(world_status(OWL, "queue"), "place 2 of 3, waits for credits");
	assert_string_equal(world_status(OWL, "needs"), "credits");
}

static void start_adaptive(void)
{
	world_end();
	world.options.submit_gap_ms = -1;
	world.options.submit_gap_min_ms = 500;
	world.options.submissions_per_day = 0;
	world_begin();
}

/* Five hundred are sent nearly twice as fast as with 2.5 s, and the next mount begins where this one was. */
static void test_queue_finds_its_gap(void **state)
{
	start_adaptive();
	for (int i = 0; i < 60; i++) {
		char path[32], text[32];
		snprintf(path, sizeof(path), "FLUX/%d.txt", i);
		snprintf(text, sizeof(text), "%d foxes\n", i);
		world_save(path, text);
	}
	world_wait(60000);
	assert_in_range(own_http_count("POST"), 50, 60);
	world_remount();
	size_t before = own_http_count("POST");
	for (int i = 100; i < 120; i++) {
		char path[32], text[32];
		snprintf(path, sizeof(path), "FLUX/%d.txt", i);
		snprintf(text, sizeof(text), "%d foxes\n", i);
		world_save(path, text);
	}
	world_wait(9000);
	assert_in_range(own_http_count("POST") - before, 12, 20);
}

static void test_queue_slows_down_when_refused_for_the_rate(void **state)
{
	start_adaptive();
	own_http_next("POST", (struct own_answer){.status = 429, .body = "{}"});
	world_save(FOX, "a fox\n");
	world_save("GEMINI/owl.txt", "an owl\n");
	world_wait(5500);
	assert_int_equal(own_http_count("POST"), 1);
	world_wait(1500);
	assert_in_range(own_http_count("POST"), 2, 3);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(test_queue_makes_a_picture),
		T(test_queue_syncs_everything_before_the_post),
		T(test_queue_syncs_task_addresses_and_results),
		T(test_queue_sends_one_at_a_time_with_a_gap),
		T(test_queue_goes_in_the_order_of_the_prompts),
		T(test_queue_keeps_to_the_limit_of_tasks),
		T(test_queue_guard_holds_what_is_too_much),
		T(test_queue_sends_nothing_that_cannot_be_recorded),
		T(test_queue_sends_nothing_when_submitting_is_not_on_the_disk),
		T(test_queue_sends_nothing_whose_text_is_not_on_the_disk),
		T(test_queue_goes_on_after_a_post_that_did_not_start),
		T(test_queue_stop_lets_a_post_end_and_starts_none),
		T(test_queue_stop_without_a_post_is_told_at_once),
		T(test_queue_sends_another_text_while_the_first_runs),
		T(test_queue_waits_for_a_text_that_is_changing),
		T(test_queue_submit_twice_is_one_post),
		T(test_queue_retry_goes_on_at_once),
		T(test_queue_says_where_one_stands),
		T(test_queue_finds_its_gap),
		T(test_queue_slows_down_when_refused_for_the_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
