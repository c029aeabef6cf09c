/* SPDX-License-Identifier: MIT */
#include "fs/prompt/prompt_text.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/str.h"

#define TAB 8
#define MARK "\xef\xbb\xbf" /* U+FEFF, at the begin of files that Windows has saved */

struct range {
	uint32_t first, last;
};

static bool is_in(const struct range *ranges, size_t count, uint32_t point)
{
	for (size_t i = 0; i < count; i++)
		if (point >= ranges[i].first && point <= ranges[i].last)
			return true;
	return false;
}

/* It cannot be seen at all, so nobody can mean it. */
static bool has_no_width(uint32_t point)
{
	static const struct range ranges[] = {{0xad, 0xad}, {0x034f, 0x034f}, {0x061c, 0x061c},
		{0x180e, 0x180e}, {0x200b, 0x200f}, {0x202a, 0x202e}, {0x2060, 0x206f},
		{0xfeff, 0xfeff}};

	return is_in(ranges, array_length(ranges), point);
}

/* White_Space of Unicode, and letters that are drawn as nothing. */
static bool is_space(uint32_t point)
{
	static const struct range ranges[] = {{0x09, 0x0d}, {' ', ' '}, {0x85, 0x85}, {0xa0, 0xa0},
		{0x1680, 0x1680}, {0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f},
		{0x205f, 0x205f}, {0x2800, 0x2800}, {0x3000, 0x3000}, {0x3164, 0x3164},
		{0xffa0, 0xffa0}};

	return is_in(ranges, array_length(ranges), point);
}

/* The code point that data begins with, and its bytes; a byte that begins none, as it is. */
static size_t decode(const char *data, size_t length, uint32_t *ret_point)
{
	static const unsigned char first[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	const unsigned char *d = (const unsigned char *)data;
	size_t size = d[0] < 0xc0 ? 1 : d[0] < 0xe0 ? 2 : d[0] < 0xf0 ? 3 : 4;

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
	return is_space(point) || has_no_width(point) ? width : 0;
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

size_t prompt_indent(const char *data, size_t length)
{
	size_t columns = 0, width;
	uint32_t point;

	for (; (width = prompt_blank_width(data, length)) > 0; data += width, length -= width) {
		decode(data, length, &point);
		if (point == '\t')
			columns += TAB - columns % TAB;
		else
			columns += !has_no_width(point);
	}
	return columns;
}

/* What a keyboard has in its place; 0: nothing. */
static char plain_char(uint32_t point)
{
	static const struct {
		struct range range;
		char plain;
	} others[] = {{{0x2010, 0x2015}, '-'}, {{0x2212, 0x2212}, '-'}, {{0xfe58, 0xfe58}, '-'},
		{{0xfe63, 0xfe63}, '-'}, {{0x2018, 0x201b}, '\''}, {{0x2032, 0x2032}, '\''},
		{{0x201c, 0x201f}, '"'}, {{0x2033, 0x2033}, '"'}, {{0xab, 0xab}, '"'},
		{{0xbb, 0xbb}, '"'}, {{0x2039, 0x203a}, '"'}, {{0x300c, 0x300f}, '"'},
		{{0x301d, 0x301f}, '"'}, {{0x2236, 0x2236}, ':'}, {{0xa789, 0xa789}, ':'},
		{{0xfe13, 0xfe13}, ':'}, {{0xfe55, 0xfe55}, ':'}, {{0xfe54, 0xfe54}, ';'},
		{{0xd7, 0xd7}, 'x'}, {{0x2715, 0x2716}, 'x'}, {{0x2a2f, 0x2a2f}, 'x'},
		{{0x2044, 0x2044}, '/'}, {{0x2215, 0x2215}, '/'}, {{0x3001, 0x3001}, ','},
		{{0x3002, 0x3002}, '.'}};

	if (is_space(point))
		return ' ';
	if (point >= 0xff01 && point <= 0xff5e)
		return (char)(point - 0xff01 + '!');
	for (size_t i = 0; i < array_length(others); i++)
		if (point >= others[i].range.first && point <= others[i].range.last)
			return others[i].plain;
	return 0;
}

bool prompt_plain_into(const char *data, size_t length, char *to, size_t room)
{
	size_t used = 0, width;
	uint32_t point;

	prompt_trim(&data, &length);
	for (; length > 0; data += width, length -= width) {
		width = decode(data, length, &point);
		if (has_no_width(point))
			continue;
		char plain = plain_char(point);
		size_t size = plain ? 1 : width;
		if (size >= room - used)
			return false;
		memcpy(to + used, plain ? &plain : data, size);
		used += size;
	}
	to[used] = '\0';
	return true;
}

char *prompt_plain(const char *data, size_t length)
{
	char *copy = malloc(length + 1);

	/* never longer than it was */
	if (copy)
		prompt_plain_into(data, length, copy, length + 1);
	return copy;
}

/* Bytes of the end of a line at data; 0: the line goes on. */
static size_t line_end(const char *data, size_t length)
{
	if (data[0] == '\n')
		return 1;
	if (data[0] == '\r')
		return length > 1 && data[1] == '\n' ? 2 : 1;
	/* next line, line separator, paragraph separator */
	if (length > 1 && memcmp(data, "\xc2\x85", 2) == 0)
		return 2;
	if (length > 2 && memcmp(data, "\xe2\x80", 2) == 0 &&
		(data[2] == '\xa8' || data[2] == '\xa9'))
		return 3;
	return 0;
}

static const char *why_no_text(const struct prompt_lines *lines, const char *line, size_t length)
{
	if (lines->number == 1 && lines->length >= 2 &&
		(memcmp(lines->data, "\xff\xfe", 2) == 0 ||
			memcmp(lines->data, "\xfe\xff", 2) == 0))
		return "UTF-16, which Windows calls Unicode; save the file as UTF-8 text";
	if (memchr(line, '\0', length))
		return "a NUL byte; a prompt file is plain UTF-8 text";
	if (!str_is_utf8(line, length))
		return "not valid UTF-8; save the file as UTF-8 text";
	return NULL;
}

int prompt_lines_next(
	struct prompt_lines *lines, const char **ret_line, size_t *ret_length, const char **ret_why)
{
	size_t mark = strlen(MARK), length = 0, end = 0;

	/* one in front of each file that was joined into this one */
	while (lines->length >= mark && memcmp(lines->data, MARK, mark) == 0) {
		lines->data += mark;
		lines->length -= mark;
	}
	if (lines->length == 0)
		return 0;
	while (length < lines->length &&
		(end = line_end(lines->data + length, lines->length - length)) == 0)
		length++;
	lines->number++;
	*ret_why = why_no_text(lines, lines->data, length);
	if (*ret_why)
		return -EILSEQ;
	*ret_line = lines->data;
	*ret_length = length;
	lines->data += length + end;
	lines->length -= length + end;
	return 1;
}
