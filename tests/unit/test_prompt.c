/* SPDX-License-Identifier: MIT */
/* From a text to a request: what is filled in, and by whom. */
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

static void test_prompt_plain_text_gets_the_models_own(void **state)
{
	struct prompt prompt = parse("FLUX", "a red fox\n");

	assert_string_equal(prompt.request.model, "FLUX");
	assert_string_equal(prompt.request.prompt, "a red fox");
	assert_int_equal(prompt.request.mode, API_TEXT_TO_IMAGE);
	assert_string_equal(prompt.request.aspect_ratio, "9:16");
	assert_null(prompt.request.negative_prompt);
	assert_null(prompt.request.resolution);
	assert_int_equal(prompt.request.number, API_UNSET);
	assert_int_equal(prompt.request.duration, API_UNSET);
	assert_int_equal(prompt.request.audio, API_UNSET);
	assert_false(prompt.request.has_caller);
	assert_false(prompt.dry_run);
	assert_int_equal(prompt.left_out.count, 0);
	prompt_finish(&prompt);
}

static void test_prompt_own_defaults(void **state)
{
	static const struct {
		const char *dir, *text, *ratio, *resolution;
		int number, duration;
	} cases[] = {
		{"FOUR", "fox", "1:1", NULL, 4, API_UNSET},
		{"FLUX", "fox", "9:16", NULL, API_UNSET, API_UNSET},
		{"GEMINI", "fox", "1:1", "1k", API_UNSET, API_UNSET},
		{"SEEDREAM", "fox\nimage: a", "9:16", NULL, API_UNSET, API_UNSET},
		/* nothing is known of these modes; a picture has a ratio all the same */
		{"FLUX", "fox\nimage: a", "9:16", NULL, API_UNSET, API_UNSET},
		{"GEMINI", "fox\nimage: a", "1:1", NULL, API_UNSET, API_UNSET},
		{"FLUX", "fox\nimage: a\nratio: 7:5\nresolution: 2k", "7:5", "2k", API_UNSET,
			API_UNSET},
		{"GROK", "fox", NULL, NULL, API_UNSET, 5},
		{"GROK", "fox\nduration: 7 s", NULL, NULL, API_UNSET, 7},
		/* a film is wide where that is listed */
		{"WAN_2_5.video", "fox", "16:9", "720p", API_UNSET, 5},
		{"WAN_2_5.video", "fox\nimage: a", NULL, "720p", API_UNSET, 5},
		{"SEEDANCE", "fox", "9:16", "480p", API_UNSET, 5},
		/* for several pictures what one picture may have, then what a text may */
		{"SEEDANCE", "fox\nimage: a\nimage: b", "16:9", "480p", API_UNSET, 5},
		{"SEEDANCE", "fox\nimage: a\nlast frame: b", "16:9", "480p", API_UNSET, 5},
		{"SEEDANCE", "fox\nimage: a\nimage: b\nratio: 3:7\nduration: 9\nresolution: 8k",
			"3:7", "8k", API_UNSET, 9},
		/* the endpoint's own limits, and nothing that was not asked for */
		{"SEEDANCE", "fox\nvideo: a", NULL, NULL, API_UNSET, 5},
		{"SEEDANCE", "fox\nvideo: a\nratio: 1:1\nresolution: 480P\nduration: 15", "1:1",
			"480p", API_UNSET, 15},
		{"KLING_V3", "fox\nimage: a", "9:16", NULL, API_UNSET, 5},
		{"HAILUO", "fox", NULL, NULL, API_UNSET, 6},
		{"HAILUO", "fox\nratio: 4:3", "4:3", NULL, API_UNSET, 6},
		{"WAN_2_5.video", "fox\naudio: no\nn: 1", "16:9", "720p", 1, 5},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct prompt prompt = parse(cases[i].dir, cases[i].text);
		if (cases[i].ratio)
			assert_string_equal(prompt.request.aspect_ratio, cases[i].ratio);
		else
			assert_null(prompt.request.aspect_ratio);
		if (cases[i].resolution)
			assert_string_equal(prompt.request.resolution, cases[i].resolution);
		else
			assert_null(prompt.request.resolution);
		assert_int_equal(prompt.request.number, cases[i].number);
		assert_int_equal(prompt.request.duration, cases[i].duration);
		assert_int_equal(prompt.request.audio, API_UNSET);
		prompt_finish(&prompt);
	}
}

