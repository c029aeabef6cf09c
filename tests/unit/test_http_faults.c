/* SPDX-License-Identifier: MIT */
#include "fs/net/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fs/base/clock.h"
#include "http_probe.h"

/* Faults */

static void test_http_faults(void **state)
{
	static const struct {
		const char *path;
		int error, status;
	} cases[] = {
		{"/close", -ECONNRESET, 0},
		{"/reset", -ECONNRESET, 0},
		{"/half", -ECONNRESET, 200},
		{"/half-chunk", -ECONNRESET, 200},
		{"/bad-chunk", -ECONNRESET, 200},
		{"/half-head", -ECONNRESET, 0},
		{"/not-http", -EPROTO, 0},
		{"/too-big", -EFBIG, 200},
	};
	for (int once = 0; once < 2; once++) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct probe probe = {0};
			struct http_spec spec = spec_get();
			spec.once = once == 1;
			spec.post = once == 1 ? "{}" : NULL;
			spec.post_length = once == 1 ? 2 : 0;
			server.requests = 0;
			run_spec(&probe, cases[i].path, spec);
			if (probe.end.error != cases[i].error)
				print_error("%s: %s\n", cases[i].path, probe.end.text);
			assert_int_equal(probe.end.error, cases[i].error);
			assert_int_equal(probe.end.head.status, cases[i].status);
			assert_true(probe.end.maybe_sent);
			assert_int_equal(server.requests, 1);
			assert_non_null(strstr(probe.end.text, "127.0.0.1"));
		}
	}
}

static void test_http_oversized_chunked_body(void **state)
{
	struct probe probe = {0};
	struct http_spec spec = spec_get();
	spec.max_bytes = 10;
	run_spec(&probe, "/too-big-chunked", spec);
	assert_int_equal(probe.end.error, -EFBIG);
	assert_int_equal(probe.bytes, 10);
	struct probe exact = {0};
	spec.max_bytes = 5;
	run_spec(&exact, "/ok", spec);
	assert_int_equal(exact.end.error, 0);
}

static void test_http_nothing_sent_is_certain(void **state)
{
	/* a port that nobody listens on */
	struct probe refused = {0}, reset = {0}, tls = {0};
	struct server closed;
	char url[64];
	assert_int_equal(server_open(&closed, loop), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/?key=secret", closed.port);
	server_shut(&closed);
	assert_int_equal(start_url(&refused, url, spec_get()), 0);
	wait_all();
	forget(&refused);
	assert_int_equal(refused.end.error, -ECONNREFUSED);
	assert_false(refused.end.maybe_sent);

	/* a server that does not speak TLS */
	snprintf(url, sizeof(url), "https://127.0.0.1:%d/", server.port);
	struct http_spec spec = spec_post_once();
	assert_int_equal(start_url(&tls, url, spec), 0);
	wait_all();
	forget(&tls);
	assert_int_equal(tls.end.error, -EPROTO);
	assert_false(tls.end.maybe_sent);
	assert_int_equal(server.connections, 1);

	/* depends on when the reset comes: maybe_sent may be either */
	server.reset_on_accept = true;
	run_spec(&reset, "/ok", spec);
	assert_int_equal(reset.end.error, -ECONNRESET);
	assert_int_equal(server.connections, 2);
	assert_int_equal(server.requests, 0);
}

static void test_http_limits_of_time(void **state)
{
	struct probe silent = {0}, held = {0}, total = {0};
	struct http_spec spec = spec_get();
	spec.stall_ms = 60;
	int64_t before = clock_mono_ms();
	run_spec(&silent, "/silence", spec);
	assert_in_range(clock_mono_ms() - before, 60, 2000);
	assert_int_equal(silent.end.error, -ETIMEDOUT);
	assert_true(silent.end.maybe_sent);
	run_spec(&held, "/hold", spec);
	assert_int_equal(held.end.error, -ETIMEDOUT);
	assert_int_equal(held.end.head.status, 200);
	assert_int_equal(held.bytes, 10);
	spec = spec_get();
	spec.total_ms = 60;
	run_spec(&total, "/hold", spec);
	assert_int_equal(total.end.error, -ETIMEDOUT);
}

/* A listener that nobody asks: TCP connects, TLS gets no answer. */
static void test_http_connecting_takes_too_long(void **state)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	struct probe probe = {0};
	char url[64];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
	snprintf(url, sizeof(url), "https://127.0.0.1:%d/", ntohs(address.sin_port));
	open_http(1, 100);
	int64_t before = clock_mono_ms();
	assert_int_equal(start_url(&probe, url, spec_get()), 0);
	wait_all();
	assert_in_range(clock_mono_ms() - before, 100, 5000);
	assert_int_equal(probe.end.error, -ETIMEDOUT);
	assert_false(probe.end.maybe_sent);
	assert_non_null(strstr(probe.end.text, "could not connect"));
	forget(&probe);
	close(fd);
}

/* Waiting for a connection of ours is neither a stall nor a connect that takes too long. */
static void test_http_queued_requests_do_not_time_out(void **state)
{
	struct probe first = {0}, second = {0}, third = {0};
	open_http(1, 100);
	struct http_spec slow = spec_get(), queued = spec_get();
	slow.stall_ms = 400;
	queued.stall_ms = 200;
	start_spec(&first, "/silence", slow);
	start_spec(&second, "/ok", queued);
	queued.total_ms = 150;
	start_spec(&third, "/ok", queued);
	wait_all();
	assert_int_equal(first.end.error, -ETIMEDOUT);
	assert_int_equal(second.end.error, 0);
	assert_int_equal(second.bytes, 5);
	assert_int_equal(third.end.error, -ETIMEDOUT);
	assert_false(third.end.maybe_sent);
	forget(&first);
	forget(&second);
	forget(&third);
}

