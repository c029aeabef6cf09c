/* SPDX-License-Identifier: MIT */
#include "fs/net/http_private.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"

#define KEPT_CONNECTIONS 64L /* idle ones */

enum {
	SOCKET_PRIORITY = 10,    /* after the kernel's requests */
};

/* Does what could not be done from inside libcurl, and tells of the requests that ended. */
static void http_settle(struct http *http)
{
	int left;
	for (CURLMsg *message = curl_multi_info_read(http->multi, &left); message != NULL;
		message = curl_multi_info_read(http->multi, &left)) {
		CURLcode code = message->data.result;
		struct http_request *request = NULL;
		if (message->msg == CURLMSG_DONE)
			curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
		if (request != NULL && !request->cancelled)
			request_complete(request, code);
	}
	while (!list_empty(&http->later)) {
		struct http_request *request =
			list_entry(http->later.next, struct http_request, later);
		list_remove(&request->later);
		if (request->wants & WANT_FREE)
			request_free(request);
		else if (request->wants & WANT_FAIL)
			request_end(request, CURLE_OK);
		else if (request_add(request) < 0) {
			request_blame(request, -ENOMEM, "%s", "");
			request_end(request, CURLE_OK);
		}
	}
}

static void http_enter(struct http *http)
{
	assert(!http->in_curl);
	http->in_curl = true;
	http->turn++;
	http->now_ms = clock_mono_ms();
}

static void http_act(struct http *http, curl_socket_t fd, int events)
{
	int running;
	http_enter(http);
	CURLMcode code = curl_multi_socket_action(http->multi, fd, events, &running);
	http->in_curl = false;
	if (code != CURLM_OK)
		log_error("http: libcurl: %s", curl_multi_strerror(code));
	http_settle(http);
}

struct http_socket {
	struct http *http;
	curl_socket_t fd;
	struct loop_watch *watch;
};

static void socket_ready(void *arg, unsigned events)
{
	const struct http_socket *socket = arg;
	http_act(socket->http, socket->fd,
		(events & LOOP_READ ? CURL_CSELECT_IN : 0) |
			(events & LOOP_WRITE ? CURL_CSELECT_OUT : 0));
}

static int socket_watch(struct http *http, curl_socket_t fd, unsigned events, void *known)
{
	struct http_socket *socket = known;
	if (socket != NULL)
		return loop_watch_change(socket->watch, events);
	socket = calloc(1, sizeof(*socket));
	if (socket == NULL)
		return -ENOMEM;
	*socket = (struct http_socket){.http = http, .fd = fd};
	int r = loop_watch_add(
		http->loop, fd, events, SOCKET_PRIORITY, socket_ready, socket, &socket->watch);
	if (r == 0 && curl_multi_assign(http->multi, fd, socket) != CURLM_OK) {
		loop_watch_remove(socket->watch);
		r = -ENOMEM;
	}
	if (r < 0)
		free(socket);
	return r;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct http *http = arg;
	if (what == CURL_POLL_REMOVE) {
		/* at once: the number may come back for another socket */
		struct http_socket *socket = known;
		if (socket != NULL)
			loop_watch_remove(socket->watch);
		free(socket);
		return 0;
	}
	unsigned events =
		(what & CURL_POLL_IN ? LOOP_READ : 0U) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0U);
	int r = socket_watch(http, fd, events, known);
	if (r < 0) {
		/* -1 would make libcurl give up on every request, not on this one alone */
		struct http_request *request = NULL;
		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &request);
		log_errno(LOG_LEVEL_ERROR, r, "http: cannot watch a socket");
		if (request != NULL && !request->ended && !request->cancelled) {
			request_blame(request, r, "%s", "");
			request_want(request, WANT_FAIL);
			loop_timer_arm(http->turn_timer, 0);
		}
	}
	return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *arg)
{
	struct http *http = arg;
	if (timeout_ms < 0)
		loop_timer_disarm(http->curl_timer);
	else
		loop_timer_arm(http->curl_timer, timeout_ms);
	return 0;
}

static void curl_timer_fire(void *arg)
{
	http_act(arg, CURL_SOCKET_TIMEOUT, 0);
}

/* One at a time: between two of them the loop looks at its other watches. */
static void turn_timer_fire(void *arg)
{
	struct http *http = arg;
	while (!list_empty(&http->resting)) {
		struct http_request *request =
			list_entry(http->resting.next, struct http_request, rest);
		list_remove(&request->rest);
		if (request->paused || request->cancelled || !request->added)
			continue;
		http_enter(http);
		request->held = false;
		CURLcode code = curl_easy_pause(request->easy, CURLPAUSE_CONT);
		http->in_curl = false;
		/* bytes that libcurl held have been delivered in there, and could fail */
		if (code == CURLE_WRITE_ERROR || code == CURLE_OUT_OF_MEMORY) {
			request_blame(
				request, code == CURLE_WRITE_ERROR ? -EIO : -ENOMEM, "%s", "");
			if (!request->cancelled)
				request_want(request, WANT_FAIL);
		}
		break;
	}
	if (!list_empty(&http->resting))
		loop_timer_arm(http->turn_timer, 0);
	http_settle(http);
}

int http_loop_open(struct http *http, int max_connections_per_host)
{
	int r = loop_timer_create(http->loop, curl_timer_fire, http, &http->curl_timer);
	if (r == 0)
		r = loop_timer_create(http->loop, turn_timer_fire, http, &http->turn_timer);
	if (r < 0)
		return r;

	http->share = curl_share_init();
	http->multi = curl_multi_init();
	if (http->share == NULL || http->multi == NULL ||
		curl_share_setopt(http->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) !=
			CURLSHE_OK)
		return -ENOMEM;
	CURLM *multi = http->multi;
	long connections = max_connections_per_host;
	if (curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket) != CURLM_OK ||
		curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, http) != CURLM_OK ||
		curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer) != CURLM_OK ||
		curl_multi_setopt(multi, CURLMOPT_TIMERDATA, http) != CURLM_OK ||
		/* by itself libcurl keeps four times as many as it has requests, which is none when a file's ranges
		 * have all just ended */
		curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, KEPT_CONNECTIONS) != CURLM_OK ||
		curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections) != CURLM_OK)
		return -EINVAL;
	return 0;
}

void http_loop_close(struct http *http)
{
	curl_multi_cleanup(http->multi);
	curl_share_cleanup(http->share);
	loop_timer_destroy(http->curl_timer);
	loop_timer_destroy(http->turn_timer);
}
