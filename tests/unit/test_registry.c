/* SPDX-License-Identifier: MIT */
#include "fs/api/registry.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/buf.h"
#include "tests/unit/source_file.h"

static struct model_list catalogue_of(const char *json)
{
	struct model_list list = {0};

	assert_int_equal(registry_parse_catalogue(json, strlen(json), &list), 0);
	return list;
}

static struct model_list live_of(enum api_kind kind, const char *body)
{
	struct model_list list = {0};
	struct api_error error;

	if (registry_parse_live(kind, 200, body, strlen(body), &list, &error) != 0)
		fail_msg("%s", error.text);
	return list;
}

static struct model_list live_file(enum api_kind kind, const char *name)
{
	size_t length;
	char *body = read_source(name, &length);
	struct model_list list = live_of(kind, body);

	free(body);
	return list;
}

static const struct model_spec *find(const struct model_list *list, const char *key)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].key, key) == 0)
			return &list->items[i];
	return NULL;
}

static void assert_same_strings(const struct strlist *a, const struct strlist *b)
{
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++)
		assert_string_equal(a->items[i], b->items[i]);
}

static void assert_same_spec(const struct model_spec *a, const struct model_spec *b)
{
	assert_string_equal(a->key, b->key);
	assert_string_equal(a->name, b->name);
	assert_int_equal(a->number_min, b->number_min);
	assert_int_equal(a->number_max, b->number_max);
	assert_int_equal(a->audio, b->audio);
	assert_int_equal(a->web_search, b->web_search);
	assert_int_equal(a->first_last_frame, b->first_last_frame);
	assert_int_equal(a->prompt_limit, b->prompt_limit);
	assert_same_strings(&a->qualities, &b->qualities);
	for (int i = 0; i < API_MODE_COUNT; i++) {
		const struct mode_spec *x = &a->modes[i], *y = &b->modes[i];

		assert_int_equal(x->present, y->present);
		assert_int_equal(x->ratios_known, y->ratios_known);
		assert_int_equal(x->resolutions_known, y->resolutions_known);
		assert_int_equal(x->durations_known, y->durations_known);
		assert_int_equal(x->negative, y->negative);
		assert_int_equal(x->upload_limit, y->upload_limit);
		assert_same_strings(&x->ratios, &y->ratios);
		assert_same_strings(&x->resolutions, &y->resolutions);
		assert_same_strings(&x->durations, &y->durations);
	}
}

/* parse(format(x)) == x. Consumes the list. */
static void assert_survives_format(struct model_list *list)
{
	struct model_list again = {0};
	char *json = NULL;

	assert_int_equal(registry_format(list, &json), 0);
	again = catalogue_of(json);
	assert_int_equal(again.count, list->count);
	for (size_t i = 0; i < list->count; i++)
		assert_same_spec(&again.items[i], &list->items[i]);
	free(json);
	model_list_finish(&again);
	model_list_finish(list);
}

static void test_registry_reads_the_built_in_catalogue(void **state)
{
	size_t length;
	char *json = read_source("config/models.json", &length);
	struct model_list list = catalogue_of(json);
	const struct model_spec *spec;

	assert_true(list.count > 50);
	assert_null(find(&list, "FLUX_PRO"));
	spec = find(&list, "GPT_IMAGE_2");
	assert_non_null(spec);
	assert_string_equal(spec->name, "GPT Image 2");
	assert_int_equal(spec->prompt_limit, 10000);
	assert_true(strlist_has(&spec->qualities, "medium"));
	assert_true(strlist_has(&spec->modes[API_TEXT_TO_IMAGE].ratios, "16:9(4k)"));
	assert_false(spec->modes[API_TEXT_TO_IMAGE].resolutions_known);
	assert_int_equal(spec->number_max, 4);
	spec = find(&list, "WERYAI_IMAGE_1_0");
	assert_int_equal(spec->number_min, 4);
	spec = find(&list, "GEMINI_3_1_FLASH_IMAGE");
	assert_int_equal(spec->web_search, 1);
	spec = find(&list, "KLING_V2_6_PRO");
	assert_true(spec->modes[API_TEXT_TO_VIDEO].resolutions_known);
	assert_int_equal(spec->modes[API_TEXT_TO_VIDEO].resolutions.count, 0);
	assert_true(spec->modes[API_IMAGE_TO_VIDEO].ratios_known);
	assert_int_equal(spec->modes[API_IMAGE_TO_VIDEO].ratios.count, 0);
	assert_int_equal(spec->modes[API_TEXT_TO_VIDEO].negative, 1);
	assert_true(strlist_has(&spec->modes[API_TEXT_TO_VIDEO].durations, "10"));
	assert_int_equal(spec->audio, 1);
	assert_int_equal(spec->number_min, API_UNSET);
	spec = find(&list, "WAN_2_5");
	assert_true(model_spec_has_kind(spec, API_IMAGE) && model_spec_has_kind(spec, API_VIDEO));
	assert_false(model_spec_has_kind(spec, API_AUDIO));
	spec = find(&list, "WERYDANCE_2_0");
	assert_true(spec->modes[API_ALMIGHTY].present);
	assert_false(model_spec_has_kind(spec, API_IMAGE));
	free(json);
	assert_survives_format(&list);
}

