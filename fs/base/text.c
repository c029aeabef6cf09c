/* SPDX-License-Identifier: MIT */
#include "fs/base/text.h"

#include <stdint.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/str.h"
#include "fs/base/text_key.h"

static const struct {
	uint32_t first, last;
} unclean[] = {
	{0x0000, 0x001f}, {0x007f, 0x009f}, {0x061c, 0x061c}, {0x180e, 0x180e}, {0x200e, 0x200f},
	{0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};

static uint32_t code_point(const unsigned char *text, size_t size)
{
	static const unsigned char first[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t code = text[0] & first[size];

	for (size_t i = 1; i < size; i++)
		code = code << 6 | (text[i] & 0x3f);
	return code;
}

/* The bytes of the character at `text`; *ret_clean: it may be shown. */
static size_t next(const char *text, size_t length, bool *ret_clean)
{
	*ret_clean = text[0] >= ' ' && text[0] <= '~';
	if (*ret_clean)
		return 1;
	size_t size = str_utf8_next(text, length);
	*ret_clean = size > 0;
	if (size == 0)
		return 1;
	uint32_t code = code_point((const unsigned char *)text, size);
	for (size_t i = 0; i < array_length(unclean) && *ret_clean; i++)
		*ret_clean = code < unclean[i].first || code > unclean[i].last;
	return size;
}

/* What is shown for the beginning of `text`, which is not empty; returns how much of it that stands for. */
static size_t show(const char *text, size_t length, bool lines, const char **ret_shown, size_t *ret_size)
{
	bool clean;
	size_t size = next(text, length, &clean), key = text_key_at(text, length);

	if (key > 0) {
		*ret_shown = "***";
		*ret_size = 3;
		return key;
	}
	clean = clean || (lines && (text[0] == '\n' || text[0] == '\t'));
	*ret_shown = clean ? text : "?";
	*ret_size = clean ? size : 1;
	return size;
}

/* So much of its beginning is shown as it is, without a closer look. */
static size_t plain(const char *text, size_t length)
{
	const bool *begins = text_key_begins();
	size_t at = 0;

	while (at < length && text[at] >= ' ' && text[at] <= '~' && !begins[(unsigned char)text[at]])
		at++;
	return at;
}

size_t text_filter(char *text, size_t length, bool lines)
{
	size_t from = 0, to = 0;

	while (from < length) {
		const char *shown = text + from;
		size_t size = plain(shown, length - from);
		from += size > 0 ? size : show(text + from, length - from, lines, &shown, &size);
		memmove(text + to, shown, size);
		to += size;
	}
	return to;
}

void text_filter_buf(struct buf *text, bool lines)
{
	if (text->length == 0)
		return;
	text->length = text_filter(text->data, text->length, lines);
	text->data[text->length] = '\0';
}

size_t text_copy(char *to, size_t room, const char *text, size_t length)
{
	static const char cut[] = "…";
	const size_t cut_size = sizeof(cut) - 1;
	size_t used = 0, fits = 0, size; /* fits: with the mark behind it */
	const char *shown;

	while (length > 0) {
		size_t step = show(text, length, false, &shown, &size);
		if (size > room - used)
			break;
		memcpy(to + used, shown, size);
		used += size;
		if (used + cut_size <= room)
			fits = used;
		text += step;
		length -= step;
	}
	if (length > 0 && room >= cut_size) {
		memcpy(to + fits, cut, cut_size);
		used = fits + cut_size;
	}
	return used;
}

bool text_is_clean(const char *text, size_t length)
{
	bool clean = true;

	for (size_t at = 0; at < length && clean;)
		at += next(text + at, length - at, &clean);
	return clean;
}

/* bash(1), zsh(1) and POSIX.1-2024 know $'...'. */
static void add_escaped(struct buf *text, const char *word)
{
	size_t length = strlen(word);
	bool clean;

	buf_adds(text, "$'");
	for (size_t at = 0, size; at < length; at += size) {
		size = next(word + at, length - at, &clean);
		if (!clean)
			for (size_t i = 0; i < size; i++)
				buf_addf(text, "\\%03o", (unsigned char)word[at + i]);
		else if (word[at] == '\'' || word[at] == '\\')
			buf_addf(text, "\\%c", word[at]);
		else
			buf_add(text, word + at, size);
	}
	buf_adds(text, "'");
}

static void add_quoted(struct buf *text, const char *word)
{
	buf_adds(text, "'");
	for (; *word != '\0'; word++)
		buf_addf(text, *word == '\'' ? "'\\''" : "%c", *word);
	buf_adds(text, "'");
}

char *text_shell(const char *word)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.,:@%+=/-";
	struct buf text;

	buf_init(&text, 8 * strlen(word) + 16);
	if (word[0] != '\0' && strspn(word, plain) == strlen(word))
		buf_adds(&text, word);
	else if (text_is_clean(word, strlen(word)))
		add_quoted(&text, word);
	else
		add_escaped(&text, word);
	char *shell = buf_steal(&text);
	buf_finish(&text);
	return shell;
}

void text_hide(const char *word)
{
	text_key_set(word);
}
