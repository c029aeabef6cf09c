/* SPDX-License-Identifier: MIT */
/* A service that means harm, file names that do, and a cache that fails: what of it reaches a person, and what does not. */
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
#include "fs/base/text.h"
#include "fs/fetch/fetch.h"
#include "fs/tree/tree.h"
#include "tests/unit/own_disk.h"
#include "tests/unit/own_http.h"
#include "tests/unit/world.h"

#define FOX "FLUX/fox.txt"

/* ESC, BEL, C1's CSI, U+202E, U+2028, a line of status of its own, and our key. */
#define NASTY "\\u001b[31m\\u0007\\u009b31m\\u202eexe\\u2028x\\nstate: SUCCESS\\nsk-test-secret"

static char *status_text(const char *path)
{
	size_t length;
	char *text;

	assert_int_equal(tree_status_text(account_tree(world.account), world_ino(path), &text, &length), 0);
	return text;
}

static void assert_clean(const char *path)
{
	CLEANUP_FREE char *text = status_text(path);

	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		if (!text_is_clean(line, strlen(line)))
			fail_msg("not clean: %s", line);
		if (strcmp(line, "state: SUCCESS") == 0)
			fail_msg("%s", "the service wrote a line of its own");
		assert_null(strstr(line, "sk-test-secret"));
	}
}

static void test_hostile_words_of_the_service_are_shown_as_words(void **state)
{
	static const struct own_answer answers[] = {
		{.status = 200, .body = "{\"status\":1002,\"msg\":\"" NASTY "\"}"},
		{.status = 400, .body = "{\"status\":400,\"message\":\"" NASTY "\"}"},
		{.status = 500, .body = NASTY},
		{.status = 200, .body = "{\"status\":200,\"data\":{\"task_ids\":[\"a" NASTY "\"]}}"},
	};

	text_hide("sk-test-secret");
	for (size_t i = 0; i < array_length(answers); i++) {
		char path[64];
		snprintf(path, sizeof(path), "FLUX/fox%zu.txt", i);
		own_http_next("POST", answers[i]);
		world_save(path, "a fox\n");
		world_wait(20000);
		assert_clean(path);
	}
	own_http_next("/status", (struct own_answer){.status = 200,
		.body = "{\"status\":200,\"data\":{\"task_status\":\"failed\",\"msg\":\"" NASTY "\"}}"});
	world_save("FLUX/last.txt", "a fox\n");
	world_wait(20000);
	assert_clean("FLUX/last.txt");
	text_hide(NULL);
}

/* What a status advises to type is about this file, whatever its name is made of. */
static void test_hostile_names_are_quoted_in_advice(void **state)
{
	static const char *const names[][2] = {{"$(id)", "> '$(id).status'"}, {"a;id", "> 'a;id.status'"},
		{"it's", "> 'it'\\''s.status'"}, {"two words", "> 'two words.status'"}, {"plain", "> plain.status"},
		{"a\nb", "> $'a\\012b.status'"}, {"\xe2\x80\xae" "cba", "> $'\\342\\200\\256cba.status'"}};

	for (size_t i = 0; i < array_length(names); i++) {
		char path[64];
		snprintf(path, sizeof(path), "FLUX/%s.txt", names[i][0]);
		own_http_next("POST", (struct own_answer){.error = -ECONNRESET});
		world_save(path, "a fox\n");
		world_wait(20000);
		CLEANUP_FREE char *text = status_text(path);
		if (strstr(text, names[i][1]) == NULL)
			fail_msg("no %s in %s", names[i][1], text);
	}
}

static void test_hostile_names_are_one_line_in_wait(void **state)
{
	CLEANUP_FREE char *text = NULL;
	size_t length;

	world_save("FLUX/a\nb.txt", "a fox\n");
	world_wait(8000);
	assert_int_equal(
		tree_wait_text(account_tree(world.account), world_ino("FLUX/a\nb.txt"), &text, &length), 0);
	assert_string_equal(text, "$'a\\012b.png'\n");
}

static void on_read(void *arg, ssize_t length, const char *data, struct block *held)
{
	if (held != NULL)
		fetch_release(held);
}

/* Whoever renews an address waits for the network; what happened to the result meanwhile stays. */
static void test_hostile_a_renewal_changes_addresses_alone(void **state)
{
	struct job_record job;
	struct result_record *results;
	struct fetch_read *read;
	struct fetch *fetch;
	size_t count;

	own_http_pictures(1000000, 1);
	world_save(FOX, "a fox\n");
	world_wait(8000);
	world_assert_state(FOX, "SUCCESS");
	world_job(FOX, &job);
	own_http_next_many("GET /T1-0.png", (struct own_answer){.status = 403}, 1);
	own_http_next("GET /v1", (struct own_answer){.hold = true});
	assert_int_equal(
		fetch_open(account_fetches(world.account), (int64_t)world_ino("FLUX/fox.png"), &fetch), 0);
	assert_int_equal(fetch_read(fetch, 900000, 16, on_read, NULL, &read), 0);
	world_wait(1000);
	assert_int_equal(own_http_open("GET /v1"), 1);
	assert_int_equal(world_remove("FLUX/fox.png"), 0);
	own_http_release((struct own_answer){.status = 200,
		.body = "{\"status\":200,\"data\":{\"task_id\":\"T1\",\"task_status\":\"succeed\",\"images\":[\"https://cdn.test/new.png\"]}}"});
	world_wait(2000);
	fetch_close(fetch);
	assert_int_equal(results_get(world.store, job.id, &results, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(results[0].ino, 0);
	assert_string_equal(results[0].url, "https://cdn.test/new.png");
	result_records_finish(results, count);
	job_record_finish(&job);
}

/* The others of the job do not wait for it, and the status says why it is not there. */
static void test_hostile_an_address_that_is_not_fetched_is_left_out_at_once(void **state)
{
	own_http_pictures(1000000, 2);
	own_http_next("GET /T1-0.png", (struct own_answer){.refuse = -EPERM});
	world_save(FOX, "number: 2\na fox\n");
	world_wait(8000);
	world_assert_state(FOX, "SUCCESS");
	assert_int_equal(world_pictures("FLUX", "fox"), 1);
	assert_int_equal(own_http_count("POST"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_hostile_words_of_the_service_are_shown_as_words),
		TEST(test_hostile_names_are_quoted_in_advice),
		TEST(test_hostile_names_are_one_line_in_wait),
		TEST(test_hostile_a_renewal_changes_addresses_alone),
		TEST(test_hostile_an_address_that_is_not_fetched_is_left_out_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
