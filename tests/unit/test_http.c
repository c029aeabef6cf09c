/* SPDX-License-Identifier: MIT */
#include "fs/net/http.h"

#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/base/clock.h"
#include "fs/net/http_url.h"
#include "http_server.h"

enum { BIG = 24 * 1024 * 1024 };

static struct loop *loop;
static struct http *http;
static struct server server;
static struct loop_timer *guard;
static unsigned unfinished; /* probes whose done has not run */
static int64_t retry_wall = 1000000000000;

/* One request and what became of it. */
struct probe {
	struct http_request *request;
	unsigned heads, bodies, dones;
	struct http_head head;
	struct http_end end;
	struct buf text; /* the body's beginning */
	int64_t bytes;
	bool pattern, wrong; /* check the bytes against the pattern */
	int64_t pattern_at;
	/* what the callbacks do */
	int head_result, body_result;
	bool cancel_in_head, cancel_in_body, cancel_in_done;
	struct probe *cancel_other, *start_other;
	const char *other_path;
	unsigned pause_every; /* pauses each nth body and resumes by a deferred call */
	bool pause_for_good;
	bool paused_last;
	unsigned offered;
};

static void guard_fire(void *arg)
{
	loop_stop(loop, -ETIMEDOUT);
}

static void finish_one(void)
{
	if (--unfinished == 0)
		loop_stop(loop, 0);
}

static int on_head(void *arg, const struct http_head *head)
{
	struct probe *probe = arg;
	assert_int_equal(probe->heads + probe->bodies + probe->dones, 0);
	probe->heads++;
	probe->head = *head;
	if (probe->cancel_in_head) {
		http_cancel(probe->request);
		finish_one();
	}
	return probe->head_result;
}

static void resume(void *arg)
{
	struct probe *probe = arg;
	http_resume(probe->request);
}

static void start(struct probe *probe, const char *path);

static int on_body(void *arg, const char *data, size_t length)
{
	struct probe *probe = arg;
	assert_int_equal(probe->heads, 1);
	assert_int_equal(probe->dones, 0);
	assert_true(length > 0);
	if (probe->pause_for_good)
		return HTTP_PAUSE;
	if (probe->pause_every > 0 && !probe->paused_last &&
		++probe->offered % probe->pause_every == 0) {
		probe->paused_last = true;
		assert_int_equal(loop_defer(loop, resume, probe), 0);
		return HTTP_PAUSE;
	}
	probe->paused_last = false;
	probe->bodies++;
	for (size_t i = 0; probe->pattern && i < length; i++) {
		if (data[i] != server_byte(probe->pattern_at + probe->bytes + (int64_t)i))
			probe->wrong = true;
	}
	probe->bytes += (int64_t)length;
	buf_add(&probe->text, data, length < 1000 ? length : 1000);
	if (probe->cancel_other != NULL) {
		http_cancel(probe->cancel_other->request);
		probe->cancel_other = NULL;
		finish_one();
	}
	if (probe->start_other != NULL) {
		start(probe->start_other, probe->other_path);
		probe->start_other = NULL;
	}
	if (probe->cancel_in_body) {
		http_cancel(probe->request);
		finish_one();
	}
	return probe->body_result;
}

static void on_done(void *arg, const struct http_end *end)
{
	struct probe *probe = arg;
	probe->dones++;
	probe->end = *end;
	if (probe->cancel_in_done)
		http_cancel(probe->request);
	if (probe->start_other != NULL) {
		start(probe->start_other, probe->other_path);
		probe->start_other = NULL;
	}
	if (end->error != 0) {
		assert_true(end->text[0] != '\0');
		assert_null(strstr(end->text, "secret"));
	} else {
		assert_int_equal(end->text[0], '\0');
	}
	finish_one();
}

static const struct http_events events = {.head = on_head, .body = on_body, .done = on_done};

static struct http_spec spec_get(void)
{
	return (struct http_spec){
		.range_start = -1, .range_end = -1, .stall_ms = 5000, .max_bytes = 64 << 20};
}

