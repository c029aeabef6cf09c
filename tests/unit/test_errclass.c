/* SPDX-License-Identifier: MIT */
#include "fs/api/errclass.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"

static struct api_error make(int http_status, int64_t code, const char *text)
{
	struct api_error error = {.http_status = http_status, .code = code, .retry_after_ms = -1};

	snprintf(error.text, sizeof(error.text), "%s", text);
	errclass_classify(&error);
	return error;
}

struct expectation {
	int http_status;
	int64_t code;
	const char *text;
	enum errclass class;
};

static void check_all(const struct expectation *table, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct api_error error = make(table[i].http_status, table[i].code, table[i].text);

		if (error.class != table[i].class)
			fail_msg("HTTP %d code %d '%s' is %s, not %s", table[i].http_status,
				(int)table[i].code, table[i].text, errclass_name(error.class),
				errclass_name(table[i].class));
	}
}

static void test_errclass_knows_every_code(void **state)
{
	static const struct expectation table[] = {
		{200, 0, "", ERRCLASS_NONE},
		{200, 200, "Success", ERRCLASS_NONE},
		{200, 1003, "", ERRCLASS_NOT_FOUND},
		{200, 1004, "", ERRCLASS_CREDITS},
		{200, 1005, "", ERRCLASS_MODERATION},
		{200, 1006, "", ERRCLASS_PARAMETER},
		{200, 1007, "", ERRCLASS_THROTTLED},
		{200, 1009, "", ERRCLASS_AUTH},
		{200, 1010, "", ERRCLASS_NOT_FOUND},
		{200, 1011, "", ERRCLASS_CREDITS},
		{200, 1014, "", ERRCLASS_PARAMETER},
		{200, 1015, "", ERRCLASS_DAILY},
		{200, 1017, "", ERRCLASS_SUBSCRIPTION},
		{200, 1102, "", ERRCLASS_REFUSED},
		{200, 2000, "", ERRCLASS_MODERATION},
		{200, 2001, "", ERRCLASS_MODERATION},
		{200, 2003, "", ERRCLASS_MODERATION},
		{200, 2004, "", ERRCLASS_PARAMETER},
		{200, 2999, "", ERRCLASS_MODERATION},
		{200, 5000, "", ERRCLASS_SERVER},
		{200, 6001, "", ERRCLASS_SERVER},
		{200, 6002, "", ERRCLASS_THROTTLED},
		{200, 6003, "", ERRCLASS_REFUSED},
		{200, 6004, "", ERRCLASS_REFUSED},
		{200, 6010, "", ERRCLASS_CONCURRENCY},
		{200, 6101, "", ERRCLASS_DAILY},
		{200, 3000, "rate limit", ERRCLASS_REFUSED},
		{200, -1, "", ERRCLASS_REFUSED},
		{200, INT64_MAX, "invalid parameter", ERRCLASS_REFUSED},
		{200, 8001, "", ERRCLASS_REFUSED},
		{200, 1012, "", ERRCLASS_REFUSED},
		{200, 429, "", ERRCLASS_THROTTLED},
		{200, 302, "", ERRCLASS_PROTOCOL},
		{200, 401, "", ERRCLASS_AUTH},
		{200, 500, "", ERRCLASS_SERVER},
	};

	check_all(table, array_length(table));
}

static void test_errclass_code_1001_is_told_by_its_text(void **state)
{
	static const struct expectation table[] = {
		{200, 1001, "Request rate limit exceeded", ERRCLASS_THROTTLED},
		{200, 1001, "REQUEST_RATE_LIMIT_EXCEEDED", ERRCLASS_THROTTLED},
		{200, 1001, "请求频率过高", ERRCLASS_THROTTLED},
		{200, 1001, "Too many requests", ERRCLASS_THROTTLED},
		{200, 1001, "The request limit was reached", ERRCLASS_THROTTLED},
		{200, 1001, "prompt cannot be empty", ERRCLASS_PARAMETER},
		{200, 1001, "Parameter error", ERRCLASS_PARAMETER},
		{200, 1001, "参数错误", ERRCLASS_PARAMETER},
		{200, 1001, "aspect_ratio is required to generate", ERRCLASS_PARAMETER},
		{200, 1001, "Too many images: 3 are allowed", ERRCLASS_PARAMETER},
		{200, 1001, "prompt exceeds 2000", ERRCLASS_PARAMETER},
		{429, 1001, "parameter", ERRCLASS_THROTTLED},
		{401, 1001, "", ERRCLASS_AUTH},
		{400, 1001, "no", ERRCLASS_PARAMETER},
		{500, 1001, "Request rate limit exceeded", ERRCLASS_SERVER},
	};
	static const char *const generic[] = {"", "fail", "Could not generate", "error"};

	check_all(table, array_length(table));
	assert_false(make(200, 1001, "rate limit").code_ambiguous);
	for (size_t i = 0; i < array_length(generic); i++) {
		struct api_error error = make(200, 1001, generic[i]);

		assert_int_equal(error.class, ERRCLASS_THROTTLED);
		assert_true(error.code_ambiguous);
		assert_true(errclass_may_repeat(&error));
	}
}

