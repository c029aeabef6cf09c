/* SPDX-License-Identifier: MIT */
#pragma once
/* http_private: what the files behind http.h share. Calls go down in this order, never back:
 *   http.c           the public side
 *   http_loop.c      libcurl's multi handle on the loop
 *   http_request.c   the life of a request, its redirects, its end
 *   http_setup.c     from a spec to libcurl's options; http_form.c: a file that goes up; http_policy.c: where one may connect to
 *   http_transfer.c  libcurl's callbacks during one exchange
 *   http_exchange.c  what goes over the wire, for who follows it
 *   http_turn.c      limits of time, and turns; http_result.c: what the caller is told at the end
 *
 * libcurl forbids most calls from inside its callbacks. While `in_curl` is set, what a callback
 * asks for is noted in the request's `wants` and done by http_settle() afterwards. */
#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

#include "fs/base/list.h"
#include "fs/base/loop.h"
#include "fs/net/http.h"
#include "fs/net/http_address.h"
#include "fs/net/http_head.h"
#include "fs/net/http_url.h"

struct http {
	struct loop *loop; /* borrowed */
	CURLM *multi;
	CURLSH *share; /* TLS sessions: a multi handle shares all but them */
	char *user_agent, *ca_file, *proxy;
	int64_t connect_timeout_ms;
	struct loop_timer *curl_timer; /* libcurl's own timeouts */
	struct loop_timer *turn_timer; /* ends a turn, see request_turn_is_over() */
	struct list requests;          /* http_request.link, owned */
	struct list later;             /* http_request.later */
	struct list resting;           /* http_request.rest: to go on in the next turn */
	bool in_curl;
	unsigned active;
	uint64_t bytes, turn;
	int64_t now_ms; /* when this wake began */
	bool any_address;
	const struct http *trusts;
	http_trace_fn *trace;
	void *trace_arg;
	unsigned networks; /* enum http_network: of all connections that were made */
};

enum {
	WANT_START = 1, /* add it to the multi handle */
	WANT_FREE = 2,  /* it was cancelled */
	WANT_FAIL = 4,  /* end it with request.error */
};

struct http_request {
	struct http *http;
	struct list link, later, rest;
	CURL *easy;
	bool added; /* to the multi handle */
	unsigned wants;
	struct loop_timer *timer; /* connect, stall and total */

	const struct http_events *events; /* borrowed */
	void *arg;
	char *url, *range, *post;   /* owned */
	struct curl_slist *headers; /* owned; the first one is the bearer's while `bearer` is set */
	size_t post_length;
	curl_mime *form;	   /* owned */
	struct http_upload upload; /* of the form; only size, read, sent and arg */
	int64_t upload_at;
	bool bearer, once;
	int redirects_left;
	int64_t stall_ms, min_rate, max_bytes;
	int64_t deadline_ms; /* INT64_MAX none */

	struct http_url target; /* of this hop */
	struct http_head_parser parser;
	size_t head_bytes, dropped_bytes; /* of this hop */
	bool head_done;                   /* the answer's head is complete and was delivered */
	bool redirecting; /* this hop's answer leads elsewhere, its body is dropped */
	bool unranging;   /* it was a part of something compressed: the whole is asked for next */
	bool sent;        /* libcurl was about to send: from here on the server may have it */
	bool paused;      /* by the body callback */
	bool held;        /* libcurl does not read, and may hold bytes that on_body() did not get yet */
	bool cancelled, ended;
	int64_t connect_ms; /* since when a connection of its own is being made, or 0 */
	int64_t sent_ms; /* when this hop's request went out */
	int64_t progress_ms, uploaded, body_bytes;
	int64_t window_ms, window_bytes; /* min_rate: since when, and how many had moved by then */
	bool proxied;			 /* this hop's connection is to a proxy */
	char refused[HTTP_ADDRESS_TEXT]; /* an address of this hop that was not connected to; "" none */
	uint64_t turn;
	size_t turn_bytes;

	struct http_exchange *exchange; /* owned; of this hop, where it is followed */

	int error;      /* 0, or why a callback of ours stopped the transfer */
	char text[256]; /* for `error`; "" = strerror */
	char curl_text[CURL_ERROR_SIZE];
};

/* curl_easy_setopt() checks its arguments' types, hence macros; they share one CURLcode. */
#define SET(option, value)                                                                         \
	do {                                                                                       \
		if (code == CURLE_OK)                                                              \
			code = curl_easy_setopt(easy, CURLOPT_##option, value);                    \
	} while (0)

/* http_loop.c */

int http_loop_open(struct http *http, int max_connections_per_host);
void http_loop_close(struct http *http);

/* http_request.c */

int request_add(struct http_request *request); /* to the multi handle; -ENOMEM */
/* libcurl is done with the exchange: follows a redirect or ends the request. */
void request_complete(struct http_request *request, CURLcode code);
void request_end(struct http_request *request, CURLcode code); /* calls done, frees */
void request_free(struct http_request *request);
/* The timer's callback: a limit of time has passed, or will. `arg` is the request. */
void request_time(void *arg);

/* http_setup.c */

int request_setup(struct http_request *request, const struct http_spec *spec);
/* Points the request at where its redirect leads; negative errno after request_blame(). */
int request_follow(struct http_request *request);
/* Has the request ask for the whole instead of a range; -ENOMEM. */
int request_unrange(struct http_request *request);
void request_wipe_headers(struct curl_slist *headers);

/* http_exchange.c */

void request_exchange_begin(struct http_request *request); /* of a hop, before libcurl gets it */
void request_exchange_end(struct http_request *request, const char *error);

/* http_form.c */

int request_setup_form(struct http_request *request, const struct http_upload *upload);

/* http_policy.c */

/* The network of a URL whose host is a literal address or localhost; 0: only a look-up tells. */
unsigned http_url_networks(const char *url);
/* Chooses the proxy of this hop. -EPERM: its host is a literal address that is not for us. */
const char *request_find_proxy(bool https); /* of the environment; NULL: none. Borrowed */
int request_choose_way(struct http_request *request);
/* libcurl's CURLOPT_OPENSOCKETFUNCTION; `arg` is the request. */
curl_socket_t request_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address);

/* http_transfer.c */

/* Sets the callbacks; goes_up: the request has a body whose way up is to be followed. */
CURLcode request_listen(struct http_request *request, bool goes_up);

/* http_turn.c */

/* Sets the timer to the earliest one of connect, stall and total. */
void request_watch_time(struct http_request *request);
/* Bytes that have moved since the window of min_rate began are looked at when it ends. */
void request_open_window(struct http_request *request);
bool request_is_too_slow(struct http_request *request);
void request_want(struct http_request *request, unsigned want); /* done by http_settle() */
/* Whether the request has had its share of this turn with these bytes. */
bool request_turn_is_over(struct http_request *request, size_t length);
/* The request goes on in the next turn. */
void request_rest(struct http_request *request);

/* http_result.c */

/* Notes why the request ends, unless something was noted before. */
void request_blame(struct http_request *request, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* That the address in `refused` was not connected to: -EPERM. */
void request_blame_address(struct http_request *request);
/* What the caller hears, from libcurl's code and what the callbacks noted. */
void request_conclude(struct http_request *request, CURLcode code, struct http_end *ret_end);
