/* SPDX-License-Identifier: MIT */
/* From a spec to libcurl's options, for the first hop and for those of redirects. */
#include "fs/net/http_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"

/* No limit would be libcurl's own one of five minutes. */
static const long CONNECT_MAX_MS = 24L * 60 * 60 * 1000;
/* What libcurl reads at once: larger buffers are not faster. STREAM_MAX is the buffer of a small answer, see
 * setup_connection(). */
enum { BUFFER_MIN = 16 * 1024, BUFFER_MAX = 64 * 1024, STREAM_MAX = 512 * 1024 };

void request_wipe_headers(struct curl_slist *headers)
{
	for (struct curl_slist *item = headers; item != NULL; item = item->next)
		explicit_bzero(item->data, strlen(item->data));
	curl_slist_free_all(headers);
}

static int add_header(struct curl_slist **headers, const char *line)
{
	for (const char *c = line; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' && *c != '\t')
			return -EINVAL;
	}
	struct curl_slist *longer = curl_slist_append(*headers, line);
	if (longer == NULL)
		return -ENOMEM;
	*headers = longer;
	return 0;
}

static int add_header_value(struct curl_slist **headers, const char *name, const char *value)
{
	size_t size = strlen(name) + strlen(value) + 1;
	char *line = malloc(size);
	if (line == NULL)
		return -ENOMEM;
	snprintf(line, size, "%s%s", name, value);
	int r = add_header(headers, line);
	explicit_bzero(line, size);
	free(line);
	return r;
}

static int setup_headers(struct http_request *request, const struct http_spec *spec)
{
	int r = 0;
	if (spec->bearer != NULL) {
		r = add_header_value(&request->headers, "Authorization: Bearer ", spec->bearer);
		request->bearer = r == 0;
	}
	if (r == 0 && spec->post != NULL)
		r = add_header(&request->headers, "Content-Type: application/json");
	/* without its value: libcurl must not wait for a 100 before it sends the body */
	if (r == 0 && (spec->post != NULL || spec->upload != NULL))
		r = add_header(&request->headers, "Expect:");
	if (r == 0 && spec->if_range != NULL)
		r = add_header_value(&request->headers, "If-Range: ", spec->if_range);
	for (size_t i = 0; r == 0 && spec->headers != NULL && i < spec->headers->count; i++)
		r = add_header(&request->headers, spec->headers->items[i]);
	return r;
}

static int setup_copies(struct http_request *request, const struct http_spec *spec)
{
	request->url = strdup(spec->url);
	if (request->url == NULL)
		return -ENOMEM;
	if (spec->range_start >= 0) {
		int n = spec->range_end < 0
				? asprintf(&request->range, "%lld-", (long long)spec->range_start)
				: asprintf(&request->range, "%lld-%lld",
					  (long long)spec->range_start, (long long)spec->range_end);
		if (n < 0) {
			request->range = NULL;
			return -ENOMEM;
		}
	}
	if (spec->post != NULL) {
		request->post = malloc(spec->post_length + 1);
		if (request->post == NULL)
			return -ENOMEM;
		memcpy(request->post, spec->post, spec->post_length);
		request->post[spec->post_length] = '\0';
		request->post_length = spec->post_length;
	}
	return 0;
}

/* The most that the answer can be, if the server keeps to the range. */
static int64_t expected_bytes(const struct http_spec *spec)
{
	if (spec->range_start >= 0 && spec->range_end >= spec->range_start &&
		spec->range_end - spec->range_start < spec->max_bytes)
		return spec->range_end - spec->range_start + 1;
	return spec->max_bytes;
}

static CURLcode setup_hop(struct http_request *request)
{
	CURL *easy = request->easy;
	CURLcode code = CURLE_OK;
	SET(URL, request->url);
	SET(HTTPHEADER, request->headers);
	return code;
}

