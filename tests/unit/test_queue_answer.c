/* SPDX-License-Identifier: MIT */
/* What the answer to a submission means for the job, for the queue and for the day's count. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "fs/job/model_refusal.h"
#include "tests/unit/own_disk.h"
#include "tests/unit/own_http.h"
#include "tests/unit/world.h"

#define FOX "FLUX/fox.txt"
#define OWL "FLUX/owl.txt"
#define DAY_MS (INT64_C(24) * 3600 * 1000)

static const struct own_answer hold = {.hold = true};
static const struct own_answer not_sent = {.error = -ECONNREFUSED, .not_sent = true};
static const struct own_answer accepted = {
	.status = 200, .body = "{\"status\":200,\"data\":{\"task_ids\":[\"T7\"]}}"};

/* One answer to the first POST, a good service afterwards. Half an hour later: */
struct answer_row {
	struct own_answer answer;
	const char *state;
	size_t posts;
	int64_t spent;
};

static void check_row(const struct answer_row *row)
{
	own_http_next("POST", row->answer);
	world_save(FOX, "a fox\n");
	world_wait(INT64_C(30) * 60 * 1000);
	if (own_http_count("POST") != row->posts)
		fail_msg("HTTP %d, error %d, %s: %zu POSTs, not %zu", row->answer.status,
			row->answer.error, row->answer.body, own_http_count("POST"), row->posts);
	if (strcmp(world_status(FOX, "state"), row->state) != 0)
		print_error("HTTP %d, error %d, %s:\n", row->answer.status, row->answer.error,
			row->answer.body);
	world_assert_state(FOX, row->state);
	assert_int_equal(world_spent_today(), row->spent);
}

static void test_answer_decides_what_becomes_of_the_job(void **state)
{
	static const struct answer_row rows[] = {
		/* certainly not there: again */
		{{.error = -ECONNREFUSED, .not_sent = true}, "SUCCESS", 2, 1},
		{{.error = -EHOSTUNREACH, .not_sent = true}, "SUCCESS", 2, 1},
		/* refused whole, before anything was begun: again */
		{{.status = 429}, "SUCCESS", 2, 1},
		{{.status = 200, .body = "{\"status\":429}"}, "SUCCESS", 2, 1},
		{{.status = 200, .body = "{\"status\":1001,\"msg\":\"rate limit\"}"}, "SUCCESS", 2,
			1},
		{{.status = 200, .body = "{\"status\":1007}"}, "SUCCESS", 2, 1},
		{{.status = 200, .body = "{\"status\":6002}"}, "SUCCESS", 2, 1},
		{{.status = 200, .body = "{\"status\":6010}"}, "SUCCESS", 2, 1},
		/* refused for good: a person has to change something */
		{{.status = 400, .body = "{\"status\":1001,\"msg\":\"invalid value\"}"}, "FAILED",
			1, 1},
		{{.status = 200, .body = "{\"status\":1002}"}, "FAILED", 1, 1},
		{{.status = 200, .body = "{\"status\":1006}"}, "FAILED", 1, 1},
		{{.status = 200, .body = "{\"status\":2003}"}, "FAILED", 1, 1},
		{{.status = 200, .body = "{\"status\":6004}"}, "FAILED", 1, 1},
		{{.status = 200, .body = "{\"status\":7777}"}, "FAILED", 1, 1},
		/* the key is good otherwise, so it was about this prompt */
		{{.status = 401}, "FAILED", 1, 0},
		{{.status = 403}, "FAILED", 1, 0},
		{{.status = 200, .body = "{\"status\":1009}"}, "FAILED", 1, 0},
		{{.status = 200, .body = "{\"status\":6101}"}, "QUEUED", 1, 0},
		{{.status = 200, .body = "{\"status\":1015}"}, "QUEUED", 1, 0},
		/* nobody knows: never again by itself */
		{{.error = -ETIMEDOUT}, "UNKNOWN", 1, 1},
		{{.error = -ECONNRESET}, "UNKNOWN", 1, 1},
		{{.error = -EPROTO}, "UNKNOWN", 1, 1},
		{{.status = 500}, "UNKNOWN", 1, 1},
		{{.status = 502, .body = "<html>"}, "UNKNOWN", 1, 1},
		{{.status = 200, .body = "{\"status\":200,\"data\":{}}"}, "UNKNOWN", 1, 1},
		{{.status = 200, .body = "{\"status\":200,\"data\":{\"task_ids\":[\"T"}, "UNKNOWN",
			1, 1},
		{{.status = 200}, "UNKNOWN", 1, 1},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		if (i > 0) {
			world_teardown(state);
			world_setup(state);
		}
		check_row(&rows[i]);
	}
}