static void test_errclass_code_1002_is_told_by_http_and_text(void **state)
{
	static const struct expectation table[] = {
		{200, 1002, "", ERRCLASS_PARAMETER},
		{200, 1002, "duration 3 not supported", ERRCLASS_PARAMETER},
		{200, 1002, "model_key not supported", ERRCLASS_PARAMETER},
		{200, 1002, "model key not supported", ERRCLASS_PARAMETER},
		{200, 1002, "keyword is wrong", ERRCLASS_PARAMETER},
		{200, 1002, "max_tokens is wrong", ERRCLASS_PARAMETER},
		{401, 1002, "", ERRCLASS_AUTH},
		{403, 1002, "duration", ERRCLASS_AUTH},
		{200, 1002, "Invalid API Key", ERRCLASS_AUTH},
		{200, 1002, "the key is wrong", ERRCLASS_AUTH},
		{200, 1002, "Unauthorized", ERRCLASS_AUTH},
		{200, 1002, "bad token", ERRCLASS_AUTH},
		{200, 1002, "task not exist", ERRCLASS_NOT_FOUND},
		{200, 1002, "Batch not exist", ERRCLASS_NOT_FOUND},
		{200, 1002, "no tasks found", ERRCLASS_NOT_FOUND},
		{200, 1002, "包含敏感内容", ERRCLASS_MODERATION},
		{200, 1002, "sensitive content", ERRCLASS_MODERATION},
	};

	check_all(table, array_length(table));
}

static void test_errclass_http_status_speaks_where_no_code_does(void **state)
{
	static const struct expectation table[] = {
		{0, 0, "", ERRCLASS_NETWORK},
		{302, 0, "", ERRCLASS_PROTOCOL},
		{400, 0, "", ERRCLASS_PARAMETER},
		{400, 0, "sensitive content", ERRCLASS_MODERATION},
		{401, 0, "", ERRCLASS_AUTH},
		{402, 0, "", ERRCLASS_CREDITS},
		{403, 0, "", ERRCLASS_AUTH},
		{403, 1017, "", ERRCLASS_SUBSCRIPTION},
		{404, 0, "", ERRCLASS_NOT_FOUND},
		{404, 404, "Not Found", ERRCLASS_NOT_FOUND},
		{405, 0, "", ERRCLASS_PARAMETER},
		{408, 0, "", ERRCLASS_SERVER},
		{408, 1011, "", ERRCLASS_CREDITS},
		{408, 408, "Request Timeout", ERRCLASS_SERVER},
		{409, 0, "", ERRCLASS_SERVER},
		{409, 409, "Conflict", ERRCLASS_REFUSED},
		{413, 0, "", ERRCLASS_PARAMETER},
		{415, 0, "", ERRCLASS_PARAMETER},
		{422, 0, "", ERRCLASS_PARAMETER},
		{429, 0, "", ERRCLASS_THROTTLED},
		{429, 6010, "", ERRCLASS_CONCURRENCY},
		{429, 6101, "", ERRCLASS_DAILY},
		{429, 5000, "", ERRCLASS_THROTTLED},
		{499, 0, "", ERRCLASS_SERVER},
		{500, 1002, "duration", ERRCLASS_SERVER},
		{502, 0, "", ERRCLASS_SERVER},
		{503, 1007, "", ERRCLASS_SERVER},
		{100, 0, "", ERRCLASS_SERVER},
		{600, 0, "", ERRCLASS_SERVER},
	};

	check_all(table, array_length(table));
}