static int start_url(struct probe *probe, const char *url, struct http_spec spec)
{
	spec.url = url;
	buf_init(&probe->text, 4096);
	int r = http_start(http, &spec, &events, probe, &probe->request);
	if (r == 0)
		unfinished++;
	assert_int_equal(probe->heads + probe->bodies + probe->dones, 0);
	return r;
}

static void start_spec(struct probe *probe, const char *path, struct http_spec spec)
{
	char url[512];
	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", server.port, path);
	assert_int_equal(start_url(probe, url, spec), 0);
}

static void start(struct probe *probe, const char *path)
{
	start_spec(probe, path, spec_get());
}

static void wait_all(void)
{
	loop_timer_arm(guard, 20000);
	assert_int_equal(loop_run(loop), 0);
}

static void forget(struct probe *probe)
{
	buf_finish(&probe->text);
}

static void run_spec(struct probe *probe, const char *path, struct http_spec spec)
{
	start_spec(probe, path, spec);
	wait_all();
	forget(probe);
	assert_int_equal(probe->dones, 1);
	assert_int_equal(http_active(http), 0);
}

static void run(struct probe *probe, const char *path)
{
	run_spec(probe, path, spec_get());
}

/* The server's script */

static void answer_range(struct server_conn *conn, int64_t total)
{
	char text[256];
	const char *range = strcasestr(server.last.data, "\r\nRange: bytes=");
	long long first = 0, last = -1;
	if (range == NULL || sscanf(range + 15, "%lld-%lld", &first, &last) < 1)
		return;
	if (last < 0 || last >= total)
		last = total - 1;
	snprintf(text, sizeof(text),
		"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %lld-%lld/%lld\r\n"
		"Content-Length: %lld\r\n\r\n",
		first, last, (long long)total, last - first + 1);
	server_text(conn, text);
	server_pattern(conn, first, last - first + 1);
}

static void answer_big(struct server_conn *conn, int64_t length)
{
	char text[128];
	snprintf(text, sizeof(text), "HTTP/1.1 200 OK\r\nContent-Length: %lld\r\n\r\n",
		(long long)length);
	server_text(conn, text);
	server_pattern(conn, 0, length);
}