/* 1001 without a word that says what it means: three attempts, then a person decides, across mounts. */
static void test_answer_that_is_ambiguous_is_repeated_twice(void **state)
{
	own_http_next_many(
		"POST", (struct own_answer){.status = 200, .body = "{\"status\":1001}"}, SIZE_MAX);
	world_save(FOX, "a fox\n");
	world_wait(1000);
	assert_int_equal(own_http_count("POST"), 1);
	world_remount();
	world_wait(DAY_MS);
	assert_int_equal(own_http_count("POST"), 3);
	world_assert_state(FOX, "FAILED");
}

static void test_answer_429_is_waited_for_longer_each_time(void **state)
{
	own_http_next_many("POST", (struct own_answer){.status = 429}, SIZE_MAX);
	world_save(FOX, "a fox\n");
	world_wait(INT64_C(3600) * 1000);
	/* 4 s, 8 s, … 180 s, each with a fifth more or less */
	assert_in_range(own_http_count("POST"), 18, 36);
	world_assert_state(FOX, "QUEUED");
	assert_int_equal(world_spent_today(), 0);
}

static void test_answer_retry_after_is_honoured(void **state)
{
	own_http_next(
		"POST", (struct own_answer){.status = 429, .retry_after_ms = INT64_C(600) * 1000});
	world_save(FOX, "a fox\n");
	world_wait(INT64_C(590) * 1000);
	assert_int_equal(own_http_count("POST"), 1);
	/* also by the next mount, and by what comes meanwhile */
	world_remount();
	world_save(OWL, "an owl\n");
	world_wait(9000);
	assert_int_equal(own_http_count("POST"), 1);
	world_wait(INT64_C(300) * 1000);
	assert_int_equal(own_http_count("POST"), 3);
}

/* One model that is busy holds back its own prompts alone. */
static void test_answer_of_one_model_holds_only_that(void **state)
{
	own_http_next(
		"POST", (struct own_answer){.status = 429, .retry_after_ms = INT64_C(600) * 1000});
	world_save(FOX, "a fox\n");
	world_wait(2000);
	world_save(OWL, "an owl\n");
	world_save("GEMINI/hen.txt", "a hen\n");
	world_wait(2000);
	assert_int_equal(own_http_count("POST"), 2);
	assert_non_null(strstr(own_http_posted(), "a hen"));
	world_wait(INT64_C(500) * 1000);
	assert_int_equal(own_http_count("POST"), 2);
	world_wait(INT64_C(400) * 1000);
	assert_int_equal(own_http_count("POST"), 4);
}

static void test_answer_daily_limit_waits_for_tomorrow(void **state)
{
	own_http_next("POST", (struct own_answer){.status = 200, .body = "{\"status\":6101}"});
	world_save(FOX, "a fox\n");
	/* the test's clock begins at 14:13 UTC */
	world_wait(INT64_C(9) * 3600 * 1000);
	assert_int_equal(own_http_count("POST"), 1);
	world_assert_state(FOX, "QUEUED");
	world_wait(INT64_C(1) * 3600 * 1000);
	assert_int_equal(own_http_count("POST"), 2);
	world_assert_state(FOX, "SUCCESS");
}