/* Money rule 1, the other way round: whatever is not on this list is never sent twice. */
static void test_errclass_repeats_only_complete_rejections(void **state)
{
	static const int statuses[] = {
		0, 100, 200, 201, 301, 400, 401, 403, 404, 408, 422, 429, 500, 502, 503};

	for (size_t i = 0; i < array_length(statuses); i++) {
		for (int64_t code = 0; code <= 6200; code++) {
			struct api_error error = make(statuses[i], code, "");
			bool whole = statuses[i] >= 200 && statuses[i] < 500 && statuses[i] != 301;
			bool may = code == 1001 || code == 1007 || code == 6002 || code == 6010 ||
				   code == 429 || statuses[i] == 429;

			if (errclass_may_repeat(&error) && !(whole && may))
				fail_msg("HTTP %d code %d would be sent again", statuses[i],
					(int)code);
			if (errclass_may_repeat(&error))
				assert_int_equal(errclass_spent(&error), SPENT_NO);
			if (error.class == ERRCLASS_SERVER || error.class == ERRCLASS_PROTOCOL)
				assert_int_equal(errclass_spent(&error), SPENT_UNKNOWN);
		}
	}
	for (size_t i = 0; i < 4; i++) {
		static const int64_t codes[] = {1001, 1007, 6002, 6010};
		struct api_error error = make(200, codes[i], "rate limit");

		assert_true(errclass_may_repeat(&error));
	}
	struct api_error plain = make(429, 0, "");
	struct api_error daily = make(429, 6101, "");

	assert_true(errclass_may_repeat(&plain));
	assert_false(errclass_may_repeat(&daily));
}

static void assert_says(const struct api_error *error, const char *what)
{
	char text[ERRCLASS_EXPLAIN];

	errclass_explain(error, text, sizeof(text));
	if (!strstr(text, what))
		fail_msg("'%s' does not say '%s'", text, what);
}

static void test_errclass_explains_cause_way_out_and_money(void **state)
{
	struct api_error credits = make(200, 1011, "");
	struct api_error server = make(502, 0, "");
	struct api_error parameter = make(400, 1002, "duration");
	struct api_error both = make(200, 1001, "");
	struct api_error key = make(200, 1002, "Invalid API key");
	struct api_error offline = {.class = ERRCLASS_NETWORK, .not_sent = true};
	struct api_error lost = {.class = ERRCLASS_NETWORK};

	assert_says(&credits, "The account has too few credits (code 1011). Buy credits");
	assert_says(&credits, "echo submit > X.status");
	assert_says(&credits, "No credits were spent.");
	assert_says(&server, "(HTTP 502)");
	assert_says(&server, "Whether credits were spent is not known");
	assert_says(&server, "https://weryai.com/api/history");
	snprintf(parameter.field, sizeof(parameter.field), "duration");
	assert_says(&parameter, "(HTTP 400, code 1002, parameter duration)");
	assert_says(&both, "too many requests, or a value");
	assert_says(&key, "The service refused the API key (code 1002)");
	assert_says(&offline, "could not be reached");
	assert_says(&offline, "No credits were spent.");
	assert_says(&lost, "Whether credits were spent is not known");
}

static void check_sentence(const char *text, size_t size)
{
	size_t length = strlen(text);

	assert_in_range(length, 20, size - 2);
	assert_int_equal(text[length - 1], '.');
	for (size_t i = 0; i < length; i++)
		assert_in_range(text[i], ' ', '~');
}

static void test_errclass_explanations_are_whole_and_ascii(void **state)
{
	static const int statuses[] = {0, 200, 302, 400, 401, 404, 429, 500};
	static const char *const texts[] = {
		"", "rate limit", "invalid", "api key", "task not exist"};
	char text[ERRCLASS_EXPLAIN];

	for (size_t s = 0; s < array_length(statuses); s++) {
		for (size_t t = 0; t < array_length(texts); t++) {
			for (int64_t code = 0; code < 6200; code++) {
				struct api_error error = make(statuses[s], code, texts[t]);

				memset(error.field, 'f', sizeof(error.field) - 1);
				errclass_explain(&error, text, sizeof(text));
				check_sentence(text, sizeof(text));
				errclass_explain_upload(&error, text, sizeof(text));
				check_sentence(text, sizeof(text));
				assert_null(strstr(text, "redits were spent"));
				errclass_explain_poll(&error, text, sizeof(text));
				check_sentence(text, sizeof(text));
				assert_null(strstr(text, "redits were spent"));
			}
		}
	}
}

static void test_errclass_explain_stays_inside_a_small_buffer(void **state)
{
	struct api_error error = make(502, 0, "");
	char text[32];

	for (size_t size = 0; size < 24; size++) {
		memset(text, '#', sizeof(text));
		errclass_explain(&error, text, size);
		assert_int_equal(text[size], '#');
		if (size > 0)
			assert_int_equal(strlen(text), size - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errclass_knows_every_code),
		cmocka_unit_test(test_errclass_code_1001_is_told_by_its_text),
		cmocka_unit_test(test_errclass_code_1002_is_told_by_http_and_text),
		cmocka_unit_test(test_errclass_http_status_speaks_where_no_code_does),
		cmocka_unit_test(test_errclass_repeats_only_complete_rejections),
		cmocka_unit_test(test_errclass_explains_cause_way_out_and_money),
		cmocka_unit_test(test_errclass_explanations_are_whole_and_ascii),
		cmocka_unit_test(test_errclass_explain_stays_inside_a_small_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
