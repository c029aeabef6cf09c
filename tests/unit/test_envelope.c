/* SPDX-License-Identifier: MIT */
#include "fs/api/envelope.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "tests/unit/source_file.h"

static int submitted(int http_status, const char *body, struct api_submitted *ret_submitted,
	struct api_error *error)
{
	*ret_submitted = (struct api_submitted){0};
	memset(error, 0x5a, sizeof(*error));
	return envelope_submitted(http_status, body, strlen(body), ret_submitted, error);
}

static void assert_accepted(const char *body, size_t count, const char *first, int64_t batch)
{
	struct api_submitted got;
	struct api_error error;

	if (submitted(200, body, &got, &error) != 0)
		fail_msg("%s: %s", body, error.text);
	assert_int_equal(got.task_ids.count, count);
	assert_string_equal(got.task_ids.items[0], first);
	assert_true(got.batch_id == batch);
	api_submitted_finish(&got);
}

static void test_envelope_accepts_every_success(void **state)
{
	static const char *const verdicts[] = {"\"status\":0,", "\"status\":200,",
		"\"status\":\"0\",", "\"status\":\"200\",", "\"status\":\"Success\",",
		"\"status\":null,", "", "\"status\":200,\"success\":true,",
		"\"status\":1001,\"success\":true,", "\"status\":200,\"success\":null,"};

	for (size_t i = 0; i < array_length(verdicts); i++) {
		char body[128];

		snprintf(body, sizeof(body), "{%s\"data\":{\"task_id\":\"a\"}}", verdicts[i]);
		assert_accepted(body, 1, "a", 0);
	}
}

static void test_envelope_submit_shapes(void **state)
{
	assert_accepted("{\"data\":{\"batch_id\":9007199254740993,\"task_ids\":[\"a\",\"b\"]}}", 2,
		"a", 9007199254740993);
	assert_accepted("{\"data\":{\"batch_id\":9223372036854775807,\"task_ids\":[\"a\"]}}", 1,
		"a", INT64_MAX);
	assert_accepted("{\"data\":{\"batchId\":\"12\",\"taskIds\":[7,\"b\"]}}", 2, "7", 12);
	assert_accepted("{\"data\":{\"batch_id\":1.5,\"taskId\":\"a\"}}", 1, "a", 0);
	assert_accepted("{\"data\":{\"batch_id\":-1,\"task_id\":9223372036854775807}}", 1,
		"9223372036854775807", 0);
	assert_accepted("{\"data\":{\"task_ids\":[\"a\",\"a\"],\"task_id\":\"a\"}}", 1, "a", 0);
	assert_accepted("{\"data\":{\"task_ids\":[\"\\n\",\"\\u007f\",\"b\"]}}", 1, "b", 0);
	assert_accepted("{\"data\":{\"task_ids\":[],\"task_id\":\"x\"}}", 1, "x", 0);
	assert_accepted("{\"data\":[{\"task_id\":\"a\"},{\"task_id\":\"b\"}]}", 2, "a", 0);
}

static void test_envelope_bounds_the_number_of_ids(void **state)
{
	struct buf body;
	struct api_submitted got = {0};
	struct api_error error;

	buf_init(&body, 1 << 20);
	buf_adds(&body, "{\"data\":{\"task_ids\":[0");
	for (int i = 1; i <= 1000; i++)
		buf_addf(&body, ",%d", i);
	buf_adds(&body, "]}}");
	assert_true(buf_ok(&body));
	assert_int_equal(envelope_submitted(200, body.data, body.length, &got, &error), 0);
	assert_int_equal(got.task_ids.count, ENVELOPE_MAX_TASKS);
	api_submitted_finish(&got);
	buf_finish(&body);
}

