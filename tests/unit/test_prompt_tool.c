/* SPDX-License-Identifier: MIT */
/* The prompts of tools, read by the reader of all prompts with another table of keys. */
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

/* What the tool is sent for this text, with an address for each input. */
static char *body_of(const char *dir, const char *text)
{
	struct prompt prompt = parse_with(builtin, dir, &(struct prompt_options){0}, text);
	char *body = NULL;

	for (size_t i = 0; i < prompt.ref_count; i++)
		assert_int_equal(
			prompt_add_input(&prompt, &prompt.refs[i], prompt.refs[i].value), 0);
	for (size_t i = 0; i < prompt.tool.count; i++)
		if (prompt.tool.items[i].type == TOOL_KILOBYTES)
			assert_int_equal(strlist_add(&prompt.tool.items[i].values, "12"), 0);
	assert_int_equal(prompt_encode(&prompt, &body), 0);
	prompt_finish(&prompt);
	return body;
}

static void assert_body(const char *dir, const char *text, const char *body)
{
	CLEANUP_FREE char *made = body_of(dir, text);

	assert_string_equal(made, body);
}

static void assert_tool_refused(const char *dir, const char *text, const char *sentences)
{
	assert_refused_bytes(builtin, dir, text, strlen(text), sentences);
}

static void test_tool_keys_and_the_services_names(void **state)
{
	static const char *const same[] = {"image: a.png\nbg color: #ff8800",
		"img_url: a.png\nbg_color: #ff8800", "Image : a.png\r\nBG-Color:\t#FF8800\r\n",
		"image_url: a.png\nbg color: ff8800", "image: \"a.png\"\nbg color: '#ff8800'",
		"\xef\xbb\xbfimage\xef\xbc\x9a"
		"a.png\nbg color\xef\xbc\x9a#ff8800",
		"\xc2\xa0image: a.png\xe3\x80\x80\n# a note\nbg color: "
		"\xe2\x80\x9c#ff8800\xe2\x80\x9d"};

	for (size_t i = 0; i < array_length(same); i++) {
		CLEANUP_FREE char *body = body_of("IMAGE_BG_CHANGE", same[i]);
		assert_non_null(strstr(body, "\"img_url\":\"a.png\""));
		assert_non_null(strcasestr(body, "\"bg_color\":\"#ff8800\""));
	}
	assert_body("IMAGE_BG_CHANGE", "image: a.png\non a beach\nin the sun",
		"{\"img_url\":\"a.png\",\"prompt\":\"on a beach\\nin the sun\"}");
	assert_body("IMAGE_BG_CHANGE", "image: a.png\nprompt: on a beach",
		"{\"img_url\":\"a.png\",\"prompt\":\"on a beach\"}");
}

static void test_tool_slips(void **state)
{
	assert_tool_refused("IMAGE_BG_CHANGE", "image: a.png\nbg color = #ff8800",
		"line 2: write 'bg color: #ff8800', or " ESCAPE);
	assert_tool_refused("IMAGE_BG_CHANGE", "image: a.png\nbg color #ff8800",
		"line 2: write 'bg color: #ff8800', or " ESCAPE);
	assert_tool_refused("IMAGE_BG_CHANGE", "image: a.png\nbg colr: #ff8800",
		"line 2: 'bg colr' looks like the setting 'bg color'; correct it, or " ESCAPE);
	assert_tool_refused("IMAGE_BG_CHANGE", "image=a.png\nbg color: #ff8800",
		"line 1: write 'image: a.png', or " ESCAPE);
	assert_tool_refused("VIDEO_UPSCALER", "video: a.mp4\nresolution = 2k",
		"line 2: write 'resolution: 2k', or " ESCAPE);
	assert_tool_refused("IMAGE_BG_CHANGE", "image: a.png\nratio: 16:9\nbg color: red",
		"line 2: ratio: IMAGE_BG_CHANGE has no such setting; it takes image, bg color, "
		"webhook, caller\nline 3: bg color 'red' is not #RRGGBB, such as #ff8800");
	assert_tool_refused("IMAGE_BG_CHANGE", "image: a.png\nimage: b.png\non a beach",
		"line 2: image is already set on line 1; keep one of the two");
	assert_tool_refused("IMAGE_BG_CHANGE", "image: a.png\nprompt: x\ny",
		"line 2: the words are here and on line 3, too: write all of them without "
		"'prompt:'");
	assert_refused_about(builtin, "IMAGE_BG_CHANGE", "image: a.png\non a beach\nseed: 42",
		"line 3: 'seed: 42': this service has no such setting");
	assert_refused_about(builtin, "IMAGE_UPSCALE", "image: a.png\nplease", "takes no text");
}