static void test_registry_merges_live_image_lists_by_key(void **state)
{
	struct model_list list = live_file(API_IMAGE, "tests/data/api/models_image.json");
	const struct model_spec *spec = &list.items[0];

	assert_int_equal(list.count, 2);
	assert_string_equal(spec->key, "SEEDREAM_4_5");
	assert_string_equal(spec->name, "Seedream 4.5");
	assert_true(strlist_has(&spec->modes[API_TEXT_TO_IMAGE].ratios, "2k"));
	assert_int_equal(spec->modes[API_IMAGE_TO_IMAGE].ratios.count, 1);
	assert_int_equal(spec->modes[API_IMAGE_TO_IMAGE].upload_limit, 10);
	assert_int_equal(spec->modes[API_TEXT_TO_IMAGE].upload_limit, API_UNSET);
	/* absent is no statement */
	assert_false(spec->modes[API_TEXT_TO_IMAGE].resolutions_known);
	assert_false(spec->modes[API_TEXT_TO_IMAGE].durations_known);
	assert_int_equal(spec->number_min, 1);
	assert_int_equal(spec->number_max, 6);
	assert_int_equal(spec->prompt_limit, 4000);
	assert_int_equal(list.items[1].number_min, 4);
	assert_int_equal(list.items[1].prompt_limit, 1500);
	assert_int_equal(list.items[1].modes[API_TEXT_TO_IMAGE].resolutions.count, 2);
	assert_false(list.items[1].modes[API_IMAGE_TO_IMAGE].present);
	assert_survives_format(&list);
}

static void test_registry_reads_live_video_lists(void **state)
{
	struct model_list list = live_file(API_VIDEO, "tests/data/api/models_video.json");
	const struct model_spec *veo = find(&list, "VEO_3_1"), *pika = find(&list, "PIKA_2_2");

	assert_int_equal(list.count, 2);
	assert_int_equal(veo->audio, 1);
	assert_int_equal(veo->first_last_frame, 0);
	assert_int_equal(veo->modes[API_TEXT_TO_VIDEO].negative, 0);
	assert_int_equal(veo->modes[API_IMAGE_TO_VIDEO].negative, 1);
	assert_true(veo->modes[API_IMAGE_TO_VIDEO].ratios_known);
	assert_int_equal(veo->modes[API_IMAGE_TO_VIDEO].ratios.count, 0);
	assert_int_equal(veo->modes[API_MULTI_IMAGE_TO_VIDEO].ratios.count, 1);
	assert_int_equal(veo->modes[API_MULTI_IMAGE_TO_VIDEO].upload_limit, 3);
	assert_false(veo->modes[API_TEXT_TO_IMAGE].present);
	assert_false(pika->modes[API_MULTI_IMAGE_TO_VIDEO].present);
	assert_int_equal(pika->first_last_frame, 1);
	assert_int_equal(pika->audio, API_UNSET);
	assert_int_equal(pika->prompt_limit, 2000);
	assert_int_equal(pika->modes[API_IMAGE_TO_VIDEO].durations.count, 2);
	assert_string_equal(pika->modes[API_IMAGE_TO_VIDEO].durations.items[0], "5");
	assert_survives_format(&list);
}

static void test_registry_without_a_multi_list_asks_the_image_list(void **state)
{
	struct model_list list = live_file(API_VIDEO, "tests/data/api/models_video_no_multi.json");

	assert_true(find(&list, "VEO_3_1")->modes[API_MULTI_IMAGE_TO_VIDEO].present);
	assert_int_equal(find(&list, "VEO_3_1")->modes[API_MULTI_IMAGE_TO_VIDEO].upload_limit, 3);
	assert_false(find(&list, "PIKA_2_2")->modes[API_MULTI_IMAGE_TO_VIDEO].present);
	assert_survives_format(&list);
}