static void test_answer_no_credits_stops_all_until_the_balance_rises(void **state)
{
	own_http_balance(3);
	own_http_next("POST", (struct own_answer){.status = 200, .body = "{\"status\":1011}"});
	world_save(FOX, "a fox\n");
	world_save(OWL, "an owl\n");
	world_wait(INT64_C(3600) * 1000);
	assert_int_equal(own_http_count("POST"), 1);
	world_assert_state(FOX, "QUEUED");
	world_assert_state(OWL, "QUEUED");
	assert_int_equal(world_spent_today(), 0);
	own_http_balance(2);
	world_wait(INT64_C(3600) * 1000);
	assert_int_equal(own_http_count("POST"), 1);
	own_http_balance(50);
	world_wait(120000);
	world_assert_state(FOX, "SUCCESS");
	world_assert_state(OWL, "SUCCESS");
	assert_int_equal(own_http_count("POST"), 3);
}

static void test_answer_no_credits_is_asked_for_seldom(void **state)
{
	own_http_next("POST", (struct own_answer){.status = 200, .body = "{\"status\":1011}"});
	world_save(FOX, "a fox\n");
	world_wait(1000);
	size_t before = own_http_count("/balance");
	world_wait(INT64_C(3600) * 1000);
	assert_in_range(own_http_count("/balance") - before, 30, 100);
}

static void test_answer_bad_key_stops_all_until_the_key_may_be_better(void **state)
{
	own_http_next("POST", (struct own_answer){.status = 401});
	own_http_next_many("/balance", (struct own_answer){.status = 401}, SIZE_MAX);
	world_save(FOX, "a fox\n");
	world_save(OWL, "an owl\n");
	world_wait(DAY_MS);
	assert_int_equal(own_http_count("POST"), 1);
	world_assert_state(FOX, "QUEUED");
	world_assert_state(OWL, "QUEUED");
	assert_string_equal(world_status(FOX, "needs"), "key");
	/* also the first one goes on by itself */
	account_retry(world.account);
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 3);
	world_assert_state(OWL, "SUCCESS");
	world_assert_state(FOX, "SUCCESS");
	assert_string_equal(world_status(FOX, "needs"), "");
}

static void test_answer_day_s_limit_needs_tomorrow(void **state)
{
	own_http_next("POST", (struct own_answer){.status = 200, .body = "{\"status\":6101}"});
	world_save(FOX, "a fox\n");
	world_wait(5000);
	assert_string_equal(world_status(FOX, "needs"), "tomorrow");
	world_wait(DAY_MS + 600000);
	world_assert_state(FOX, "SUCCESS");
}

/* As long as nobody knows whether the key is refused, nothing is sent and nothing has failed. */
static void test_answer_refused_key_waits_until_the_balance_is_told(void **state)
{
	own_http_next("POST", (struct own_answer){.status = 403});
	own_http_next_many("/balance", (struct own_answer){.error = -ETIMEDOUT}, 4);
	world_save(FOX, "a fox\n");
	world_save(OWL, "an owl\n");
	world_wait(15000);
	world_assert_state(FOX, "QUEUED");
	world_assert_state(OWL, "QUEUED");
	world_wait(120000);
	world_assert_state(FOX, "FAILED");
	world_assert_state(OWL, "SUCCESS");
	assert_int_equal(own_http_count("POST"), 2);
}

/* A model that is refused holds back its own prompts alone. */
static void test_answer_refused_model_delays_no_other(void **state)
{
	char path[32];

	for (int i = 0; i < 10; i++) {
		snprintf(path, sizeof(path), "FLUX/f%d.txt", i);
		world_save(path, "a fox\n");
	}
	for (int i = 0; i < 10; i++) {
		snprintf(path, sizeof(path), "WAN_2_5.video/s%d.txt", i);
		world_save(path, "an owl\n");
	}
	own_http_next_many("/text-to-image",
		(struct own_answer){.status = 200, .body = "{\"status\":1007}"}, SIZE_MAX);
	/* ten of them and two gaps */
	world_wait(1000 + 12 * world.options.submit_gap_ms + 6000);
	for (int i = 0; i < 10; i++) {
		snprintf(path, sizeof(path), "WAN_2_5.video/s%d.txt", i);
		world_assert_state(path, "SUCCESS");
	}
	world_assert_state("FLUX/f0.txt", "QUEUED");
	assert_non_null(strstr(world_status("FLUX/f9.txt", "warning"), "1007"));
}

