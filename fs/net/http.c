/* SPDX-License-Identifier: MIT */
#include "fs/net/http.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/clock.h"
#include "fs/net/http_private.h"

void request_watch_time(struct http_request *request)
{
	int64_t due = request->deadline_ms;
	/* the clock of the server starts when it may have the request, and stands while we pause */
	if (request->sent && !request->paused && request->stall_ms > 0 &&
		request->progress_ms + request->stall_ms < due)
		due = request->progress_ms + request->stall_ms;
	if (request->connect_ms != 0 &&
		request->connect_ms + request->http->connect_timeout_ms < due)
		due = request->connect_ms + request->http->connect_timeout_ms;
	if (due == INT64_MAX)
		loop_timer_disarm(request->timer);
	else
		loop_timer_arm(request->timer, due - clock_mono_ms());
}

/* The end of a request */

/* libcurl 7.88 loses what it holds for a paused stream when others still use the connection
 * (lib/multi.c, multi_done), unless it is taken out before: on_body() refuses it. */
static void request_detach(struct http_request *request)
{
	if (!request->added)
		return;
	if (request->held)
		curl_easy_pause(request->easy, CURLPAUSE_CONT);
	curl_multi_remove_handle(request->http->multi, request->easy);
	request->added = false;
	/* libcurl 8.14 may not ask for its timer although a queued request could go now
	 * (lib/multi.c, curl_multi_remove_handle), and that one would wait for ever */
	loop_timer_arm(request->http->curl_timer, 0);
}

void request_free(struct http_request *request)
{
	if (request == NULL)
		return;
	request_detach(request);
	curl_easy_cleanup(request->easy);
	curl_mime_free(request->form);
	loop_timer_destroy(request->timer);
	list_remove(&request->link);
	list_remove(&request->later);
	list_remove(&request->rest);
	request_wipe_headers(request->headers);
	free(request->url);
	free(request->range);
	free(request->post);
	free(request);
}

void request_end(struct http_request *request, CURLcode code)
{
	struct http *http = request->http;
	assert(!http->in_curl && !request->cancelled && !request->ended);
	struct http_end end;
	request_conclude(request, code, &end);
	request->ended = true;
	request_detach(request);
	loop_timer_disarm(request->timer);
	http->active--;
	request->events->done(request->arg, &end);
	request_free(request);
}

int request_add(struct http_request *request)
{
	if (curl_multi_add_handle(request->http->multi, request->easy) != CURLM_OK)
		return -ENOMEM;
	request->added = true;
	return 0;
}

/* libcurl is done with the exchange. */
void request_complete(struct http_request *request, CURLcode code)
{
	if (request->redirecting && request->error == 0) {
		request_detach(request);
		int r = request_follow(request);
		if (r == 0)
			r = request_add(request);
		if (r == 0)
			return;
		request_blame(request, r, "%s", "");
	}
	request_end(request, code);
}

/* The limits of time, by one timer that looks at what happened meanwhile. */
static void request_time(void *arg)
{
	struct http_request *request = arg;
	int64_t now = clock_mono_ms();
	const char *host = request->target.host;
	if (now >= request->deadline_ms)
		request_blame(request, -ETIMEDOUT, "%s did not answer completely in time", host);
	else if (request->connect_ms != 0 &&
		 now - request->connect_ms >= request->http->connect_timeout_ms)
		request_blame(request, -ETIMEDOUT, "could not connect to %s in time", host);
	else if (request->sent && !request->paused && request->stall_ms > 0 &&
		 now - request->progress_ms >= request->stall_ms)
		request_blame(request, -ETIMEDOUT,
			"nothing moved between us and %s for %lld seconds", host,
			(long long)((request->stall_ms + 999) / 1000));
	if (request->error != 0)
		request_end(request, CURLE_OPERATION_TIMEDOUT);
	else
		request_watch_time(request);
}

/* The public side */

int http_start(struct http *http, const struct http_spec *spec, const struct http_events *events,
	void *arg, struct http_request **ret_request)
{
	assert(events->done != NULL);
	struct http_url target;
	int r = spec->max_bytes > 0 ? http_url_parse(spec->url, &target) : -EINVAL;
	if (r < 0)
		return r;
	struct http_request *request = calloc(1, sizeof(*request));
	if (request == NULL)
		return -ENOMEM;
	request->http = http;
	request->events = events;
	request->arg = arg;
	request->target = target;
	request->deadline_ms = spec->total_ms > 0 ? clock_mono_ms() + spec->total_ms : INT64_MAX;
	list_init(&request->link);
	list_init(&request->later);
	list_init(&request->rest);

	r = loop_timer_create(http->loop, request_time, request, &request->timer);
	if (r == 0)
		r = request_setup(request, spec);
	if (r == 0 && !http->in_curl)
		r = request_add(request);
	if (r < 0) {
		request_free(request);
		return r;
	}
	if (http->in_curl)
		request_want(request, WANT_START);
	list_append(&http->requests, &request->link);
	http->active++;
	request_watch_time(request);
	*ret_request = request;
	return 0;
}

void http_resume(struct http_request *request)
{
	if (request->cancelled || request->ended || !request->paused)
		return;
	request->paused = false;
	request->progress_ms = clock_mono_ms();
	request_watch_time(request);
	request_rest(request);
}

void http_cancel(struct http_request *request)
{
	if (request == NULL || request->cancelled || request->ended)
		return;
	request->cancelled = true;
	request->http->active--;
	loop_timer_disarm(request->timer);
	if (request->http->in_curl)
		request_want(request, WANT_FREE);
	else
		request_free(request);
}

unsigned http_active(const struct http *http)
{
	return http->active;
}

uint64_t http_bytes_received(const struct http *http)
{
	return http->bytes;
}

static int http_open(struct http *http, const struct http_options *options)
{
	if (options->user_agent != NULL) {
		http->user_agent = strdup(options->user_agent);
		if (http->user_agent == NULL)
			return -ENOMEM;
	}
	if (options->ca_file != NULL) {
		http->ca_file = strdup(options->ca_file);
		if (http->ca_file == NULL)
			return -ENOMEM;
	}
	return http_loop_open(http, options->max_connections_per_host);
}

int http_create(struct loop *loop, const struct http_options *options, struct http **ret_http)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return -ENOMEM;
	struct http *http = calloc(1, sizeof(*http));
	if (http == NULL) {
		curl_global_cleanup();
		return -ENOMEM;
	}
	http->loop = loop;
	http->connect_timeout_ms = options->connect_timeout_ms;
	list_init(&http->requests);
	list_init(&http->later);
	list_init(&http->resting);
	int r = http_open(http, options);
	if (r < 0) {
		http_destroy(http);
		return r;
	}
	*ret_http = http;
	return 0;
}

void http_destroy(struct http *http)
{
	if (http == NULL)
		return;
	assert(!http->in_curl);
	struct list *pos, *after;
	list_for_each_safe(pos, after, &http->requests)
	{
		struct http_request *request = list_entry(pos, struct http_request, link);
		request->cancelled = true;
		request_free(request);
	}
	http_loop_close(http);
	free(http->user_agent);
	free(http->ca_file);
	free(http);
	curl_global_cleanup();
}
