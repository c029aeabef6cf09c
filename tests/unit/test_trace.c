/* SPDX-License-Identifier: MIT */
/* What a trace shows of an exchange, and what it does not. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/api/trace.h"
#include "fs/base/cleanup.h"
#include "fs/base/text.h"

#define KEY "sk-0123456789abcdef"

static char path[] = "/tmp/weryaifs-trace.XXXXXX/file";
static struct trace *trace;

static int setup(void **state)
{
	char *slash = strrchr(path, '/');

	memcpy(slash - 6, "XXXXXX", 6);
	*slash = '\0';
	assert_non_null(mkdtemp(path));
	*slash = '/';
	text_hide(KEY);
	assert_int_equal(trace_open(path, &trace), 0);
	return 0;
}

static int teardown(void **state)
{
	trace_close(trace);
	text_hide(NULL);
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
	path[strlen(path)] = '/';
	return 0;
}

/* The last line that was written. */
static const char *written(void)
{
	static char text[65536];
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	while (fgets(text, sizeof(text), file) != NULL)
		continue;
	fclose(file);
	return text;
}

static void write_exchange(
	const char *url, const char *sent, const char *post, const char *head, const char *body)
{
	struct http_exchange exchange = {.url = strdup(url),
		.sent_bytes = (int64_t)strlen(post),
		.body_bytes = (int64_t)strlen(body)};

	buf_init(&exchange.sent, HTTP_TRACE_HEAD);
	buf_init(&exchange.sent_body, HTTP_TRACE_BODY);
	buf_init(&exchange.head, HTTP_TRACE_HEAD);
	buf_init(&exchange.body, HTTP_TRACE_BODY);
	buf_adds(&exchange.sent, sent);
	buf_adds(&exchange.sent_body, post);
	buf_adds(&exchange.head, head);
	buf_adds(&exchange.body, body);
	trace_write(trace, &exchange);
	free(exchange.url);
	buf_finish(&exchange.sent);
	buf_finish(&exchange.sent_body);
	buf_finish(&exchange.head);
	buf_finish(&exchange.body);
}

static void test_trace_masks_what_is_secret(void **state)
{
	write_exchange("https://me:pass@h.example/p?sig=abcdefghijklmnop&n=1&x=qrstuvwxyzabcdef#f",
		"POST /p HTTP/1.1\r\nHost: h.example\r\nauthorization: Bearer other\r\nX-Note: " KEY
		"\r\n\r\n",
		"{\"webhook_url\":\"https://w.example/?weryaifs=abcdefghijklmnop\",\"prompt\":\"" KEY
		"\"}",
		"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nLocation: "
		"https://c.example/?token=abcdefghijklmnop\r\n\r\n",
		"{\"data\":[{\"url\":\"https://c.example/x.png?Signature=abcdefghijklmnop\"}]}");
	const char *line = written();
	assert_null(strstr(line, KEY));
	assert_null(strstr(line, "pass"));
	assert_null(strstr(line, "other"));
	assert_null(strstr(line, "abcdefghijklmnop"));
	assert_null(strstr(line, "qrstuvwxyz"));
	assert_null(strstr(line, "a=b"));
	assert_non_null(strstr(line, "\"https://***@h.example/p?sig=***&n=1&x=***#f\""));
	assert_non_null(strstr(line, "\"authorization: ***\""));
	assert_non_null(strstr(line, "\"prompt\":\"***\""));
	assert_non_null(strstr(line, "\"status\":200"));
	assert_non_null(strstr(line, "\"https://c.example/x.png?Signature=***\""));
}

static void test_trace_shows_odd_addresses_as_they_are(void **state)
{
	static const char *const urls[] = {"https://h/?", "https://h/?a", "https://h/?a=&b", "https://h/?&&=x",
		"https://h", "https://h/?a=b?c=d#e=f", "x"};

	for (size_t i = 0; i < array_length(urls); i++) {
		char want[128];
		write_exchange(urls[i], "GET / HTTP/1.1\r\n\r\n", "", "", "");
		snprintf(want, sizeof(want), "\"url\":\"%s\"", urls[i]);
		if (strstr(written(), want) == NULL)
			fail_msg("%s: %s", urls[i], written());
	}
}

static void test_trace_cuts_what_is_long(void **state)
{
	CLEANUP_FREE char *body = malloc(20002);

	memset(body, 'x', 20000);
	body[0] = body[19999] = '"';
	body[20000] = '\0';
	write_exchange("https://h/", "GET / HTTP/1.1\r\n\r\n", "", "HTTP/1.1 200 OK\r\n\r\n", body);
	assert_true(strlen(written()) < 1000);
	body[0] = '\x89';
	write_exchange("https://h/", "GET / HTTP/1.1\r\n\r\n", "", "HTTP/1.1 200 OK\r\n\r\n", body);
	assert_true(strlen(written()) < 1000);
	assert_non_null(strstr(written(), "\"bytes\":20000,\"first\":\"iXh4"));
}

static void test_trace_is_its_owner_s_alone(void **state)
{
	struct trace *other;
	struct stat st;
	char link[64];

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	snprintf(link, sizeof(link), "%s.link", path);
	assert_int_equal(symlink(path, link), 0);
	assert_int_equal(trace_open(link, &other), -EPERM);
	unlink(link);
	assert_int_equal(trace_open("/dev/null", &other), -EPERM);
	assert_int_equal(trace_open("/nowhere/at/all", &other), -ENOENT);
	/* one that was there is made so */
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(trace_open(path, &other), 0);
	trace_close(other);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_trace_is_turned_over(void **state)
{
	struct stat st;
	char old[64];

	write_exchange("https://h/first", "GET / HTTP/1.1\r\n\r\n", "", "", "");
	trace_close(trace);
	assert_int_equal(truncate(path, TRACE_MAX - 10), 0);
	assert_int_equal(trace_open(path, &trace), 0);
	write_exchange("https://h/second", "GET / HTTP/1.1\r\n\r\n", "", "", "");
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size < 1000);
	snprintf(old, sizeof(old), "%s.old", path);
	assert_int_equal(stat(old, &st), 0);
	assert_int_equal(st.st_size, TRACE_MAX - 10);
	unlink(old);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_trace_masks_what_is_secret),
		T(test_trace_shows_odd_addresses_as_they_are),
		T(test_trace_cuts_what_is_long),
		T(test_trace_is_its_owner_s_alone),
		T(test_trace_is_turned_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
