/* SPDX-License-Identifier: MIT */
#pragma once
/* http_address: which part of the Internet an address belongs to (RFC 6890 and the IANA special-purpose registries). Pure; private
 * to fs/net.
 *
 * A URL from outside must not make us talk to what only this machine can reach: its own services, the router, the metadata of a
 * cloud. Names and spellings do not decide that (127.1, 0x7f000001, a name that resolves to 10.0.0.5), the address that is
 * connected to does. */
#include <sys/socket.h>

#define HTTP_ADDRESS_TEXT 64

/* One bit each, so that several can be allowed. */
enum http_network {
	HTTP_PUBLIC = 1,
	HTTP_LOOPBACK = 2,   /* 127.0.0.0/8, ::1 */
	HTTP_PRIVATE_10 = 4, /* 10.0.0.0/8 */
	HTTP_PRIVATE_172 = 8,
	HTTP_PRIVATE_192 = 16,
	HTTP_PRIVATE_V6 = 32, /* fc00::/7 */
	HTTP_SHARED = 64,     /* 100.64.0.0/10 */
	HTTP_OTHER = 128,     /* link-local, this network, multicast, documentation, reserved: never */
};

enum http_network http_address_network(const struct sockaddr *address);
void http_address_text(const struct sockaddr *address, char text[HTTP_ADDRESS_TEXT]);
