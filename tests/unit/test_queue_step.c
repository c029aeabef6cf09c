/* SPDX-License-Identifier: MIT */
/* A task with a second request (a podcast's sound): it is recorded before it is sent, and sent once. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "tests/unit/own_disk.h"
#include "tests/unit/own_http.h"
#include "tests/unit/world.h"

#define TALK "TALK/fox.txt"
#define STATUS "/T1/status"
#define SOUND "POST /v1/generation/talk/T1/audio"
#define HOUR_MS (INT64_C(3600) * 1000)

#define SAYS(word, rest)                                                                           \
	{                                                                                          \
		.status = 200,                                                                     \
		.body = "{\"status\":200,\"data\":{\"task_id\":\"T1\",\"task_status\":\"succeed\","  \
			"\"content_status\":\"" word "\",\"scripts\":[{\"speaker_name\":\"Leo\","      \
			"\"content\":\"Hello.\"}]" rest "}}"                                          \
	}
static const struct own_answer script = SAYS("text-success", "");
static const struct own_answer sound =
	SAYS("audio-success", ",\"audios\":[\"https://cdn.test/a.png\"]");
static const struct own_answer sound_fails = SAYS("audio-fail", ",\"msg\":\"no voice\"");
static const struct own_answer taken = {
	.status = 200, .body = "{\"status\":200,\"data\":{\"task_id\":\"T1\"}}"};
static const struct own_answer hold = {.hold = true};

static void send(void)
{
	world_save(TALK, "about foxes\n");
	world_wait(1000);
	assert_int_equal(own_http_count("POST"), 1);
}

/* The script is there at the first look, and so on until the sound comes. */
static void script_for(size_t looks)
{
	own_http_next_many(STATUS, script, looks);
	own_http_next_many(STATUS, sound, SIZE_MAX);
}

static void test_step_is_sent_once(void **state)
{
	own_http_next(SOUND, taken);
	script_for(10);
	send();
	world_wait(5000);
	assert_int_equal(own_http_count(SOUND), 1);
	world_assert_state(TALK, "PROCESSING");
	world_wait(60000);
	world_assert_state(TALK, "SUCCESS");
	assert_int_equal(own_http_count(SOUND), 1);
	assert_true(world_exists("TALK/fox.text"));
	assert_int_equal(world_pictures("TALK", "fox"), 1);
	assert_int_equal(world_spent_today(), 1);
}

static void test_step_lost_or_answered_8002_is_not_repeated(void **state)
{
	static const struct own_answer answers[] = {{.error = -ETIMEDOUT}, {.status = 500},
		{.status = 200, .body = "garbage"}, {.status = 200, .body = "{\"status\":8002}"}};

	for (size_t i = 0; i < array_length(answers); i++) {
		own_http_next(SOUND, answers[i]);
		script_for(3);
		send();
		world_wait(60000);
		world_assert_state(TALK, "SUCCESS");
		assert_int_equal(own_http_count(SOUND), 1);
		assert_int_equal(own_http_count("POST"), 2);
		world_teardown(state);
		world_setup(state);
	}
}

static void test_step_refused_is_repeated(void **state)
{
	static const struct own_answer answers[] = {{.error = -ECONNREFUSED, .not_sent = true},
		{.status = 429}, {.status = 200, .body = "{\"status\":8001}"},
		{.status = 200, .body = "{\"status\":1011}"}, {.status = 401}};

	for (size_t i = 0; i < array_length(answers); i++) {
		own_http_next(SOUND, answers[i]);
		own_http_next(SOUND, taken);
		script_for(6);
		send();
		world_wait(4000);
		assert_non_null(strstr(world_status(TALK, "warning"), "its sound is asked for again"));
		world_wait(120000);
		world_assert_state(TALK, "SUCCESS");
		assert_int_equal(own_http_count(SOUND), 2);
		world_teardown(state);
		world_setup(state);
	}
}

static void test_step_refused_for_good_leaves_the_script(void **state)
{
	own_http_next(SOUND, (struct own_answer){.status = 200, .body = "{\"status\":2003}"});
	own_http_next_many(STATUS, script, SIZE_MAX);
	send();
	world_wait(60000);
	world_assert_state(TALK, "SUCCESS");
	assert_true(world_exists("TALK/fox.text"));
	assert_non_null(strstr(world_status(TALK, "warning"), "its sound was refused"));
}

