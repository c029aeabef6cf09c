/* SPDX-License-Identifier: MIT */
/* What each line of a prompt file is (design 1.2). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "tests/unit/prompt_probe.h"

static void test_prompt_directives_anywhere(void **state)
{
	struct prompt prompt =
		parse("FLUX", "\xef\xbb\xbfRatio: 16:9\r\n\r\na fox\r\n  N :2\r\n in snow\r\n"
			      "NEGATIVE_prompt:  blur, text \r\nwebhook: "
			      "http://127.0.0.1:80/x\r\ncaller: -5\r\n");

	assert_string_equal(prompt.request.prompt, "a fox\n in snow");
	assert_string_equal(prompt.request.aspect_ratio, "16:9");
	assert_int_equal(prompt.request.number, 2);
	assert_string_equal(prompt.request.negative_prompt, "blur, text");
	assert_string_equal(prompt.request.webhook_url, "http://127.0.0.1:80/x");
	assert_true(prompt.request.has_caller);
	assert_int_equal(prompt.request.caller_id, -5);
	prompt_finish(&prompt);
}

static void test_prompt_key_spellings(void **state)
{
	static const char *const same[] = {"ratio:16:9", "aspect_ratio: 16:9",
		"Aspect-Ratio : 16:9", "ASPECT  ratio:\t16:9", "- ratio: 16:9"};

	for (size_t i = 0; i < array_length(same); i++) {
		CLEANUP_FREE char *text = NULL;
		assert_true(asprintf(&text, "fox\n%s", same[i]) > 0);
		struct prompt prompt = parse("FLUX", text);
		assert_string_equal(prompt.request.prompt, "fox");
		assert_string_equal(prompt.request.aspect_ratio, "16:9");
		prompt_finish(&prompt);
	}
}

static void test_prompt_backslash_makes_text(void **state)
{
	struct prompt prompt = parse("FLUX", "\\ratio: 16:9\n\\rato: x\n\\\\two\n\\dry run\n \\z");

	assert_string_equal(prompt.request.prompt, "ratio: 16:9\nrato: x\n\\two\ndry run\n \\z");
	assert_string_equal(prompt.request.aspect_ratio, "9:16");
	assert_false(prompt.dry_run);
	prompt_finish(&prompt);
}

static void test_prompt_blank_is_a_draft(void **state)
{
	assert_blank("");
	assert_blank("\n\r\n \t\n");
	assert_blank("\xef\xbb\xbf\n");
	assert_refused("FLUX", "ratio: 1:1\n", "no prompt text, only settings: write what to make");
	assert_refused("FLUX", "dry run\n", "no prompt text, only settings: write what to make");
}

static void test_prompt_dry_run(void **state)
{
	static const char *const yes[] = {"dry run", " Dry-Run ", "dry_run: yes", "dry run: ON"};

	for (size_t i = 0; i < array_length(yes); i++) {
		CLEANUP_FREE char *text = NULL;
		assert_true(asprintf(&text, "fox\n%s\n", yes[i]) > 0);
		struct prompt prompt = parse("FLUX", text);
		assert_string_equal(prompt.request.prompt, "fox");
		assert_true(prompt.dry_run);
		prompt_finish(&prompt);
	}
	struct prompt prompt = parse("FLUX", "fox\ndry run: no");
	assert_false(prompt.dry_run);
	prompt_finish(&prompt);
	prompt = parse_with(
		table, "FLUX", &(struct prompt_options){.dry_run = true}, "fox\ndry run: no");
	assert_true(prompt.dry_run);
	prompt_finish(&prompt);
	assert_refused(
		"FLUX", "fox\ndry run: mabe", "line 2: dry run 'mabe' is neither yes nor no");
	assert_refused("FLUX", "fox\ndry rum",
		"line 2: 'dry rum' looks like the setting 'dry run'; correct "
		"it, or " ESCAPE);
}

static void test_prompt_bytes_that_are_no_text(void **state)
{
	static const char *const dirs[] = {"FLUX", "POSTER"};
	CLEANUP_FREE char *big = malloc(PROMPT_MAX_BYTES + 1);

	assert_non_null(big);
	memset(big, 'x', PROMPT_MAX_BYTES + 1);
	for (size_t i = 0; i < array_length(dirs); i++) {
		assert_refused_bytes(table, dirs[i], "fox\n\nred\0fox", 12,
			"line 3: a NUL byte; a prompt file is plain UTF-8 text");
		assert_refused(dirs[i], "fox\n\xff\n",
			"line 2: not valid UTF-8; save the file as UTF-8 text");
		assert_refused(dirs[i], "\xc3\n\xa9",
			"line 1: not valid UTF-8; save the file as UTF-8 text");
		assert_refused_bytes(table, dirs[i], big, PROMPT_MAX_BYTES + 1,
			"larger than 256 KiB; a prompt file is not");
	}
}

static void test_prompt_settings_once_each(void **state)
{
	assert_refused("FLUX", "ratio: 1:1\nfox\naspect ratio: 1:1",
		"line 3: ratio is already set on line 1; keep one of the two");
	assert_refused("SEEDANCE", "fox\nlast frame: a.png\nlast-frame: b.png\nfirst frame: c.png",
		"line 3: last frame is already set on line 2; keep one of the two");
	assert_refused("FLUX", "dry run\nfox\ndry run: no",
		"line 3: dry run is already set on line 1; keep one of the two");
	assert_refused("FLUX", "fox\nratio:\n",
		"line 2: ratio has no value; write one, remove the line, or " ESCAPE);
}

static void test_prompt_all_errors_in_order_and_at_most_eight(void **state)
{
	assert_refused("FLUX", "rato: 1:1\nratio: 7:7\nquality: high\nn: x\nfox",
		"line 1: 'rato' looks like the setting 'ratio'; correct it, or " ESCAPE "\n"
		"line 2: ratio '7:7' is not one that FLUX takes: 9:16, 1:1, 16:9\n"
		"line 3: quality: the catalogue lists none for FLUX; it takes ratio, negative, "
		"number, resolution "
		"('unknown = allow' sends it anyway)\n"
		"line 4: number 'x' is not a number of results such as 2");

	struct prompt prompt;
	CLEANUP_FREE char *message = NULL;
	const char *many = "fox\nn:\nn:\nn:\nn:\nn:\nn:\nn:\nn:\nn:\nn:\n";
	size_t lines = 1;
	assert_int_equal(prompt_parse(model_table_find(table, "FLUX"), &(struct prompt_options){0},
				 many, strlen(many), &prompt, &message),
		-EINVAL);
	for (const char *c = message; *c; c++)
		lines += *c == '\n';
	assert_int_equal(lines, 8);
}

/* One file in every form that an editor may give it. */
static void test_prompt_invisible_characters(void **state)
{
	static const char *const same[] = {"ratio: 16:9\na fox\nn: 2",
		"ratio: 16:9\r\na fox\r\nn: 2\r\n", "ratio: 16:9\ra fox\rn: 2\r",
		"\xef\xbb\xbfratio: 16:9\na fox\n\xef\xbb\xbfn: 2",
		"\xc2\xa0ratio\xc2\xa0:\xc2\xa0"
		"16:9\xc2\xa0\n\xc2\xa0"
		"a fox\nn:\xe2\x80\x89"
		"2\n",
		"\xe3\x80\x80ratio:\xe3\x80\x80"
		"16:9\na fox\nn: 2\xe3\x80\x80\n",
		"\xe2\x80\x8bratio\xe2\x80\x8b:16:9\xe2\x80\x8b\na fox\n\xe2\x80\x8e"
		"n:2",
		"ratio\xef\xbc\x9a"
		"16\xef\xbc\x9a"
		"9\na fox\n\xef\xbd\x8e: \xef\xbc\x92",
		"ratio\xe2\x88\xb6"
		"16:9\na fox\nn\xef\xb9\x95 2",
		"\xef\xbc\xb2\xef\xbd\x81\xef\xbd\x94\xef\xbd\x89\xef\xbd\x8f: 16:9\na fox\nn: 2",
		"Aspect\xe2\x80\x93Ratio: 16:9\na fox\nnumber: 2",
		"aspect\xc2\xa0ratio: 16:9\xe2\x80\xa8"
		"a fox\xe2\x80\xa9n: 2",
		"\tratio:\t16:9\t\n\n\n  a fox  \n\n\tn : 2\n\n"};

	for (size_t i = 0; i < array_length(same); i++) {
		struct prompt prompt = parse("FLUX", same[i]);
		assert_string_equal(prompt.request.prompt, "a fox");
		assert_string_equal(prompt.request.aspect_ratio, "16:9");
		assert_int_equal(prompt.request.number, 2);
		prompt_finish(&prompt);
	}
	assert_refused_bytes(table, "FLUX", "\xff\xfe\x61\0\x20\0", 6,
		"line 1: UTF-16, which Windows calls Unicode; save the file as UTF-8 text");
}

