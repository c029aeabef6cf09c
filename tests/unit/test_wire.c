/* SPDX-License-Identifier: MIT */
/* Memory that runs out at every single allocation of a decoder or encoder (linked with --wrap=malloc):
 * the result is the whole truth or -ENOMEM, never an id with a digit less. See wire_memory_mark(). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/api/envelope.h"
#include "fs/api/registry.h"

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

static long allocations_left = -1; /* -1: no end */
static bool ran_out;

void *__wrap_malloc(size_t size)
{
	if (allocations_left == 0) {
		ran_out = true;
		allocations_left = -1;
		return NULL;
	}
	if (allocations_left > 0)
		allocations_left--;
	return __real_malloc(size);
}

static void fail_at(long n)
{
	allocations_left = n;
	ran_out = false;
}

static void test_wire_submission_is_whole_or_no_memory(void **state)
{
	static const char body[] = "{\"status\":200,\"desc\":\"Success\",\"data\":{"
				   "\"batch_id\":2010000000000012345,"
				   "\"task_ids\":[\"task_abc123\",\"-Ab_9\",20100000000012345]}}";
	long n = 0;

	do {
		struct api_submitted got = {0};
		struct api_error error;
		int r;

		fail_at(n++);
		r = envelope_submitted(200, body, sizeof(body) - 1, &got, &error);
		allocations_left = -1;
		if (r == 0) {
			assert_true(got.batch_id == 2010000000000012345);
			assert_int_equal(got.task_ids.count, 3);
			assert_string_equal(got.task_ids.items[0], "task_abc123");
			assert_string_equal(got.task_ids.items[2], "20100000000012345");
			api_submitted_finish(&got);
		} else {
			assert_int_equal(r, -ENOMEM);
			assert_int_equal(error.class, ERRCLASS_PROTOCOL);
			assert_int_equal(errclass_spent(&error), SPENT_UNKNOWN);
		}
	} while (ran_out);
	assert_true(n > 20);
}

static void test_wire_request_is_whole_or_no_memory(void **state)
{
	struct api_request request;
	long n = 0;

	api_request_init(&request);
	request.mode = API_ALMIGHTY;
	request.model = strdup("M");
	request.prompt = strdup("p");
	strlist_add(&request.images, "https://a");
	strlist_add(&request.images, "https://b");
	request.duration = 5;
	request.audio = 1;
	do {
		char *json = NULL;
		int r;

		fail_at(n++);
		r = api_request_encode(&request, &json);
		allocations_left = -1;
		if (r == 0)
			assert_string_equal(json, "{\"model\":\"M\",\"prompt\":\"p\","
						  "\"images\":[\"https://a\",\"https://b\"],"
						  "\"duration\":5,\"generate_audio\":\"true\"}");
		else
			assert_int_equal(r, -ENOMEM);
		free(json);
	} while (ran_out);
	assert_true(n > 10);
	api_request_finish(&request);
}

static void test_wire_catalogue_is_whole_or_no_memory(void **state)
{
	static const char json[] =
		"[{\"key\":\"A\",\"name\":\"a\",\"modes\":[\"text-to-video\"],"
		"\"durations\":{\"text-to-video\":[5,10]},\"prompt_limit\":1234567}]";
	char *whole = NULL;
	struct model_list list = {0};
	long n = 0;

	assert_int_equal(registry_parse_catalogue(json, sizeof(json) - 1, &list), 0);
	assert_int_equal(registry_format(&list, &whole), 0);
	model_list_finish(&list);
	do {
		char *text = NULL;
		int r;

		fail_at(n++);
		r = registry_parse_catalogue(json, sizeof(json) - 1, &list);
		if (r == 0)
			r = registry_format(&list, &text);
		allocations_left = -1;
		if (r == 0)
			assert_string_equal(text, whole);
		else
			assert_int_equal(r, -ENOMEM);
		free(text);
		model_list_finish(&list);
	} while (ran_out);
	assert_true(n > 40);
	free(whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wire_submission_is_whole_or_no_memory),
		cmocka_unit_test(test_wire_request_is_whole_or_no_memory),
		cmocka_unit_test(test_wire_catalogue_is_whole_or_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
