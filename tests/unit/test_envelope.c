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
		{"bad_utf8.json", ERRCLASS_PROTOCOL, "not the JSON object"},
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

static struct api_tasks tasks_of(const char *body)
{
	struct api_tasks tasks = {0};
	struct api_error error;

	if (envelope_tasks(200, body, strlen(body), &tasks, &error) != 0)
		fail_msg("%s: %s", body, error.text);
	return tasks;
}

static void test_envelope_reads_a_batch(void **state)
{
	size_t length;
	char *body = read_source("tests/data/api/tasks_batch.json", &length);
	struct api_tasks tasks = tasks_of(body);

	assert_int_equal(tasks.count, 4);
	assert_string_equal(tasks.items[0].id, "a");
	assert_int_equal(tasks.items[0].state, TASK_SUCCEEDED);
	assert_string_equal(tasks.items[0].raw_state, "succeed");
	assert_int_equal(tasks.items[0].urls.count, 2);
	assert_string_equal(tasks.items[0].urls.items[1], "https://cdn.weryai.com/result/2.png");
	assert_string_equal(tasks.items[0].message, "");
	assert_string_equal(tasks.items[1].id, "b");
	assert_int_equal(tasks.items[1].state, TASK_PROCESSING);
	assert_int_equal(tasks.items[2].state, TASK_FAILED);
	assert_string_equal(tasks.items[2].message, "content moderation");
	assert_int_equal(tasks.items[3].urls.count, 2);
	assert_string_equal(tasks.items[3].urls.items[0], "https://cdn/v.mp4");
	assert_string_equal(tasks.items[3].urls.items[1], "https://cdn/w.mp4");
	api_tasks_finish(&tasks);
	free(body);
}

static void test_envelope_finds_urls_everywhere(void **state)
{
	static const char *const places[] = {"\"images\":[\"https://h/u\"]",
		"\"image_url\":\"https://h/u\"", "\"image_url\":{\"url\":\"https://h/u\"}",
		"\"videos\":[{\"video_url\":\"https://h/u\"}]",
		"\"videos\":{\"src\":\"https://h/u\"}", "\"video\":\" https://h/u\\n\"",
		"\"video_urls\":[null,\"\",\"https://h/u\"]",
		"\"audios\":[{\"audio_url\":\"https://h/u\"}]",
		"\"output\":{\"images\":[{\"image_url\":\"https://h/u\"}]}",
		"\"task_result\":{\"images\":[\"https://h/u\"],\"videos\":[\"https://h/u\"]}",
		"\"task_result\":{\"image_url\":\"https://h/u\"},\"images\":[]"};

	for (size_t i = 0; i < array_length(places); i++) {
		char body[256];

		snprintf(body, sizeof(body), "{\"data\":{\"task_status\":\"succeed\",%s}}",
			places[i]);
		struct api_tasks tasks = tasks_of(body);

		if (tasks.items[0].urls.count != 1)
			fail_msg("%s", body);
		assert_string_equal(tasks.items[0].urls.items[0], "https://h/u");
		assert_null(tasks.items[0].id);
		api_tasks_finish(&tasks);
	}
}

static void test_envelope_refuses_bad_urls_and_keeps_them(void **state)
{
	static const char *const urls[] = {ENVELOPE_REFUSED "data:image/png;base64,AA",
		ENVELOPE_REFUSED "file:///etc/passwd", ENVELOPE_REFUSED "https://",
		ENVELOPE_REFUSED "https://h/a?b", ENVELOPE_REFUSED "https://h/?", "HTTP://h/ok",
		ENVELOPE_REFUSED "//h/x"};
	struct buf body;
	struct api_tasks tasks = tasks_of(
		"{\"data\":{\"images\":[\"data:image/png;base64,AA\",\"file:///etc/passwd\","
		"\"https://\",\"https://h/a "
		"b\",\"https://h/\\u0001\",\"HTTP://h/ok\",\"//h/x\",7]}}");

	assert_int_equal(tasks.items[0].urls.count, array_length(urls));
	for (size_t i = 0; i < array_length(urls); i++)
		assert_string_equal(tasks.items[0].urls.items[i], urls[i]);
	api_tasks_finish(&tasks);

	buf_init(&body, 1 << 20);
	buf_adds(&body, "{\"data\":{\"images\":[\"https://h/");
	for (int i = 0; i < ENVELOPE_MAX_URL - 10; i++)
		buf_adds(&body, "x");
	buf_adds(&body, "\"],\"image_url\":\"https://h/");
	for (int i = 0; i < ENVELOPE_MAX_URL - 9; i++)
		buf_adds(&body, "x");
	buf_adds(&body, "\",\"video\":\"ftp://");
	for (int i = 0; i < ENVELOPE_MAX_REFUSED; i++)
		buf_adds(&body, "\\u00e9");
	buf_adds(&body, "\"}}");
	tasks = tasks_of(body.data);
	assert_int_equal(tasks.items[0].urls.count, 3);
	assert_int_equal(strlen(tasks.items[0].urls.items[0]), ENVELOPE_MAX_URL);
	assert_int_equal(strlen(tasks.items[0].urls.items[1]),
		strlen(ENVELOPE_REFUSED) + ENVELOPE_MAX_URL + 1);
	/* cut, but not within a character */
	assert_int_equal(strlen(tasks.items[0].urls.items[2]),
		strlen(ENVELOPE_REFUSED) + ENVELOPE_MAX_REFUSED);
	api_tasks_finish(&tasks);

	buf_clear(&body);
	buf_adds(&body, "{\"data\":{\"images\":[\"ftp://h\"");
	for (int i = 0; i < ENVELOPE_MAX_URLS + 5; i++)
		buf_addf(&body, ",\"https://h/%d\"", i);
	buf_adds(&body, "]}}");
	tasks = tasks_of(body.data);
	assert_int_equal(tasks.items[0].urls.count, ENVELOPE_MAX_URLS);
	api_tasks_finish(&tasks);
	buf_finish(&body);
}