/* Whoever holds up the others lets them go first for a while. */
static void test_answer_model_that_failed_comes_behind_the_others(void **state)
{
	own_http_next("/text-to-image",
		(struct own_answer){.status = 200, .body = "{\"status\":1002,\"msg\":\"no\"}"});
	world_save(FOX, "a fox\n");
	world_save(OWL, "an owl\n");
	world_save("WAN_2_5.video/a.txt", "a sea\n");
	world_save("WAN_2_5.video/b.txt", "a lake\n");
	world_save("WAN_2_5.video/c.txt", "a river\n");
	for (int i = 0; i < 100 && own_http_count("POST") < 4; i++)
		world_wait(world.options.submit_gap_ms / 5);
	assert_int_equal(own_http_count("/text-to-image"), 1);
	assert_int_equal(own_http_count("/text-to-video"), 3);
	world_wait(20000);
	world_assert_state(FOX, "FAILED");
	world_assert_state(OWL, "SUCCESS");
}

static void test_answer_credits_stop_is_passed_by_a_person(void **state)
{
	own_http_next("POST", (struct own_answer){.status = 200, .body = "{\"status\":1011}"});
	world_save(FOX, "a fox\n");
	world_wait(5000);
	account_retry(world.account);
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 1);
	assert_int_equal(world_submit(FOX), 0);
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 2);
	world_assert_state(FOX, "SUCCESS");
}

/* The text that was on its way has been replaced: should it come back, it is not what anybody wants. */
static void test_answer_for_a_text_that_was_replaced_is_not_repeated(void **state)
{
	own_http_next("POST", hold);
	world_save(FOX, "a fox\n");
	world_wait(1000);
	world_save(FOX, "a red fox\n");
	world_wait(5000);
	own_http_release((struct own_answer){.status = 429});
	world_wait(INT64_C(3600) * 1000);
	assert_int_equal(own_http_count("POST"), 2);
	assert_non_null(strstr(own_http_posted(), "a red fox"));
	assert_int_equal(world_spent_today(), 1);
	world_assert_state(FOX, "SUCCESS");
	assert_int_equal(world_count(JOB_QUEUED), 0);
}

static void test_answer_for_a_prompt_that_was_removed_is_not_repeated(void **state)
{
	own_http_next("POST", hold);
	world_save(FOX, "a fox\n");
	world_wait(1000);
	assert_int_equal(world_remove(FOX), 0);
	own_http_release(not_sent);
	world_wait(INT64_C(3600) * 1000);
	assert_int_equal(own_http_count("POST"), 1);
	assert_int_equal(world_spent_today(), 0);
	assert_int_equal(world_count(JOB_QUEUED), 0);
}

static void test_answer_for_a_prompt_that_was_emptied_is_not_repeated(void **state)
{
	own_http_next("POST", hold);
	world_save(FOX, "a fox\n");
	world_wait(1000);
	world_save(FOX, "\n");
	world_wait(5000);
	own_http_release(not_sent);
	world_wait(INT64_C(3600) * 1000);
	assert_int_equal(own_http_count("POST"), 1);
	/* and it is sent when the text is there again */
	world_save(FOX, "a fox\n");
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 2);
}

/* --- the disk refuses the record --- */

