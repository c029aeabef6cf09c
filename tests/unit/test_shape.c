/* SPDX-License-Identifier: MIT */
#include "fs/api/shape.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char told[4096];

static void tell(void *arg, const char *sentence)
{
	size_t length = strlen(told);

	snprintf(told + length, sizeof(told) - length, "%s\n", sentence);
}

static size_t models(enum api_kind kind, const char *body)
{
	size_t count;

	told[0] = '\0';
	shape_models(kind, body, strlen(body), tell, NULL, &count);
	return count;
}

static void assert_told(const char *text)
{
	if (!strstr(told, text))
		fail_msg("'%s' is not in: %s", text, told);
}

static void test_shape_as_expected_tells_nothing(void **state)
{
	assert_int_equal(
		models(API_IMAGE,
			"{\"status\":200,\"success\":true,\"data\":{\"text_to_image\":[{\"model_"
			"key\":"
			"\"A\",\"image_sizes\":[\"1:1\"],\"num_images\":[1]}],\"image_to_image\":[{"
			"\"id\":\"A\",\"upload_image_limit\":3,\"resolutions\":null}]}}"),
		2);
	assert_string_equal(told, "");
	static const char balance[] = "{\"status\":0,\"desc\":\"success\",\"data\":12.5}";
	assert_int_equal(shape_balance(balance, strlen(balance), tell, NULL), 0);
	assert_string_equal(told, "");
}

static void test_shape_tells_each_difference_once(void **state)
{
	models(API_VIDEO, "{\"status\":\"ok\",\"trace\":1,\"data\":{\"text_to_video\":[{\"model_"
			  "key\":\"A\",\"durations\":"
			  "\"5\",\"price\":3},{\"model_key\":\"B\",\"price\":4},{\"title\":\"C\"}],"
			  "\"image_to_video\":[],\"lip_sync\":[]}}");
	assert_told("'status' is a text, not a whole number");
	assert_told("'trace', which weryaifs does not read");
	assert_told("the list image_to_video is empty");
	assert_told("the list multi_image_to_video is missing");
	assert_told("there is 'lip_sync' (a list)");
	assert_told("'durations' of A is a text");
	assert_told("rows have 'price' (a whole number of A)");
	assert_null(strstr(told, "of B"));
	assert_told("rows without a model key");
}

static void test_shape_of_garbage(void **state)
{
	assert_int_equal(models(API_IMAGE, "<html>"), 0);
	assert_told("no JSON object");
	models(API_IMAGE, "{\"status\":200,\"data\":[]}");
	assert_told("'data' is a list, not an object");
	told[0] = '\0';
	assert_int_equal(shape_balance("{\"data\":\"3\"}", 12, tell, NULL), 0);
	assert_told("balance: 'data' is a text, not a number");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shape_as_expected_tells_nothing),
		cmocka_unit_test(test_shape_tells_each_difference_once),
		cmocka_unit_test(test_shape_of_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
