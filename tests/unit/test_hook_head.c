/* SPDX-License-Identifier: MIT */
/* What is read in the head of a callback. */
#include "fs/net/hook_head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TOKEN "0123456789abcdef"
#define OTHER "POST /in?weryaifs=fedcba9876543210 HTTP/1.1\r\n"
#define GOOD "POST /in?weryaifs=" TOKEN " HTTP/1.1\r\n"

static void assert_head(const char *head, int status)
{
	char token[HOOK_TOKEN + 1] = "";
	/* of the exact size, so that a sanitizer sees a read behind the end */
	char *copy = strndup(head, strlen(head));

	assert_non_null(copy);
	if (hook_head_read(copy, strlen(head), token) != status)
		fail_msg("not %d: %s", status, head);
	free(copy);
	if (status == 200)
		assert_string_equal(token, TOKEN);
}

static void test_hook_head_has_a_token(void **state)
{
	assert_head(GOOD "\r\n", 200);
	assert_head("POST /?weryaifs=" TOKEN " HTTP/1.0\r\n\r\n", 200);
	assert_head("POST /a/b?x=1&weryaifs=" TOKEN "&y HTTP/1.1\r\nHost: x\r\n\r\n", 200);
	assert_head("POST /?weryaifs=nope&weryaifs=" TOKEN " HTTP/1.1\r\n\r\n", 200);
}

static void test_hook_head_has_none(void **state)
{
	static const char *const none[] = {"/", "/?", "/?weryaifs",
		"/?weryaifs=", "/?weryaifs=0123", "/?weryaifs=" TOKEN "0", "/?xweryaifs=" TOKEN,
		"/?weryaifs=0123456789ABCDEF", "/?weryaifs=0123456789abcde/", "/weryaifs=" TOKEN,
		"/?Weryaifs=" TOKEN, "/?&&=&", "/?weryaifs=0123456789abcde%66", "/a b?c", "/#?",
		"//"};
	char head[128];

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		snprintf(head, sizeof(head), "POST %s HTTP/1.1\r\n\r\n", none[i]);
		assert_head(head, 404);
	}
	/* a field that looks like it is none */
	assert_head("POST / HTTP/1.1\r\nReferer: /?weryaifs=" TOKEN " HTTP/1.1\r\n\r\n", 404);
}

static void test_hook_head_is_a_post_alone(void **state)
{
	assert_head("GET /?weryaifs=" TOKEN " HTTP/1.1\r\n\r\n", 405);
	assert_head("post /?weryaifs=" TOKEN " HTTP/1.1\r\n\r\n", 405);
	assert_head("POSTS /?weryaifs=" TOKEN " HTTP/1.1\r\n\r\n", 405);
}

static void test_hook_head_is_http(void **state)
{
	static const char *const other[] = {"\r\n\r\n", " \r\n\r\n", "POST\r\n\r\n",
		"POST \r\n\r\n", "POST /\r\n\r\n", "POST / \r\n\r\n", "POST / HTTP/2.0\r\n\r\n",
		"POST / HTTP/1.\r\n\r\n", "POST / HTTP/1.10\r\n\r\n", "POST / http/1.1\r\n\r\n",
		"POST x?weryaifs=" TOKEN " HTTP/1.1\r\n\r\n",
		"POST http://h/?weryaifs=" TOKEN " HTTP/1.1\r\n\r\n", "POST  HTTP/1.1\r\n\r\n",
		"\x16\x03\x01\x02", "POST / HTTP/1.1", " / HTTP/1.1\n\n", ""};

	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		assert_head(other[i], 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hook_head_has_a_token),
		cmocka_unit_test(test_hook_head_has_none),
		cmocka_unit_test(test_hook_head_is_a_post_alone),
		cmocka_unit_test(test_hook_head_is_http),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
