/* SPDX-License-Identifier: MIT */
#pragma once
/* http_trace: what went over the wire, for who follows it: each hop of each request as it was sent and answered, heads
 * included. It has the key in it: who writes it down masks that (fs/api/trace.h). */
#include <stdint.h>

#include "fs/base/buf.h"

#define HTTP_TRACE_HEAD (64 << 10)  /* bytes that are kept of each head, */
#define HTTP_TRACE_BODY (256 << 10) /* and of each body */

struct http_exchange {
	char *url;			       /* owned */
	struct buf sent, sent_body, head, body; /* as on the wire; cut at their ceilings */
	int64_t sent_bytes, body_bytes;	       /* of the bodies, whole */
	int64_t began_ms;		       /* wall clock */
	int64_t took_ms;
	const char *error; /* why it did not complete; NULL: it did */
};

/* Called from the loop, once for each hop; the exchange is valid during the call only. */
typedef void http_trace_fn(void *arg, const struct http_exchange *exchange);
