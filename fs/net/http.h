/* SPDX-License-Identifier: MIT */
#pragma once
/* http: HTTP requests on the loop, the only user of libcurl. Knows no API, no files, no jobs.
 *
 * Thread:    every function and every callback, loop thread only.
 * Owns:      copies url, headers, range and post of a spec; events and arg are the caller's.
 * Callbacks: connecting once for each new connection, head at most once before the first body, body
 *            0..n times, then done exactly once; never from inside http_start(). Each may call
 *            http_cancel() on its own request; after a cancel none of them runs again for it.
 * Limits:    a body above max_bytes ends in -EFBIG; no progress for stall_ms, a head that is not whole after stall_ms, or less
 *            than min_rate in any stall_ms in -ETIMEDOUT; the work of one wake is bounded, so that other watches of the loop get
 *            their turn.
 * Addresses: without any_address only public ones are connected to, whatever the name, by whichever redirect, and those
 *            networks that the host of `trusts` is in; others end in -EPERM. Behind a proxy, which alone is connected to,
 *            literal addresses of other networks are refused.
 * Errors:    http_start(): -ENOMEM, -EINVAL (url not http(s), plain http to a host that is not loopback), -EPERM (a literal
 *            address that is not connected to).
 *            An HTTP 4xx/5xx is not an error here: see http_end.status.
 *            http_end.error: -ECONNREFUSED and its like (connect), -EHOSTUNREACH (name), -EPROTO (TLS,
 *            not HTTP), -ECONNRESET (closed too early), -ETIMEDOUT, -EFBIG, -ELOOP (redirects), -EPERM
 *            (a redirect where we do not go), -ENOMEM, -EIO, or what a callback returned.
 * Encodings: none is asked for. A body that comes compressed all the same is decoded, and its head then tells neither length
 *            nor ranges; where a part of one came, the whole is asked for instead.
 * Repeats:   never sends a request twice: a request with `once` opens a connection of its own, since libcurl
 *            silently repeats a request whose reused connection turns out dead (curl lib/transfer.c,
 *            Curl_retry_request), and speaks HTTP/1.1, since an HTTP/2 stream may be retried as well. */
#include "fs/base/loop.h"
#include "fs/base/str.h"
#include "fs/net/http_trace.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What a transfer that somebody waits for brings at least, in bytes a second: a link that has less for each is of no use. */
#define HTTP_MIN_RATE 512

struct http;
struct http_request;

/* The ports that requests to these addresses connect to: theirs, and those of the proxies on the way (options.proxy; NULL: of the
 * environment). How many. */
#define HTTP_PORTS_MAX 8
size_t http_ports(const char *const *urls, size_t count, const char *proxy, uint16_t ret_ports[HTTP_PORTS_MAX]);
/* As services on the Internet are reached: https, and its own port. */
bool http_is_usual(const char *url);

struct http_options {
	const char *user_agent;
	const char *ca_file;        /* NULL: the system's */
	const char *proxy; /* NULL: as $HTTPS_PROXY and $NO_PROXY say; never for loopback */
	int64_t connect_timeout_ms; /* name, TCP and TLS */
	int max_connections_per_host;
	const char *own_url;	  /* any_address: where they lead to, NULL unknown; what `trusts` is about */
	bool any_address;	  /* URLs are the user's own; else they come from outside: see Addresses above */
	const struct http *trusts; /* borrowed, used by http_start() and its callbacks; NULL none */
	http_trace_fn *trace;	   /* NULL: nobody follows what is said */
	void *trace_arg;	   /* borrowed */
};