/* An empty list of a field: not to be sent. An absent one, and an empty list of models: no statement. */
static void test_registry_tells_empty_from_absent(void **state)
{
	struct model_list list = live_of(API_VIDEO,
		"{\"data\":{\"text_to_video\":[{\"id\":\"A\",\"resolutions\":[],\"aspect_ratios\":null}],"
		"\"image_to_video\":[{\"id\":\"A\",\"support_multiple_images\":true}],"
		"\"multi_image_to_video\":[]}}");
	const struct model_spec *spec = find(&list, "A");

	assert_true(spec->modes[API_TEXT_TO_VIDEO].resolutions_known);
	assert_int_equal(spec->modes[API_TEXT_TO_VIDEO].resolutions.count, 0);
	assert_false(spec->modes[API_TEXT_TO_VIDEO].ratios_known);
	assert_false(spec->modes[API_IMAGE_TO_VIDEO].resolutions_known);
	assert_true(spec->modes[API_MULTI_IMAGE_TO_VIDEO].present);
	assert_survives_format(&list);
}

static void test_registry_takes_the_widest_of_what_modes_say(void **state)
{
	struct model_list list = live_of(API_VIDEO,
		"{\"data\":{\"text_to_video\":[{\"id\":\"A\",\"prompt_length_limit\":900,"
		"\"has_generate_audio\":true},{\"id\":\"B\",\"has_generate_audio\":false}],"
		"\"image_to_video\":[{\"id\":\"A\",\"prompt_length_limit\":500,"
		"\"has_generate_audio\":false},{\"id\":\"B\",\"prompt_length_limit\":300}]}}");

	assert_int_equal(find(&list, "A")->prompt_limit, 900);
	assert_int_equal(find(&list, "A")->audio, 1);
	assert_int_equal(find(&list, "B")->prompt_limit, 300);
	assert_int_equal(find(&list, "B")->audio, 0);
	/* silence is no promise to take several images */
	assert_false(find(&list, "A")->modes[API_MULTI_IMAGE_TO_VIDEO].present);
	assert_survives_format(&list);
}

static void test_registry_live_needs_data_and_not_a_status(void **state)
{
	static const char *const refusals[] = {"{\"status\":1002,\"msg\":\"api key\"}",
		"{\"status\":1002,\"msg\":\"api key\",\"data\":{}}",
		"{\"status\":1002,\"msg\":\"api key\",\"data\":null}"};
	static const char *const garbage[] = {"", "[]", "{\"status\":200}", "{\"data\":{\"a\":[]}}",
		"{\"data\":{\"text_to_video\":[]}}", "{\"data\":{\"text_to_image\":{}}}"};
	struct model_list list = live_of(API_IMAGE, "{\"status\":500,\"data\":{\"text_to_image\":[{"
						    "\"id\":\"A\",\"image_sizes\":[\"1:1\"]}]}}");
	struct api_error error;

	assert_int_equal(list.count, 1);
	model_list_finish(&list);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(registry_parse_live(API_IMAGE, 200, refusals[i],
					 strlen(refusals[i]), &list, &error),
			-EREMOTEIO);
		assert_int_equal(error.class, ERRCLASS_AUTH);
	}
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(registry_parse_live(API_IMAGE, 200, garbage[i], strlen(garbage[i]),
					 &list, &error),
			-EBADMSG);
		assert_int_equal(error.class, ERRCLASS_PROTOCOL);
	}
	assert_int_equal(registry_parse_live(API_IMAGE, 403, "{}", 2, &list, &error), -EREMOTEIO);
	assert_int_equal(error.class, ERRCLASS_AUTH);
	assert_null(list.items);
}

static void test_registry_keys_are_safe_directory_names(void **state)
{
	static const char *const bad[] = {"", ".", "..", ".hidden", "a/b", "a b", "a\\nb",
		"\xc3\xa4", "a\\u0000b_",
		"0123456789012345678901234567890123456789012345678901234567890123x"};
	char json[256];

	for (size_t i = 0; i < 10; i++) {
		struct model_list list = {0};

		snprintf(json, sizeof(json), "[{\"key\":\"%s\",\"modes\":[\"text-to-image\"]}]",
			bad[i]);
		if (registry_parse_catalogue(json, strlen(json), &list) == 0 && list.count != 0)
			fail_msg("key '%s' was taken", bad[i]);
		model_list_finish(&list);
	}
	struct model_list list =
		catalogue_of("[{\"modes\":[\"text-to-image\"]},{\"key\":7},"
			     "{\"key\":\"A-b_c.1\",\"modes\":[\"text-to-image\"]},"
			     "{\"key\":\"none\",\"modes\":[]},"
			     "{\"key\":\"other\",\"modes\":[\"text-to-music\",3]}]");

	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].key, "A-b_c.1");
	assert_string_equal(list.items[0].name, "A-b_c.1");
	assert_survives_format(&list);
}