/* Repeats */

/* The server drops a kept connection when the next request comes: libcurl repeats it. */
static void test_http_dead_connection_is_repeated_only_without_once(void **state)
{
	struct probe first = {0}, again = {0};
	run(&first, "/first-only");
	assert_int_equal(first.end.error, 0);
	run(&again, "/first-only");
	assert_int_equal(again.end.error, 0);
	assert_int_equal(server.connections, 2);
	assert_int_equal(server.requests, 3); /* the second one arrived twice */

	struct probe warm = {0}, once = {0}, lost = {0};
	run(&warm, "/ok");
	unsigned requests = server.requests, connections = server.connections;
	struct http_spec spec = spec_post_once();
	run_spec(&once, "/first-only", spec);
	assert_int_equal(once.end.error, 0);
	assert_int_equal(server.requests, requests + 1);
	assert_int_equal(server.connections, connections + 1);
	run_spec(&lost, "/reset", spec);
	assert_int_equal(lost.end.error, -ECONNRESET);
	assert_int_equal(server.requests, requests + 2);
}

/* An idle connection gives way when there may be but one. */
static void test_http_once_opens_a_connection_at_the_limit(void **state)
{
	struct probe first = {0}, once = {0};
	open_http(1, 1000);
	run(&first, "/ok");
	struct http_spec spec = spec_get();
	spec.once = true;
	spec.total_ms = 2000;
	run_spec(&once, "/ok", spec);
	assert_int_equal(once.end.error, 0);
	assert_int_equal(server.connections, 2);
	assert_int_equal(server.requests, 2);
}

/* A slow upload is no stall: the server reads a little and the limit starts anew. */
static void test_http_upload_counts_as_progress(void **state)
{
	struct probe probe = {0};
	struct http_spec spec = spec_get();
	spec.post_length = 60000000;
	char *body = malloc(spec.post_length);
	memset(body, 'j', spec.post_length);
	spec.post = body;
	spec.stall_ms = 3000; /* at the end some MiB are in the buffers of the sockets, and nothing can be seen of them */
	server.read_pause_ms = 150;
	int64_t before = clock_mono_ms();
	run_spec(&probe, "/ok", spec);
	free(body);
	assert_true(clock_mono_ms() - before > spec.stall_ms);
	assert_int_equal(probe.end.error, 0);
	assert_int_equal(server.requests, 1);
}

/* Redirects */

static void test_http_redirects_are_followed_without_the_key(void **state)
{
	struct probe direct = {0}, moved = {0}, twice = {0}, part = {0}, huge = {0};
	struct http_spec spec = spec_get();
	spec.bearer = "secret";
	spec.max_redirects = 3;
	start_spec(&direct, "/auth", spec);
	wait_all();
	assert_string_equal(direct.text.data, "key");
	forget(&direct);
	start_spec(&moved, "/moved", spec);
	wait_all();
	assert_string_equal(moved.text.data, "none");
	forget(&moved);
	assert_int_equal(moved.heads, 1);
	assert_int_equal(moved.head.status, 200);
	start_spec(&twice, "/moved-twice", spec);
	wait_all();
	assert_string_equal(twice.text.data, "none");
	forget(&twice);
	run_spec(&part, "/moved-close", spec);
	assert_int_equal(part.end.error, 0);
	assert_int_equal(part.bytes, 5);
	run_spec(&huge, "/endless-redirect-body", spec);
	assert_int_equal(huge.end.error, 0);
	assert_int_equal(huge.bytes, 5);
}

static void test_http_redirects_that_are_refused(void **state)
{
	static const struct {
		const char *path;
		int error;
	} cases[] = {{"/moved-endless", -ELOOP}, {"/moved-http", -EPERM}, {"/moved-file", -EPERM},
		{"/moved-user", -EINVAL}};
	struct http_spec spec = spec_get();
	spec.max_redirects = 3;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct probe probe = {0};
		run_spec(&probe, cases[i].path, spec);
		assert_int_equal(probe.end.error, cases[i].error);
		assert_int_equal(probe.heads, 0);
		assert_int_equal(probe.end.head.status, 0);
	}
	assert_int_equal(server.requests, 4 + 3);
}

static void test_http_redirects_as_answers(void **state)
{
	struct probe none = {0}, nowhere = {0}, post = {0};
	run(&none, "/moved");
	assert_int_equal(none.head.status, 302);
	assert_int_equal(none.bytes, 4);
	struct http_spec spec = spec_get();
	spec.max_redirects = 3;
	run_spec(&nowhere, "/moved-nowhere", spec);
	assert_int_equal(nowhere.head.status, 302);
	spec.once = true;
	spec.post = "{}";
	spec.post_length = 2;
	server.requests = 0;
	run_spec(&post, "/moved", spec);
	assert_int_equal(post.head.status, 302);
	assert_int_equal(server.requests, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HTTP_TEST(test_http_faults),
		HTTP_TEST(test_http_oversized_chunked_body),
		HTTP_TEST(test_http_nothing_sent_is_certain),
		HTTP_TEST(test_http_limits_of_time),
		HTTP_TEST(test_http_connecting_takes_too_long),
		HTTP_TEST(test_http_queued_requests_do_not_time_out),
		HTTP_TEST(test_http_dead_connection_is_repeated_only_without_once),
		HTTP_TEST(test_http_once_opens_a_connection_at_the_limit),
		HTTP_TEST(test_http_upload_counts_as_progress),
		HTTP_TEST(test_http_redirects_are_followed_without_the_key),
		HTTP_TEST(test_http_redirects_that_are_refused),
		HTTP_TEST(test_http_redirects_as_answers),
	};
	probe_clear_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
