/* SPDX-License-Identifier: MIT */
/* Which endpoint a prompt goes to, and that a wish is fulfilled whole or refused. */
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

static void test_prompt_modes_of_pictures(void **state)
{
	struct prompt prompt = parse("FLUX", "fox\nimage: ../sea.png");

	assert_int_equal(prompt.request.mode, API_IMAGE_TO_IMAGE);
	assert_int_equal(prompt.ref_count, 1);
	assert_int_equal(prompt.refs[0].role, REF_IMAGE);
	assert_string_equal(prompt.refs[0].value, "../sea.png");
	assert_false(prompt.refs[0].is_url);
	assert_int_equal(prompt.refs[0].line, 2);
	assert_string_equal(prompt.request.aspect_ratio, "9:16");
	assert_int_equal(prompt.request.images.count, 0);
	prompt_finish(&prompt);
	prompt = parse("GPT_IMAGE_2", "fox\nimage: HTTPS://h/a\nfirst frame: b.png");
	assert_int_equal(prompt.ref_count, 2);
	assert_string_equal(prompt.refs[0].value, "b.png");
	assert_true(prompt.refs[1].is_url);
	prompt_finish(&prompt);

	assert_refused("SEEDREAM", "fox",
		"SEEDREAM makes pictures only from pictures: add a line 'image: URL or path'");
	assert_refused_about(table, "FOUR", "fox\nimage: a.png",
		"line 2: image: FOUR makes pictures from text only; these take all of it: "
		"FLUX, ");
	assert_refused("FLUX", "fox\nvideo: a.mp4",
		"line 2: video: FLUX makes pictures from text, from pictures only; remove "
		"the line, or write 'fallback: yes' to go without");
	assert_refused("GPT_IMAGE_2", "fox\nimage: a\nimage: b\nimage: c",
		"line 4: 3 images: GPT_IMAGE_2 takes at most 2 here; remove some, or write "
		"'fallback: yes' to go without");
	assert_refused("FLUX", "fox\nimage: a\nimage: b",
		"line 3: 2 images: FLUX takes at most 1 here (more with image_limit in its [model] "
		"section); these take all of it: GPT_IMAGE_2; remove some, or write 'fallback: "
		"yes' to go without");
	assert_refused("FLUX", "fox\nimage: ftp://h/a",
		"line 2: image 'ftp://h/a' is neither an http(s) URL nor a path on the mount");
	assert_refused("FLUX", "fox\nimage: https://h/a b",
		"line 2: image 'https://h/a b' is neither an http(s) URL nor a path on the mount");
}

static enum api_mode mode_of(const char *dir, const char *text)
{
	struct prompt prompt = parse(dir, text);
	enum api_mode mode = prompt.request.mode;

	assert_int_equal(prompt.left_out.count, 0);
	prompt_finish(&prompt);
	return mode;
}

static void test_prompt_modes_of_videos(void **state)
{
	assert_int_equal(mode_of("SEEDANCE", "fox"), API_TEXT_TO_VIDEO);
	assert_int_equal(mode_of("SEEDANCE", "fox\nimage: a"), API_IMAGE_TO_VIDEO);
	assert_int_equal(mode_of("SEEDANCE", "fox\nfirst frame: a"), API_IMAGE_TO_VIDEO);
	assert_int_equal(mode_of("SEEDANCE", "fox\nimage: a\nimage: b"), API_MULTI_IMAGE_TO_VIDEO);
	assert_int_equal(mode_of("SEEDANCE", "fox\nlast frame: a\nfirst frame: b"), API_FIRST_LAST);
	assert_int_equal(mode_of("SEEDANCE", "fox\nvideo: a"), API_ALMIGHTY);
	assert_int_equal(mode_of("SEEDANCE", "fox\nimage: a\naudio ref: b"), API_ALMIGHTY);
	assert_int_equal(
		mode_of("SEEDANCE", "fox\nimage: a\nimage: b\nimage: c\nimage: d"), API_ALMIGHTY);
	assert_refused("KLING_O1", "fox",
		"KLING_O1 makes videos only from pictures: add a line 'image: URL or path'");
	assert_refused_about(table, "KLING_O1", "fox\nimage: x\nvideo: a",
		"line 3: video: KLING_O1 makes videos from a picture, from several pictures "
		"only; ");
	assert_refused_about(table, "GROK", "fox\nduration: 5\nimage: a",
		"line 3: image: GROK makes videos from text only; ");
	assert_refused("SEEDANCE", "fox\nlast frame: a",
		"line 2: last frame: needs a first one; add a line 'first frame: URL or path'");
	assert_refused("SEEDANCE", "fox\naudio ref: a",
		"line 2: audio ref: never alone; add a line 'image: URL or path' or 'video: URL or "
		"path'");
	assert_refused_about(table, "SEEDANCE", "fox\nvideo: a\nvideo: b\nvideo: c\nvideo: d",
		"line 5: 4 videos: SEEDANCE takes at most 3 here; ");
	assert_refused_about(table, "KLING_O1", "fox\nimage: a\nimage: b\nimage: c\nimage: d",
		"line 5: 4 images: KLING_O1 takes at most 3 here; ");
	assert_refused("SEEDANCE", "fox\nvideo: a\nnegative: blur",
		"line 3: negative: SEEDANCE has no such setting in almighty-reference-to-video; it "
		"takes ratio, number, resolution, duration, audio");
}

static void test_prompt_refs_are_in_the_order_of_sending(void **state)
{
	struct prompt prompt = parse(
		"SEEDANCE", "fox\naudio ref: s\nimage: i1\nvideo: v\nimage: i2\nfirst frame: f");
	static const char *const order[] = {"f", "i1", "i2", "v", "s"};

	assert_int_equal(prompt.ref_count, array_length(order));
	for (size_t i = 0; i < array_length(order); i++)
		assert_string_equal(prompt.refs[i].value, order[i]);
	prompt_finish(&prompt);
}