static CURLcode setup_connection(struct http_request *request, const struct http_spec *spec)
{
	int64_t expected = expected_bytes(spec);
	const struct http *http = request->http;
	CURL *easy = request->easy;
	CURLcode code = CURLE_OK;
	SET(PROTOCOLS_STR, "http,https");
	SET(REDIR_PROTOCOLS_STR, "http,https");
	SET(FOLLOWLOCATION, 0L); /* each hop is checked here, see http_url_redirect() */
	SET(NOSIGNAL, 1L);
	/* or else removing a handle waits for its name look-up, and the whole loop with it */
	SET(QUICK_EXIT, 1L);
	SET(TCP_KEEPALIVE, 1L);
	/* libcurl 8.14 counts the time in its queue (curl issue 21396), so the limit is ours */
	SET(CONNECTTIMEOUT_MS, CONNECT_MAX_MS);
	SET(SHARE, http->share);
	SET(SUPPRESS_CONNECT_HEADERS, 1L);
	/* what is set here is asked for; that it is set makes libcurl decode whatever comes */
	SET(ACCEPT_ENCODING, "identity");
	SET(SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (http->ca_file != NULL)
		SET(CAINFO, http->ca_file);
	if (http->user_agent != NULL)
		SET(USERAGENT, http->user_agent);
	/* HTTP/2 only for what fits into the buffer of its stream: libcurl 7.88 stops a whole
	 * connection when one of its streams is paused with a full buffer (lib/http2.c,
	 * on_data_chunk_recv); large bodies are faster on connections of their own anyway. */
	bool stream = !request->once && !spec->own_connection && expected <= STREAM_MAX;
	SET(HTTP_VERSION, stream ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
	/* Not PIPEWAIT: where the first connection to a host fails before it has answered, libcurl 7.88
	 * waits without end for it to say whether it can multiplex (lib/url.c, ConnectionExists). */
	SET(PIPEWAIT, 0L);
	SET(FRESH_CONNECT, request->once ? 1L : 0L);
	int64_t buffer = stream || expected < BUFFER_MAX ? expected : BUFFER_MAX;
	SET(BUFFERSIZE, buffer < BUFFER_MIN ? (long)BUFFER_MIN : (long)buffer);
	return code;
}

int request_setup(struct http_request *request, const struct http_spec *spec)
{
	request->once = spec->once;
	/* only a GET may be sent elsewhere without a second thought */
	request->redirects_left =
		spec->once || spec->post != NULL || spec->upload != NULL ? 0 : spec->max_redirects;
	if (request->redirects_left <= 0)
		request->redirects_left = -1;
	request->stall_ms = spec->stall_ms;
	request->min_rate = spec->min_rate;
	request->max_bytes = spec->max_bytes;
	http_head_reset(&request->parser);
	int r = setup_headers(request, spec);
	if (r == 0)
		r = setup_copies(request, spec);
	if (r < 0)
		return r;

	request->easy = curl_easy_init();
	if (request->easy == NULL)
		return -ENOMEM;
	r = request_choose_way(request);
	if (r < 0)
		return r;
	CURL *easy = request->easy;
	CURLcode code = setup_connection(request, spec);
	if (code == CURLE_OK)
		code = setup_hop(request);
	if (code == CURLE_OK)
		code = request_listen(request, spec->post != NULL || spec->upload != NULL);
	SET(PRIVATE, request);
	SET(ERRORBUFFER, request->curl_text);
	if (request->range != NULL)
		SET(RANGE, request->range);
	if (request->post != NULL) {
		SET(POST, 1L);
		SET(POSTFIELDS, request->post);
		SET(POSTFIELDSIZE_LARGE, (curl_off_t)request->post_length);
	}
	if (spec->upload != NULL) {
		r = request_setup_form(request, spec->upload);
		if (r < 0)
			return r;
	}
	if (code == CURLE_OK)
		request_exchange_begin(request);
	return code == CURLE_OK ? 0 : code == CURLE_OUT_OF_MEMORY ? -ENOMEM : -EINVAL;
}

/* The request is to be made once more, at its url. */
static int begin_hop(struct http_request *request)
{
	request_exchange_end(request, NULL);
	request_exchange_begin(request);
	request->redirecting = false;
	request->head_bytes = request->dropped_bytes = 0;
	http_head_reset(&request->parser);
	int r = request_choose_way(request);
	if (r == -EPERM)
		request_blame_address(request);
	if (r < 0)
		return r;
	if (setup_hop(request) != CURLE_OK) {
		request_blame(request, -ENOMEM, "%s", "");
		return -ENOMEM;
	}
	return 0;
}

int request_follow(struct http_request *request)
{
	char from[sizeof(request->target.host)];
	snprintf(from, sizeof(from), "%s", request->target.host);
	if (request->redirects_left == 0) {
		request_blame(request, -ELOOP, "%s redirects too often", from);
		return -ELOOP;
	}
	char *url = NULL;
	int r = http_url_redirect(request->url, request->parser.location, &url);
	if (r == 0)
		r = http_url_parse(url, &request->target);
	if (r < 0) {
		free(url);
		request_blame(request, r, "%s redirects to an address that is not taken", from);
		return r;
	}
	free(request->url);
	request->url = url;
	request->redirects_left--;
	if (request->bearer) {
		struct curl_slist *first = request->headers;
		request->headers = first->next;
		first->next = NULL;
		request_wipe_headers(first);
		request->bearer = false;
	}
	return begin_hop(request);
}

int request_unrange(struct http_request *request)
{
	free(steal(&request->range));
	request->unranging = false;
	if (curl_easy_setopt(request->easy, CURLOPT_RANGE, NULL) != CURLE_OK)
		return -ENOMEM;
	return begin_hop(request);
}
