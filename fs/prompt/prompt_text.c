/* SPDX-License-Identifier: MIT */
#include "fs/prompt/prompt_text.h"

#include <stdint.h>

#include "fs/base/str.h"

/* White_Space of Unicode, and what has no width: it cannot be seen, so nobody can mean it. */
static bool is_blank(uint32_t point)
{
	return (point >= 0x09 && point <= 0x0d) || point == ' ' || point == 0x85 || point == 0xa0 ||
	       point == 0xad || point == 0x034f || point == 0x061c || point == 0x1680 ||
	       point == 0x180e || (point >= 0x2000 && point <= 0x200f) ||
	       (point >= 0x2028 && point <= 0x202f) || (point >= 0x205f && point <= 0x206f) ||
	       point == 0x2800 || point == 0x3000 || point == 0x3164 || point == 0xfeff ||
	       point == 0xffa0;
}

/* The code point that data begins with and its bytes; of bytes that are no UTF-8 one, as it is. */
static size_t decode(const char *data, size_t length, uint32_t *ret_point)
{
	const unsigned char *d = (const unsigned char *)data;
	size_t size = d[0] < 0xc0 ? 1 : d[0] < 0xe0 ? 2 : d[0] < 0xf0 ? 3 : 4;
	static const unsigned char first[] = {0, 0x7f, 0x1f, 0x0f, 0x07};

	if (size > length)
		size = 1;
	*ret_point = size == 1 ? d[0] : d[0] & first[size];
	for (size_t i = 1; i < size; i++)
		*ret_point = *ret_point << 6 | (d[i] & 0x3f);
	return size;
}

size_t prompt_blank_width(const char *data, size_t length)
{
	uint32_t point;

	if (length == 0)
		return 0;
	size_t width = decode(data, length, &point);
	return is_blank(point) ? width : 0;
}

void prompt_trim(const char **data, size_t *length)
{
	const char *start = *data, *end = *data + *length;
	size_t width;

	while ((width = prompt_blank_width(start, (size_t)(end - start))) > 0)
		start += width;
	while (end > start) {
		const char *last = end - 1;
		while (last > start && ((unsigned char)*last & 0xc0) == 0x80)
			last--;
		if (prompt_blank_width(last, (size_t)(end - last)) != (size_t)(end - last))
			break;
		end = last;
	}
	*data = start;
	*length = (size_t)(end - start);
}
