/* SPDX-License-Identifier: MIT */
#pragma once
/* http_url: which URLs are taken at all, and where a redirect may lead. Private to fs/net.
 *
 * Taken: https to any host, plain http to loopback (127.0.0.0/8, ::1, localhost, which libcurl
 * resolves by itself). No user names in URLs: they would become credentials.
 * Errors: -EINVAL (not taken), -ENOMEM. */
#include <stdbool.h>
#include <stdint.h>

struct http_url {
	bool https, loopback;
	char host[256]; /* for people; IPv6 in brackets */
	uint16_t port;
};

int http_url_parse(const char *url, struct http_url *ret_url);
/* Resolves `location` against the URL it came from. Caller frees *ret_target.
 * -EPERM: to plain http, or from elsewhere into loopback. */
int http_url_redirect(const char *from, const char *location, char **ret_target);
