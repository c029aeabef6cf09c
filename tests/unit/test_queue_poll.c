/* SPDX-License-Identifier: MIT */
/* Following what was paid for to its end. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "tests/unit/own_disk.h"
#include "tests/unit/own_http.h"
#include "tests/unit/world.h"

#define FOX "FLUX/fox.txt"
#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define STATUS "/T1/status"

static const struct own_answer hold = {.hold = true};

#define TASK(id, state, rest) "{\"task_id\":\"" id "\",\"task_status\":\"" state "\"" rest "}"
#define ONE(state, rest) "{\"status\":200,\"data\":" TASK("T1", state, rest) "}"
#define PICTURE(name) ",\"images\":[\"https://cdn.test/" name ".png\"]"

static void send(void)
{
	world_save(FOX, "a fox\n");
	world_wait(1000);
	assert_int_equal(own_http_count("POST"), 1);
}

static void test_poll_keeps_its_pace(void **state)
{
	own_http_state("processing");
	send();
	world_wait(2999);
	assert_int_equal(own_http_count(STATUS), 0);
	world_wait(1);
	assert_int_equal(own_http_count(STATUS), 1);
	world_assert_state(FOX, "PROCESSING");
	/* every three seconds for half a minute, then every five, a tenth more or less */
	world_wait(27000);
	assert_in_range(own_http_count(STATUS), 9, 11);
	size_t before = own_http_count(STATUS);
	world_wait(100000);
	assert_in_range(own_http_count(STATUS) - before, 18, 23);
}

/* Of a model that nothing is known of yet. */
static void test_poll_film_of_ten_minutes_is_not_asked_for_all_the_time(void **state)
{
	own_http_state("processing");
	send();
	world_wait(600000);
	assert_in_range(own_http_count(STATUS), 60, 150);
}

static void test_poll_trouble_slows_down_and_is_told(void **state)
{
	own_http_next_many(STATUS, (struct own_answer){.status = 500}, SIZE_MAX);
	send();
	world_wait(INT64_C(3600) * 1000);
	assert_in_range(own_http_count(STATUS), 25, 60);
	world_assert_state(FOX, "PENDING");
	assert_non_null(strstr(world_status(FOX, "warning"), "it is not known how it stands"));
	assert_int_equal(own_http_count("POST"), 1);
}

static void test_poll_trouble_that_is_over_is_forgotten(void **state)
{
	own_http_next_many(STATUS, (struct own_answer){.error = -ETIMEDOUT}, 10);
	send();
	world_wait(DAY_MS);
	world_assert_state(FOX, "SUCCESS");
	assert_string_equal(world_status(FOX, "warning"), "");
	assert_int_equal(own_http_count("POST"), 1);
}

/* A task that is too new is not known for a while: what is given up has been paid for. */
static void test_poll_not_found_for_some_minutes_is_no_end(void **state)
{
	own_http_next_many(
		STATUS, (struct own_answer){.status = 200, .body = "{\"status\":1003}"}, 15);
	send();
	world_wait(INT64_C(3600) * 1000);
	world_assert_state(FOX, "SUCCESS");
	assert_int_equal(own_http_count("POST"), 1);
}

/* Another key, a wrong base URL, an outage: what is paid for is asked for as long as the account exists. */
static void test_poll_not_found_is_never_the_end(void **state)
{
	own_http_next_many(
		STATUS, (struct own_answer){.status = 200, .body = "{\"status\":1003}"}, 120);
	send();
	world_wait(2 * DAY_MS);
	world_assert_state(FOX, "PENDING");
	assert_non_null(strstr(world_status(FOX, "warning"), "since "));
	assert_non_null(strstr(world_status(FOX, "warning"), "does not know this task"));
	/* once an hour by now */
	size_t before = own_http_count(STATUS);
	world_wait(10 * INT64_C(3600) * 1000);
	assert_in_range(own_http_count(STATUS) - before, 8, 12);
	world_wait(5 * DAY_MS);
	world_assert_state(FOX, "SUCCESS");
	assert_int_equal(own_http_count("POST"), 1);
}

