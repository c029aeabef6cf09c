/* SPDX-License-Identifier: MIT */
#include "fs/api/request.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct api_request make(enum api_mode mode)
{
	struct api_request request;

	api_request_init(&request);
	request.mode = mode;
	request.model = strdup("M");
	request.prompt = strdup("a fox");
	return request;
}

/* Consumes the request. */
static void assert_body(struct api_request *request, const char *expected)
{
	char *json = NULL;

	assert_int_equal(api_request_encode(request, &json), 0);
	assert_string_equal(json, expected);
	free(json);
	api_request_finish(request);
}

static void assert_refused(struct api_request *request, int error)
{
	char *json = NULL;

	assert_int_equal(api_request_encode(request, &json), error);
	assert_null(json);
	api_request_finish(request);
}

static void test_request_sends_only_what_is_set(void **state)
{
	struct api_request request = make(API_TEXT_TO_IMAGE);

	assert_body(&request, "{\"model\":\"M\",\"prompt\":\"a fox\"}");
}

static void test_request_image_fields_have_their_types(void **state)
{
	struct api_request request = make(API_IMAGE_TO_IMAGE);

	request.aspect_ratio = strdup("16:9(4k)");
	request.negative_prompt = strdup("no \"dogs\"\n");
	request.resolution = strdup("2k");
	request.quality = strdup("high");
	request.number = 4;
	request.web_search = 0;
	request.webhook_url = strdup("https://h.example/x?a=b");
	request.has_caller = true;
	request.caller_id = INT64_MAX;
	strlist_add(&request.images, "https://a/1.png");
	strlist_add(&request.images, "https://a/2.png");
	assert_body(&request,
		"{\"model\":\"M\",\"prompt\":\"a fox\",\"negative_prompt\":\"no \\\"dogs\\\"\\n\","
		"\"images\":[\"https://a/1.png\",\"https://a/2.png\"],"
		"\"aspect_ratio\":\"16:9(4k)\",\"resolution\":\"2k\",\"quality\":\"high\","
		"\"image_number\":4,\"use_web_search\":false,"
		"\"webhook_url\":\"https://h.example/x?a=b\",\"caller_id\":9223372036854775807}");
}

static void test_request_video_fields_have_their_types(void **state)
{
	struct api_request request = make(API_TEXT_TO_VIDEO);

	request.duration = 5;
	request.audio = 1;
	request.number = 2;
	assert_body(&request, "{\"model\":\"M\",\"prompt\":\"a fox\",\"duration\":5,"
			      "\"generate_audio\":true,\"video_number\":2}");
}

static void test_request_image_to_video_has_one_image_field(void **state)
{
	struct api_request request = make(API_IMAGE_TO_VIDEO);

	request.audio = 0;
	strlist_add(&request.images, "https://a/1.png");
	assert_body(&request, "{\"model\":\"M\",\"prompt\":\"a fox\",\"image\":\"https://a/1.png\","
			      "\"generate_audio\":false}");
}

static void test_request_multi_image_keeps_the_order(void **state)
{
	struct api_request request = make(API_MULTI_IMAGE_TO_VIDEO);

	strlist_add(&request.images, "https://a/first");
	strlist_add(&request.images, "https://a/last");
	assert_body(&request, "{\"model\":\"M\",\"prompt\":\"a fox\","
			      "\"images\":[\"https://a/first\",\"https://a/last\"]}");
}

static void test_request_first_and_last_frame_have_names_of_their_own(void **state)
{
	struct api_request request = make(API_FIRST_LAST);

	request.duration = 8;
	strlist_add(&request.images, "https://a/first");
	assert_refused(&request, -EINVAL);
	request = make(API_FIRST_LAST);
	request.duration = 8;
	strlist_add(&request.images, "https://a/first");
	strlist_add(&request.images, "https://a/last");
	assert_body(&request,
		"{\"model\":\"M\",\"prompt\":\"a fox\",\"first_pic_url\":\"https://a/first\","
		"\"end_pic_url\":\"https://a/last\",\"duration\":8}");
}

static void test_request_almighty_says_audio_as_a_string(void **state)
{
	struct api_request request = make(API_ALMIGHTY);

	free(request.prompt);
	request.prompt = NULL;
	request.audio = 1;
	request.duration = 15;
	strlist_add(&request.images, "https://a/i");
	strlist_add(&request.videos, "https://a/v");
	strlist_add(&request.audios, "https://a/a");
	assert_body(&request,
		"{\"model\":\"M\",\"images\":[\"https://a/i\"],\"videos\":[\"https://a/v\"],"
		"\"audios\":[\"https://a/a\"],\"duration\":15,\"generate_audio\":\"true\"}");
	request = make(API_ALMIGHTY);
	request.audio = 0;
	strlist_add(&request.videos, "https://a/v");
	assert_body(&request, "{\"model\":\"M\",\"prompt\":\"a fox\",\"videos\":[\"https://a/v\"],"
			      "\"generate_audio\":\"false\"}");
}

