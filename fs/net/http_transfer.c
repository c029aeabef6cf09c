/* SPDX-License-Identifier: MIT */
#include "fs/net/http_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All header lines of an answer; what is read of a redirect's body to keep its connection. */
enum { HEAD_MAX = 128 * 1024, REDIRECT_BODY_MAX = 64 * 1024 };
/* The request has a connection to make, and the limit of time for that begins. */
static void begin_connect(struct http_request *request)
{
	if (request->connect_ms != 0)
		return;
	request->connect_ms = request->http->now_ms;
	request_watch_time(request);
	if (request->events->connecting != NULL && !request->cancelled)
		request->events->connecting(request->arg);
}

static int on_lookup(void *resolver, void *reserved, void *arg)
{
	begin_connect(arg);
	return 0;
}

static int on_connect(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	begin_connect(arg);
	return CURL_SOCKOPT_OK;
}

/* Runs when the connection stands and nothing of the request is on it yet. A second run means that
 * libcurl repeats the request, whatever its reason. */
static int on_send(void *arg, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
	struct http_request *request = arg;
	if (request->once && request->sent)
		return CURL_PREREQFUNC_ABORT;
	request->sent = true;
	request->connect_ms = 0;
	request->progress_ms = request->sent_ms = request->http->now_ms;
	request_watch_time(request);
	return CURL_PREREQFUNC_OK;
}

static bool is_redirect(const struct http_request *request, long status)
{
	return request->redirects_left >= 0 && request->parser.location[0] != '\0' &&
	       (status == 301 || status == 302 || status == 303 || status == 307 || status == 308);
}

/* The empty line behind the header fields. */
static int end_of_head(struct http_request *request)
{
	long status = 0;
	curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200)
		return 0;
	http_head_finish(&request->parser, (int)status);
	request->parser.head.wait_ms = request->http->now_ms - request->sent_ms;
	long version = 0;
	curl_easy_getinfo(request->easy, CURLINFO_HTTP_VERSION, &version);
	request->parser.head.multiplexed = version >= CURL_HTTP_VERSION_2_0;
	if (is_redirect(request, status)) {
		request->redirecting = true;
		return 0;
	}

	const struct http_head *head = &request->parser.head;
	/* from its middle on it could not be decoded, and the range is one of compressed bytes */
	if (status == 206 && head->encoded) {
		request->redirecting = request->unranging = true;
		return 0;
	}
	request->head_done = true;
	request->progress_ms = request->http->now_ms;
	request_open_window(request);
	request_watch_time(request);
	int r = request->events->head != NULL ? request->events->head(request->arg, head) : 0;
	if (r == 0 && !request->cancelled && head->content_length > request->max_bytes) {
		r = -EFBIG;
		request_blame(request, r, "the answer of %s is too large: %lld bytes",
			request->target.host, (long long)head->content_length);
	}
	return r;
}

static size_t on_header(char *line, size_t size, size_t count, void *arg)
{
	struct http_request *request = arg;
	size_t length = size * count;
	if (request->cancelled)
		return CURL_WRITEFUNC_ERROR;
	/* no progress: or else a line now and then would be enough to go on for ever */
	if (request->head_done || request->redirecting)
		return length; /* a trailer */
	request->head_bytes += length;
	if (request->head_bytes > HEAD_MAX) {
		request_blame(request, -EFBIG, "the answer of %s has too many header lines",
			request->target.host);
		return CURL_WRITEFUNC_ERROR;
	}

	int r = 0;
	if (length > 5 && memcmp(line, "HTTP/", 5) == 0)
		http_head_reset(&request->parser);
	else if (length > 0 && (line[0] == '\r' || line[0] == '\n'))
		r = end_of_head(request);
	else
		http_head_field(&request->parser, line, length);
	if (r < 0)
		request_blame(request, r, "%s", "");
	return r < 0 || request->cancelled ? CURL_WRITEFUNC_ERROR : length;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
	struct http_request *request = arg;
	size_t length = size * count;
	if (request->cancelled || request->ended)
		return CURL_WRITEFUNC_ERROR;
	if (request->redirecting) {
		request->dropped_bytes += length;
		return request->dropped_bytes > REDIRECT_BODY_MAX ? CURL_WRITEFUNC_ERROR : length;
	}
	request->progress_ms = request->http->now_ms;
	if ((int64_t)length > request->max_bytes - request->body_bytes) {
		request_blame(request, -EFBIG, "the answer of %s is larger than %lld bytes",
			request->target.host, (long long)request->max_bytes);
		return CURL_WRITEFUNC_ERROR;
	}

	int r = 0;
	if (request->events->body != NULL)
		r = request->events->body(request->arg, data, length);
	if (request->cancelled)
		return CURL_WRITEFUNC_ERROR;
	if (r < 0) {
		request_blame(request, r, "%s", "");
		return CURL_WRITEFUNC_ERROR;
	}
	request->body_bytes += (int64_t)length;
	request->http->bytes += length;
	request->paused = request->paused || r == HTTP_PAUSE;
	if (request_turn_is_over(request, length) && !request->paused)
		request_rest(request);
	else if (!request->paused)
		return length;
	/* CURL_WRITEFUNC_PAUSE would have libcurl keep a copy of these bytes and offer them again */
	request->held = true;
	curl_easy_pause(request->easy, CURLPAUSE_RECV);
	return length;
}

/* Bytes that go up are progress as well; libcurl reports them nowhere else. */
static int on_progress(
	void *arg, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
	struct http_request *request = arg;
	if (up != request->uploaded)
		request->progress_ms = request->http->now_ms;
	request->uploaded = up;
	return 0;
}

CURLcode request_listen(struct http_request *request, bool goes_up)
{
	CURL *easy = request->easy;
	CURLcode code = CURLE_OK;
	SET(RESOLVER_START_FUNCTION, on_lookup);
	SET(RESOLVER_START_DATA, request);
	SET(SOCKOPTFUNCTION, on_connect);
	SET(SOCKOPTDATA, request);
	SET(OPENSOCKETFUNCTION, request_open_socket);
	SET(OPENSOCKETDATA, request);
	SET(PREREQFUNCTION, on_send);
	SET(PREREQDATA, request);
	SET(HEADERFUNCTION, on_header);
	SET(HEADERDATA, request);
	SET(WRITEFUNCTION, on_body);
	SET(WRITEDATA, request);
	if (goes_up) {
		SET(XFERINFOFUNCTION, on_progress);
		SET(XFERINFODATA, request);
		SET(NOPROGRESS, 0L);
	}
	return code;
}