static void assert_message(const char *body, const char *message)
{
	struct api_tasks tasks = tasks_of(body);

	assert_string_equal(tasks.items[0].message, message);
	api_tasks_finish(&tasks);
}

static void test_envelope_failure_text(void **state)
{
	assert_message("{\"message\":\"Success\",\"data\":{\"task_status\":\"fail\",\"msg\":\"a\","
		       "\"task_result\":{\"message\":\"b\"}}}",
		"a");
	assert_message("{\"message\":\"Success\",\"data\":{\"task_status\":\"fail\","
		       "\"task_result\":{\"message\":\"b\"}}}",
		"b");
	assert_message("{\"message\":\"Success\",\"data\":{\"task_status\":\"fail\"}}", "");
	assert_message("{\"message\":\"c\",\"data\":{\"task_status\":\"fail\",\"msg\":\"\"}}", "c");
	assert_message(
		"{\"message\":\"c\",\"data\":{\"task_status\":\"waiting\",\"msg\":\"w\"}}", "");
	assert_message("{\"data\":{\"task_status\":\"succeed\",\"msg\":\"nothing made\"}}",
		"nothing made");
	assert_message("{\"data\":{\"task_status\":\"failed\",\"msg\":\"a\\tb\\u007f\"}}", "a?b?");
}

static void test_envelope_lyrics(void **state)
{
	struct api_tasks tasks = tasks_of(
		"{\"data\":{\"task_status\":\"SUCCEED\",\"output\":{\"audios\":[\"https://h/a\"],"
		"\"lyrics\":\"one\\ntwo\\u001b\"}}}");
	struct buf body;

	assert_string_equal(tasks.items[0].lyrics, "one\ntwo ");
	assert_int_equal(tasks.items[0].urls.count, 1);
	api_tasks_finish(&tasks);
	buf_init(&body, 1 << 20);
	buf_adds(&body, "{\"data\":{\"lyrics\":\"x");
	for (int i = 0; i < ENVELOPE_MAX_LYRICS / 2; i++)
		buf_adds(&body, "é");
	buf_adds(&body, "\"}}");
	tasks = tasks_of(body.data);
	assert_int_equal(strlen(tasks.items[0].lyrics), ENVELOPE_MAX_LYRICS - 1);
	assert_true(str_is_utf8(tasks.items[0].lyrics, ENVELOPE_MAX_LYRICS - 1));
	api_tasks_finish(&tasks);
	buf_finish(&body);
}

static void assert_covers(const char *body, size_t urls, const char *covers)
{
	struct api_tasks tasks = tasks_of(body);
	char *joined = strlist_join(&tasks.items[0].covers, " ");

	assert_int_equal(tasks.items[0].urls.count, urls);
	assert_string_equal(joined ? joined : "", covers);
	free(joined);
	api_tasks_finish(&tasks);
}

static void test_envelope_covers(void **state)
{
	assert_covers("{\"data\":{\"audios\":[\"https://h/a\"],\"cover_url\":\"https://h/c\"}}", 1,
		"https://h/c");
	assert_covers("{\"data\":{\"output\":{\"audios\":[\"https://h/a\"],\"cover_url\":"
		      "\"https://h/c\"},\"cover_image_url\":\"https://h/d\"}}",
		1, "https://h/d https://h/c");
	assert_covers("{\"data\":{\"audios\":[{\"url\":\"https://h/a\",\"cover_image_url\":"
		      "\"https://h/c\"},{\"url\":\"https://h/b\",\"cover_url\":\"https://h/d\"}],"
		      "\"cover_url\":\"https://h/c\"}}",
		2, "https://h/c https://h/d");
	/* one that is no good is no result that is missing */
	assert_covers("{\"data\":{\"audio\":\"https://h/a\",\"cover_url\":\"ftp://h/c\"}}", 1, "");
	assert_covers(
		"{\"data\":{\"audio\":\"https://h/a\",\"cover_url\":[\"https://h/c\"]}}", 1, "");
	assert_covers("{\"data\":{\"audio\":\"https://h/a\",\"cover_url\":\"\"}}", 1, "");
	/* those of videos are not taken, and alone it is nothing */
	assert_covers("{\"data\":{\"videos\":[{\"url\":\"https://h/v\",\"cover_url\":"
		      "\"https://h/c\"}],\"cover_url\":\"https://h/c\"}}",
		1, "");
	assert_covers("{\"data\":{\"cover_url\":\"https://h/c\"}}", 0, "");
}

