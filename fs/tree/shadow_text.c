/* SPDX-License-Identifier: MIT */
#include "fs/tree/shadow_text.h"

#include <string.h>

#include "fs/base/str.h"
#include "fs/media/media.h"

#define FIRST "state: "

static bool is_word(const char *text, size_t length, const char *word)
{
	return length == strlen(word) && memcmp(text, word, length) == 0;
}

/* "key: value", or what goes on from the line before. */
static bool is_status_line(const char *line, size_t length)
{
	return length == 0 || *line == ' ' || memmem(line, length, ": ", 2) != NULL;
}

/* The name of a result. */
static bool is_wait_line(const char *line, size_t length)
{
	const char *dot = memrchr(line, '.', length);
	char type[8] = "";

	if (dot == NULL || (size_t)(line + length - dot - 1) >= sizeof(type))
		return false;
	memcpy(type, dot + 1, (size_t)(line + length - dot - 1));
	return media_kind(type) != API_KIND_COUNT;
}

/* All lines that have an end; the last one may have been cut. */
static bool has_lines(
	const char *text, size_t length, bool (*is_line)(const char *line, size_t length))
{
	const char *end;

	while ((end = memchr(text, '\n', length)) != NULL) {
		if (!is_line(text, (size_t)(end - text)))
			return false;
		length -= (size_t)(end + 1 - text);
		text = end + 1;
	}
	return true;
}

static bool is_copy(bool is_wait, const char *text, size_t length)
{
	size_t first = length < strlen(FIRST) ? length : strlen(FIRST);

	if (is_wait)
		return memchr(text, '\n', length) != NULL && has_lines(text, length, is_wait_line);
	return memcmp(text, FIRST, first) == 0 && has_lines(text, length, is_status_line);
}

enum shadow_text shadow_text_of(bool is_wait, const char *text, size_t length)
{
	const char *word = text;
	size_t word_length = length;

	str_trim(&word, &word_length);
	if (word_length == 0)
		return SHADOW_BLANK;
	if (!is_wait && is_word(word, word_length, "submit"))
		return SHADOW_SUBMIT;
	if (!is_wait && is_word(word, word_length, "retry"))
		return SHADOW_RETRY;
	return is_copy(is_wait, text, length) ? SHADOW_COPY : SHADOW_OTHER;
}
