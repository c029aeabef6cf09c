/* SPDX-License-Identifier: MIT */
#include "fs/net/http.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fs/base/clock.h"
#include "http_probe.h"

/* Answers */

static void test_http_answer_is_delivered(void **state)
{
	struct probe probe = {0};
	run(&probe, "/ok");
	assert_int_equal(probe.end.error, 0);
	assert_true(probe.end.maybe_sent);
	assert_int_equal(probe.heads, 1);
	assert_int_equal(probe.bytes, 5);
	assert_int_equal(probe.end.body_bytes, 5);
	assert_int_equal(probe.head.status, 200);
	assert_int_equal(probe.head.content_length, 5);
	assert_int_equal(probe.head.total, 5);
	assert_int_equal(probe.head.range_start, -1);
	assert_int_equal(probe.head.retry_after_ms, -1);
	assert_true(probe.head.accept_ranges);
	assert_string_equal(probe.head.etag, "\"v1\"");
	assert_string_equal(probe.head.content_type, "text/plain");
	assert_string_equal(probe.head.last_modified, "Sat, 21 Nov 2026 10:00:00 GMT");
	assert_memory_equal(&probe.head, &probe.end.head, sizeof(probe.head));
	assert_int_equal(http_bytes_received(http), 5);
	assert_non_null(strstr(server.last.data, "User-Agent: weryaifs-test\r\n"));
	assert_null(strcasestr(server.last.data, "authorization"));
}

static int64_t fake_wall(void)
{
	return 1000000000000;
}

static void test_http_statuses_are_not_errors(void **state)
{
	struct probe missing = {0}, throttled = {0}, busy = {0}, empty = {0};
	run(&missing, "/404");
	assert_int_equal(missing.end.error, 0);
	assert_int_equal(missing.head.status, 404);
	assert_int_equal(missing.bytes, 4);
	run(&throttled, "/429");
	assert_int_equal(throttled.head.retry_after_ms, 120000);
	clock_replace(NULL, fake_wall); /* the date in the answer is a minute later */
	run(&busy, "/503");
	clock_replace(NULL, NULL);
	assert_int_equal(busy.head.retry_after_ms, 60000);
	run(&empty, "/empty");
	assert_int_equal(empty.end.error, 0);
	assert_int_equal(empty.heads, 1);
	assert_int_equal(empty.head.status, 204);
	assert_int_equal(empty.bodies, 0);
}

static void test_http_chunked_and_until_close(void **state)
{
	struct probe chunked = {0}, closed = {0}, hints = {0};
	start(&chunked, "/chunked");
	wait_all();
	assert_string_equal(chunked.text.data, "hello world");
	forget(&chunked);
	assert_int_equal(chunked.head.content_length, -1);
	assert_int_equal(chunked.head.total, -1);
	assert_string_equal(chunked.end.head.etag, "");
	run(&closed, "/until-close");
	assert_int_equal(closed.end.error, 0);
	assert_int_equal(closed.bytes, 5);
	assert_int_equal(closed.head.content_length, -1);
	run(&hints, "/early-hints");
	assert_int_equal(hints.heads, 1);
	assert_int_equal(hints.head.status, 200);
	assert_string_equal(hints.head.etag, "");
}

static void test_http_ranges(void **state)
{
	struct probe some = {.pattern = true, .pattern_at = 1000};
	struct http_spec spec = spec_get();
	spec.range_start = 1000;
	spec.range_end = 200999;
	spec.if_range = "\"v1\"";
	run_spec(&some, "/range", spec);
	assert_int_equal(some.head.status, 206);
	assert_int_equal(some.head.range_start, 1000);
	assert_int_equal(some.head.range_end, 200999);
	assert_int_equal(some.head.total, 1000000);
	assert_int_equal(some.bytes, 200000);
	assert_false(some.wrong);
	assert_non_null(strstr(server.last.data, "\r\nIf-Range: \"v1\"\r\n"));

	struct probe rest = {.pattern = true, .pattern_at = 999990};
	spec = spec_get();
	spec.range_start = 999990;
	run_spec(&rest, "/range", spec);
	assert_int_equal(rest.bytes, 10);
	assert_false(rest.wrong);

	struct probe whole = {0}; /* 200 for a range: the caller sees it in the head */
	run_spec(&whole, "/ok", spec);
	assert_int_equal(whole.head.status, 200);
	assert_int_equal(whole.head.range_start, -1);

	struct probe beyond = {0};
	run_spec(&beyond, "/416", spec);
	assert_int_equal(beyond.head.status, 416);
	assert_int_equal(beyond.head.total, 1000);
	assert_int_equal(beyond.head.range_start, -1);
}