static void test_step_that_fails_leaves_the_script(void **state)
{
	own_http_next(SOUND, taken);
	own_http_next(STATUS, script);
	own_http_next_many(STATUS, sound_fails, SIZE_MAX);
	send();
	world_wait(60000);
	world_assert_state(TALK, "SUCCESS");
	assert_true(world_exists("TALK/fox.text"));
	assert_non_null(strstr(world_status(TALK, "warning"), "no voice"));
}

/* After a kill it is not known whether it was sent: it is waited for, and a person may ask again. */
static void test_step_after_a_kill_is_a_person_s(void **state)
{
	own_http_next(SOUND, hold);
	own_http_next_many(STATUS, script, SIZE_MAX);
	send();
	world_wait(4000);
	assert_int_equal(own_http_count(SOUND), 1);
	world_kill();
	world_wait(HOUR_MS);
	assert_int_equal(own_http_count(SOUND), 1);
	world_assert_state(TALK, "PROCESSING");
	assert_non_null(strstr(world_status(TALK, "warning"), "To ask for it again: echo retry > "));
	/* it is asked for more and more seldom by then */
	size_t before = own_http_count(STATUS);
	world_wait(HOUR_MS);
	assert_in_range(own_http_count(STATUS) - before, 2, 60);
	assert_int_equal(world_retry(TALK), 0);
	world_wait(60000);
	assert_int_equal(own_http_count(SOUND), 2);
	assert_int_equal(own_http_count("POST"), 3);
}

static void test_step_is_not_sent_where_it_cannot_be_recorded(void **state)
{
	own_http_next_many(STATUS, script, SIZE_MAX);
	send();
	own_disk_fail_syncs("weryaifs.db", -EIO);
	world_wait(30000);
	assert_int_equal(own_http_count(SOUND), 0);
	own_disk_fail_syncs("weryaifs.db", 0);
	world_wait(30000);
	assert_int_equal(own_http_count(SOUND), 1);
}

static void test_step_is_not_sent_from_a_mount_that_sends_nothing(void **state)
{
	own_http_next_many(STATUS, script, SIZE_MAX);
	send();
	world_end();
	world.options.read_only = true;
	world_begin();
	world_wait(60000);
	assert_int_equal(own_http_count(SOUND), 0);
	world_end();
	world.options.read_only = false;
	world_begin();
	world_wait(60000);
	assert_int_equal(own_http_count(SOUND), 1);
}

/* Its script is kept by the service: it is told what is missing, and goes on when the tool is back. */
static void test_step_waits_for_a_tool_that_has_left(void **state)
{
	own_http_next_many(STATUS, script, 30);
	own_http_next_many(STATUS, sound, SIZE_MAX);
	send();
	world_set_tools(false);
	world_wait(60000);
	world_assert_state(TALK, "PROCESSING");
	assert_int_equal(own_http_count("POST"), 1);
	assert_non_null(strstr(world_status(TALK, "warning"), "put 'then' back into [model TALK]"));
	own_http_next(SOUND, taken);
	world_set_tools(true);
	world_wait(HOUR_MS);
	world_assert_state(TALK, "SUCCESS");
	assert_string_equal(world_status(TALK, "warning"), "");
	assert_int_equal(own_http_count(SOUND), 1);
}

/* The script is paid for and is there, whatever the configuration says when its sound has failed. */
static void test_step_that_fails_without_its_tool_leaves_the_script(void **state)
{
	own_http_next(SOUND, taken);
	own_http_next(STATUS, script);
	own_http_next_many(STATUS, sound_fails, SIZE_MAX);
	send();
	world_wait(4000);
	assert_int_equal(own_http_count(SOUND), 1);
	world_set_tools(false);
	world_wait(60000);
	world_assert_state(TALK, "SUCCESS");
	assert_true(world_exists("TALK/fox.text"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(test_step_is_sent_once),
		T(test_step_lost_or_answered_8002_is_not_repeated),
		T(test_step_refused_is_repeated),
		T(test_step_refused_for_good_leaves_the_script),
		T(test_step_that_fails_leaves_the_script),
		T(test_step_after_a_kill_is_a_person_s),
		T(test_step_is_not_sent_where_it_cannot_be_recorded),
		T(test_step_is_not_sent_from_a_mount_that_sends_nothing),
		T(test_step_waits_for_a_tool_that_has_left),
		T(test_step_that_fails_without_its_tool_leaves_the_script),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