static void test_request_drops_nothing_in_silence(void **state)
{
	struct api_request request = make(API_TEXT_TO_IMAGE);

	strlist_add(&request.images, "https://a/1.png");
	assert_refused(&request, -EINVAL);
	request = make(API_TEXT_TO_IMAGE);
	request.duration = 5;
	assert_refused(&request, -EINVAL);
	request = make(API_TEXT_TO_IMAGE);
	request.audio = 0;
	assert_refused(&request, -EINVAL);
	request = make(API_TEXT_TO_VIDEO);
	request.quality = strdup("high");
	assert_refused(&request, -EINVAL);
	request = make(API_TEXT_TO_VIDEO);
	request.web_search = 1;
	assert_refused(&request, -EINVAL);
	request = make(API_IMAGE_TO_VIDEO);
	assert_refused(&request, -EINVAL);
	request = make(API_IMAGE_TO_VIDEO);
	strlist_add(&request.images, "https://a/1.png");
	strlist_add(&request.images, "https://a/2.png");
	assert_refused(&request, -EINVAL);
	request = make(API_IMAGE_TO_IMAGE);
	assert_refused(&request, -EINVAL);
	request = make(API_MULTI_IMAGE_TO_VIDEO);
	strlist_add(&request.images, "https://a/1.png");
	strlist_add(&request.audios, "https://a/a");
	assert_refused(&request, -EINVAL);
	request = make(API_ALMIGHTY);
	strlist_add(&request.audios, "https://a/a");
	assert_refused(&request, -EINVAL);
	request = make(API_TEXT_TO_IMAGE);
	free(request.prompt);
	request.prompt = NULL;
	assert_refused(&request, -EINVAL);
	request = make(API_TEXT_TO_IMAGE);
	free(request.model);
	request.model = NULL;
	assert_refused(&request, -EINVAL);
}

static void test_request_text_is_utf8_and_stays_verbatim(void **state)
{
	struct api_request request = make(API_TEXT_TO_IMAGE);

	free(request.prompt);
	request.prompt = strdup("ein Fuchs \xc3\xa4 \xf0\x9f\xa6\x8a / \x7f\x01");
	assert_body(&request, "{\"model\":\"M\",\"prompt\":\"ein Fuchs \xc3\xa4 \xf0\x9f\xa6\x8a / "
			      "\x7f\\u0001\"}");
	request = make(API_TEXT_TO_IMAGE);
	request.negative_prompt = strdup("\xff");
	assert_refused(&request, -EILSEQ);
	request = make(API_IMAGE_TO_IMAGE);
	strlist_add(&request.images, "https://a/\xed\xa0\x80");
	assert_refused(&request, -EILSEQ);
}

static void test_request_modes_have_names_and_kinds(void **state)
{
	for (int i = 0; i < API_MODE_COUNT; i++) {
		enum api_mode mode = (enum api_mode)i, back;
		const char *name = api_mode_name(mode);

		assert_int_equal(api_mode_parse(name, &back), 0);
		assert_int_equal(back, mode);
		assert_int_equal(
			api_mode_kind(mode), strstr(name, "-to-image") ? API_IMAGE : API_VIDEO);
	}
	assert_int_equal(api_mode_parse("text-to-music", &(enum api_mode){0}), -EINVAL);
	assert_string_equal(api_kind_name(API_IMAGE), "image");
	assert_string_equal(api_kind_name(API_TEXT), "text");
}

static void test_request_tells_the_duration_of_a_body(void **state)
{
	assert_int_equal(api_request_duration("{\"model\":\"M\",\"duration\":8}"), 8);
	assert_int_equal(api_request_duration("{\"model\":\"M\"}"), API_UNSET);
	assert_int_equal(api_request_duration("{\"duration\":\"8\"}"), API_UNSET);
	assert_int_equal(api_request_duration("{\"duration\":99999999999}"), API_UNSET);
	assert_int_equal(api_request_duration("{\"duration\":-1}"), API_UNSET);
	assert_int_equal(api_request_duration("no JSON"), API_UNSET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request_sends_only_what_is_set),
		cmocka_unit_test(test_request_image_fields_have_their_types),
		cmocka_unit_test(test_request_video_fields_have_their_types),
		cmocka_unit_test(test_request_image_to_video_has_one_image_field),
		cmocka_unit_test(test_request_multi_image_keeps_the_order),
		cmocka_unit_test(test_request_first_and_last_frame_have_names_of_their_own),
		cmocka_unit_test(test_request_almighty_says_audio_as_a_string),
		cmocka_unit_test(test_request_drops_nothing_in_silence),
		cmocka_unit_test(test_request_text_is_utf8_and_stays_verbatim),
		cmocka_unit_test(test_request_modes_have_names_and_kinds),
		cmocka_unit_test(test_request_tells_the_duration_of_a_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
