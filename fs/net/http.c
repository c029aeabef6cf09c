/* SPDX-License-Identifier: MIT */
#include "fs/net/http.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/clock.h"
#include "fs/net/http_private.h"

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
	request_open_window(request);
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
	if (options->proxy != NULL) {
		http->proxy = strdup(options->proxy);
		if (http->proxy == NULL)
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
	http->any_address = options->any_address;
	http->trusts = options->trusts;
	http->trace = options->trace;
	http->trace_arg = options->trace_arg;
	http->networks = options->own_url != NULL ? http_url_networks(options->own_url) : 0;
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
	free(http->proxy);
	free(http);
	curl_global_cleanup();
}
