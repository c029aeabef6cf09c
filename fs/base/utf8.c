/* SPDX-License-Identifier: MIT */
#include "fs/base/str.h"

/* RFC 3629, section 4 */
size_t str_utf8_next(const char *data, size_t length)
{
	const unsigned char *d = (const unsigned char *)data;
	unsigned char low = 0x80, high = 0xbf; /* of the second byte */
	size_t size;

	if (length == 0 || d[0] == 0)
		return 0;
	if (d[0] < 0x80)
		return 1;
	if (d[0] >= 0xc2 && d[0] <= 0xdf) {
		size = 2;
	} else if (d[0] >= 0xe0 && d[0] <= 0xef) {
		size = 3;
		if (d[0] == 0xe0)
			low = 0xa0;
		else if (d[0] == 0xed)
			high = 0x9f;
	} else if (d[0] >= 0xf0 && d[0] <= 0xf4) {
		size = 4;
		if (d[0] == 0xf0)
			low = 0x90;
		else if (d[0] == 0xf4)
			high = 0x8f;
	} else {
		return 0;
	}
	if (length < size || d[1] < low || d[1] > high)
		return 0;
	for (size_t i = 2; i < size; i++) {
		if ((d[i] & 0xc0) != 0x80)
			return 0;
	}
	return size;
}

bool str_is_utf8(const char *data, size_t length)
{
	while (length > 0) {
		size_t size = str_utf8_next(data, length);
		if (size == 0)
			return false;
		data += size;
		length -= size;
	}
	return true;
}

size_t str_utf8_count(const char *data, size_t length)
{
	size_t count = 0;
	for (size_t i = 0; i < length; i++)
		count += ((unsigned char)data[i] & 0xc0) != 0x80;
	return count;
}
