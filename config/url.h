/* SPDX-License-Identifier: MIT */
#pragma once
/* url: may the API key be sent to this address? Strict by design: a base URL is scheme, host,
 * port and path; what this does not recognise is refused, so that no other parser can read it
 * differently. */

/* NULL when the URL is fine, else why not (static), to stand after "KEY: ". https:// to any
 * host, or http:// to this machine (127.0.0.0/8, [::1], localhost); no user, password, query or
 * fragment. */
const char *url_refusal(const char *url);
/* The same for a proxy: http, https or a kind of SOCKS, a host, a port or none. */
const char *url_proxy_refusal(const char *url);