static void test_prompt_almighty_has_the_endpoints_limits(void **state)
{
	char text[600] = "video: a\n";

	assert_refused_about(table, "SEEDANCE", "fox\nvideo: a\nratio: 4:3",
		"line 3: ratio '4:3' is not one that SEEDANCE takes: 1:1, 9:16, 16:9");
	assert_refused_about(table, "SEEDANCE", "fox\nvideo: a\nresolution: 1080p",
		"line 3: resolution '1080p' is not one that SEEDANCE takes: 480p, 720p");
	assert_refused_about(table, "SEEDANCE", "fox\nvideo: a\nduration: 4",
		"line 3: duration '4' is not one that SEEDANCE takes: 5-15");
	memset(text + strlen(text), 'x', 501);
	assert_refused("SEEDANCE", text,
		"the prompt has 501 characters; SEEDANCE takes at most 500 with these inputs");
	text[strlen(text) - 1] = '\0';
	struct prompt prompt = parse("SEEDANCE", text);
	prompt_finish(&prompt);
}

static void test_prompt_who_said_so(void **state)
{
	const struct model_param params[] = {
		{NULL, "ratio", "1:1", "f:1"}, {NULL, "audio", "on", "f:2"}};
	struct model_table *configured = create(params, array_length(params));
	static const char near[] = "# of this directory\nduration: 10\nresolution: 480p\n";
	static const char far[] = "duration: 12\nnegative: blur,\n  text\naudio: no";
	const struct prompt_defaults defaults[] = {
		{near, sizeof(near) - 1, "/SEEDANCE/a/.defaults"},
		{far, sizeof(far) - 1, "/SEEDANCE/.defaults"}};
	const struct prompt_options options = {.defaults = defaults, .defaults_count = 2};
	CLEANUP_FREE char *settings = NULL;
	struct prompt prompt =
		parse_with(configured, "SEEDANCE", &options, "fox\nresolution: 480P");

	assert_int_equal(prompt_format_settings(&prompt, &settings), 0);
	assert_string_equal(settings, "ratio 1:1 (configuration), negative blur, text (.defaults), "
				      "resolution 480p (prompt), duration 10 (.defaults), "
				      "audio no (.defaults)");
	assert_null(prompt.given.ratio);
	assert_string_equal(prompt.given.resolution, "480P");
	assert_int_equal(prompt.given.duration, API_UNSET);
	prompt_finish(&prompt);
	prompt = parse_with(configured, "KLING_V3", &(struct prompt_options){0}, "fox");
	free(settings);
	assert_int_equal(prompt_format_settings(&prompt, &settings), 0);
	assert_string_equal(settings,
		"ratio 9:16 (catalogue), duration 5 (catalogue), audio yes (configuration)");
	prompt_finish(&prompt);
	model_table_destroy(configured);
}

static void assert_bad_defaults(const char *text, const char *sentence)
{
	const struct prompt_defaults defaults = {text, strlen(text), "/FLUX/.defaults"};
	const struct prompt_options options = {.defaults = &defaults, .defaults_count = 1};
	struct prompt prompt;
	CLEANUP_FREE char *message = NULL;

	assert_int_equal(prompt_parse(model_table_find(table, "FLUX"), &options, "fox", 3, &prompt,
				 &message),
		-EINVAL);
	assert_string_equal(message, sentence);
}