/* The whole, or nothing but a sentence; with the user's word what can be done, and what is left out. */
static void assert_fallback(
	const char *dir, const char *text, enum api_mode mode, size_t refs, const char *left_out)
{
	CLEANUP_FREE char *file = NULL, *told = NULL;

	assert_true(asprintf(&file, "%s\nfallback: yes", text) > 0);
	assert_refused_about(table, dir, text, "fallback: yes");
	struct prompt prompt = parse(dir, file);
	assert_int_equal(prompt.request.mode, mode);
	assert_int_equal(prompt.ref_count, refs);
	assert_int_equal(prompt_format_left_out(&prompt, &told), 0);
	assert_string_equal(told, left_out);
	prompt_finish(&prompt);
}

static void test_prompt_falls_back_with_the_users_word(void **state)
{
	assert_fallback("KLING_V3", "fox\nlast frame: b.png\nfirst frame: a.png",
		API_IMAGE_TO_VIDEO, 1, "line 2 \"last frame: b.png\"");
	assert_fallback("HAILUO", "fox\nimage: a\nimage: b\nimage: c", API_IMAGE_TO_VIDEO, 1,
		"line 3 \"image: b\", line 4 \"image: c\"");
	assert_fallback("PIKA", "fox\nfirst frame: a\nlast frame: b", API_MULTI_IMAGE_TO_VIDEO, 1,
		"line 3 \"last frame: b\"");
	assert_fallback("GROK", "fox\nimage: a", API_TEXT_TO_VIDEO, 0, "line 2 \"image: a\"");
	assert_fallback(
		"FLUX", "fox\nimage: a\nvideo: b", API_IMAGE_TO_IMAGE, 1, "line 3 \"video: b\"");
	assert_fallback("KLING_O1", "fox\nimage: x\nvideo: a", API_IMAGE_TO_VIDEO, 1,
		"line 3 \"video: a\"");
	/* it changes nothing where nothing has to be left out */
	assert_int_equal(mode_of("SEEDANCE", "fox\nimage: a\nimage: b\nfallback: yes"),
		API_MULTI_IMAGE_TO_VIDEO);
	assert_refused("PIKA", "fox\nfallback: yes",
		"PIKA makes videos only from pictures: add a line 'image: URL or path'");
}

static void test_prompt_names_who_can(void **state)
{
	assert_refused("KLING_V3", "fox\nimage: a\nimage: b",
		"line 3: 2 images: KLING_V3 takes at most 1 here; these take all of it: KLING_O1, "
		"PIKA, SEEDANCE; remove some, or write 'fallback: yes' to go without");
	assert_refused("KLING_V3", "fox\nvideo: b",
		"line 2: video: KLING_V3 makes videos from text, from a picture only; these "
		"take all of it: SEEDANCE; remove the line, or write 'fallback: yes' to go "
		"without");
	assert_refused_about(builtin, "KLING_O1", "fox\nimage: a\nlast frame: b",
		"line 3: last frame: KLING_O1 makes videos from a picture, from several "
		"pictures only; these take all of it: DOUBAO_1_5_PRO, ");
}

/* By the tables of the API reference, 3.6 and 3.15, written down by hand. */
static void test_prompt_first_and_last_frame(void **state)
{
	static const char *const can[] = {"VEO_3_1", "VEO_3_1_FAST", "WERYDANCE_2_0",
		"WERYDANCE_2_0_FAST", "DOUBAO_1_5_PRO", "KLING_V3_0_STA", "KLING_V3_0_PRO",
		"KLING_V2_5_TURBO", "KLING_V2_1_PRO"};
	static const char *const cannot[] = {"PIKA_2_2", "KLING_O1", "SORA_2", "WAN_2_6.video",
		"HAILUO_2_3_PRO", "CHATBOT_VEO_3_1_FAST", "GROK_IMAGINE_VIDEO"};

	for (size_t i = 0; i < array_length(can); i++) {
		struct prompt prompt = parse_with(builtin, can[i], &(struct prompt_options){0},
			"fox\nlast frame: b\nimage: a");
		assert_int_equal(prompt.request.mode, API_FIRST_LAST);
		assert_int_equal(prompt.ref_count, 2);
		assert_string_equal(prompt.refs[0].value, "a");
		assert_string_equal(prompt.refs[1].value, "b");
		prompt_finish(&prompt);
	}
	for (size_t i = 0; i < array_length(cannot); i++)
		assert_refused_about(builtin, cannot[i], "fox\nfirst frame: a\nlast frame: b",
			"these take all of it: DOUBAO_1_5_PRO, KLING_V2_1_PRO, ");
}

static void test_prompt_too_many_refs(void **state)
{
	char text[1024] = "fox\n";

	for (size_t i = 0; i <= SETTING_REFS_MAX; i++)
		strcat(text, "image: a\n");
	assert_refused("GPT_IMAGE_2", text,
		"line 4: 30 images: GPT_IMAGE_2 takes at most 2 here; remove some, or write "
		"'fallback: yes' to go without\n"
		"line 32: image: more than 30 reference inputs; remove some");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prompt_modes_of_pictures),
		cmocka_unit_test(test_prompt_modes_of_videos),
		cmocka_unit_test(test_prompt_refs_are_in_the_order_of_sending),
		cmocka_unit_test(test_prompt_falls_back_with_the_users_word),
		cmocka_unit_test(test_prompt_names_who_can),
		cmocka_unit_test(test_prompt_first_and_last_frame),
		cmocka_unit_test(test_prompt_too_many_refs),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
