/* SPDX-License-Identifier: MIT */
#pragma once
/* prompt_text: what a prompt file is made of before it means anything: characters that cannot be seen, and lines.
 *
 * Texts come from editors, web pages, chats and word processors. They bring blanks that look like a blank or like nothing
 * (no-break, ideographic, zero width, byte order marks, marks of direction), and full-width and typographic
 * characters where a keyboard has ASCII ones. All functions take valid UTF-8. */
#include <stdbool.h>
#include <stddef.h>

/* Bytes of the blank that data begins with; 0: it begins with none. Ends of lines count as blanks. */
size_t prompt_blank_width(const char *data, size_t length);
/* Takes the blanks off both ends. */
void prompt_trim(const char **data, size_t *length);
/* Columns that the blanks at the begin of a line take; a tab goes to the next multiple of eight. */
size_t prompt_indent(const char *data, size_t length);
/* A trimmed copy in plain ASCII, as far as it goes: full-width characters, blanks, dashes, quotes, colons and the sign of multiplication
 * as a keyboard has them; what has no width is left out. Caller frees; NULL: no memory. */
char *prompt_plain(const char *data, size_t length);
/* The same into `room` bytes, one at least. False: it does not fit. */
bool prompt_plain_into(const char *data, size_t length, char *to, size_t room);

/* The lines of a file, one after the other; starts as {.data, .length}. They end in LF, CR, both, or Unicode's separators. */
struct prompt_lines {
	const char *data; /* what is left */
	size_t length;
	int number; /* of the line read last, from 1 */
};

/* 1 and the line without its end, and without byte order marks in front; 0: there is no more; -EILSEQ: it is no text, as
 * *ret_why (static) says. */
int prompt_lines_next(
	struct prompt_lines *lines, const char **ret_line, size_t *ret_length, const char **ret_why);
