/* SPDX-License-Identifier: MIT */
/* The life of a request between http_start() and its done(). */
#include "fs/net/http_private.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "fs/base/clock.h"

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
	request_exchange_end(request, "called off");
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
	request_exchange_end(request, end.error != 0 ? end.text : NULL);
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
		int r = request->unranging ? request_unrange(request) : request_follow(request);
		if (r == 0)
			r = request_add(request);
		if (r == 0)
			return;
		request_blame(request, r, "%s", "");
	}
	request_end(request, code);
}

/* The limits of time, by one timer that looks at what happened meanwhile. */
void request_time(void *arg)
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
	else if (request_is_too_slow(request))
		request_blame(request, -ETIMEDOUT, "%s sends less than %lld bytes a second", host,
			(long long)request->min_rate);
	if (request->error != 0)
		request_end(request, CURLE_OPERATION_TIMEDOUT);
	else
		request_watch_time(request);
}