/* Of whose state nothing is known keeps a place for an hour, whatever the reason; then others go. */
static void place_is_free_after_an_hour(const char *answer)
{
	world_end();
	world.options.max_active = 1;
	world_begin();
	own_http_next_many(STATUS, (struct own_answer){.status = 200, .body = answer}, SIZE_MAX);
	send();
	world_save("FLUX/owl.txt", "an owl\n");
	world_wait(INT64_C(50) * 60 * 1000);
	assert_int_equal(own_http_count("POST"), 1);
	world_wait(INT64_C(20) * 60 * 1000);
	assert_int_equal(own_http_count("POST"), 2);
	world_assert_state("FLUX/owl.txt", "SUCCESS");
	world_assert_state(FOX, "PENDING");
}

static void test_poll_of_a_task_that_is_not_known_frees_its_place(void **state)
{
	place_is_free_after_an_hour("{\"status\":1003}");
}

static void test_poll_of_an_unknown_word_frees_its_place(void **state)
{
	place_is_free_after_an_hour(ONE("warming_up", ""));
}

static void test_poll_of_answers_about_others_frees_its_place(void **state)
{
	place_is_free_after_an_hour("{\"status\":200,\"data\":[" TASK("T8", "processing", "") "," TASK(
		"T9", "processing", "") "]}");
}

static void test_poll_unknown_word_is_told(void **state)
{
	own_http_next_many(
		STATUS, (struct own_answer){.status = 200, .body = ONE("warming_up", "")}, 5);
	send();
	world_wait(15000);
	world_assert_state(FOX, "PENDING");
	assert_non_null(strstr(world_status(FOX, "warning"), "'warming_up'"));
	world_wait(600000);
	world_assert_state(FOX, "SUCCESS");
	assert_string_equal(world_status(FOX, "warning"), "");
}

/* API reference 4.1: by its id, else the one that the answer is about. */
static void test_poll_one_answer_is_about_the_one_asked_for(void **state)
{
	own_http_next(STATUS, (struct own_answer){.status = 200,
				      .body = "{\"status\":200,\"data\":[" TASK("t-1", "processing", "") "]}"});
	own_http_next(STATUS, (struct own_answer){.status = 200,
				      .body = "{\"status\":200,\"data\":" TASK(
					      "t-1", "succeed", PICTURE("fox")) "}"});
	send();
	world_wait(3000);
	world_assert_state(FOX, "PROCESSING");
	world_wait(60000);
	world_assert_state(FOX, "SUCCESS");
	assert_int_equal(own_http_count(STATUS), 2);
}

/* Whose results they are nobody knows, so nothing of it is taken; it is said. */
static void test_poll_answers_about_others_are_told(void **state)
{
	own_http_next_many(STATUS,
		(struct own_answer){.status = 200,
			.body = "{\"status\":200,\"data\":[" TASK("T8", "succeed", PICTURE("owl")) "," TASK(
				"T9", "failed", "") "]}"},
		5);
	send();
	world_wait(15000);
	world_assert_state(FOX, "PENDING");
	assert_non_null(strstr(world_status(FOX, "warning"), "other tasks"));
	world_wait(600000);
	world_assert_state(FOX, "SUCCESS");
	assert_string_equal(world_status(FOX, "warning"), "");
	assert_int_equal(own_http_count("POST"), 1);
}

static void test_poll_success_without_results_is_asked_for_them(void **state)
{
	own_http_next_many(
		STATUS, (struct own_answer){.status = 200, .body = ONE("succeed", "")}, 4);
	send();
	world_wait(20000);
	world_assert_state(FOX, "PROCESSING");
	assert_non_null(strstr(world_status(FOX, "warning"), "gives no result yet"));
	world_wait(600000);
	world_assert_state(FOX, "SUCCESS");
}

static void test_poll_success_without_results_fails_in_the_end(void **state)
{
	own_http_next_many(
		STATUS, (struct own_answer){.status = 200, .body = ONE("succeed", "")}, SIZE_MAX);
	send();
	world_wait(DAY_MS);
	world_assert_state(FOX, "FAILED");
	assert_non_null(strstr(world_status(FOX, "error"), "gave no result in 5 minutes"));
	assert_int_equal(own_http_count("POST"), 1);
}

