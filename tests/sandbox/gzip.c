/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/gzip.h"

#include <stdint.h>
#include <string.h>

#include "tests/sandbox/util.h"

#define BLOCK_MAX 65535

static uint32_t crc32_of(const unsigned char *data, size_t size)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < size; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static unsigned char *put(unsigned char *at, uint32_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		*at++ = (unsigned char)(value >> (8 * i));
	return at;
}

unsigned char *gzip_store(const unsigned char *data, size_t size, size_t *ret_size)
{
	static const unsigned char head[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff};
	size_t blocks = size / BLOCK_MAX + 1;
	unsigned char *out = xcalloc(1, sizeof(head) + 5 * blocks + size + 8), *at = out;

	memcpy(at, head, sizeof(head));
	at += sizeof(head);
	for (size_t i = 0, done = 0; i < blocks; i++) {
		size_t left = size - done, n = left < BLOCK_MAX ? left : BLOCK_MAX;

		*at++ = i + 1 == blocks;
		at = put(at, (uint32_t)n, 2);
		at = put(at, ~(uint32_t)n, 2);
		if (n > 0)
			memcpy(at, data + done, n);
		at += n;
		done += n;
	}
	at = put(at, crc32_of(data, size), 4);
	at = put(at, (uint32_t)size, 4);
	*ret_size = (size_t)(at - out);
	return out;
}