/* What the server said in front of the body, after redirects. */
struct http_head {
	int status;
	int64_t content_length; /* of this body; -1 unknown */
	int64_t range_start;    /* of a 206's Content-Range; -1 none */
	int64_t range_end;      /* inclusive; -1 none */
	int64_t total; /* the whole file as Content-Range or Content-Length tell it; -1 unknown */
	bool accept_ranges; /* "Accept-Ranges: bytes" */
	bool encoded;	    /* the body comes compressed; the callbacks get it decoded */
	bool multiplexed;   /* over a connection that takes other requests at the same time (HTTP/2) */
	char etag[160];     /* "" none, or longer than fits */
	char last_modified[64];
	char content_type[96];
	int64_t retry_after_ms; /* -1 none; both forms of RFC 9110 10.2.3 */
	int64_t wait_ms; /* from when the request went out over its connection */
};

struct http_end {
	int error; /* 0, or negative errno: the exchange did not complete */
	bool maybe_sent; /* false: certainly no byte of the request reached a server (name, connect, TLS) */
	struct http_head head; /* status 0 when no answer came */
	int64_t body_bytes;
	char text[256]; /* for people when error != 0: "could not connect to api.weryai.com: …" */
};

struct http_events {
	/* Optional. Return 0, or a negative errno that ends the request with it. */
	int (*head)(void *arg, const struct http_head *head);
	/* Optional (the body is dropped). Return 0, a negative errno that ends the request with it,
	 * or HTTP_PAUSE: these bytes were taken; but for what has been read from the socket already (libcurl
	 * gives a buffer in pieces of 16 KiB), more come after http_resume(). */
	int (*body)(void *arg, const char *data, size_t length);
	void (*done)(void *arg, const struct http_end *end);
	/* Optional. No connection could be used again: a new one is being made. */
	void (*connecting)(void *arg);
};
#define HTTP_PAUSE 1

/* A form with one file in it (multipart/form-data), which is read while it is sent. */
struct http_upload {
	const char *field, *name, *type; /* of the file's part; copied */
	int64_t size;			 /* bytes */
	/* Gives up to `length` bytes from `offset` on; < 0 a negative errno, 0 before the end: -EIO.
	 * Not after done or http_cancel(). */
	ssize_t (*read)(void *arg, int64_t offset, char *data, size_t length);
	void (*sent)(void *arg, int64_t bytes); /* optional: so many of the file's bytes are handed over */
	void *arg;				/* borrowed */
};

struct http_spec {
	const char *url;
	const char *bearer; /* NULL none; sent to this URL's host alone, redirects never carry it */
	const struct strlist *headers; /* "Name: value", may be NULL */
	const char *post; /* NULL: GET. A JSON body (Content-Type: application/json is set) */
	size_t post_length;
	const struct http_upload *upload; /* NULL none; instead of `post` */
	int64_t range_start,
		range_end;    /* inclusive; range_end -1 = to the end; range_start -1 = no Range */
	const char *if_range; /* ETag or date for If-Range, NULL none */
	bool once;            /* money: see Repeats above */
	bool own_connection;  /* HTTP/1.1: part of something large, whose parts come faster side by side */
	int max_redirects; /* 0: a redirect is an answer like any other. https only, or loopback http from loopback */
	int64_t stall_ms;  /* no byte for so long: -ETIMEDOUT */
	int64_t min_rate;  /* bytes a second, over each stall_ms: less is -ETIMEDOUT; 0: any */
	int64_t total_ms;  /* the whole exchange; 0 = unlimited */
	int64_t max_bytes; /* ceiling of the body; must be > 0 */
};

int http_create(struct loop *loop, const struct http_options *options, struct http **ret_http);
/* Cancels what runs, without callbacks. Never from inside one. */
void http_destroy(struct http *http);
int http_start(struct http *http, const struct http_spec *spec, const struct http_events *events,
	void *arg, struct http_request **ret_request);
void http_resume(struct http_request *request);
void http_cancel(struct http_request *request); /* NULL is fine */
unsigned http_active(const struct http *http);
uint64_t http_bytes_received(const struct http *http); /* bodies, since creation */

/* 0 when the URL is one that http_start() would take, else -EINVAL. */
int http_check_url(const char *url);
/* Percent-encodes one path segment (RFC 3986). Caller frees; NULL when out of memory. */
char *http_escape(const char *segment);