/* A wall clock that jumps is no reason to give up. */
static void test_poll_not_found_does_not_go_by_the_wall_clock(void **state)
{
	own_http_next_many(
		STATUS, (struct own_answer){.status = 200, .body = "{\"status\":1003}"}, 12);
	send();
	world_wait(60000);
	world_jump(3 * DAY_MS);
	world_wait(INT64_C(3600) * 1000);
	world_assert_state(FOX, "SUCCESS");
}

static void test_poll_failure_is_told_and_costs_no_second_post(void **state)
{
	own_http_next(STATUS, (struct own_answer){.status = 200,
				      .body = ONE("failed", ",\"message\":\"no luck\"")});
	send();
	world_wait(DAY_MS);
	world_assert_state(FOX, "FAILED");
	assert_non_null(strstr(world_status(FOX, "error"), "no luck"));
	assert_int_equal(own_http_count("POST"), 1);
	/* saved again it is what was paid for already */
	world_kill();
	world_assert_state(FOX, "FAILED");
}

static void test_poll_state_that_nobody_knows_is_no_end(void **state)
{
	own_http_next_many(
		STATUS, (struct own_answer){.status = 200, .body = ONE("dreaming", "")}, 10);
	send();
	world_wait(INT64_C(600) * 1000);
	world_assert_state(FOX, "SUCCESS");
}

/* --- several tasks --- */

static void send_two(const char *batch)
{
	CLEANUP_FREE char *body = NULL;

	assert_true(asprintf(&body, "{\"status\":200,\"data\":{%s\"task_ids\":[\"T1\",\"T2\"]}}",
			    batch) > 0);
	own_http_next("POST", (struct own_answer){.status = 200, .body = body});
	world_save(FOX, "number: 2\na fox\n");
	world_wait(1000);
	assert_int_equal(own_http_count("POST"), 1);
}

static void test_poll_asks_task_by_task_where_there_is_no_batch(void **state)
{
	send_two("");
	world_wait(60000);
	assert_int_equal(own_http_count("/T1/status"), 1);
	assert_int_equal(own_http_count("/T2/status"), 1);
	world_assert_state(FOX, "SUCCESS");
	assert_string_equal(world_list("FLUX"), "fox-1.png fox-2.png fox.status fox.txt");
}

static void test_poll_asks_for_the_batch(void **state)
{
	own_http_next("/batch/5/status",
		(struct own_answer){.status = 200,
			.body = "{\"status\":200,\"data\":[" TASK("T2", "succeed",
				PICTURE("b")) "," TASK("T1", "processing", "") "]}"});
	own_http_next("/batch/5/status",
		(struct own_answer){.status = 200,
			.body = "{\"status\":200,\"data\":[" TASK("T1", "succeed",
				PICTURE("a")) "," TASK("T2", "succeed", PICTURE("b")) "]}"});
	send_two("\"batch_id\":5,");
	world_wait(60000);
	assert_int_equal(own_http_count("/batch/5/status"), 2);
	world_assert_state(FOX, "SUCCESS");
	assert_string_equal(world_list("FLUX"), "fox-1.png fox-2.png fox.status fox.txt");
}

/* What was made appears, and what was not is told; it was paid for as a whole. */
static void test_poll_one_task_of_two_that_failed_is_a_warning(void **state)
{
	own_http_next("/T2/status", (struct own_answer){.status = 200,
					    .body = "{\"status\":200,\"data\":" TASK("T2", "failed",
						    ",\"message\":\"no luck\"") "}"});
	send_two("");
	world_wait(60000);
	world_assert_state(FOX, "SUCCESS");
	assert_non_null(strstr(world_status(FOX, "warning"), "1 of 2 tasks failed: no luck"));
	assert_string_equal(world_list("FLUX"), "fox.png fox.status fox.txt");
	assert_int_equal(own_http_count("POST"), 1);
}

