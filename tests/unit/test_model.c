/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "fs/model/model.h"
#include "tests/unit/gen_catalogue.h"

static struct model_list list;

static int load(void **state)
{
	return registry_parse_catalogue(gen_catalogue, strlen(gen_catalogue), &list);
}

static int unload(void **state)
{
	model_list_finish(&list);
	return 0;
}

static struct model_table *create(const struct model_param *params, size_t count)
{
	struct model_table *table = NULL;
	char *message = NULL;
	int r = model_table_create(&list, params, count, &table, &message);

	if (message)
		print_error("%s\n", message);
	assert_int_equal(r, 0);
	assert_null(message);
	return table;
}

/* The configuration is refused with exactly this sentence. */
static void assert_refused(const struct model_param *params, size_t count, const char *sentence)
{
	struct model_table *table = NULL;
	CLEANUP_FREE char *message = NULL;

	assert_int_equal(model_table_create(&list, params, count, &table, &message), -EINVAL);
	assert_null(table);
	assert_string_equal(message, sentence);
}

#define CREATE(...)                                                                                \
	create((const struct model_param[]){__VA_ARGS__},                                          \
		sizeof((const struct model_param[]){__VA_ARGS__}) / sizeof(struct model_param))
#define ASSERT_REFUSED(sentence, ...)                                                              \
	assert_refused((const struct model_param[]){__VA_ARGS__},                                  \
		sizeof((const struct model_param[]){__VA_ARGS__}) / sizeof(struct model_param),    \
		sentence)

static void test_model_directories_are_keys_sorted(void **state)
{
	static const char *const dirs[] = {"FLUX", "FOUR", "GEMINI", "GPT_IMAGE_2", "GROK",
		"HAILUO", "KLING_O1", "KLING_V3", "PIKA", "SEEDANCE", "SEEDREAM", "WAN_2_5",
		"WAN_2_5.video"};
	struct model_table *table = create(NULL, 0);

	assert_int_equal(model_table_count(table), array_length(dirs));
	for (size_t i = 0; i < array_length(dirs); i++) {
		assert_string_equal(model_table_at(table, i)->dir, dirs[i]);
		assert_ptr_equal(model_table_find(table, dirs[i]), model_table_at(table, i));
	}
	assert_null(model_table_find(table, "flux"));
	assert_null(model_table_find(table, ""));
	assert_null(model_table_find(table, "GROK.video"));
	assert_int_equal(model_table_find(table, "GROK")->kind, API_VIDEO);
	assert_int_equal(model_table_find(table, "WAN_2_5")->kind, API_IMAGE);
	assert_int_equal(model_table_find(table, "WAN_2_5.video")->kind, API_VIDEO);
	assert_ptr_equal(model_table_find(table, "WAN_2_5")->spec,
		model_table_find(table, "WAN_2_5.video")->spec);
	model_table_destroy(table);
}

static void test_model_table_outlives_the_list(void **state)
{
	struct model_list copy = {0};
	struct model_table *table;
	char *message = NULL;

	assert_int_equal(registry_parse_catalogue(gen_catalogue, strlen(gen_catalogue), &copy), 0);
	assert_int_equal(model_table_create(&copy, NULL, 0, &table, &message), 0);
	model_list_finish(&copy);
	assert_string_equal(model_table_find(table, "FLUX")->spec->name, "Flux");
	model_table_destroy(table);
}

static void test_model_empty_list_is_a_table(void **state)
{
	struct model_list none = {0};
	struct model_param params[] = {{NULL, "ratio", "1:1", "f:1"}};
	struct model_table *table;
	char *message = NULL;

	assert_int_equal(model_table_create(&none, params, 1, &table, &message), 0);
	assert_int_equal(model_table_count(table), 0);
	assert_null(model_table_find(table, "FLUX"));
	model_table_destroy(table);
	model_table_destroy(NULL);
}

