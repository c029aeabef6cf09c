/* SPDX-License-Identifier: MIT */
#include "fs/net/http_url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "fs/base/cleanup.h"
#include "fs/net/http.h"

enum { URL_MAX = 8192 };

static void curl_urlp(CURLU **url)
{
	curl_url_cleanup(*url);
}

static void curl_textp(char **text)
{
	curl_free(*text);
}

static int url_errno(CURLUcode code)
{
	return code == CURLUE_OUT_OF_MEMORY ? -ENOMEM : -EINVAL;
}

static bool host_is_loopback(const char *host)
{
	/* libcurl has normalised the odd forms, such as 127.1 or 0x7f000001 */
	struct in_addr v4;
	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return strcmp(host, "[::1]") == 0 || strcasecmp(host, "localhost") == 0;
}

static bool host_is_ascii(const char *host)
{
	for (; *host != '\0'; host++) {
		if ((unsigned char)*host <= ' ' || (unsigned char)*host >= 0x7f)
			return false;
	}
	return true;
}

static int url_inspect(CURLU *handle, struct http_url *ret_url)
{
	CLEANUP(curl_textp) char *scheme = NULL;
	CLEANUP(curl_textp) char *host = NULL;
	CLEANUP(curl_textp) char *port = NULL;
	CURLUcode code = curl_url_get(handle, CURLUPART_SCHEME, &scheme, 0);
	if (code == CURLUE_OK)
		code = curl_url_get(handle, CURLUPART_HOST, &host, 0);
	if (code == CURLUE_OK)
		code = curl_url_get(handle, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
	if (code != CURLUE_OK)
		return url_errno(code);

	struct http_url url = {.https = strcmp(scheme, "https") == 0, .port = (uint16_t)strtoul(port, NULL, 10)};
	if (!url.https && strcmp(scheme, "http") != 0)
		return -EINVAL;
	size_t length = strlen(host);
	if (length == 0 || length >= sizeof(url.host) || !host_is_ascii(host))
		return -EINVAL;
	memcpy(url.host, host, length + 1);
	url.loopback = host_is_loopback(host);
	if (!url.https && !url.loopback)
		return -EINVAL;
	*ret_url = url;
	return 0;
}

static int url_open(const char *text, CURLU **ret_handle)
{
	if (strnlen(text, URL_MAX + 1) > URL_MAX)
		return -EINVAL;
	CURLU *handle = curl_url();
	if (handle == NULL)
		return -ENOMEM;
	CURLUcode code = curl_url_set(handle, CURLUPART_URL, text, CURLU_DISALLOW_USER);
	if (code != CURLUE_OK) {
		curl_url_cleanup(handle);
		return url_errno(code);
	}
	*ret_handle = handle;
	return 0;
}

int http_url_parse(const char *url, struct http_url *ret_url)
{
	CLEANUP(curl_urlp) CURLU *handle = NULL;
	int r = url_open(url, &handle);
	return r < 0 ? r : url_inspect(handle, ret_url);
}

int http_url_redirect(const char *from, const char *location, char **ret_target)
{
	struct http_url source, target;
	CLEANUP(curl_urlp) CURLU *handle = NULL;
	int r = url_open(from, &handle);
	if (r == 0)
		r = url_inspect(handle, &source);
	if (r < 0)
		return r;
	if (strnlen(location, URL_MAX + 1) > URL_MAX)
		return -EINVAL;

	/* blanks and UTF-8 in a Location are wrong and common */
	CURLUcode code = curl_url_set(handle, CURLUPART_URL, location,
		CURLU_DISALLOW_USER | CURLU_URLENCODE | CURLU_ALLOW_SPACE);
	if (code != CURLUE_OK)
		return url_errno(code);
	r = url_inspect(handle, &target);
	if (r == -EINVAL || (r == 0 && target.loopback && !source.loopback))
		return -EPERM;
	if (r < 0)
		return r;

	CLEANUP(curl_textp) char *text = NULL;
	code = curl_url_get(handle, CURLUPART_URL, &text, 0);
	if (code != CURLUE_OK)
		return url_errno(code);
	char *copy = strdup(text);
	if (copy == NULL)
		return -ENOMEM;
	*ret_target = copy;
	return 0;
}

int http_check_url(const char *url)
{
	struct http_url parsed;
	return http_url_parse(url, &parsed) < 0 ? -EINVAL : 0;
}

char *http_escape(const char *segment)
{
	size_t length = strlen(segment);
	if (length == 0)
		return strdup("");
	if (length > INT_MAX / 3)
		return NULL;
	CLEANUP(curl_textp) char *text = curl_easy_escape(NULL, segment, (int)length);
	return text == NULL ? NULL : strdup(text);
}