static void test_poll_all_tasks_failed(void **state)
{
	own_http_next("/T1/status", (struct own_answer){.status = 200,
					    .body = "{\"status\":200,\"data\":" TASK("T1", "failed",
						    ",\"message\":\"no luck\"") "}"});
	own_http_next("/T2/status", (struct own_answer){.status = 200,
					    .body = "{\"status\":200,\"data\":" TASK("T2", "failed",
						    ",\"message\":\"too dark\"") "}"});
	send_two("");
	world_wait(60000);
	world_assert_state(FOX, "FAILED");
	assert_non_null(strstr(world_status(FOX, "error"), "no luck; too dark"));
	assert_int_equal(own_http_count("POST"), 1);
}

/* --- the end cannot be recorded --- */

static void test_poll_end_that_cannot_be_recorded_is_asked_for_again(void **state)
{
	own_http_next(STATUS, hold);
	send();
	world_wait(3000);
	own_disk_fail_writes("weryaifs.db", EIO);
	own_http_release((struct own_answer){.status = 200, .body = ONE("succeed", PICTURE("a"))});
	world_wait(INT64_C(300) * 1000);
	assert_int_equal(own_http_count("GET /a.png"), 0);
	assert_false(world_exists("FLUX/fox.png"));
	assert_non_null(strstr(world_status(FOX, "warning"), "that it is made cannot be recorded"));
	own_disk_reset();
	world_wait(INT64_C(120) * 1000);
	world_assert_state(FOX, "SUCCESS");
	assert_string_equal(world_status(FOX, "warning"), "");
	assert_true(world_exists("FLUX/fox.png"));
	assert_int_equal(own_http_count("POST"), 1);
}

static void test_poll_end_that_was_never_recorded_is_found_after_a_kill(void **state)
{
	own_http_next(STATUS, hold);
	send();
	world_wait(3000);
	own_disk_fail_writes("weryaifs.db", EIO);
	own_http_release((struct own_answer){.status = 200, .body = ONE("succeed", PICTURE("a"))});
	world_wait(60000);
	own_disk_reset();
	world_kill();
	world_wait(60000);
	world_assert_state(FOX, "SUCCESS");
	assert_true(world_exists("FLUX/fox.png"));
	assert_int_equal(own_http_count("POST"), 1);
}

static void test_poll_failure_that_cannot_be_recorded_is_recorded_later(void **state)
{
	own_http_next(STATUS, hold);
	send();
	world_wait(3000);
	own_disk_fail_writes("weryaifs.db", EIO);
	own_http_release((struct own_answer){.status = 200, .body = ONE("failed", "")});
	world_wait(60000);
	world_assert_state(FOX, "FAILED");
	own_disk_reset();
	world_wait(11000);
	world_kill();
	assert_int_equal(world_count(JOB_FAILED), 1);
	world_wait(DAY_MS);
	assert_int_equal(own_http_count("POST"), 1);
}

static void test_poll_failure_is_synced(void **state)
{
	own_http_next(STATUS, hold);
	send();
	world_wait(3000);
	record_clear();
	own_http_release((struct own_answer){.status = 200, .body = ONE("failed", "")});
	world_settle();
	assert_non_null(strstr(recorded(), "sync state/weryaifs.db-wal"));
}

/* --- an answer that is the result --- */

static const struct own_answer words = {.status = 200,
	.body = "{\"status\":200,\"data\":{\"words\":\"a red fox in the snow, at dawn\"}}"};

static void test_poll_text_that_was_answered_at_once(void **state)
{
	own_http_next("POST", words);
	world_save("WORDS/fox.txt", "a fox\n");
	world_wait(1000);
	assert_non_null(strstr(recorded(), "POST /v1/generation/words once"));
	world_wait(10000);
	world_assert_state("WORDS/fox.txt", "SUCCESS");
	assert_string_equal(world_list("WORDS"), "fox.status fox.text fox.txt");
	char text[64];
	assert_int_equal(world_read("WORDS/fox.text", 0, sizeof(text), text, 1000), 30);
	assert_memory_equal(text, "a red fox in the snow, at dawn", 30);
	assert_int_equal(own_http_count("status"), 0);
}