/* Each file has one defect. None may pass for an acceptance, nor for a refusal that was understood. */
static void test_envelope_bad_files_leave_a_submission_in_doubt(void **state)
{
	static const struct {
		const char *name;
		enum errclass class;
		const char *text;
	} files[] = {
		{"bad_empty.json", ERRCLASS_PROTOCOL, "empty"},
		{"bad_html.json", ERRCLASS_PROTOCOL, "not the JSON object"},
		{"bad_truncated.json", ERRCLASS_PROTOCOL, "not the JSON object"},
		{"bad_trailing.json", ERRCLASS_PROTOCOL, "not the JSON object"},
		{"bad_array.json", ERRCLASS_PROTOCOL, "not the JSON object"},
		{"bad_no_data.json", ERRCLASS_PROTOCOL, "no task id"},
		{"bad_null_data.json", ERRCLASS_PROTOCOL, "no task id"},
		{"bad_no_id.json", ERRCLASS_PROTOCOL, "batch 9007199254740993"},
		{"bad_control_id.json", ERRCLASS_PROTOCOL, "no task id"},
		{"bad_dots_id.json", ERRCLASS_PROTOCOL, "no task id"},
		{"bad_long_id.json", ERRCLASS_PROTOCOL, "no task id"},
		{"bad_id_types.json", ERRCLASS_PROTOCOL, "no task id"},
		{"bad_nul.json", ERRCLASS_PROTOCOL, "no task id"},
		{"bad_utf8.json", ERRCLASS_PROTOCOL, "no task id"},
		{"bad_overflow.json", ERRCLASS_PROTOCOL, "not the JSON object"},
		{"bad_depth.json", ERRCLASS_PROTOCOL, "not the JSON object"},
		{"bad_unknown_code.json", ERRCLASS_PROTOCOL,
			"yet names task abc: invalid parameter"},
		{"bad_refused_in_silence.json", ERRCLASS_PROTOCOL, "yet names task abc"},
		{"bad_status_word.json", ERRCLASS_PROTOCOL, "yet names task abc"},
		{"bad_status_real.json", ERRCLASS_PROTOCOL, "neither a number nor a word"},
	};

	for (size_t i = 0; i < array_length(files); i++) {
		struct api_submitted got = {0};
		struct api_error error;
		size_t length;
		char path[64];
		snprintf(path, sizeof(path), "tests/data/api/%s", files[i].name);
		char *body = read_source(path, &length);
		int r = envelope_submitted(200, body, length, &got, &error);

		free(body);
		if (r != (error.class == ERRCLASS_PROTOCOL ? -EBADMSG : -EREMOTEIO) ||
			error.class != files[i].class)
			fail_msg("%s: %d, %s", files[i].name, r, errclass_name(error.class));
		if (!strstr(error.text, files[i].text))
			fail_msg("%s: '%s'", files[i].name, error.text);
		assert_int_equal(error.http_status, 200);
		assert_int_equal(error.retry_after_ms, -1);
		assert_int_equal(errclass_spent(&error), SPENT_UNKNOWN);
	}
}

static void test_envelope_good_files(void **state)
{
	struct api_submitted got = {0};
	struct api_error error;
	size_t length;
	char *body = read_source("tests/data/api/submit_ids.json", &length);

	assert_int_equal(envelope_submitted(200, body, length, &got, &error), 0);
	assert_int_equal(got.task_ids.count, 2);
	assert_string_equal(got.task_ids.items[1], "-Ab_9");
	assert_true(got.batch_id == 2010000000000012345);
	api_submitted_finish(&got);
	free(body);
	body = read_source("tests/data/api/submit_id.json", &length);
	assert_int_equal(envelope_submitted(200, body, length, &got, &error), 0);
	assert_string_equal(got.task_ids.items[0], "Zk3_-a9QwEr");
	api_submitted_finish(&got);
	free(body);
}

static void test_envelope_refusals(void **state)
{
	static const struct {
		int http_status;
		const char *body;
		int result;
		enum errclass class;
		int64_t code;
		const char *text, *field;
	} cases[] = {
		{200, "{\"status\":1001,\"msg\":\"Request rate limit exceeded\"}", -EREMOTEIO,
			ERRCLASS_THROTTLED, 1001, "Request rate limit exceeded", ""},
		{200, "{\"status\":\"1011\",\"message\":\"no\"}", -EREMOTEIO, ERRCLASS_CREDITS,
			1011, "no", ""},
		{200, "{\"status\":200,\"success\":false,\"message\":\"x\"}", -EREMOTEIO,
			ERRCLASS_REFUSED, 200, "x", ""},
		{200,
			"{\"status\":1002,\"msg\":\"m\",\"desc\":\"d\",\"message\":\"M\",\"field\":"
			"\"n\"}",
			-EREMOTEIO, ERRCLASS_PARAMETER, 1002, "m; d", "n"},
		{200, "{\"status\":1002,\"desc\":\"d\",\"errorField\":\"e\"}", -EREMOTEIO,
			ERRCLASS_PARAMETER, 1002, "d", "e"},
		{200, "{\"status\":1002,\"msg\":\"\",\"data\":{\"field\":\"f\",\"msg\":\"in\"}}",
			-EREMOTEIO, ERRCLASS_PARAMETER, 1002, "in", "f"},
		/* the words of the desc alone tell which 1001 it is */
		{200, "{\"status\":1001,\"message\":\"fail\",\"desc\":\"Parameter error\"}",
			-EREMOTEIO, ERRCLASS_PARAMETER, 1001, "fail; Parameter error", ""},
		{400, "{\"status\":1002,\"message\":\"duration\"}", -EREMOTEIO, ERRCLASS_PARAMETER,
			1002, "duration", "duration"},
		{401, "{\"message\":\"bad key\"}", -EREMOTEIO, ERRCLASS_AUTH, 0, "bad key", ""},
		{401, "", -EREMOTEIO, ERRCLASS_AUTH, 0, "the answer is empty", ""},
		{404, "{\"status\":404,\"error\":\"Not Found\",\"path\":\"/x\"}", -EREMOTEIO,
			ERRCLASS_NOT_FOUND, 404, "Not Found", ""},
		{422, "{\"error\":{\"message\":\"inner\"}}", -EREMOTEIO, ERRCLASS_PARAMETER, 0,
			"inner", ""},
		{429, "slow down", -EREMOTEIO, ERRCLASS_THROTTLED, 0,
			"the answer is not the JSON object that was expected: slow down", ""},
		/* a gateway's page is not the service's word */
		{400, "<p>sensitive</p>", -EREMOTEIO, ERRCLASS_PARAMETER, 0,
			"the answer is not the JSON object that was expected: <p>sensitive</p>",
			""},
		{502, "<html>", -EREMOTEIO, ERRCLASS_SERVER, 0,
			"the answer is not the JSON object that was expected: <html>", ""},
		{500, "{\"status\":1011,\"msg\":\"credits\"}", -EREMOTEIO, ERRCLASS_SERVER, 1011,
			"credits", ""},
		{302, "", -EBADMSG, ERRCLASS_PROTOCOL, 0, "the answer is empty", ""},
		{404, "{\"data\":{\"task_id\":\"a\"}}", -EREMOTEIO, ERRCLASS_NOT_FOUND, 0, "", ""},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		struct api_submitted got;
		struct api_error error;
		int r = submitted(cases[i].http_status, cases[i].body, &got, &error);

		if (r != cases[i].result || error.class != cases[i].class)
			fail_msg("%s: %d %s", cases[i].body, r, errclass_name(error.class));
		assert_true(error.code == cases[i].code);
		assert_string_equal(error.text, cases[i].text);
		assert_string_equal(error.field, cases[i].field);
		assert_int_equal(error.http_status, cases[i].http_status);
		assert_int_equal(error.retry_after_ms, -1);
	}
}