static void test_model_hostile_keys_make_no_directories(void **state)
{
	char keys[][16] = {
		"..", "a/b", ".hidden", "", "x\ny", "GOOD", "GOOD", "BOTH", "BOTH.video"};
	struct model_spec specs[array_length(keys)];
	struct model_list hostile = {.items = specs, .count = array_length(keys)};
	struct model_table *table;
	char *message = NULL;

	for (size_t i = 0; i < array_length(keys); i++) {
		model_spec_init(&specs[i]);
		specs[i].key = keys[i];
		specs[i].name = keys[i];
		specs[i].modes[API_TEXT_TO_VIDEO].present = true;
		specs[i].modes[API_TEXT_TO_IMAGE].present = strcmp(keys[i], "BOTH") == 0;
	}
	assert_int_equal(model_table_create(&hostile, NULL, 0, &table, &message), 0);
	assert_int_equal(model_table_count(table), 3);
	assert_string_equal(model_table_at(table, 0)->dir, "BOTH");
	assert_string_equal(model_table_at(table, 1)->dir, "BOTH.video");
	assert_string_equal(model_table_at(table, 2)->dir, "GOOD");
	model_table_destroy(table);
}

static void test_model_defaults_reach_those_that_take_them(void **state)
{
	struct model_table *table = CREATE({NULL, "ratio", "16:9", "f:1"},
		{NULL, "duration", "10", "f:2"}, {NULL, "audio", "yes", "f:3"},
		{NULL, "negative", "blur", "f:4"}, {NULL, "caller", "-7", "f:5"},
		{NULL, "web-search", "on", "f:6"}, {NULL, "webhook", "https://h/x", "f:7"});
	const struct model *flux = model_table_find(table, "FLUX");
	const struct model *gemini = model_table_find(table, "GEMINI");
	const struct model *seedance = model_table_find(table, "SEEDANCE");
	const struct model *wan = model_table_find(table, "WAN_2_5.video");

	assert_string_equal(flux->defaults.ratio, "16:9");
	assert_int_equal(flux->defaults.duration, API_UNSET);
	assert_int_equal(flux->defaults.audio, API_UNSET);
	assert_int_equal(flux->defaults.web_search, API_UNSET);
	assert_string_equal(flux->defaults.negative, "blur");
	assert_string_equal(flux->defaults.webhook, "https://h/x");
	assert_true(flux->defaults.has_caller);
	assert_int_equal(flux->defaults.caller, -7);
	assert_null(gemini->defaults.ratio);
	assert_int_equal(gemini->defaults.web_search, 1);
	assert_int_equal(seedance->defaults.duration, 10);
	assert_int_equal(seedance->defaults.audio, 1);
	assert_int_equal(wan->defaults.audio, API_UNSET);
	model_table_destroy(table);
}

static void test_model_section_beats_defaults_and_later_beats_earlier(void **state)
{
	struct model_table *table = CREATE({"FLUX", "ratio", "1:1", "f:9"},
		{NULL, "ratio", "9:16", "f:1"}, {NULL, "number", "2", "f:2"},
		{NULL, "number", "3", "-o"}, {"FLUX", "number", "4", "f:10"});

	assert_string_equal(model_table_find(table, "FLUX")->defaults.ratio, "1:1");
	assert_int_equal(model_table_find(table, "FLUX")->defaults.number, 4);
	assert_string_equal(model_table_find(table, "WAN_2_5")->defaults.ratio, "9:16");
	assert_int_equal(model_table_find(table, "WAN_2_5")->defaults.number, 3);
	assert_int_equal(model_table_find(table, "FOUR")->defaults.number, API_UNSET);
	model_table_destroy(table);
}

static void test_model_section_default_of_one_kind_stays_there(void **state)
{
	struct model_table *table = CREATE({"WAN_2_5", "duration", "10s", "f:1"});

	assert_int_equal(model_table_find(table, "WAN_2_5.video")->defaults.duration, 10);
	assert_int_equal(model_table_find(table, "WAN_2_5")->defaults.duration, API_UNSET);
	model_table_destroy(table);
}

