/* SPDX-License-Identifier: MIT */
/* What each line of a prompt file is: a comment, text on its own word, a part of the negative prompt, a directive, or text. */
#include "fs/prompt/prompt_reading.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/message.h"
#include "fs/prompt/prompt_foreign.h"
#include "fs/prompt/prompt_text.h"

static bool is_comment(const char *line, size_t length)
{
	return length > 0 && line[0] == '#' &&
	       (length == 1 || prompt_blank_width(line + 1, length - 1) > 0);
}

/* Seven times the same, and a blank or nothing: how git begins and ends what it could not merge. */
static bool is_conflict(const char *line, size_t length, char mark)
{
	for (size_t i = 0; i < 7; i++)
		if (i >= length || line[i] != mark)
			return false;
	return length == 7 || line[7] == ' ';
}

static int look_for_conflict(
	struct prompt_reading *reading, int line, const char *data, size_t length)
{
	if (is_conflict(data, length, '<') && !reading->conflict_line)
		reading->conflict_line = line;
	if (!reading->conflict_line || !is_conflict(data, length, '>'))
		return 0;
	int first = reading->conflict_line;
	reading->conflict_line = 0;
	return prompt_reading_error(reading, first,
		"marks of a conflict that git left (to line %d): keep one of the two texts, and "
		"remove the marks",
		line);
}

/* Text, as it was written. */
static int add_text(struct prompt_reading *reading, int line, const char *data, size_t length)
{
	const char *trimmed = data;
	size_t trimmed_length = length;

	prompt_trim(&trimmed, &trimmed_length);
	if (!reading->text_line && trimmed_length > 0)
		reading->text_line = line;
	buf_add(&reading->text, data, length);
	return buf_adds(&reading->text, "\n");
}

static bool ends_in_comma(const struct buf *text)
{
	static const char *const commas[] = {",", "\xef\xbc\x8c", "\xe3\x80\x81", "\xd8\x8c"};

	for (size_t i = 0; i < array_length(commas); i++) {
		size_t length = strlen(commas[i]);
		if (text->length >= length &&
			memcmp(text->data + text->length - length, commas[i], length) == 0)
			return true;
	}
	return false;
}

/* The line is text, and not indented: what stands above it is complete. */
static int end_negative(struct prompt_reading *reading, int line)
{
	int r = 0;

	if (!reading->negative.open)
		return 0;
	if (ends_in_comma(&reading->negative.text))
		r = prompt_reading_error(reading, line,
			"does the negative above go on here? Then indent this line; if not, remove "
			"the comma at the end of line %d",
			line - 1);
	return r < 0 ? r : prompt_directive_close(reading);
}

static int complain_option(
	struct prompt_reading *reading, int line, const char *data, size_t length)
{
	CLEANUP_FREE char *message = NULL;
	int r = prompt_foreign_option(data, length, &message);

	return r > 0 ? prompt_reading_error(reading, line, "%s, or " PROMPT_ESCAPE_HINT, message)
		     : r;
}

static int read_words(struct prompt_reading *reading, int line, bool deeper, const char *data,
	size_t length, const char *trimmed, size_t trimmed_length)
{
	int r = complain_option(reading, line, trimmed, trimmed_length);

	if (r < 0)
		return r;
	if (deeper) {
		if (reading->negative.text.length > 0)
			buf_adds(&reading->negative.text, " ");
		return buf_add(&reading->negative.text, trimmed, trimmed_length);
	}
	r = end_negative(reading, line);
	return r < 0 ? r : add_text(reading, line, data, length);
}

static int read_line(struct prompt_reading *reading, int line, const char *data, size_t length)
{
	const char *trimmed = data;
	size_t trimmed_length = length;
	bool open = reading->negative.open;

	prompt_trim(&trimmed, &trimmed_length);
	if (trimmed_length == 0) {
		int r = prompt_directive_close(reading);
		return r < 0 ? r : add_text(reading, line, data, length);
	}
	if (is_comment(data, length))
		return prompt_reading_leave_out(reading, line, trimmed, trimmed_length);
	if (data[0] == '\\') {
		int r = end_negative(reading, line);
		return r < 0 ? r : add_text(reading, line, data + 1, length - 1);
	}
	int r = look_for_conflict(reading, line, data, length);
	if (r < 0)
		return r;
	size_t indent = prompt_indent(data, length);
	bool deeper = open && indent > reading->negative.indent;
	r = prompt_line_read(reading, line, indent, trimmed, trimmed_length);
	if (r == 0)
		return read_words(reading, line, deeper, data, length, trimmed, trimmed_length);
	if (r > 0 && open && !deeper)
		return prompt_directive_close(reading);
	return r < 0 ? r : 0;
}

static int complain_bytes(struct prompt_reading *reading, int line, const char *reason)
{
	reading->unreadable = true;
	return prompt_reading_error(reading, line, "%s", reason);
}

int prompt_lines_read(struct prompt_reading *reading, const char *data, size_t length)
{
	struct prompt_lines lines = {.data = data, .length = length};
	const char *line, *why;
	int r;

	if (length > PROMPT_MAX_BYTES)
		return complain_bytes(reading, 0, "larger than 256 KiB; a prompt file is not");
	while ((r = prompt_lines_next(&lines, &line, &length, &why)) == 1) {
		r = read_line(reading, lines.number, line, length);
		if (r < 0)
			return r == -EFBIG ? -ENOMEM : r;
	}
	if (r == -EILSEQ)
		return complain_bytes(reading, lines.number, why);
	return prompt_directive_close(reading);
}
