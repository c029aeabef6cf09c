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
	own_http_next("GET /v1", (struct own_answer){.status = 200,
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
		world_wait(5000);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_hostile_words_of_the_service_are_shown_as_words),
		TEST(test_hostile_names_are_quoted_in_advice),
		TEST(test_hostile_names_are_one_line_in_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