static void test_envelope_answers_without_a_task(void **state)
{
	static const char *const bodies[] = {"{\"status\":200}", "{\"data\":null}", "{\"data\":[]}",
		"{\"data\":[null,1,\"a\"]}", "{\"data\":\"a\"}", "{}"};

	for (size_t i = 0; i < array_length(bodies); i++) {
		struct api_tasks tasks = {0};
		struct api_error error;

		assert_int_equal(envelope_tasks(200, bodies[i], strlen(bodies[i]), &tasks, &error),
			-EBADMSG);
		assert_int_equal(error.class, ERRCLASS_PROTOCOL);
		assert_null(tasks.items);
	}
}

static void test_envelope_task_states(void **state)
{
	static const struct {
		const char *word;
		enum task_state state;
	} words[] = {
		{"waiting", TASK_WAITING},
		{"PENDING", TASK_WAITING},
		{"Processing", TASK_PROCESSING},
		{"RUNNING", TASK_PROCESSING},
		{"succeed", TASK_SUCCEEDED},
		{"SUCCESS", TASK_SUCCEEDED},
		{" complete\n", TASK_SUCCEEDED},
		{"completed", TASK_SUCCEEDED},
		{"failed", TASK_FAILED},
		{"fail", TASK_FAILED},
		{"canceled", TASK_FAILED},
		{"error", TASK_FAILED},
		{"", TASK_UNKNOWN},
		{"succ", TASK_UNKNOWN},
		{"failed soon", TASK_UNKNOWN},
	};

	for (size_t i = 0; i < array_length(words); i++)
		assert_int_equal(envelope_task_state(words[i].word), words[i].state);
	assert_int_equal(envelope_task_state(NULL), TASK_UNKNOWN);
}

static void test_envelope_balance_and_upload(void **state)
{
	struct api_error error;
	double credits = -7;
	char *url = NULL;
	static const char *const balances[] = {"{\"data\":12.5}", "{\"status\":200,\"data\":"
								  "{\"balance\":12.5}}"};
	static const char *const no_balances[] = {
		"{\"data\":\"12\"}", "{\"data\":{}}", "{\"data\":null}", "{\"data\":[1]}"};
	static const char *const uploads[] = {"{\"data\":{\"object_url_list\":[\"https://h/u\"]}}",
		"{\"data\":{\"files\":[{\"url\":\"https://h/u\"}]}}", "{\"data\":\"https://h/u\"}",
		"{\"data\":{\"url\":\"https://h/u\"}}"};
	static const char *const no_uploads[] = {"{\"data\":{\"object_url_list\":[]}}",
		"{\"data\":{\"url\":\"ftp://h/u\"}}", "{\"data\":{}}", "{\"status\":1015}"};

	for (size_t i = 0; i < array_length(balances); i++) {
		assert_int_equal(
			envelope_balance(200, balances[i], strlen(balances[i]), &credits, &error),
			0);
		assert_true(credits > 12.4 && credits < 12.6);
	}
	for (size_t i = 0; i < array_length(no_balances); i++)
		assert_int_equal(envelope_balance(200, no_balances[i], strlen(no_balances[i]),
					 &credits, &error),
			-EBADMSG);
	for (size_t i = 0; i < array_length(uploads); i++) {
		assert_int_equal(
			envelope_uploaded(200, uploads[i], strlen(uploads[i]), &url, &error), 0);
		assert_string_equal(url, "https://h/u");
		free(url);
		url = NULL;
	}
	for (size_t i = 0; i < array_length(no_uploads); i++) {
		assert_true(envelope_uploaded(
				    200, no_uploads[i], strlen(no_uploads[i]), &url, &error) < 0);
		assert_null(url);
	}
	assert_int_equal(error.class, ERRCLASS_DAILY);
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
		cmocka_unit_test(test_envelope_reads_a_batch),
		cmocka_unit_test(test_envelope_finds_urls_everywhere),
		cmocka_unit_test(test_envelope_refuses_bad_urls_and_keeps_them),
		cmocka_unit_test(test_envelope_failure_text),
		cmocka_unit_test(test_envelope_lyrics),
		cmocka_unit_test(test_envelope_covers),
		cmocka_unit_test(test_envelope_answers_without_a_task),
		cmocka_unit_test(test_envelope_task_states),
		cmocka_unit_test(test_envelope_balance_and_upload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