static void test_poll_text_finds_room_on_a_full_disk(void **state)
{
	own_http_next("POST", hold);
	world_save("WORDS/fox.txt", "a fox\n");
	world_wait(1000);
	own_disk_fill();
	own_http_release(words);
	world_settle();
	world_kill();
	world_wait(10000);
	world_assert_state("WORDS/fox.txt", "SUCCESS");
	assert_int_equal(own_http_count("POST"), 1);
}

/* It cannot be asked for again: nobody knows the text any more. */
static void test_poll_text_that_cannot_be_recorded_is_unknown(void **state)
{
	own_http_next("POST", hold);
	world_save("WORDS/fox.txt", "a fox\n");
	world_wait(1000);
	own_disk_fail_writes("weryaifs.db", EIO);
	own_http_release(words);
	world_wait(1000);
	world_assert_state("WORDS/fox.txt", "UNKNOWN");
	own_disk_reset();
	world_wait(DAY_MS);
	world_assert_state("WORDS/fox.txt", "UNKNOWN");
	assert_int_equal(own_http_count("POST"), 1);
}

/* --- callbacks --- */

static void test_poll_is_hurried_by_a_callback(void **state)
{
	world_end();
	world.options.webhook_url = "https://me.test/hook";
	world_begin();
	own_http_state("processing");
	world_save(FOX, "a fox\n");
	world_wait(5000);
	const char *token = strstr(own_http_posted(), "hook?");
	assert_non_null(token);
	token = strchr(token, '=');
	assert_non_null(token);
	char word[256];
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(token + 1, "\"&"), token + 1);
	size_t before = own_http_count(STATUS);
	assert_false(account_called_back(world.account, "0123456789abcdef"));
	assert_true(account_called_back(world.account, word));
	own_http_state("succeed");
	world_settle();
	assert_int_equal(own_http_count(STATUS), before + 1);
	world_wait(100);
	world_assert_state(FOX, "SUCCESS");
	/* it believes what the service says when asked, nothing else; and an ended job is nobody's */
	assert_false(account_called_back(world.account, word));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(test_poll_keeps_its_pace),
		T(test_poll_film_of_ten_minutes_is_not_asked_for_all_the_time),
		T(test_poll_trouble_slows_down_and_is_told),
		T(test_poll_trouble_that_is_over_is_forgotten),
		T(test_poll_not_found_for_some_minutes_is_no_end),
		T(test_poll_success_without_results_fails_in_the_end),
		T(test_poll_success_without_results_is_asked_for_them),
		T(test_poll_of_a_task_that_is_not_known_frees_its_place),
		T(test_poll_of_an_unknown_word_frees_its_place),
		T(test_poll_of_answers_about_others_frees_its_place),
		T(test_poll_unknown_word_is_told),
		T(test_poll_one_answer_is_about_the_one_asked_for),
		T(test_poll_answers_about_others_are_told),
		T(test_poll_not_found_is_never_the_end),
		T(test_poll_not_found_does_not_go_by_the_wall_clock),
		T(test_poll_failure_is_told_and_costs_no_second_post),
		T(test_poll_state_that_nobody_knows_is_no_end),
		T(test_poll_asks_task_by_task_where_there_is_no_batch),
		T(test_poll_asks_for_the_batch),
		T(test_poll_one_task_of_two_that_failed_is_a_warning),
		T(test_poll_all_tasks_failed),
		T(test_poll_end_that_cannot_be_recorded_is_asked_for_again),
		T(test_poll_end_that_was_never_recorded_is_found_after_a_kill),
		T(test_poll_failure_that_cannot_be_recorded_is_recorded_later),
		T(test_poll_failure_is_synced),
		T(test_poll_text_that_was_answered_at_once),
		T(test_poll_text_finds_room_on_a_full_disk),
		T(test_poll_text_that_cannot_be_recorded_is_unknown),
		T(test_poll_is_hurried_by_a_callback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