static void test_envelope_text_is_printable_and_bounded(void **state)
{
	struct api_submitted got;
	struct api_error error;
	struct buf body;

	submitted(200, "{\"status\":1002,\"msg\":\"\\u001b[31mred\\r\\n\"}", &got, &error);
	assert_string_equal(error.text, "?[31mred??");
	buf_init(&body, 1 << 16);
	buf_adds(&body, "{\"status\":1002,\"field\":\"");
	for (int i = 0; i < 100; i++)
		buf_adds(&body, "é");
	buf_adds(&body, "\",\"msg\":\"");
	for (int i = 0; i < 1000; i++)
		buf_adds(&body, "é");
	buf_adds(&body, "\",\"desc\":\"more\"}");
	submitted(200, body.data, &got, &error);
	assert_in_range(strlen(error.text), sizeof(error.text) - 8, sizeof(error.text) - 1);
	assert_true(str_is_utf8(error.text, strlen(error.text)));
	assert_in_range(strlen(error.field), sizeof(error.field) - 8, sizeof(error.field) - 1);
	assert_true(str_is_utf8(error.field, strlen(error.field)));
	buf_finish(&body);
}

/* Memory is bounded by elements and not only by bytes. */
static void test_envelope_refuses_a_flood_of_elements(void **state)
{
	size_t length = ENVELOPE_MAX_BYTES;
	char *body = malloc(length + 1);
	struct api_tasks tasks = {0};
	struct api_error error;

	assert_non_null(body);
	memset(body, ' ', length);
	memcpy(body, "{\"data\":[{},", 12);
	for (size_t i = 12; i + 6 < length; i += 3)
		memcpy(body + i, "{},", 3);
	memcpy(body + length - 4, "0]} ", 4);
	assert_int_equal(envelope_tasks(200, body, length, &tasks, &error), -EBADMSG);
	assert_non_null(strstr(error.text, "not the JSON object"));
	memset(body, ' ', length + 1);
	memcpy(body, "{\"data\":{\"task_id\":\"a\"}}", 24);
	assert_int_equal(envelope_tasks(200, body, length + 1, &tasks, &error), -EBADMSG);
	assert_string_equal(error.text, "the answer is too large");
	assert_int_equal(envelope_tasks(200, body, length, &tasks, &error), 0);
	api_tasks_finish(&tasks);
	free(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_envelope_accepts_every_success),
		cmocka_unit_test(test_envelope_submit_shapes),
		cmocka_unit_test(test_envelope_bounds_the_number_of_ids),
		cmocka_unit_test(test_envelope_bad_files_leave_a_submission_in_doubt),
		cmocka_unit_test(test_envelope_good_files),
		cmocka_unit_test(test_envelope_refusals),
		cmocka_unit_test(test_envelope_text_is_printable_and_bounded),
		cmocka_unit_test(test_envelope_refuses_a_flood_of_elements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
