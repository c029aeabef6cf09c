/* SPDX-License-Identifier: MIT */
#include "http_probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct loop *loop;
struct http *http;
struct server server;
unsigned unfinished;
static struct loop_timer *guard;

static void guard_fire(void *arg)
{
	loop_stop(loop, -ETIMEDOUT);
}

void finish_one(void)
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
	probe->is_paused = false;
	http_resume(probe->request);
}

enum { BUFFER_MAX = 512 * 1024 }; /* what may have been read at once */

static int on_body(void *arg, const char *data, size_t length)
{
	struct probe *probe = arg;
	assert_int_equal(probe->heads, 1);
	assert_int_equal(probe->dones, 0);
	assert_true(length > 0);
	probe->bytes_paused = probe->is_paused ? probe->bytes_paused + length : 0;
	assert_true(probe->bytes_paused < BUFFER_MAX);
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
	if (probe->pause_every > 0 && probe->bodies % probe->pause_every == 0) {
		probe->is_paused = true;
		assert_int_equal(loop_defer(loop, resume, probe), 0);
	}
	probe->is_paused = probe->is_paused || probe->pause_for_good;
	return probe->is_paused ? HTTP_PAUSE : probe->body_result;
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

struct http_spec spec_get(void)
{
	return (struct http_spec){
		.range_start = -1, .range_end = -1, .stall_ms = 5000, .max_bytes = 64 << 20};
}

struct http_spec spec_post_once(void)
{
	struct http_spec spec = spec_get();
	spec.once = true;
	spec.post = "{}";
	spec.post_length = 2;
	return spec;
}

int start_url(struct probe *probe, const char *url, struct http_spec spec)
{
	spec.url = url;
	buf_init(&probe->text, 4096);
	int r = http_start(http, &spec, &events, probe, &probe->request);
	if (r == 0)
		unfinished++;
	assert_int_equal(probe->heads + probe->bodies + probe->dones, 0);
	return r;
}

void start_spec(struct probe *probe, const char *path, struct http_spec spec)
{
	char url[512];
	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", server.port, path);
	assert_int_equal(start_url(probe, url, spec), 0);
}

void start(struct probe *probe, const char *path)
{
	start_spec(probe, path, spec_get());
}

void wait_all(void)
{
	loop_timer_arm(guard, 20000);
	assert_int_equal(loop_run(loop), 0);
}

void forget(struct probe *probe)
{
	buf_finish(&probe->text);
}

void run_spec(struct probe *probe, const char *path, struct http_spec spec)
{
	start_spec(probe, path, spec);
	wait_all();
	forget(probe);
	assert_int_equal(probe->dones, 1);
	assert_int_equal(http_active(http), 0);
}

void run(struct probe *probe, const char *path)
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
/* {"status":200,"data":{"task_ids":["a"]}}, compressed; a part of it where one is asked for. */
static void answer_gzip(struct server_conn *conn, bool broken)
{
	static const unsigned char packed[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
		0x03, 0xab, 0x56, 0x2a, 0x2e, 0x49, 0x2c, 0x29, 0x2d, 0x56, 0xb2, 0x32, 0x32, 0x30,
		0xd0, 0x51, 0x4a, 0x49, 0x2c, 0x49, 0x54, 0xb2, 0xaa, 0x56, 0x2a, 0x49, 0x2c, 0xce,
		0x8e, 0xcf, 0x4c, 0x01, 0x0a, 0x47, 0x2b, 0x25, 0x2a, 0xc5, 0xd6, 0xd6, 0x02, 0x00,
		0xc9, 0x60, 0x44, 0x5f, 0x28, 0x00, 0x00, 0x00};
	size_t length = strstr(server.last.data, "\r\nRange: ") ? 20 : sizeof(packed);
	char head[160];

	snprintf(head, sizeof(head),
		"HTTP/1.1 %s\r\nContent-Encoding: gzip\r\nAccept-Ranges: bytes\r\nContent-Length: "
		"%zu\r\n%s\r\n",
		length == 20 ? "206 Part" : "200 OK", length,
		length == 20 ? "Content-Range: bytes 0-19/60\r\n" : "");
	server_text(conn, head);
	server_bytes(conn, broken ? (const unsigned char[sizeof(packed)]){'x'} : packed, length);
}

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
	else if (strcmp(path, "/gzip") == 0 || strcmp(path, "/gzip-broken") == 0)
		answer_gzip(conn, path[5] != '\0');
	else if (strcmp(path, "/range") == 0)
		answer_range(conn, 1000000);
	else if (strcmp(path, "/big") == 0)
		answer_big(conn, BIG);
	else if (strcmp(path, "/mega") == 0)
		answer_big(conn, MEGA);
	else if (strcmp(path, "/endless-redirect-body") == 0) {
		server_text(
			conn, "HTTP/1.1 302 F\r\nLocation: /ok\r\nContent-Length: 9999999\r\n\r\n");
		server_pattern(conn, 0, 9999999);
	} else if (strcmp(path, "/many-headers") == 0)
		answer_many(conn);
	/* every other path: silence */
}

void open_http(int connections, int64_t connect_timeout_ms)
{
	const struct http_options options = {.user_agent = "weryaifs-test",
		.connect_timeout_ms = connect_timeout_ms,
		.max_connections_per_host = connections,
		.any_address = true};
	http_destroy(http);
	http = NULL;
	assert_int_equal(http_create(loop, &options, &http), 0);
}

int probe_setup(void **state)
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

int probe_teardown(void **state)
{
	http_destroy(http);
	http = NULL;
	server_shut(&server);
	loop_timer_destroy(guard);
	loop_destroy(loop);
	return 0;
}

void probe_clear_environment(void)
{
	static const char *const proxies[] = {"http_proxy", "https_proxy", "HTTPS_PROXY",
		"all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"};
	for (size_t i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++)
		unsetenv(proxies[i]);
}
