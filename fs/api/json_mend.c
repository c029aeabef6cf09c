/* SPDX-License-Identifier: MIT */
#include "fs/api/json_mend.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/str.h"

#define ODD "\\ufffd"

static bool starts_with(const char *text, size_t length, const char *with)
{
	return length >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

/* The value of \uXXXX; -1: it is none. */
static long read_escape(const char *text, size_t length)
{
	char digits[5] = "";

	if (length < 6 || !starts_with(text, length, "\\u"))
		return -1;
	memcpy(digits, text + 2, 4);
	if (strspn(digits, "0123456789abcdefABCDEF") != 4)
		return -1;
	return strtol(digits, NULL, 16);
}

/* What begins with a backslash; returns how much of it was taken. */
static size_t add_escape(const char *text, size_t length, struct buf *out)
{
	long value = read_escape(text, length), next = -1;
	size_t taken = 6;

	if (value >= 0xd800 && value <= 0xdbff)
		next = read_escape(text + 6, length - 6);
	if (next >= 0xdc00 && next <= 0xdfff) {
		taken = 12;
	} else if (value == 0 || (value >= 0xd800 && value <= 0xdfff)) {
		(void)buf_adds(out, ODD);
		return taken;
	} else if (value < 0) {
		/* with what it escapes, which may be another backslash */
		taken = length > 1 && (unsigned char)text[1] < 0x80 ? 2 : 1;
	}
	(void)buf_add(out, text, taken);
	return taken;
}

int json_mend(const char *text, size_t length, struct buf *out)
{
	size_t i = starts_with(text, length, "\xef\xbb\xbf") ? 3 : 0;

	while (i < length && buf_ok(out)) {
		size_t good = text[i] == '\\' ? 0 : str_utf8_next(text + i, length - i);

		if (text[i] == '\\') {
			i += add_escape(text + i, length - i, out);
		} else if (good > 0) {
			(void)buf_add(out, text + i, good);
			i += good;
		} else {
			(void)buf_adds(out, ODD);
			i++;
		}
	}
	return out->failed;
}