static void test_registry_drops_values_that_no_one_could_type(void **state)
{
	struct model_list list = catalogue_of(
		"[{\"key\":\"A\",\"name\":\"a\\u0007b\",\"modes\":[\"text-to-image\",\"text-to-"
		"video\"],"
		"\"aspect_ratios\":{\"text-to-image\":[\"\",\"a\\nb\",\" "
		"x\",\"1:1\",\"1:1\",5,null]},"
		"\"durations\":{\"text-to-video\":[0,-5,\"7\",3601,5,5,1.5]},"
		"\"image_number\":{\"min\":4,\"max\":1},\"prompt_limit\":-1,\"audio\":\"yes\","
		"\"upload_image_limit\":{\"text-to-image\":100000}}]");
	const struct model_spec *spec = &list.items[0];

	assert_string_equal(spec->name, "a?b");
	assert_int_equal(spec->modes[API_TEXT_TO_IMAGE].ratios.count, 1);
	assert_int_equal(spec->modes[API_TEXT_TO_VIDEO].durations.count, 2);
	assert_string_equal(spec->modes[API_TEXT_TO_VIDEO].durations.items[0], "7");
	assert_int_equal(spec->number_min, API_UNSET);
	assert_int_equal(spec->number_max, API_UNSET);
	assert_int_equal(spec->prompt_limit, 2000);
	assert_int_equal(spec->audio, API_UNSET);
	assert_int_equal(spec->modes[API_TEXT_TO_IMAGE].upload_limit, API_UNSET);
	assert_survives_format(&list);
}

static void test_registry_bounds_the_number_of_models(void **state)
{
	struct buf json;
	struct model_list list;

	buf_init(&json, 1 << 20);
	buf_adds(&json, "[");
	for (int i = 0; i < REGISTRY_MAX_MODELS + 10; i++)
		buf_addf(&json, "%s{\"key\":\"M%d\",\"modes\":[\"text-to-image\"]}", i ? "," : "",
			i);
	buf_adds(&json, "]");
	assert_true(buf_ok(&json));
	list = catalogue_of(json.data);
	assert_int_equal(list.count, REGISTRY_MAX_MODELS);
	model_list_finish(&list);
	buf_finish(&json);
}

static void test_registry_refuses_bad_catalogues(void **state)
{
	static const char *const files[] = {"tests/data/api/bad_catalogue_truncated.json",
		"tests/data/api/bad_catalogue_object.json",
		"tests/data/api/bad_catalogue_entry.json", "tests/data/api/bad_empty.json",
		"tests/data/api/bad_depth.json"};

	for (size_t i = 0; i < 5; i++) {
		struct model_list list = {0};
		size_t length;
		char *json = read_source(files[i], &length);

		assert_int_equal(registry_parse_catalogue(json, length, &list), -EBADMSG);
		assert_null(list.items);
		free(json);
	}
}

static void test_registry_copies_are_their_own(void **state)
{
	struct model_list list = live_file(API_VIDEO, "tests/data/api/models_video.json");
	struct model_spec copy;

	assert_int_equal(model_spec_copy(&copy, find(&list, "VEO_3_1")), 0);
	assert_same_spec(&copy, find(&list, "VEO_3_1"));
	assert_ptr_not_equal(copy.key, find(&list, "VEO_3_1")->key);
	model_list_finish(&list);
	assert_string_equal(copy.modes[API_TEXT_TO_VIDEO].ratios.items[0], "9:16");
	model_spec_finish(&copy);
	assert_null(copy.key);
	assert_int_equal(copy.prompt_limit, 2000);
	assert_int_equal(copy.modes[API_ALMIGHTY].upload_limit, API_UNSET);
}

static void test_registry_formats_an_empty_list(void **state)
{
	struct model_list list = {0};
	char *json = NULL;

	assert_int_equal(registry_format(&list, &json), 0);
	assert_string_equal(json, "[]");
	free(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registry_reads_the_built_in_catalogue),
		cmocka_unit_test(test_registry_merges_live_image_lists_by_key),
		cmocka_unit_test(test_registry_reads_live_video_lists),
		cmocka_unit_test(test_registry_without_a_multi_list_asks_the_image_list),
		cmocka_unit_test(test_registry_tells_empty_from_absent),
		cmocka_unit_test(test_registry_takes_the_widest_of_what_modes_say),
		cmocka_unit_test(test_registry_live_needs_data_and_not_a_status),
		cmocka_unit_test(test_registry_keys_are_safe_directory_names),
		cmocka_unit_test(test_registry_drops_values_that_no_one_could_type),
		cmocka_unit_test(test_registry_bounds_the_number_of_models),
		cmocka_unit_test(test_registry_refuses_bad_catalogues),
		cmocka_unit_test(test_registry_copies_are_their_own),
		cmocka_unit_test(test_registry_formats_an_empty_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