/* A paid answer: tried again until the disk takes it, and nothing else is sent meanwhile. */
static void test_answer_that_cannot_be_recorded_is_recorded_later(void **state)
{
	own_http_next("POST", hold);
	world_save(FOX, "a fox\n");
	world_save(OWL, "an owl\n");
	world_wait(1000);
	own_disk_fail_writes("weryaifs.db", EIO);
	own_http_release(accepted);
	world_wait(30000);
	assert_int_equal(own_http_count("POST"), 1);
	own_disk_reset();
	world_wait(11000);
	record_clear();
	/* it is on the disk by now: a kill finds the task */
	world_kill();
	assert_int_equal(world_count(JOB_UNKNOWN), 0);
	world_wait(60000);
	world_assert_state(FOX, "SUCCESS");
	world_assert_state(OWL, "SUCCESS");
	assert_int_equal(own_http_count("POST"), 2);
}

static void test_answer_that_was_never_recorded_is_unknown_after_a_kill(void **state)
{
	own_http_next("POST", hold);
	world_save(FOX, "a fox\n");
	world_wait(1000);
	own_disk_fail_writes("weryaifs.db", EIO);
	own_http_release(accepted);
	world_wait(30000);
	own_disk_reset();
	world_kill();
	world_wait(DAY_MS);
	world_assert_state(FOX, "UNKNOWN");
	assert_int_equal(own_http_count("POST"), 1);
}

/* The end of a job that was refused stays in memory, is told, and is recorded when the disk takes it. */
static void test_answer_refusal_that_cannot_be_recorded_is_recorded_later(void **state)
{
	own_http_next("POST", hold);
	world_save(FOX, "a fox\n");
	world_wait(1000);
	own_disk_fail_writes("weryaifs.db", EIO);
	own_http_release((struct own_answer){.status = 200, .body = "{\"status\":2003}"});
	world_wait(30000);
	world_assert_state(FOX, "FAILED");
	own_disk_reset();
	world_wait(11000);
	world_kill();
	world_assert_state(FOX, "FAILED");
	world_wait(DAY_MS);
	assert_int_equal(own_http_count("POST"), 1);
}

static void test_answer_unknown_is_synced_and_a_kill_changes_nothing(void **state)
{
	own_http_next("POST", hold);
	world_save(FOX, "a fox\n");
	world_wait(1000);
	record_clear();
	own_http_release((struct own_answer){.error = -ETIMEDOUT});
	world_settle();
	assert_true(strncmp(recorded(), "sync state/weryaifs.db-wal\n", 27) == 0);
	world_kill();
	world_wait(DAY_MS);
	world_assert_state(FOX, "UNKNOWN");
	assert_int_equal(own_http_count("POST"), 1);
}

static void test_answer_refusal_is_synced(void **state)
{
	own_http_next("POST", hold);
	world_save(FOX, "a fox\n");
	world_wait(1000);
	record_clear();
	own_http_release((struct own_answer){.status = 429});
	world_settle();
	/* or a power loss makes an UNKNOWN of it */
	assert_non_null(strstr(recorded(), "sync state/weryaifs.db-wal\n"));
}

/* What was kept back before the POST makes place for its answer. */
static void test_answer_finds_room_on_a_full_disk(void **state)
{
	own_http_next("POST", hold);
	world_save(FOX, "a fox\n");
	world_wait(1000);
	own_disk_fill();
	record_clear();
	own_http_release(accepted);
	world_settle();
	assert_true(recorded_before("the reserve is given up", "sync state/weryaifs.db-wal"));
	world_kill();
	world_wait(60000);
	world_assert_state(FOX, "SUCCESS");
	assert_int_equal(own_http_count("POST"), 1);
}

/* A lost answer is told with the balance before and after it. */
static void test_answer_lost_is_told_with_the_balance(void **state)
{
	own_http_next("POST", (struct own_answer){.error = -ETIMEDOUT});
	own_http_balance(100);
	world_save(FOX, "a fox\n");
	world_wait(500);
	own_http_balance(88);
	world_wait(60000);
	const char *error = world_status(FOX, "error");
	assert_non_null(strstr(error, "100 credits at "));
	assert_non_null(strstr(error, "88 after it"));
}