static void answer_many(struct server_conn *conn)
{
	server_text(conn, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 2000; i++)
		server_text(conn,
			"X-Filler: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			"aaaaaaaaaaaaaaaaaaaaaaaa\r\n");
	server_text(conn, "Content-Length: 0\r\n\r\n");
}

#define LONG_TEXT                                                                                  \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aa"                                                                                       \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
	"aa"

/* Paths with a fixed answer. */
static const struct {
	const char *path, *text;
	bool close;
} answers[] = {
	{"/ok",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"v1\"\r\nAccept-Ranges: bytes\r\n"
		"Content-Type: text/plain\r\nLast-Modified: Sat, 21 Nov 2026 10:00:00 "
		"GMT\r\n\r\nhello",
		false},
	{"/empty", "HTTP/1.1 204 No Content\r\n\r\n", false},
	{"/404", "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone", false},
	{"/429", "HTTP/1.1 429 Too Many\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n", false},
	{"/503",
		"HTTP/1.1 503 No\r\nRetry-After: Sun, 09 Sep 2001 01:47:40 GMT\r\n"
		"Content-Length: 0\r\n\r\n",
		false},
	{"/chunked",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n"
		"5\r\nhello\r\n6\r\n world\r\n0\r\nETag: \"trailer\"\r\n\r\n",
		false},
	{"/until-close", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", true},
	{"/early-hints",
		"HTTP/1.1 103 Early\r\nETag: \"early\"\r\n\r\n"
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		false},
	{"/strange",
		"HTTP/1.1 206 P\r\nContent-Length: 3\r\nContent-Range: bytes 5-2/9\r\n"
		"ETag: \"" LONG_TEXT "\"\r\nRetry-After: soon\r\n: empty\r\n"
		"Last-Modified: x\x01y\r\n\r\nabc",
		false},
	{"/416", "HTTP/1.1 416 R\r\nContent-Range: bytes */1000\r\nContent-Length: 0\r\n\r\n",
		false},
	{"/half", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst half", true},
	{"/half-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nfirst", true},
	{"/bad-chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nfirst", true},
	{"/half-head", "HTTP/1.1 200 OK\r\nContent-Le", true},
	{"/hold", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst half", false},
	{"/too-big", "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\nfirst", false},
	{"/too-big-chunked",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		"5\r\nhello\r\n5\r\nhello\r\n5\r\nhello\r\n",
		false},
	{"/not-http", "SSH-2.0-OpenSSH\r\n", true},
	{"/moved", "HTTP/1.1 302 F\r\nLocation: /auth?secret=1\r\nContent-Length: 4\r\n\r\nmove",
		false},
	{"/moved-twice", "HTTP/1.1 301 M\r\nLocation: moved\r\nContent-Length: 0\r\n\r\n", false},
	{"/moved-close", "HTTP/1.1 307 T\r\nLocation: /ok\r\nContent-Length: 99\r\n\r\npart", true},
	{"/moved-nowhere", "HTTP/1.1 302 F\r\nContent-Length: 2\r\n\r\nhm", false},
	{"/moved-endless",
		"HTTP/1.1 302 F\r\nLocation: /moved-endless\r\nContent-Length: 0\r\n\r\n", false},
	{"/moved-http", "HTTP/1.1 302 F\r\nLocation: http://192.0.2.1/\r\n\r\n", true},
	{"/moved-file", "HTTP/1.1 302 F\r\nLocation: file:///etc/passwd\r\n\r\n", true},
	{"/moved-user", "HTTP/1.1 302 F\r\nLocation: http://u:p@127.0.0.1/\r\n\r\n", true},
};

static void answer(struct server_conn *conn, const char *path, unsigned nth)
{
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (strcmp(path, answers[i].path) == 0) {
			server_text(conn, answers[i].text);
			if (answers[i].close)
				server_close_after(conn);
			return;
		}
	}
	if (strcmp(path, "/close") == 0)
		server_close_after(conn);
	else if (strcmp(path, "/reset") == 0 || (strcmp(path, "/first-only") == 0 && nth > 1))
		server_reset(conn);
	else if (strcmp(path, "/first-only") == 0)
		server_text(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst");
	else if (strncmp(path, "/auth", 5) == 0)
		server_text(conn,
			strcasestr(server.last.data, "\r\nAuthorization: Bearer secret\r\n") != NULL
				? "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nkey"
				: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnone");
	else if (strcmp(path, "/range") == 0)
		answer_range(conn, 1000000);
	else if (strcmp(path, "/big") == 0)
		answer_big(conn, BIG);
	else if (strcmp(path, "/mega") == 0)
		answer_big(conn, 1024 * 1024);
	else if (strcmp(path, "/endless-redirect-body") == 0) {
		server_text(
			conn, "HTTP/1.1 302 F\r\nLocation: /ok\r\nContent-Length: 9999999\r\n\r\n");
		server_pattern(conn, 0, 9999999);
	} else if (strcmp(path, "/many-headers") == 0)
		answer_many(conn);
	/* every other path: silence */
}

static void open_http(int connections, int64_t connect_timeout_ms)
{
	const struct http_options options = {.user_agent = "weryaifs-test",
		.connect_timeout_ms = connect_timeout_ms,
		.max_connections_per_host = connections};
	http_destroy(http);
	http = NULL;
	assert_int_equal(http_create(loop, &options, &http), 0);
}

static int setup(void **state)
{
	unfinished = 0;
	http = NULL;
	assert_int_equal(loop_create(&loop), 0);
	assert_int_equal(loop_timer_create(loop, guard_fire, NULL, &guard), 0);
	assert_int_equal(server_open(&server, loop), 0);
	server.answer = answer;
	open_http(4, 5000);
	return 0;
}

static int teardown(void **state)
{
	http_destroy(http);
	http = NULL;
	server_shut(&server);
	loop_timer_destroy(guard);
	loop_destroy(loop);
	return 0;
}

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
	return retry_wall;
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

/* A watch of the kernel's priority that is always ready gets its turn every MiB or so. */
static void test_http_leaves_turns_to_others(void **state)
{
	struct loop_watch *watch;
	int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	fair_last = fair_worst = 0;
	assert_int_equal(loop_watch_add(loop, fd, LOOP_READ, 0, fair_look, NULL, &watch), 0);
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
	/* two shares of half a MiB, each overdrawn by less than a buffer */
	assert_in_range(fair_worst, 1, 2 * 1024 * 1024);
}

/* Pause, resume, cancel */

static void test_http_pause_offers_the_same_bytes_again(void **state)
{
	struct probe probe = {.pattern = true, .pause_every = 3};
	run(&probe, "/big");
	assert_int_equal(probe.end.error, 0);
	assert_int_equal(probe.bytes, BIG);
	assert_false(probe.wrong);

	struct probe chunked = {.pause_every = 1};
	start(&chunked, "/chunked");
	wait_all();
	assert_string_equal(chunked.text.data, "hello world");
	forget(&chunked);

	struct probe part = {.pattern = true, .pattern_at = 5, .pause_every = 2};
	struct http_spec spec = spec_get();
	spec.range_start = 5;
	spec.range_end = 300000;
	run_spec(&part, "/range", spec);
	assert_int_equal(part.bytes, 300000 - 5 + 1);
	assert_false(part.wrong);
}

static void resume_for_good(void *arg)
{
	struct probe *probe = arg;
	assert_int_equal(probe->dones, 0);
	assert_int_equal(probe->bodies, 0);
	probe->pause_for_good = false;
	http_resume(probe->request);
}

/* The stall limit is the server's, a pause of ours does not count. */
static void test_http_pause_does_not_stall(void **state)
{
	struct probe probe = {.pattern = true, .pause_for_good = true};
	struct loop_timer *timer;
	struct http_spec spec = spec_get();
	spec.stall_ms = 50;
	loop_timer_create(loop, resume_for_good, &probe, &timer);
	loop_timer_arm(timer, 200);
	run_spec(&probe, "/mega", spec);
	assert_int_equal(probe.end.error, 0);
	assert_int_equal(probe.bytes, 1024 * 1024);
	assert_false(probe.wrong);
	loop_timer_destroy(timer);
}

static void test_http_cancel_while_paused(void **state)
{
	struct probe paused = {.pause_for_good = true}, other = {0};
	start(&paused, "/big");
	start(&other, "/big");
	other.cancel_other = &paused;
	wait_all();
	assert_int_equal(paused.dones, 0);
	assert_int_equal(other.bytes, BIG);
	assert_int_equal(http_active(http), 0);
	forget(&paused);
	forget(&other);
}

static void test_http_cancel_inside_callbacks(void **state)
{
	struct probe head = {.cancel_in_head = true}, body = {.cancel_in_body = true},
		     done = {.cancel_in_done = true}, after = {0};
	start(&head, "/ok");
	wait_all();
	start(&body, "/big");
	wait_all();
	start(&done, "/ok");
	wait_all();
	start(&after, "/ok");
	wait_all();
	assert_int_equal(head.heads, 1);
	assert_int_equal(head.bodies + head.dones, 0);
	assert_int_equal(body.bodies, 1);
	assert_int_equal(body.dones, 0);
	assert_int_equal(done.dones, 1);
	assert_int_equal(after.bytes, 5);
	assert_int_equal(http_active(http), 0);
	forget(&head);
	forget(&body);
	forget(&done);
	forget(&after);
	http_cancel(NULL);
}

static void test_http_cancel_before_anything_happened(void **state)
{
	struct probe probe = {0};
	start(&probe, "/ok");
	assert_int_equal(http_active(http), 1);
	http_cancel(probe.request);
	assert_int_equal(http_active(http), 0);
	forget(&probe);
}

static void test_http_callbacks_cancel_and_start_others(void **state)
{
	struct probe second = {0}, third = {0}, victim = {0};
	struct probe first = {.cancel_other = &victim, .start_other = &second, .other_path = "/ok"};
	second.start_other = &third;
	second.other_path = "/404";
	start(&victim, "/silence");
	start(&first, "/mega");
	wait_all();
	assert_int_equal(victim.dones, 0);
	assert_int_equal(first.bytes, 1024 * 1024);
	assert_int_equal(second.bytes, 5);
	assert_int_equal(third.bytes, 4);
	forget(&first);
	forget(&second);
	forget(&third);
	forget(&victim);
}

static void test_http_callbacks_end_the_request(void **state)
{
	struct probe head = {.head_result = -ESTALE}, body = {.body_result = -ENOSPC};
	run(&head, "/ok");
	assert_int_equal(head.end.error, -ESTALE);
	assert_int_equal(head.bodies, 0);
	assert_int_equal(head.end.head.status, 200);
	run(&body, "/big");
	assert_int_equal(body.end.error, -ENOSPC);
	assert_int_equal(body.bodies, 1);
}

static void test_http_destroy_cancels_quietly(void **state)
{
	struct probe silent = {0}, paused = {.pause_for_good = true}, ok = {0};
	start(&silent, "/silence");
	start(&paused, "/big");
	start(&ok, "/ok");
	unfinished = 1;
	wait_all();
	assert_int_equal(ok.dones, 1);
	http_destroy(http);
	http = NULL;
	assert_int_equal(silent.dones + paused.dones, 0);
	forget(&silent);
	forget(&paused);
	forget(&ok);
}

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
	struct http_spec spec = spec_get();
	spec.once = true;
	spec.post = "{}";
	spec.post_length = 2;
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
	struct http_spec spec = spec_get();
	spec.once = true;
	spec.post = "{}";
	spec.post_length = 2;
	run_spec(&once, "/first-only", spec);
	assert_int_equal(once.end.error, 0);
	assert_int_equal(server.requests, requests + 1);
	assert_int_equal(server.connections, connections + 1);
	run_spec(&lost, "/reset", spec);
	assert_int_equal(lost.end.error, -ECONNRESET);
	assert_int_equal(server.requests, requests + 2);
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

/* URLs */

static void test_http_urls(void **state)
{
	static const char *const good[] = {"https://api.weryai.com/v1/x?y=z", "HTTPS://EXAMPLE.com",
		"http://127.0.0.1:8080/", "http://127.9.9.9/", "http://[::1]/",
		"http://localhost:1/", "https://192.0.2.1/", "http://127.1/"};
	static const char *const bad[] = {"", "http://example.com/", "http://192.0.2.1/",
		"http://127.0.0.1.example.com/", "http://localhost.example.com/",
		"http://localhost@example.com/", "https://user:pw@example.com/", "ftp://127.0.0.1/",
		"file:///etc/passwd", "example.com", "//127.0.0.1/", "http:///x", "https://",
		"http://[::ffff:127.0.0.1]/", "http://2130706434/", "https://a b/",
		"https://example.com/\r\nX: y", "http://0.0.0.0/", "https://ex\xc3\xa4mple.com/"};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (http_check_url(good[i]) != 0)
			print_error("%s\n", good[i]);
		assert_int_equal(http_check_url(good[i]), 0);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct probe probe = {0};
		if (i != 14 && http_check_url(bad[i]) == 0)
			print_error("%s\n", bad[i]);
		if (i == 14) /* 127.0.0.2 as one number */
			continue;
		assert_int_equal(http_check_url(bad[i]), -EINVAL);
		assert_int_equal(start_url(&probe, bad[i], spec_get()), -EINVAL);
	}
	assert_int_equal(http_active(http), 0);
}

static void test_http_redirect_targets(void **state)
{
	static const struct {
		const char *from, *location, *target;
		int error;
	} cases[] = {
		{"https://a.example/x/y?q=1", "z", "https://a.example/x/z", 0},
		{"https://a.example/x", "//b.example/", "https://b.example/", 0},
		{"https://a.example/x", "https://b.example/a b", "https://b.example/a%20b", 0},
		{"http://127.0.0.1:1/x", "http://localhost:2/", "http://localhost:2/", 0},
		{"http://127.0.0.1:1/x", "https://b.example/", "https://b.example/", 0},
		{"https://a.example/", "http://a.example/", NULL, -EPERM},
		{"https://a.example/", "http://127.0.0.1/", NULL, -EPERM},
		{"https://a.example/", "https://127.0.0.1/", NULL, -EPERM},
		{"https://a.example/", "https://[::1]/", NULL, -EPERM},
		{"https://a.example/", "https://localhost/", NULL, -EPERM},
		{"https://a.example/", "gopher://b.example/", NULL, -EPERM},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *target = NULL;
		int r = http_url_redirect(cases[i].from, cases[i].location, &target);
		assert_int_equal(r < 0, cases[i].error < 0);
		if (r == 0)
			assert_string_equal(target, cases[i].target);
		free(target);
	}
}

static void test_http_refuses_forged_headers(void **state)
{
	struct probe probe = {0};
	struct strlist headers = {0};
	struct http_spec spec = spec_get();
	spec.bearer = "key\r\nX-Evil: 1";
	assert_int_equal(start_url(&probe, "http://127.0.0.1/", spec), -EINVAL);
	spec.bearer = NULL;
	strlist_add(&headers, "X: y\nZ: 1");
	spec.headers = &headers;
	assert_int_equal(start_url(&probe, "http://127.0.0.1/", spec), -EINVAL);
	spec.headers = NULL;
	spec.max_bytes = 0;
	assert_int_equal(start_url(&probe, "http://127.0.0.1/", spec), -EINVAL);
	strlist_finish(&headers);
}

static void test_http_escapes(void **state)
{
	static const char *const cases[][2] = {{"", ""}, {"a-b_c.~9", "a-b_c.~9"},
		{"a b/c?%", "a%20b%2Fc%3F%25"}, {"\xc3\xa4", "%C3%A4"}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = http_escape(cases[i][0]);
		assert_string_equal(text, cases[i][1]);
		free(text);
	}
}

static void test_http_proxy_of_the_environment(void **state)
{
	/* nobody listens there; loopback must not care, others must go there and fail */
	struct probe local = {0}, far = {0};
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	run(&local, "/ok");
	assert_int_equal(local.end.error, 0);
	assert_int_equal(start_url(&far, "https://weryaifs.invalid/", spec_get()), 0);
	wait_all();
	forget(&far);
	assert_int_equal(far.end.error, -ECONNREFUSED);
	assert_false(far.end.maybe_sent);
	unsetenv("http_proxy");
	unsetenv("https_proxy");
}

/* Names: this program's getaddrinfo(3) is the one libcurl's resolver thread calls. */

static sem_t slow_release;
static int slow_begun = -1;

int getaddrinfo(const char *restrict name, const char *restrict service,
	const struct addrinfo *restrict hints, struct addrinfo **restrict result)
{
	if (name != NULL && strcmp(name, "slow.invalid") == 0) {
		uint64_t one = 1;
		if (write(slow_begun, &one, sizeof(one)) < 0)
			abort();
		sem_wait(&slow_release);
		sem_post(&slow_release);
		return EAI_NONAME;
	}
	if (name != NULL && strstr(name, ".invalid") != NULL)
		return EAI_NONAME;
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(name, service, hints, result);
}

static void slow_seen(void *arg, unsigned ready)
{
	struct probe *probe = arg;
	uint64_t value;
	assert_int_equal(read(slow_begun, &value, sizeof(value)), sizeof(value));
	if (probe != NULL) {
		http_cancel(probe->request);
		finish_one();
	}
}

/* Neither a cancel nor a timeout nor the end waits for a name server that does not answer. */
static void test_http_slow_names_do_not_block(void **state)
{
	struct probe cancelled = {0}, late = {0}, running = {0};
	struct loop_watch *watch;
	sem_init(&slow_release, 0, 0);
	slow_begun = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_int_equal(
		loop_watch_add(loop, slow_begun, LOOP_READ, 0, slow_seen, &cancelled, &watch), 0);
	int64_t before = clock_mono_ms();
	assert_int_equal(start_url(&cancelled, "https://slow.invalid/", spec_get()), 0);
	wait_all();
	assert_int_equal(cancelled.dones, 0);
	loop_watch_remove(watch);

	open_http(4, 100);
	assert_int_equal(start_url(&late, "https://slow.invalid/", spec_get()), 0);
	wait_all();
	assert_int_equal(late.end.error, -ETIMEDOUT);
	assert_false(late.end.maybe_sent);

	assert_int_equal(
		loop_watch_add(loop, slow_begun, LOOP_READ, 0, slow_seen, NULL, &watch), 0);
	assert_int_equal(start_url(&running, "https://slow.invalid/", spec_get()), 0);
	wait_all();
	http_destroy(http);
	http = NULL;
	assert_true(clock_mono_ms() - before < 5000);
	loop_watch_remove(watch);
	sem_post(&slow_release);
	forget(&cancelled);
	forget(&late);
	forget(&running);
}

static void test_http_unknown_names(void **state)
{
	struct probe probe = {0};
	assert_int_equal(start_url(&probe, "https://nobody.invalid/?key=secret", spec_get()), 0);
	wait_all();
	forget(&probe);
	assert_int_equal(probe.end.error, -EHOSTUNREACH);
	assert_false(probe.end.maybe_sent);
	assert_non_null(strstr(probe.end.text, "nobody.invalid"));
}

#define HTTP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HTTP_TEST(test_http_answer_is_delivered),
		HTTP_TEST(test_http_statuses_are_not_errors),
		HTTP_TEST(test_http_chunked_and_until_close),
		HTTP_TEST(test_http_ranges),
		HTTP_TEST(test_http_strange_headers_count_as_absent),
		HTTP_TEST(test_http_posts_json),
		HTTP_TEST(test_http_large_post_arrives_whole),
		HTTP_TEST(test_http_large_body_arrives_whole),
		HTTP_TEST(test_http_many_at_once),
		HTTP_TEST(test_http_leaves_turns_to_others),
		HTTP_TEST(test_http_pause_offers_the_same_bytes_again),
		HTTP_TEST(test_http_pause_does_not_stall),
		HTTP_TEST(test_http_cancel_while_paused),
		HTTP_TEST(test_http_cancel_inside_callbacks),
		HTTP_TEST(test_http_cancel_before_anything_happened),
		HTTP_TEST(test_http_callbacks_cancel_and_start_others),
		HTTP_TEST(test_http_callbacks_end_the_request),
		HTTP_TEST(test_http_destroy_cancels_quietly),
		HTTP_TEST(test_http_faults),
		HTTP_TEST(test_http_oversized_chunked_body),
		HTTP_TEST(test_http_nothing_sent_is_certain),
		HTTP_TEST(test_http_limits_of_time),
		HTTP_TEST(test_http_queued_requests_do_not_time_out),
		HTTP_TEST(test_http_dead_connection_is_repeated_only_without_once),
		HTTP_TEST(test_http_redirects_are_followed_without_the_key),
		HTTP_TEST(test_http_redirects_that_are_refused),
		HTTP_TEST(test_http_redirects_as_answers),
		HTTP_TEST(test_http_urls),
		HTTP_TEST(test_http_redirect_targets),
		HTTP_TEST(test_http_refuses_forged_headers),
		HTTP_TEST(test_http_escapes),
		HTTP_TEST(test_http_proxy_of_the_environment),
		HTTP_TEST(test_http_slow_names_do_not_block),
		HTTP_TEST(test_http_unknown_names),
	};
	static const char *const proxies[] = {"http_proxy", "https_proxy", "HTTPS_PROXY",
		"all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"};
	for (size_t i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++)
		unsetenv(proxies[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
