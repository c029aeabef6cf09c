/* SPDX-License-Identifier: MIT */
/* The examples of weryaifs-prompt(5) do what the manual says. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "tests/unit/prompt_probe.h"
#include "tests/unit/source_file.h"

#define MARK ".\\\" example "

/* The lines between .Bd and .Ed, with troff's "\e" as a backslash. */
static char *example_text(const char *from)
{
	const char *start = strchr(strstr(from, ".Bd "), '\n') + 1, *end = strstr(start, ".Ed");
	struct buf text;

	buf_init(&text, 64 * 1024);
	for (const char *c = start; c < end; c++) {
		bool escape = c[0] == '\\' && c[1] == 'e';
		buf_add(&text, escape ? "\\" : c, 1);
		c += escape;
	}
	return buf_steal(&text);
}

/* A file of defaults, above a prompt. */
static void run_defaults(const char *dir, const char *text)
{
	const struct prompt_defaults defaults = {text, strlen(text), "/.defaults"};
	const struct prompt_options options = {.defaults = &defaults, .defaults_count = 1};
	struct prompt prompt = parse_with(builtin, dir, &options, "a fox");

	assert_int_equal(prompt.origins[SETTING_RATIO], ORIGIN_DEFAULTS);
	assert_string_equal(prompt.request.negative_prompt, "text, watermark");
	prompt_finish(&prompt);
}

static void run(const char *dir, const char *outcome, const char *text)
{
	struct prompt prompt = {0};
	CLEANUP_FREE char *message = NULL, *left_out = NULL;
	int r = prompt_parse(model_table_find(builtin, dir),
		&(struct prompt_options){.models = builtin}, text, strlen(text), &prompt, &message);

	if ((r == 0) != (strcmp(outcome, "refused") != 0))
		print_error("%s, %s:\n%s%s\n", dir, outcome, text, message ? message : "");
	if (strcmp(outcome, "refused") == 0) {
		assert_int_equal(r, -EINVAL);
		return;
	}
	assert_int_equal(r, 0);
	assert_int_equal(prompt_format_left_out(&prompt, &left_out), 0);
	assert_int_equal(left_out != NULL, strcmp(outcome, "left out") == 0);
	prompt_finish(&prompt);
}

static void test_manual_examples(void **state)
{
	size_t length, count = 0;
	CLEANUP_FREE char *manual = read_source("config/weryaifs-prompt.5", &length);

	for (const char *at = manual; (at = strstr(at, MARK)) != NULL; count++) {
		char dir[64], outcome[64];
		assert_int_equal(sscanf(at, MARK "%63s %63[^\n]", dir, outcome), 2);
		CLEANUP_FREE char *text = example_text(at);
		if (strcmp(outcome, "defaults") == 0)
			run_defaults(dir, text);
		else
			run(dir, outcome, text);
		at += strlen(MARK);
	}
	assert_true(count >= 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_manual_examples),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