/* Nobody asked for it, yet it may have been paid for. */
static void test_http_compressed_answers_are_decoded(void **state)
{
	static const char body[] = "{\"status\":200,\"data\":{\"task_ids\":[\"a\"]}}";
	struct probe get = {0}, post = {0}, part = {0}, broken = {0};
	struct http_spec spec = spec_get();

	start(&get, "/gzip");
	wait_all();
	assert_int_equal(get.end.error, 0);
	assert_string_equal(get.text.data, body);
	forget(&get);
	assert_true(get.head.encoded);
	assert_int_equal(get.head.content_length, -1);
	assert_int_equal(get.head.total, -1);
	assert_false(get.head.accept_ranges);
	assert_non_null(strstr(server.last.data, "Accept-Encoding: identity\r\n"));
	start_spec(&post, "/gzip", spec_post_once());
	wait_all();
	assert_int_equal(post.end.error, 0);
	assert_string_equal(post.text.data, body);
	forget(&post);

	/* a part is of no use: the whole is asked for, and nobody sees the part */
	unsigned before = server.requests;
	spec.range_start = 0;
	spec.range_end = 19;
	run_spec(&part, "/gzip", spec);
	assert_int_equal(part.end.error, 0);
	assert_int_equal(part.heads, 1);
	assert_int_equal(part.head.status, 200);
	assert_int_equal(part.bytes, sizeof(body) - 1);
	assert_int_equal(server.requests - before, 2);
	run(&broken, "/gzip-broken");
	assert_int_equal(broken.end.error, -EPROTO);
	assert_non_null(strstr(broken.end.text, "compressed"));
}

static void test_http_strange_headers_count_as_absent(void **state)
{
	struct probe probe = {0}, many = {0};
	run(&probe, "/strange");
	assert_int_equal(probe.end.error, 0);
	assert_int_equal(probe.head.range_start, -1);
	assert_int_equal(probe.head.range_end, -1);
	assert_int_equal(probe.head.total, -1);
	assert_int_equal(probe.head.retry_after_ms, -1);
	assert_string_equal(probe.head.etag, "");
	assert_string_equal(probe.head.last_modified, "");
	run(&many, "/many-headers");
	assert_int_equal(many.end.error, -EFBIG);
	assert_int_equal(many.heads, 0);
}