static void test_answer_unknown_is_sent_again_by_a_person_alone(void **state)
{
	own_http_next("POST", (struct own_answer){.status = 500});
	world_save(FOX, "a fox\n");
	world_wait(10000);
	world_assert_state(FOX, "UNKNOWN");
	world_save(FOX, "a fox\n");
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 1);
	world_assert_state(FOX, "UNKNOWN");
	assert_int_equal(world_submit(FOX), 0);
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 2);
	world_assert_state(FOX, "SUCCESS");
}

/* `.model` of FLUX, as far as it is about refusals; "" none. The caller frees. */
static char *refusals(void)
{
	char *text = NULL;
	const struct model *flux = model_table_find(account_models(world.account), "FLUX");

	assert_non_null(flux);
	assert_int_equal(model_refusal_tell(world.store, "FLUX", flux, &text), 0);
	return text != NULL ? text : strdup("");
}

static void test_answer_no_model_is_told_for_a_day(void **state)
{
	static const char *const bodies[] = {"{\"status\":1006}",
		"{\"status\":1002,\"msg\":\"model is not exist\"}",
		"{\"status\":1002,\"msg\":\"Model not supported\"}"};
	static const char *const wishes[] = {"one\n", "two\n", "three\n"};
	char *text;

	for (size_t i = 0; i < array_length(bodies); i++) {
		own_http_next("POST", (struct own_answer){.status = 200, .body = bodies[i]});
		world_save(FOX, wishes[i]);
		world_wait(60000);
		world_assert_state(FOX, "FAILED");
		world_remount();
		text = refusals();
		assert_non_null(strstr(text, "The service refused text-to-image at "));
		free(text);
		/* what is taken after all ends it */
		assert_int_equal(world_submit(FOX), 0);
		world_wait(60000);
		world_assert_state(FOX, "SUCCESS");
		text = refusals();
		assert_string_equal(text, "");
		free(text);
		assert_int_equal(world_remove(FOX), 0);
		world_wait(60000);
	}
	own_http_next("POST", (struct own_answer){.status = 200, .body = bodies[1]});
	world_save(OWL, "an owl\n");
	world_wait(DAY_MS - 60000);
	text = refusals();
	assert_non_null(strstr(text, "it says: model is not exist"));
	free(text);
	world_wait(120000);
	text = refusals();
	assert_string_equal(text, "");
	free(text);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(test_answer_decides_what_becomes_of_the_job),
		T(test_answer_that_is_ambiguous_is_repeated_twice),
		T(test_answer_429_is_waited_for_longer_each_time),
		T(test_answer_retry_after_is_honoured),
		T(test_answer_of_one_model_holds_only_that),
		T(test_answer_daily_limit_waits_for_tomorrow),
		T(test_answer_no_credits_stops_all_until_the_balance_rises),
		T(test_answer_no_credits_is_asked_for_seldom),
		T(test_answer_bad_key_stops_all_until_the_key_may_be_better),
		T(test_answer_refused_key_waits_until_the_balance_is_told),
		T(test_answer_day_s_limit_needs_tomorrow),
		T(test_answer_refused_model_delays_no_other),
		T(test_answer_model_that_failed_comes_behind_the_others),
		T(test_answer_credits_stop_is_passed_by_a_person),
		T(test_answer_for_a_text_that_was_replaced_is_not_repeated),
		T(test_answer_for_a_prompt_that_was_removed_is_not_repeated),
		T(test_answer_for_a_prompt_that_was_emptied_is_not_repeated),
		T(test_answer_that_cannot_be_recorded_is_recorded_later),
		T(test_answer_that_was_never_recorded_is_unknown_after_a_kill),
		T(test_answer_refusal_that_cannot_be_recorded_is_recorded_later),
		T(test_answer_unknown_is_synced_and_a_kill_changes_nothing),
		T(test_answer_refusal_is_synced),
		T(test_answer_finds_room_on_a_full_disk),
		T(test_answer_lost_is_told_with_the_balance),
		T(test_answer_unknown_is_sent_again_by_a_person_alone),
		T(test_answer_no_model_is_told_for_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