static void test_model_section_declares_a_model(void **state)
{
	struct model_table *table = CREATE({"NEW_1", "ratio", "2:1", "f:1"},
		{"NEW_1", "name", "Brand New", "f:2"},
		{"NEW_1", "modes", "text-to-image, image-to-video", "f:3"},
		{"NEW_1", "ratios", "1:1,2:1 16:9(4k)", "f:4"},
		{"NEW_1", "resolutions", "none", "f:5"}, {"NEW_1", "durations", "2, 4-6", "f:6"},
		{"NEW_1", "qualities", "fine", "f:7"}, {"NEW_1", "numbers", "2-3", "f:8"},
		{"NEW_1", "prompt_limit", "77", "f:9"}, {"NEW_1", "image_limit", "5", "f:10"},
		{"NEW_1", "has_audio", "yes", "f:11"}, {"NEW_1", "has_negative", "no", "f:12"},
		{"NEW_1", "has_web_search", "on", "f:13"});
	const struct model *model = model_table_find(table, "NEW_1");
	const struct model_spec *spec = model->spec;
	const struct mode_spec *video = &spec->modes[API_IMAGE_TO_VIDEO];

	assert_non_null(model_table_find(table, "NEW_1.video"));
	assert_string_equal(spec->name, "Brand New");
	assert_string_equal(model->defaults.ratio, "2:1");
	assert_false(spec->modes[API_IMAGE_TO_IMAGE].present);
	assert_int_equal(video->ratios.count, 3);
	assert_string_equal(video->ratios.items[2], "16:9(4k)");
	assert_true(video->resolutions_known);
	assert_int_equal(video->resolutions.count, 0);
	assert_int_equal(video->durations.count, 4);
	assert_string_equal(video->durations.items[3], "6");
	assert_int_equal(video->upload_limit, 5);
	assert_int_equal(video->negative, 0);
	assert_string_equal(spec->qualities.items[0], "fine");
	assert_int_equal(spec->number_min, 2);
	assert_int_equal(spec->number_max, 3);
	assert_int_equal(spec->prompt_limit, 77);
	assert_int_equal(spec->audio, 1);
	assert_int_equal(spec->web_search, 1);
	model_table_destroy(table);
}

static void test_model_section_changes_a_known_model(void **state)
{
	struct model_table *table = CREATE({"FLUX", "ratios", "5:4", "f:1"},
		{"FLUX", "ratio", "5:4", "f:2"}, {"GROK", "durations", "6", "f:3"}, {"FLUX", "credits", "2.5", "f:4"},
		{"SHARPEN", "endpoint", "sharpen", "f:5"}, {"SHARPEN", "fields", "img_url:image!", "f:6"},
		{"SHARPEN", "credits", "3", "f:7"});
	assert_true(model_table_find(table, "FLUX")->credits > 2.4 && model_table_find(table, "FLUX")->credits < 2.6);
	assert_true(model_table_find(table, "SHARPEN")->credits > 2.9);
	assert_true(isnan(model_table_find(table, "GROK")->credits));

	assert_string_equal(model_table_find(table, "FLUX")->defaults.ratio, "5:4");
	assert_int_equal(
		model_table_find(table, "GROK")->spec->modes[API_TEXT_TO_VIDEO].durations.count, 1);
	model_table_destroy(table);
}

