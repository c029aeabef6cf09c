/* SPDX-License-Identifier: MIT */
#include "fs/media/sniff.h"

#include <string.h>
#include <strings.h>

struct magic {
	size_t offset;
	const char *bytes;
	size_t length;
	const char *type;
};

/* file(1)'s magic for the formats that the service delivers or takes, and for what is taken for them. */
static const struct magic magics[] = {
	{0, "\x89PNG\r\n\x1a\n", 8, "png"},
	{0, "\xff\xd8\xff", 3, "jpg"},
	{8, "WEBP", 4, "webp"}, /* RIFF....WEBP */
	{8, "WAVE", 4, "wav"},
	{0, "GIF8", 4, "gif"},
	{4, "ftypavif", 8, "avif"},
	{4, "ftypavis", 8, "avif"},
	{4, "ftypheic", 8, "heic"},
	{4, "ftypmif1", 8, "heic"},
	{4, "ftypM4A ", 8, "m4a"},
	{4, "ftypqt  ", 8, "mov"},
	{4, "ftyp", 4, "mp4"},
	{4, "moov", 4, "mov"}, /* QuickTime as it was before there were brands */
	{4, "mdat", 4, "mov"},
	{4, "wide", 4, "mov"},
	{0, "\x1a\x45\xdf\xa3", 4, "webm"},
	{0, "ID3", 3, "mp3"},
	{0, "\xff\xfb", 2, "mp3"},
	{0, "\xff\xf3", 2, "mp3"},
	{0, "\xff\xf2", 2, "mp3"},
	{0, "\xff\xfa", 2, "mp3"},
	{0, "\xff\xe3", 2, "mp3"},
};

static size_t skip_blank(const char *text, size_t length)
{
	size_t at = 0;

	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		at = 3;
	while (at < length && strchr(" \t\r\n", text[at]) != NULL)
		at++;
	return at;
}

static const char *text_type(const char *text, size_t length)
{
	size_t at = skip_blank(text, length);

	if (length - at >= 5 && strncasecmp(text + at, "<html", 5) == 0)
		return "html";
	if (length - at >= 14 && strncasecmp(text + at, "<!doctype html", 14) == 0)
		return "html";
	if (length - at < 1 || text[at] != '<')
		return NULL;
	return memmem(text, length, "<svg", 4) != NULL ? "svg" : NULL;
}

const char *sniff_type(const void *data, size_t length)
{
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		const struct magic *magic = &magics[i];
		if (magic->offset + magic->length <= length &&
			memcmp((const char *)data + magic->offset, magic->bytes, magic->length) ==
				0)
			return magic->type;
	}
	return text_type(data, length < SNIFF_BYTES ? length : SNIFF_BYTES);
}
