/* SPDX-License-Identifier: MIT */
/* Which ports a process needs that makes requests to these addresses and to no others (fs/base/confine.h). */
#include "fs/net/http_private.h"

#include <stdlib.h>
#include <string.h>

enum { HTTPS_PORT = 443, PROXY_PORT = 1080 /* libcurl's, of one that has none */ };

static void add(uint16_t ports[HTTP_PORTS_MAX], size_t *count, uint16_t port)
{
	for (size_t i = 0; i < *count; i++)
		if (ports[i] == port)
			return;
	if (*count < HTTP_PORTS_MAX)
		ports[(*count)++] = port;
}

/* "proxy:3128", "socks5://user:password@proxy". */
static uint16_t proxy_port(const char *proxy)
{
	CURLU *url = curl_url();
	char *text = NULL;
	uint16_t port = PROXY_PORT;

	if (url == NULL)
		return port;
	if (curl_url_set(url, CURLUPART_URL, proxy, CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
		curl_url_get(url, CURLUPART_PORT, &text, 0) == CURLUE_OK)
		port = (uint16_t)strtoul(text, NULL, 10);
	curl_free(text);
	curl_url_cleanup(url);
	return port;
}

size_t http_ports(const char *const *urls, size_t count, const char *proxy, uint16_t ret_ports[HTTP_PORTS_MAX])
{
	const char *const proxies[] = {proxy, request_find_proxy(true), request_find_proxy(false)};
	size_t found = 0;

	add(ret_ports, &found, HTTPS_PORT);
	for (size_t i = 0; i < count; i++) {
		struct http_url url;
		if (http_url_parse(urls[i], &url) == 0)
			add(ret_ports, &found, url.port);
	}
	for (size_t i = 0; i < array_length(proxies); i++)
		if (proxies[i] != NULL)
			add(ret_ports, &found, proxy_port(proxies[i]));
	return found;
}

bool http_is_usual(const char *url)
{
	struct http_url parsed;

	return http_url_parse(url, &parsed) == 0 && parsed.https && !parsed.loopback && parsed.port == HTTPS_PORT;
}