static void test_model_wrong_configuration_is_named(void **state)
{
	ASSERT_REFUSED("c:4: [model FLUXX]: the catalogue has no such model; did you mean FLUX? "
		       "(to declare one, say what it does: modes = text-to-image)",
		{"FLUXX", "ratio", "1:1", "c:4"});
	ASSERT_REFUSED("c:4: [model KLING]: the catalogue has no such model; did you mean KLING_O1 "
		       "or KLING_V3? (to declare one, say what it does: modes = text-to-image)",
		{"KLING", "ratio", "1:1", "c:4"});
	ASSERT_REFUSED(
		"c:4: [model a/b]: a model's key is made of letters, digits, '_', '-' and '.'",
		{"a/b", "modes", "text-to-image", "c:4"});
	ASSERT_REFUSED(
		"c:4: [model FLUX] ratio '16:10' is not one that FLUX takes: 9:16, 1:1, 16:9",
		{"FLUX", "ratio", "16:10", "c:4"});
	ASSERT_REFUSED("c:4: [model FLUX] resolution: the catalogue lists none for FLUX; it takes "
		       "ratio, negative, number ('unknown = allow' sends it anyway)",
		{"FLUX", "resolution", "4k", "c:4"});
	ASSERT_REFUSED(
		"c:4: [model FOUR] number 2: FOUR always makes 4", {"FOUR", "number", "2", "c:4"});
	static const char *const wrong[] = {"", "four", "-1", "inf", "nan", "0x1p3", "1e3", "4 credits", "1,5", ".", "1000001"};
	for (size_t i = 0; i < array_length(wrong); i++)
		ASSERT_REFUSED("c:4: [model FLUX] credits: it is a number such as 4 or 2.5",
			{"FLUX", "credits", wrong[i], "c:4"});
	ASSERT_REFUSED("c:1: number 'two' is not a number of results such as 2",
		{NULL, "number", "two", "c:1"});
	ASSERT_REFUSED("c:1: no model takes it: quality 'hgih' is not one that GPT_IMAGE_2 takes: "
		       "low, medium, high",
		{NULL, "quality", "hgih", "c:1"});
	ASSERT_REFUSED("-o: webhook 'http://evil.example/' is not an https:// URL (http:// only to "
		       "this machine)",
		{NULL, "webhook", "http://evil.example/", "-o"});
	ASSERT_REFUSED("c:2: [model X] modes 'text-to-imag' is not one of text-to-image, "
		       "image-to-image, text-to-video, image-to-video, multi-image-to-video, "
		       "almighty-reference-to-video, first-last-image-to-video",
		{"X", "modes", "text-to-imag", "c:2"});
	ASSERT_REFUSED("c:2: [model FLUX] durations '5-' is not seconds such as 5 or 4-15",
		{"FLUX", "durations", "4,5-", "c:2"});
	ASSERT_REFUSED("c:2: [model FLUX] numbers '4-1' is not a range such as 1-4, or 4",
		{"FLUX", "numbers", "4-1", "c:2"});
	ASSERT_REFUSED("c:2: [model FLUX] has_audio 'maybe' is neither yes nor no",
		{"FLUX", "has_audio", "maybe", "c:2"});
	ASSERT_REFUSED("c:2: unknown key 'rato'; known are ratio, negative, number, resolution, "
		       "quality, duration, audio, web search, webhook, caller",
		{NULL, "rato", "1:1", "c:2"});
}

static void test_model_table_formats_as_a_catalogue(void **state)
{
	struct model_table *table = CREATE({"NEW_1", "modes", "text-to-image", "f:1"});
	struct model_list again = {0};
	CLEANUP_FREE char *json = NULL;
	bool found = false;

	assert_int_equal(model_table_format(table, &json), 0);
	assert_int_equal(registry_parse_catalogue(json, strlen(json), &again), 0);
	assert_int_equal(again.count, list.count + 1);
	for (size_t i = 0; i < again.count; i++)
		found |= strcmp(again.items[i].key, "NEW_1") == 0;
	assert_true(found);
	model_list_finish(&again);
	model_table_destroy(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model_directories_are_keys_sorted),
		cmocka_unit_test(test_model_table_outlives_the_list),
		cmocka_unit_test(test_model_empty_list_is_a_table),
		cmocka_unit_test(test_model_hostile_keys_make_no_directories),
		cmocka_unit_test(test_model_defaults_reach_those_that_take_them),
		cmocka_unit_test(test_model_section_beats_defaults_and_later_beats_earlier),
		cmocka_unit_test(test_model_section_default_of_one_kind_stays_there),
		cmocka_unit_test(test_model_section_declares_a_model),
		cmocka_unit_test(test_model_section_changes_a_known_model),
		cmocka_unit_test(test_model_wrong_configuration_is_named),
		cmocka_unit_test(test_model_table_formats_as_a_catalogue),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
