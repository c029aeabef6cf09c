/* SPDX-License-Identifier: MIT */
/* Collects what libcurl sends and receives for one hop, where somebody follows it. */
#include <stdlib.h>
#include <string.h>

#include "fs/base/clock.h"
#include "fs/net/http_private.h"

static void add_cut(struct buf *buf, const char *data, size_t size)
{
	size_t room = buf->ceiling > buf->length + 1 ? buf->ceiling - buf->length - 1 : 0;

	buf_add(buf, data, size < room ? size : room);
}

static int on_debug(CURL *easy, curl_infotype type, char *data, size_t size, void *arg)
{
	struct http_request *request = arg;
	struct http_exchange *exchange = request->exchange;

	if (exchange == NULL)
		return 0;
	switch (type) {
	case CURLINFO_HEADER_OUT:
		add_cut(&exchange->sent, data, size);
		break;
	case CURLINFO_DATA_OUT:
		exchange->sent_bytes += (int64_t)size;
		add_cut(&exchange->sent_body, data, size);
		break;
	case CURLINFO_HEADER_IN:
		add_cut(&exchange->head, data, size);
		break;
	case CURLINFO_DATA_IN:
		exchange->body_bytes += (int64_t)size;
		add_cut(&exchange->body, data, size);
		break;
	default:
		break;
	}
	return 0;
}

static void exchange_free(struct http_exchange *exchange)
{
	if (exchange == NULL)
		return;
	free(exchange->url);
	buf_finish(&exchange->sent);
	buf_finish(&exchange->sent_body);
	buf_finish(&exchange->head);
	buf_finish(&exchange->body);
	free(exchange);
}

/* Without memory it is not followed: no harm. */
void request_exchange_begin(struct http_request *request)
{
	CURL *easy = request->easy;
	CURLcode code = CURLE_OK;

	if (request->http->trace == NULL)
		return;
	struct http_exchange *exchange = calloc(1, sizeof(*exchange));
	if (exchange == NULL)
		return;
	buf_init(&exchange->sent, HTTP_TRACE_HEAD);
	buf_init(&exchange->sent_body, HTTP_TRACE_BODY);
	buf_init(&exchange->head, HTTP_TRACE_HEAD);
	buf_init(&exchange->body, HTTP_TRACE_BODY);
	exchange->url = strdup(request->url);
	exchange->began_ms = clock_wall_ms();
	SET(DEBUGFUNCTION, on_debug);
	SET(DEBUGDATA, request);
	SET(VERBOSE, 1L);
	if (exchange->url == NULL || code != CURLE_OK) {
		exchange_free(exchange);
		return;
	}
	exchange_free(request->exchange);
	request->exchange = exchange;
}

void request_exchange_end(struct http_request *request, const char *error)
{
	struct http_exchange *exchange = request->exchange;

	if (exchange == NULL)
		return;
	request->exchange = NULL;
	exchange->took_ms = clock_wall_ms() - exchange->began_ms;
	exchange->error = error;
	request->http->trace(request->http->trace_arg, exchange);
	exchange_free(exchange);
}
