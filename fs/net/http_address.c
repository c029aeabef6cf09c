/* SPDX-License-Identifier: MIT */
#include "fs/net/http_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "fs/base/cleanup.h"

static const struct {
	uint32_t address;
	unsigned bits;
	enum http_network network;
} blocks_v4[] = {
	{0x00000000, 8, HTTP_OTHER},	   /* this network; the kernel takes 0.0.0.0 for loopback */
	{0x0a000000, 8, HTTP_PRIVATE_10},
	{0x64400000, 10, HTTP_SHARED},
	{0x7f000000, 8, HTTP_LOOPBACK},
	{0xa9fe0000, 16, HTTP_OTHER},	   /* link-local, and the metadata of clouds */
	{0xac100000, 12, HTTP_PRIVATE_172},
	{0xc0000000, 24, HTTP_OTHER},	   /* protocol assignments */
	{0xc0000200, 24, HTTP_OTHER},	   /* documentation, as the next two of 24 bits */
	{0xc0586300, 24, HTTP_OTHER},	   /* 6to4 relays */
	{0xc0a80000, 16, HTTP_PRIVATE_192},
	{0xc6120000, 15, HTTP_OTHER},	   /* benchmarks */
	{0xc6336400, 24, HTTP_OTHER},
	{0xcb007100, 24, HTTP_OTHER},
	{0xe0000000, 4, HTTP_OTHER},	   /* multicast */
	{0xf0000000, 4, HTTP_OTHER},	   /* reserved, broadcast */
};

static enum http_network network_v4(uint32_t address)
{
	for (size_t i = 0; i < array_length(blocks_v4); i++)
		if (((address ^ blocks_v4[i].address) >> (32 - blocks_v4[i].bits)) == 0)
			return blocks_v4[i].network;
	return HTTP_PUBLIC;
}

static uint32_t embedded(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static enum http_network network_v6(const unsigned char *bytes)
{
	static const unsigned char zeroes[12];
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	static const unsigned char translated[12] = {0x00, 0x64, 0xff, 0x9b}; /* 64:ff9b::/96, RFC 6052 */

	if (memcmp(bytes, mapped, 12) == 0 || memcmp(bytes, translated, 12) == 0)
		return network_v4(embedded(bytes + 12));
	if (memcmp(bytes, zeroes, 12) == 0)
		return embedded(bytes + 12) == 1 ? HTTP_LOOPBACK : HTTP_OTHER;
	if (bytes[0] == 0x20 && bytes[1] == 0x02) /* 6to4 */
		return network_v4(embedded(bytes + 2));
	if ((bytes[0] & 0xfe) == 0xfc)
		return HTTP_PRIVATE_V6;
	/* what the Internet uses is 2000::/3, and of that not Teredo, benchmarks, ORCHID and documentation */
	if ((bytes[0] & 0xe0) != 0x20)
		return HTTP_OTHER;
	if (bytes[0] == 0x20 && bytes[1] == 0x01 && ((bytes[2] & 0xfe) == 0 || (bytes[2] == 0x0d && bytes[3] == 0xb8)))
		return HTTP_OTHER;
	return bytes[0] == 0x3f && bytes[1] == 0xff && (bytes[2] & 0xf0) == 0 ? HTTP_OTHER : HTTP_PUBLIC;
}

enum http_network http_address_network(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return network_v4(ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr));
	if (address->sa_family == AF_INET6)
		return network_v6(((const struct sockaddr_in6 *)address)->sin6_addr.s6_addr);
	return HTTP_OTHER;
}

void http_address_text(const struct sockaddr *address, char text[HTTP_ADDRESS_TEXT])
{
	const void *bytes = address->sa_family == AF_INET6
				    ? (const void *)&((const struct sockaddr_in6 *)address)->sin6_addr
				    : (const void *)&((const struct sockaddr_in *)address)->sin_addr;

	if (inet_ntop(address->sa_family, bytes, text, HTTP_ADDRESS_TEXT) == NULL)
		snprintf(text, HTTP_ADDRESS_TEXT, "?");
}