static void test_prompt_comments(void **state)
{
	CLEANUP_FREE char *told = NULL;
	struct prompt prompt = parse("FLUX", "# Heading\na fox #1\n#hashtag\n#\n\\# of text\n"
					     "#\xc2\xa0more\n## two\nratio: 16:9\n");

	assert_string_equal(prompt.request.prompt, "a fox #1\n#hashtag\n# of text\n## two");
	assert_int_equal(prompt_format_left_out(&prompt, &told), 0);
	assert_string_equal(told, "line 1 \"# Heading\", line 4 \"#\", line 6 \"#\xc2\xa0more\"");
	prompt_finish(&prompt);
	assert_blank("# nothing but a note\n\n");
	/* many are not all told */
	prompt = parse("FLUX", "# 1\n# 2\n# 3\n# 4\n# 5\n# 6\n# 7\n# 8\n# 9\n# 10\nfox");
	free(told);
	assert_int_equal(prompt_format_left_out(&prompt, &told), 0);
	assert_non_null(strstr(told, "line 8 \"# 8\" and 2 more"));
	prompt_finish(&prompt);
}

static void assert_negative(const char *text, const char *words, const char *negative)
{
	struct prompt prompt = parse("FLUX", text);

	assert_string_equal(prompt.request.prompt, words);
	assert_string_equal(prompt.request.negative_prompt, negative);
	prompt_finish(&prompt);
}