static void test_prompt_defaults_are_settings(void **state)
{
	const struct prompt_defaults other = {
		"duration: 5\nratio: 7:5", strlen("duration: 5\nratio: 7:5"), "x"};
	const struct prompt_options options = {.defaults = &other, .defaults_count = 1};

	assert_bad_defaults("rato: 16:9", "/FLUX/.defaults: line 1: 'rato' looks like the setting "
					  "'ratio'; correct it, or " ESCAPE);
	assert_bad_defaults("ratio: 16:9\nin oil",
		"/FLUX/.defaults: line 2: not a setting: defaults have lines 'key: value' only");
	assert_bad_defaults("image: a.png", "/FLUX/.defaults: line 1: image: defaults have "
					    "settings only; write it into the prompt");
	assert_bad_defaults("number: many",
		"/FLUX/.defaults: line 1: number 'many' is not a number of results such as 2");
	/* what this prompt's model does not take is for others */
	struct prompt prompt = parse_with(table, "FLUX", &options, "fox");
	assert_string_equal(prompt.request.aspect_ratio, "9:16");
	prompt_finish(&prompt);
}

static void test_prompt_configured_defaults_where_they_fit(void **state)
{
	const struct model_param params[] = {{NULL, "ratio", "16:9", "f:1"},
		{NULL, "duration", "10", "f:2"}, {NULL, "audio", "on", "f:3"},
		{NULL, "resolution", "480P", "f:4"}, {"FLUX", "ratio", "1:1", "f:5"},
		{NULL, "quality", "low", "f:6"}, {"GROK", "numbers", "2", "f:7"},
		{"WAN_2_5", "numbers", "4", "f:8"}};
	struct model_table *configured = create(params, array_length(params));
	struct prompt_options none = {0};

	struct prompt prompt = parse_with(configured, "FLUX", &none, "fox");
	assert_string_equal(prompt.request.aspect_ratio, "1:1");
	assert_null(prompt.request.resolution);
	assert_null(prompt.request.quality);
	prompt_finish(&prompt);
	prompt = parse_with(configured, "FLUX", &none, "fox\nratio: 9:16");
	assert_string_equal(prompt.request.aspect_ratio, "9:16");
	prompt_finish(&prompt);
	/* 16:9 fits image-to-video alone, so text-to-video has its own first. */
	prompt = parse_with(configured, "SEEDANCE", &none, "fox");
	assert_string_equal(prompt.request.aspect_ratio, "9:16");
	assert_int_equal(prompt.request.duration, 10);
	assert_int_equal(prompt.request.audio, 1);
	assert_string_equal(prompt.request.resolution, "480p");
	prompt_finish(&prompt);
	prompt = parse_with(configured, "SEEDANCE", &none, "fox\nimage: a\naudio: off");
	assert_string_equal(prompt.request.aspect_ratio, "16:9");
	assert_int_equal(prompt.request.audio, 0);
	prompt_finish(&prompt);
	prompt = parse_with(configured, "GPT_IMAGE_2", &none, "fox");
	assert_string_equal(prompt.request.quality, "low");
	assert_string_equal(prompt.request.aspect_ratio, "1:1");
	prompt_finish(&prompt);
	prompt = parse_with(configured, "GROK", &none, "fox");
	assert_int_equal(prompt.request.duration, 10);
	assert_int_equal(prompt.request.number, 2);
	prompt_finish(&prompt);
	/* Of a model that makes both, numbers are about its pictures. */
	prompt = parse_with(configured, "WAN_2_5", &none, "fox");
	assert_int_equal(prompt.request.number, 4);
	prompt_finish(&prompt);
	prompt = parse_with(configured, "WAN_2_5.video", &none, "fox");
	assert_int_equal(prompt.request.number, API_UNSET);
	prompt_finish(&prompt);
	model_table_destroy(configured);
}