static void test_http_posts_json(void **state)
{
	struct probe probe = {0};
	struct http_spec spec = spec_get();
	struct strlist headers = {0};
	char body[] = "{\"prompt\":\"a cat\"}";
	char bearer[] = "secret";
	strlist_add(&headers, "X-Test: yes");
	spec.post = body;
	spec.post_length = strlen(body);
	spec.bearer = bearer;
	spec.headers = &headers;
	spec.once = true;
	start_spec(&probe, "/auth", spec);
	/* all of the spec is copied */
	memset(body, 'x', sizeof(body) - 1);
	memset(bearer, 'x', sizeof(bearer) - 1);
	strlist_finish(&headers);
	wait_all();
	assert_string_equal(probe.text.data, "key");
	forget(&probe);
	assert_memory_equal(server.last.data, "POST /auth HTTP/1.1\r\n", 21);
	assert_non_null(strstr(server.last.data, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(server.last.data, "\r\nX-Test: yes\r\n"));
	assert_null(strcasestr(server.last.data, "expect"));
	assert_non_null(strstr(server.last.data, "\r\n\r\n{\"prompt\":\"a cat\"}"));
}

static void test_http_large_post_arrives_whole(void **state)
{
	struct probe probe = {0};
	struct http_spec spec = spec_get();
	spec.post_length = 6000000;
	char *body = malloc(spec.post_length);
	memset(body, 'j', spec.post_length);
	spec.post = body;
	spec.once = true;
	start_spec(&probe, "/ok", spec);
	free(body);
	wait_all();
	forget(&probe);
	assert_int_equal(probe.end.error, 0);
	assert_int_equal(server.requests, 1);
	assert_true(server.last.length > spec.post_length);
}

static void test_http_large_body_arrives_whole(void **state)
{
	struct probe probe = {.pattern = true};
	run(&probe, "/big");
	assert_int_equal(probe.end.error, 0);
	assert_int_equal(probe.bytes, BIG);
	assert_int_equal(probe.end.body_bytes, BIG);
	assert_false(probe.wrong);
	/* exactly one turn's share, so that the last byte and the rest coincide */
	struct probe mega = {.pattern = true};
	run(&mega, "/mega");
	assert_int_equal(mega.end.error, 0);
	assert_int_equal(mega.bytes, 1024 * 1024);
}

static void test_http_many_at_once(void **state)
{
	struct probe probes[40] = {0};
	for (int i = 0; i < 40; i++) {
		probes[i].pattern = i % 4 == 0;
		start(&probes[i], i % 4 == 0 ? "/mega" : "/404");
	}
	assert_int_equal(http_active(http), 40);
	wait_all();
	for (int i = 0; i < 40; i++) {
		forget(&probes[i]);
		assert_int_equal(probes[i].end.error, 0);
		assert_int_equal(probes[i].bytes, i % 4 == 0 ? 1024 * 1024 : 4);
		assert_false(probes[i].wrong);
	}
	assert_int_equal(server.requests, 40);
	assert_true(server.connections <= 4);
}

/* Fairness */

static int64_t fair_last, fair_worst;
static struct probe fair_probes[2];

static void fair_look(void *arg, unsigned ready)
{
	int64_t now = (int64_t)http_bytes_received(http);
	if (now - fair_last > fair_worst)
		fair_worst = now - fair_last;
	fair_last = now;
}

/* A watch of the kernel's priority that is always ready gets its turn after each request's share. */
static void test_http_leaves_turns_to_others(void **state)
{
	struct loop_watch *watch;
	int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	fair_last = fair_worst = 0;
	assert_int_equal(
		loop_watch_add(loop, fd, LOOP_READ, LOOP_URGENT, fair_look, NULL, &watch), 0);
	for (int i = 0; i < 2; i++) {
		fair_probes[i] = (struct probe){.pattern = true};
		start(&fair_probes[i], "/big");
	}
	wait_all();
	for (int i = 0; i < 2; i++) {
		forget(&fair_probes[i]);
		assert_int_equal(fair_probes[i].bytes, BIG);
		assert_false(fair_probes[i].wrong);
	}
	loop_watch_remove(watch);
	close(fd);
	/* one share of 256 KiB, overdrawn by less than a buffer, and what may have been held of the other */
	assert_in_range(fair_worst, 1, 640 * 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HTTP_TEST(test_http_answer_is_delivered),
		HTTP_TEST(test_http_statuses_are_not_errors),
		HTTP_TEST(test_http_chunked_and_until_close),
		HTTP_TEST(test_http_ranges),
		HTTP_TEST(test_http_compressed_answers_are_decoded),
		HTTP_TEST(test_http_strange_headers_count_as_absent),
		HTTP_TEST(test_http_posts_json),
		HTTP_TEST(test_http_large_post_arrives_whole),
		HTTP_TEST(test_http_large_body_arrives_whole),
		HTTP_TEST(test_http_many_at_once),
		HTTP_TEST(test_http_leaves_turns_to_others),
	};
	probe_clear_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