static void test_prompt_negative_goes_on(void **state)
{
	assert_negative(
		"a fox\nNegative prompt: (worst quality:2),\n  (low quality:2), watermark\n",
		"a fox", "(worst quality:2), (low quality:2), watermark");
	assert_negative("negative:\n\tblur\n\ttext\n\na fox", "a fox", "blur text");
	assert_negative("negative: blur,\n  text\n\n  a fox", "a fox", "blur, text");
	assert_negative("negative: blur\na fox\n  in snow", "a fox\n  in snow", "blur");
	assert_negative("  negative: blur\n  a fox", "a fox", "blur");
	assert_negative("  negative: blur,\n    text\n  a fox", "a fox", "blur, text");
	/* directives and comments may stand between */
	assert_negative(
		"negative: blur,\n  ratio: 16:9\n# a note\n  text\na fox", "a fox", "blur, text");
	assert_negative("a fox\nnegative: blur, text,\nratio: 16:9", "a fox", "blur, text,");
	assert_negative("a fox\nnegative: blur, text,\n\n", "a fox", "blur, text,");
	assert_negative("a fox\nnegative: blur, text,", "a fox", "blur, text,");
	assert_refused("FLUX", "a fox\nnegative: (worst quality:2),\n(low quality:2), watermark\n",
		"line 3: does the negative above go on here? Then indent this line; if not, remove "
		"the comma at the end of line 2");
	assert_refused("FLUX", "negative: blur\xef\xbc\x8c\n\\a fox",
		"line 2: does the negative above go on here? Then indent this line; if not, remove "
		"the comma at the end of line 1");
	assert_refused("FLUX", "a fox\nnegative:\n\nmore",
		"line 2: negative has no value; write one, remove the line, or " ESCAPE);
	assert_refused("FLUX", "negative: a\n  b\nnegative: c\nfox",
		"line 3: negative is already set on line 1; keep one of the two");
}

static void test_prompt_conflicts(void **state)
{
	assert_refused("FLUX", "a fox\n<<<<<<< HEAD\nin snow\n=======\nin rain\n>>>>>>> theirs\n",
		"line 2: marks of a conflict that git left (to line 6): keep one of the two texts, "
		"and remove the marks");
	assert_prose("a fox\n<<<<<<< this way");
	assert_prose("a fox\n>>>>>>> that way");
	assert_prose(">>>>>>> a\n<<<<<<< b");
	assert_prose("<<<<<<<a\n>>>>>>>b");
	assert_prose("<<<<<<<< eight\n>>>>>>>> of them");
}

static void test_prompt_words_by_name(void **state)
{
	struct prompt prompt = parse("FLUX", "prompt: a red fox\nratio: 16:9");

	assert_string_equal(prompt.request.prompt, "a red fox");
	prompt_finish(&prompt);
	assert_refused("FLUX", "Prompt: a red fox\nin snow",
		"line 1: the words are here and on line 2, too: write all of them without "
		"'prompt:'");
	assert_refused("FLUX", "prompt: a\nprompt: b",
		"line 2: prompt is already set on line 1; keep one of the two");
	assert_refused("FLUX", "prompt:\n",
		"line 1: prompt has no value; write one, remove the line, or " ESCAPE);
}

static void test_prompt_take(void **state)
{
	struct prompt prompt = parse("FLUX", "fox\ntake: second one\n");

	assert_string_equal(prompt.take, "second one");
	prompt_finish(&prompt);
	prompt = parse("FLUX", "fox\nTake : \"2\"");
	assert_string_equal(prompt.take, "2");
	prompt_finish(&prompt);
	assert_refused("FLUX", "fox\ntake: 1\ntake: 2",
		"line 3: take is already set on line 2; keep one of the two");
	assert_refused("FLUX", "fox\nfallback: perhaps",
		"line 2: fallback 'perhaps' is neither yes nor no");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prompt_directives_anywhere),
		cmocka_unit_test(test_prompt_key_spellings),
		cmocka_unit_test(test_prompt_backslash_makes_text),
		cmocka_unit_test(test_prompt_blank_is_a_draft),
		cmocka_unit_test(test_prompt_dry_run),
		cmocka_unit_test(test_prompt_bytes_that_are_no_text),
		cmocka_unit_test(test_prompt_settings_once_each),
		cmocka_unit_test(test_prompt_all_errors_in_order_and_at_most_eight),
		cmocka_unit_test(test_prompt_invisible_characters),
		cmocka_unit_test(test_prompt_comments),
		cmocka_unit_test(test_prompt_negative_goes_on),
		cmocka_unit_test(test_prompt_conflicts),
		cmocka_unit_test(test_prompt_words_by_name),
		cmocka_unit_test(test_prompt_take),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
