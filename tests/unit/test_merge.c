/* SPDX-License-Identifier: MIT */
#include "fs/model/merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char catalogue[] =
	"[{\"key\": \"BOTH\", \"name\": \"Both\", \"modes\": [\"text-to-image\", "
	"\"text-to-video\", "
	"\"almighty-reference-to-video\"],"
	"\"aspect_ratios\": {\"text-to-image\": [\"1:1\"], \"text-to-video\": [\"16:9\"]},"
	"\"durations\": {\"text-to-video\": [5]}, \"qualities\": [\"high\"], \"web_search\": true,"
	"\"prompt_limit\": 10000},"
	"{\"key\": \"GONE\", \"name\": \"Gone\", \"modes\": [\"text-to-image\"]},"
	"{\"key\": \"MINE\", \"name\": \"Mine\", \"modes\": [\"text-to-image\"]}]";

static const char images[] =
	"{\"status\": 200, \"data\": {\"text_to_image\": [{\"model_key\": \"BOTH\", \"title\": "
	"\"Both 2\","
	"\"image_sizes\": [\"3:2\"], \"num_images\": [1, 2], \"prompt_length_limit\": 2000},"
	"{\"model_key\": \"NEW\", \"title\": \"New\", \"image_sizes\": [\"4:3\"], "
	"\"prompt_length_limit\": 300}],"
	"\"image_to_image\": [{\"model_key\": \"NEW\", \"upload_image_limit\": 4}]}}";

static const char videos[] = "{\"status\": 200, \"data\": {\"text_to_video\": [{\"model_key\": "
			     "\"BOTH\", \"durations\": [4, 8],"
			     "\"has_generate_audio\": true}], \"image_to_video\": []}}";

static const struct model_spec *find(const struct model_list *list, const char *key)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].key, key) == 0)
			return &list->items[i];
	return NULL;
}

static void merge(const char *video_answer, struct model_list *ret_list)
{
	struct model_list builtin = {0}, image = {0}, video = {0};
	struct api_error error;

	assert_int_equal(registry_parse_catalogue(catalogue, strlen(catalogue), &builtin), 0);
	assert_int_equal(
		registry_parse_live(API_IMAGE, 200, images, strlen(images), &image, &error), 0);
	assert_int_equal(registry_parse_live(API_VIDEO, 200, video_answer, strlen(video_answer),
				 &video, &error),
		0);
	assert_int_equal(merge_models(&builtin, &image, &video, ret_list), 0);
	model_list_finish(&builtin);
	model_list_finish(&image);
	model_list_finish(&video);
}

static void test_merge_follows_the_registry_and_keeps_what_it_cannot_say(void **state)
{
	struct model_list list;

	merge(videos, &list);
	const struct model_spec *both = find(&list, "BOTH");
	assert_non_null(both);
	assert_string_equal(both->name, "Both 2");
	assert_true(strlist_has(&both->modes[API_TEXT_TO_IMAGE].ratios, "3:2"));
	assert_false(strlist_has(&both->modes[API_TEXT_TO_IMAGE].ratios, "1:1"));
	assert_true(strlist_has(&both->modes[API_TEXT_TO_VIDEO].durations, "8"));
	assert_false(strlist_has(&both->modes[API_TEXT_TO_VIDEO].durations, "5"));
	assert_int_equal(both->audio, 1);
	assert_int_equal(both->number_max, 2);
	/* of these it says nothing */
	assert_true(both->modes[API_ALMIGHTY].present);
	assert_true(strlist_has(&both->qualities, "high"));
	assert_int_equal(both->web_search, 1);
	assert_int_equal(both->prompt_limit, 10000);
	model_list_finish(&list);
}

static void test_merge_adds_new_models_and_keeps_the_others(void **state)
{
	struct model_list list;

	merge(videos, &list);
	assert_int_equal(list.count, 4);
	const struct model_spec *new = find(&list, "NEW");
	assert_non_null(new);
	assert_string_equal(new->name, "New");
	assert_int_equal(new->prompt_limit, 300);
	assert_true(new->modes[API_IMAGE_TO_IMAGE].present);
	assert_false(new->modes[API_IMAGE_TO_IMAGE].unlisted);
	assert_int_equal(new->modes[API_IMAGE_TO_IMAGE].upload_limit, 4);
	/* absence is no statement */
	const struct model_spec *other = find(&list, "GONE");
	assert_non_null(other);
	for (unsigned mode = 0; mode < API_MODE_COUNT; mode++)
		assert_int_equal(other->modes[mode].unlisted, other->modes[mode].present);
	assert_non_null(find(&list, "MINE"));
	model_list_finish(&list);
}

static void test_merge_keeps_modes_that_the_registry_lacks(void **state)
{
	static const char other[] =
		"{\"status\": 200, \"data\": {\"multi_image_to_video\": [], \"text_to_video\": "
		"[{\"model_key\": \"CLIP\", \"durations\": [5]}]}}";
	struct model_list list;

	merge(other, &list);
	const struct model_spec *both = find(&list, "BOTH");
	assert_non_null(both);
	assert_true(both->modes[API_TEXT_TO_IMAGE].present);
	assert_false(both->modes[API_TEXT_TO_IMAGE].unlisted);
	assert_true(both->modes[API_TEXT_TO_VIDEO].present);
	assert_true(both->modes[API_TEXT_TO_VIDEO].unlisted);
	assert_true(strlist_has(&both->modes[API_TEXT_TO_VIDEO].durations, "5"));
	/* which no list of the registry has */
	assert_true(both->modes[API_ALMIGHTY].present);
	assert_false(both->modes[API_ALMIGHTY].unlisted);
	assert_non_null(find(&list, "CLIP"));
	model_list_finish(&list);
}

static void test_merge_remembers_what_an_earlier_answer_named(void **state)
{
	static const char before[] =
		"{\"data\": {\"text_to_video\": [{\"model_key\": \"CLIP\", "
		"\"durations\": [5]}, {\"model_key\": \"FILM\", \"durations\": [6]}]}}";
	static const char after[] = "{\"data\": {\"text_to_video\": [{\"model_key\": \"CLIP\", "
				    "\"durations\": [7]}]}}";
	struct model_list earlier = {0}, now = {0};
	struct api_error error = {0};

	assert_int_equal(
		registry_parse_live(API_VIDEO, 200, before, strlen(before), &earlier, &error), 0);
	assert_int_equal(
		registry_parse_live(API_VIDEO, 200, after, strlen(after), &now, &error), 0);
	assert_int_equal(merge_keep(&now, &earlier), 0);
	assert_int_equal(now.count, 2);
	assert_true(strlist_has(&find(&now, "CLIP")->modes[API_TEXT_TO_VIDEO].durations, "7"));
	assert_false(find(&now, "CLIP")->modes[API_TEXT_TO_VIDEO].unlisted);
	assert_true(find(&now, "FILM")->modes[API_TEXT_TO_VIDEO].unlisted);
	model_list_finish(&earlier);
	model_list_finish(&now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge_follows_the_registry_and_keeps_what_it_cannot_say),
		cmocka_unit_test(test_merge_adds_new_models_and_keeps_the_others),
		cmocka_unit_test(test_merge_keeps_modes_that_the_registry_lacks),
		cmocka_unit_test(test_merge_remembers_what_an_earlier_answer_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
