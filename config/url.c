/* SPDX-License-Identifier: MIT */
#include "config/url.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fs/base/cleanup.h"
#include "fs/base/str.h"

#define URL_MAX 2048
#define HOST_MAX 253 /* RFC 1035 2.3.4, without the root's dot */

/* Strict dotted quad: what inet_aton(3) also takes ("127.1", "0177.0.0.1") is refused. */
static bool is_loopback_v4(const char *host)
{
	int part = 0;

	if (strncmp(host, "127.", 4) != 0)
		return false;
	for (const char *at = host;; at++, part++) {
		size_t digits = strspn(at, "0123456789");
		if (digits < 1 || digits > 3 || (digits > 1 && *at == '0') ||
			strtol(at, NULL, 10) > 255)
			return false;
		at += digits;
		if (*at != '.')
			return *at == '\0' && part == 3;
	}
}

static bool is_loopback(const char *host)
{
	return strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
	       is_loopback_v4(host);
}

static bool is_host(const char *host)
{
	size_t length = strlen(host);

	if (host[0] == '[')
		return length > 4 && host[length - 1] == ']' &&
		       strspn(host + 1, "0123456789abcdefABCDEF:.") == length - 2;
	if (!isalnum((unsigned char)host[0]) || strstr(host, ".."))
		return false;
	return strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") ==
	       length;
}

static bool is_path(const char *path)
{
	for (; *path; path++)
		if (!isgraph((unsigned char)*path) || strchr("\"<>\\^`{|}?#@", *path))
			return false;
	return true;
}

const char *url_refusal(const char *url)
{
	bool plain = strncasecmp(url, "http://", 7) == 0;
	char host[HOST_MAX + 1];

	if (!plain && strncasecmp(url, "https://", 8) != 0)
		return "must begin with https:// (or http:// for a server on this machine)";
	if (strlen(url) > URL_MAX)
		return "is longer than 2048 bytes";
	const char *authority = url + (plain ? 7 : 8);
	size_t length = strcspn(authority, "/?#\\");
	if (memchr(authority, '@', length))
		return "must not contain a user name or password";
	const char *bracket = authority[0] == '[' ? memchr(authority, ']', length) : NULL;
	const char *from = bracket ? bracket : authority;
	const char *colon = memchr(from, ':', (size_t)(authority + length - from));
	size_t host_length = colon ? (size_t)(colon - authority) : length;
	if (host_length == 0)
		return "names no host";
	if (host_length > HOST_MAX)
		return "names a host of more than 253 bytes";
	memcpy(host, authority, host_length);
	host[host_length] = '\0';
	if (!is_host(host))
		return "names a host with characters that cannot stand there";
	if (colon) {
		char port[8];
		size_t digits = (size_t)(authority + length - colon - 1);
		int64_t value;
		if (digits == 0 || digits > 5)
			return "has a port that is not a number from 1 to 65535";
		memcpy(port, colon + 1, digits);
		port[digits] = '\0';
		if (!isdigit((unsigned char)port[0]) || str_to_int(port, 1, 65535, &value) < 0)
			return "has a port that is not a number from 1 to 65535";
	}
	if (strpbrk(authority + length, "?#"))
		return "must end with the path, without '?' or '#'";
	if (!is_path(authority + length))
		return "has a path with characters that cannot stand there";
	if (plain && !is_loopback(host))
		return "must use https://, since http:// would show the API key to the network "
		       "(http:// is for 127.0.0.0/8, [::1] and localhost)";
	return NULL;
}

const char *url_proxy_refusal(const char *url)
{
	static const char *const schemes[] = {
		"http://", "https://", "socks4://", "socks4a://", "socks5://", "socks5h://"};
	const char *rest = NULL;

	for (size_t i = 0; i < array_length(schemes) && !rest; i++)
		if (strncasecmp(url, schemes[i], strlen(schemes[i])) == 0)
			rest = url + strlen(schemes[i]);
	if (!rest)
		return "must begin with http://, https://, socks4://, socks4a://, socks5:// or "
		       "socks5h://";
	if (strlen(url) > URL_MAX)
		return "is longer than 2048 bytes";
	for (const char *at = rest; *at; at++)
		if (!isgraph((unsigned char)*at))
			return "has characters that cannot stand there";
	const char *host = strrchr(rest, '@') ? strrchr(rest, '@') + 1 : rest;
	size_t length = strcspn(host, "/?#");
	if (length == 0 || host[0] == ':')
		return "names no host";
	return host[length] == '\0' || strcmp(host + length, "/") == 0 ? NULL
								       : "must end with the port";
}