static void test_tool_values_as_people_write_them(void **state)
{
	assert_body("IMAGE_EXPAND",
		"image: a.png\noriginal image size: 1024 x 768\ncanvas size: 2048\xc3\x97"
		"1536\noriginal image location: (0, 128)",
		"{\"img_url\":\"a.png\",\"original_image_size\":\"1024x768\",\"canvas_size\":"
		"\"2048x1536\",\"original_image_location\":\"0,128\"}");
	assert_body("IMAGE_REFRAME", "image: a.png\nratio: 16x9",
		"{\"img_url\":\"a.png\",\"aspect_ratio\":\"16:9\"}");
	CLEANUP_FREE char *extended =
		body_of("VIDEO_EXTEND", "video: a.mp4\nit goes on\nduration: 8 seconds\n"
					"resolution: 720\nstyle: 3D animation");
	assert_non_null(strstr(extended, "\"duration\":8"));
	assert_non_null(strstr(extended, "\"resolution\":\"720p\""));
	assert_non_null(strstr(extended, "\"style\":\"3d_animation\""));
}

static void test_tool_take_and_dry_run(void **state)
{
	struct prompt prompt = parse_with(builtin, "IMAGE_UPSCALE", &(struct prompt_options){0},
		"image: a.png\ntake: 2\ndry run\n# twice\n");

	assert_string_equal(prompt.take, "2");
	assert_true(prompt.dry_run);
	assert_int_equal(prompt.left_out.count, 1);
	assert_string_equal(prompt.left_out.items[0], "line 4 \"# twice\"");
	prompt_finish(&prompt);
}

static void test_tool_models_are_fields_where_the_endpoint_has_one(void **state)
{
	CLEANUP_FREE char *body = body_of("IMAGE_TEXT_ERASE", "image: a.png\nmodel: FAST_ONE");

	assert_non_null(strstr(body, "\"model\":\"FAST_ONE\""));
}

static void test_tool_defaults(void **state)
{
	const struct prompt_defaults defaults[] = {
		{"resolution: 2k", strlen("resolution: 2k"), "/VIDEO_UPSCALER/a/.defaults"},
		{"resolution: 4k\nwebhook: https://h/",
			strlen("resolution: 4k\nwebhook: https://h/"),
			"/VIDEO_UPSCALER/.defaults"}};
	const struct prompt_options options = {.defaults = defaults, .defaults_count = 2};
	CLEANUP_FREE char *settings = NULL;
	struct prompt prompt = parse_with(builtin, "VIDEO_UPSCALER", &options, "video: a.mp4");

	assert_int_equal(prompt_format_settings(&prompt, &settings), 0);
	assert_string_equal(
		settings, "resolution 2k (.defaults), webhook_url https://h/ (.defaults)");
	prompt_finish(&prompt);
	prompt = parse_with(builtin, "VIDEO_UPSCALER", &options, "video: a.mp4\nresolution: 1080p");
	free(settings);
	assert_int_equal(prompt_format_settings(&prompt, &settings), 0);
	assert_string_equal(
		settings, "resolution 1080p (prompt), webhook_url https://h/ (.defaults)");
	prompt_finish(&prompt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tool_keys_and_the_services_names),
		cmocka_unit_test(test_tool_slips),
		cmocka_unit_test(test_tool_values_as_people_write_them),
		cmocka_unit_test(test_tool_take_and_dry_run),
		cmocka_unit_test(test_tool_models_are_fields_where_the_endpoint_has_one),
		cmocka_unit_test(test_tool_defaults),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
