/* SPDX-License-Identifier: MIT */
/* Values, as people write them and as a model takes them. */
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

static void test_prompt_values_of_the_model(void **state)
{
	assert_refused("FLUX", "fox\nratio: 16:10",
		"line 2: ratio '16:10' is not one that FLUX takes: 9:16, 1:1, 16:9");
	assert_refused("FLUX", "fox\nn: 5", "line 2: number 5 is not one that FLUX takes: 1-4");
	assert_refused("FLUX", "fox\nnumber: 0",
		"line 2: number '0' is not a number of results such as 2");
	assert_refused("FOUR", "fox\nnumber: 1", "line 2: number 1: FOUR always makes 4");
	assert_refused("FLUX", "fox\n\nquality: high",
		"line 3: quality: the catalogue lists none for FLUX; it takes ratio, negative, "
		"number, resolution "
		"('unknown = allow' sends it anyway)");
	assert_refused("GPT_IMAGE_2", "fox\nquality: best",
		"line 2: quality 'best' is not one that GPT_IMAGE_2 takes: low, medium, high");
	assert_refused("FLUX", "fox\nduration: 5",
		"line 2: duration: FLUX has no such setting in text-to-image; it takes ratio, "
		"negative, number, resolution");
	assert_refused("KLING_V3", "fox\nresolution: 720p",
		"line 2: resolution: KLING_V3 has no such setting in text-to-video; it takes "
		"ratio, "
		"negative, number, duration, audio");
	assert_refused("SEEDANCE", "fox\nduration: 9",
		"line 2: duration '9' is not one that SEEDANCE takes: 5-8, 10-12, 20");
	assert_refused("SEEDANCE", "fox\nduration: 5m",
		"line 2: duration '5m' is not whole seconds such as 5");
	assert_refused("WAN_2_5.video", "fox\naudio: yes",
		"line 2: audio: WAN_2_5 has no such setting in text-to-video; it takes ratio, "
		"number, "
		"resolution, duration");
	assert_refused("SEEDANCE", "fox\naudio: rain on tin",
		"line 2: audio 'rain on tin' is neither yes nor no; correct it, or " ESCAPE);
	assert_refused("WAN_2_5.video", "fox\nnegative: blur",
		"line 2: negative: WAN_2_5 has no such setting in text-to-video; it takes ratio, "
		"number, resolution, duration");
	assert_refused("FLUX", "fox\nwebhook: http://example.org/",
		"line 2: webhook 'http://example.org/' is not an https:// URL (http:// only to "
		"this "
		"machine)");
	assert_refused("FLUX", "fox\ncaller: 9223372036854775808",
		"line 2: caller '9223372036854775808' is not a whole number");
	assert_refused("GROK", "fox\nduration: 5\nratio: wide",
		"line 3: ratio 'wide' is not of the form WIDTH:HEIGHT, such as 16:9");
}

static void test_prompt_values_in_the_catalogues_spelling(void **state)
{
	struct prompt prompt = parse("GEMINI", "fox\nresolution: 2K\nweb search: yes");

	assert_string_equal(prompt.request.resolution, "2k");
	assert_int_equal(prompt.request.web_search, 1);
	prompt_finish(&prompt);
	prompt = parse("GPT_IMAGE_2", "fox\nratio: 16:9(4K)\nquality: LOW");
	assert_string_equal(prompt.request.aspect_ratio, "16:9(4k)");
	assert_string_equal(prompt.request.quality, "low");
	prompt_finish(&prompt);
}

/* LibreOffice and others take it for a time of day, and save that. */
static void test_prompt_ratio_as_a_spreadsheet_saves_it(void **state)
{
	static const char *const times[][2] = {{"16:09:00", "16:9"}, {"04:09:00 PM", "16:9"}, {"4:09 pm", "16:9"},
		{"09:16:00 AM", "9:16"}, {"01:01:00 AM", "1:1"}, {"01:01", "1:1"}, {"9:16:00", "9:16"}};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		char text[64];
		snprintf(text, sizeof(text), "fox\nratio: %s", times[i][0]);
		struct prompt prompt = parse("FLUX", text);
		assert_string_equal(prompt.request.aspect_ratio, times[i][1]);
		prompt_finish(&prompt);
	}
	assert_refused("FLUX", "fox\nratio: 16:09:30", "line 2: ratio '16:09:30' is not one that FLUX takes: 9:16, 1:1, 16:9");
	assert_refused("FLUX", "fox\nratio: -1:09", "line 2: ratio '-1:09' is not one that FLUX takes: 9:16, 1:1, 16:9");
}

static void test_prompt_webhooks(void **state)
{
	static const char *const good[] = {"https://example.org/a?b=1", "HTTPS://u:p@h:1/",
		"http://localhost:9/x", "http://127.9.9.9", "http://[::1]:80/",
		"http://u:p@localhost:9/"};
	static const char *const bad[] = {"ftp://h/", "https://", "https:///x", "h",
		"http://[::2]/", "http://127.example.org/", "http://localhost@example.org/",
		"https://a b/", "http://example.org\\@localhost/", "https://:80/",
		"http://localhost:80@example.org/"};

	for (size_t i = 0; i < array_length(good); i++) {
		CLEANUP_FREE char *text = NULL;
		assert_true(asprintf(&text, "fox\nwebhook: %s", good[i]) > 0);
		struct prompt prompt = parse("FLUX", text);
		assert_string_equal(prompt.request.webhook_url, good[i]);
		prompt_finish(&prompt);
	}
	for (size_t i = 0; i < array_length(bad); i++) {
		CLEANUP_FREE char *text = NULL, *message = NULL;
		struct prompt prompt;
		assert_true(asprintf(&text, "fox\nwebhook: %s", bad[i]) > 0);
		assert_int_equal(
			prompt_parse(model_table_find(table, "FLUX"), &(struct prompt_options){0},
				text, strlen(text), &prompt, &message),
			-EINVAL);
		assert_non_null(strstr(message, "line 2: webhook '"));
	}
}

static void test_prompt_lengths_count_characters(void **state)
{
	CLEANUP_FREE char *text = malloc(2 * 2001 + 1);
	CLEANUP_FREE char *file = NULL;

	assert_non_null(text);
	for (size_t i = 0; i < 2001; i++)
		memcpy(text + 2 * i, "\xc3\xa9", 2);
	text[4000] = '\0';
	struct prompt prompt = parse("FLUX", text);
	assert_int_equal(strlen(prompt.request.prompt), 4000);
	prompt_finish(&prompt);
	text[4000] = '\xc3';
	text[4002] = '\0';
	assert_refused("FLUX", text, "the prompt has 2001 characters; FLUX takes at most 2000");
	prompt = parse("GPT_IMAGE_2", text);
	prompt_finish(&prompt);

	text[2002] = '\0';
	assert_true(asprintf(&file, "fox\nnegative: %s", text) > 0);
	assert_refused(
		"FLUX", file, "line 2: negative has 1001 characters; at most 1000 are taken");
	file[strlen(file) - 2] = '\0';
	prompt = parse("FLUX", file);
	prompt_finish(&prompt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prompt_values_of_the_model),
		cmocka_unit_test(test_prompt_values_in_the_catalogues_spelling),
		cmocka_unit_test(test_prompt_ratio_as_a_spreadsheet_saves_it),
		cmocka_unit_test(test_prompt_webhooks),
		cmocka_unit_test(test_prompt_lengths_count_characters),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