static void test_prompt_unknown_allowed(void **state)
{
	const struct prompt_options allow = {.allow_unknown = true};
	struct prompt prompt = parse_with(table, "FLUX", &allow,
		"fox\nratio: 7:5\nresolution: 8k\nquality: best\nweb search: yes\nimage: a\nimage: "
		"b");

	assert_string_equal(prompt.request.aspect_ratio, "7:5");
	assert_string_equal(prompt.request.resolution, "8k");
	assert_string_equal(prompt.request.quality, "best");
	assert_int_equal(prompt.request.web_search, 1);
	assert_int_equal(prompt.ref_count, 2);
	prompt_finish(&prompt);
	prompt = parse_with(table, "SEEDANCE", &allow, "fox\nduration: 9");
	assert_int_equal(prompt.request.duration, 9);
	prompt_finish(&prompt);

	/* What the catalogue knows to be refused stays refused. */
	struct prompt refused;
	CLEANUP_FREE char *message = NULL;
	const char *text = "fox\nresolution: 720p\nquality: high";
	assert_int_equal(prompt_parse(model_table_find(table, "KLING_V3"), &allow, text,
				 strlen(text), &refused, &message),
		-EINVAL);
	assert_non_null(strstr(message, "line 2: resolution: KLING_V3 has no such setting"));
	assert_non_null(strstr(message, "line 3: quality: KLING_V3 has no such setting"));
}

static void test_prompt_encodes(void **state)
{
	struct prompt prompt = parse("SEEDANCE", "fox \"q\"\nduration: 6\nratio: 1:1\naudio: yes");
	CLEANUP_FREE char *json = NULL;

	assert_int_equal(api_request_encode(&prompt.request, &json), 0);
	assert_non_null(strstr(json, "\"fox \\\"q\\\"\""));
	prompt_finish(&prompt);
}

/* The built-in catalogue as it is: text alone or with one picture gives a request that can be sent, or a
 * sentence about what is missing. */
static void test_prompt_every_model_of_the_catalogue(void **state)
{
	size_t sent = 0;

	for (size_t i = 0; i < model_table_count(builtin); i++) {
		const struct model *model = model_table_at(builtin, i);
		bool image = model->spec->modes[API_IMAGE_TO_IMAGE].present ||
			     model->spec->modes[API_IMAGE_TO_VIDEO].present;
		bool text = model->spec->modes[API_TEXT_TO_IMAGE].present ||
			    model->spec->modes[API_TEXT_TO_VIDEO].present;
		const char *prompts[] = {text ? "fox" : NULL, image ? "fox\nimage: a" : NULL};
		for (size_t p = 0; p < array_length(prompts); p++) {
			struct prompt prompt;
			CLEANUP_FREE char *why = NULL, *body = NULL;
			if (!prompts[p])
				continue;
			int r = prompt_parse(model, &(struct prompt_options){0}, prompts[p],
				strlen(prompts[p]), &prompt, &why);
			if (r == -EINVAL) {
				assert_non_null(strstr(why, model->spec->key));
				continue;
			}
			assert_int_equal(r, 0);
			for (size_t ref = 0; ref < prompt.ref_count; ref++)
				assert_int_equal(
					strlist_add(&prompt.request.images, "https://h/a"), 0);
			assert_int_equal(api_request_encode(&prompt.request, &body), 0);
			prompt_finish(&prompt);
			sent++;
		}
	}
	assert_true(sent > 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prompt_plain_text_gets_the_models_own),
		cmocka_unit_test(test_prompt_own_defaults),
		cmocka_unit_test(test_prompt_almighty_has_the_endpoints_limits),
		cmocka_unit_test(test_prompt_who_said_so),
		cmocka_unit_test(test_prompt_defaults_are_settings),
		cmocka_unit_test(test_prompt_configured_defaults_where_they_fit),
		cmocka_unit_test(test_prompt_unknown_allowed),
		cmocka_unit_test(test_prompt_encodes),
		cmocka_unit_test(test_prompt_every_model_of_the_catalogue),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
