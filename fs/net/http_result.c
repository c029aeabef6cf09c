/* SPDX-License-Identifier: MIT */
#include "fs/net/http_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/str.h"

void request_blame(struct http_request *request, int error, const char *format, ...)
{
	if (request->error != 0)
		return;
	request->error = error;
	va_list args;
	va_start(args, format);
	if (vsnprintf(request->text, sizeof(request->text), format, args) < 0)
		request->text[0] = '\0';
	va_end(args);
}

void request_blame_address(struct http_request *request)
{
	request_blame(request, -EPERM, "%s is at %s, which is no public address: nothing is fetched from there",
		request->target.host, request->refused);
}

static int system_errno(const struct http_request *request, int fallback)
{
	long number = 0;
	curl_easy_getinfo(request->easy, CURLINFO_OS_ERRNO, &number);
	return number > 0 && number < 4096 ? -(int)number : fallback;
}

static void blame_lost(struct http_request *request)
{
	const char *host = request->target.host;
	int64_t length = request->parser.head.content_length;
	if (!request->head_done)
		request_blame(
			request, -ECONNRESET, "%s closed the connection before it answered", host);
	else if (length < 0)
		request_blame(request, -ECONNRESET,
			"%s closed the connection in the middle of its answer", host);
	else
		request_blame(request, -ECONNRESET,
			"%s closed the connection after %lld of %lld bytes", host,
			(long long)request->body_bytes, (long long)length);
}

static void blame_tls(struct http_request *request)
{
	/* libcurl's words name the certificate's fault; parts of them are the server's */
	char *reason = str_printable(request->curl_text, strlen(request->curl_text), 160);
	request_blame(request, -EPROTO, "no secure connection to %s: %s", request->target.host,
		reason != NULL && reason[0] != '\0' ? reason : "TLS failed");
	free(reason);
}

static void blame_curl(struct http_request *request, CURLcode code)
{
	const char *host = request->target.host;
	int error;
	switch ((int)code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		request_blame(request, -EHOSTUNREACH, "could not find the address of %s%s", host,
			code == CURLE_COULDNT_RESOLVE_PROXY ? "'s proxy" : "");
		break;
	case CURLE_COULDNT_CONNECT:
		if (request->refused[0] != '\0') {
			request_blame_address(request);
			break;
		}
		error = system_errno(request, -ECONNREFUSED);
		if (error == -EACCES) {
			request_blame(request, error,
				"could not connect to %s: this port is closed to weryaifs (confine = files opens all)", host);
			break;
		}
		request_blame(
			request, error, "could not connect to %s: %s", host, strerror(-error));
		break;
	case CURLE_OPERATION_TIMEDOUT:
		request_blame(request, -ETIMEDOUT, "%s %s in time",
			request->sent ? "no answer from" : "could not connect to", host);
		break;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
		blame_tls(request);
		break;
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
	case CURLE_ABORTED_BY_CALLBACK:
	case CURLE_SEND_FAIL_REWIND:
		blame_lost(request);
		break;
	case CURLE_OUT_OF_MEMORY:
		request_blame(request, -ENOMEM, "%s", "");
		break;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		request_blame(request, -EPROTO, "%s does not answer in HTTP", host);
		break;
	case CURLE_BAD_CONTENT_ENCODING:
		request_blame(request, -EPROTO,
			"%s answers compressed in a way that could not be undone", host);
		break;
	default:
		request_blame(request, -EIO, "%s: %s", host, curl_easy_strerror(code));
		break;
	}
}

void request_conclude(struct http_request *request, CURLcode code, struct http_end *ret_end)
{
	if (code != CURLE_OK)
		blame_curl(request, code);
	else if (!request->head_done)
		blame_lost(request); /* libcurl takes a head that breaks off for an empty answer */
	*ret_end = (struct http_end){.error = request->error,
		.maybe_sent = request->sent,
		.body_bytes = request->body_bytes};
	if (request->head_done)
		ret_end->head = request->parser.head;
	else
		ret_end->head = (struct http_head){.content_length = -1,
			.range_start = -1,
			.range_end = -1,
			.total = -1,
			.retry_after_ms = -1};
	if (request->error != 0)
		snprintf(ret_end->text, sizeof(ret_end->text), "%s",
			request->text[0] != '\0' ? request->text : strerror(-request->error));
}
