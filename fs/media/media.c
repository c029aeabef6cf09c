/* SPDX-License-Identifier: MIT */
#include "fs/media/media.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/message.h"

static const struct {
	const char *type, *content_type, *what;
	enum api_kind kind;
	bool taken;
} types[] = {
	{"png", "image/png", "a picture", API_IMAGE, true},
	{"jpg", "image/jpeg", "a picture", API_IMAGE, true},
	{"webp", "image/webp", "a picture", API_IMAGE, true},
	{"gif", "image/gif", "a picture", API_IMAGE, false},
	{"avif", "image/avif", "a picture", API_IMAGE, false},
	{"heic", "image/heic", "a picture", API_IMAGE, false},
	{"svg", "image/svg+xml", "a picture", API_IMAGE, false},
	{"mp4", "video/mp4", "a video", API_VIDEO, true},
	{"mov", "video/quicktime", "a video", API_VIDEO, true},
	{"webm", "video/webm", "a video", API_VIDEO, false},
	{"m4a", "audio/mp4", "a sound", API_AUDIO, false},
	{"mp3", "audio/mpeg", "a sound", API_AUDIO, true},
	{"wav", "audio/wav", "a sound", API_AUDIO, true},
	{"html", "text/html", "a web page", API_TEXT, false},
	{"text", "text/plain", "a text", API_TEXT, false},
};

static bool fits(enum api_kind kind, const char *type)
{
	for (size_t i = 0; type != NULL && i < array_length(types); i++)
		if (strcmp(types[i].type, type) == 0)
			return types[i].taken && types[i].kind == kind;
	return false;
}

enum api_kind media_kind(const char *type)
{
	for (size_t i = 0; type != NULL && i < array_length(types); i++)
		if (strcmp(types[i].type, type) == 0)
			return types[i].kind;
	return API_KIND_COUNT;
}

const char *media_type(size_t i)
{
	return i < array_length(types) ? types[i].type : NULL;
}

static const char *formats_of(enum api_kind kind)
{
	return kind == API_IMAGE   ? "jpg, png and webp"
	       : kind == API_VIDEO ? "mp4 and mov"
				   : "mp3 and wav";
}

const char *media_noun(enum api_kind kind)
{
	return kind == API_IMAGE ? "picture" : kind == API_VIDEO ? "video" : "sound";
}

static int64_t max_bytes(enum api_kind kind)
{
	/* the stricter of the two sets of API reference 3.9 */
	return kind == API_IMAGE ? 10000000 : 50000000;
}

const char *media_content_type(const char *type)
{
	for (size_t i = 0; i < array_length(types); i++)
		if (strcmp(types[i].type, type) == 0)
			return types[i].content_type;
	return "application/octet-stream";
}

static void describe(const char *type, char *text, unsigned size)
{
	for (size_t i = 0; type != NULL && i < array_length(types); i++) {
		if (strcmp(types[i].type, type) != 0)
			continue;
		snprintf(text, size, "%s (%s)", types[i].what, type);
		return;
	}
	snprintf(text, size, "something else, whatever its name says");
}

int media_check_type(enum api_kind kind, const char *type, char **ret_text)
{
	char what[80];

	if (fits(kind, type))
		return 0;
	describe(type, what, sizeof(what));
	return message_refuse(ret_text, "is no %s that the service takes but %s; it takes %s",
		media_noun(kind), what, formats_of(kind));
}

int media_check_size(enum api_kind kind, int64_t size, char **ret_text)
{
	int64_t most = max_bytes(kind);

	if (size == 0)
		return message_refuse(ret_text, "is empty");
	if (size <= most)
		return 0;
	return message_refuse(ret_text, "has %.1f MB; the service takes %ss up to %" PRId64 " MB",
		(double)size / 1e6, media_noun(kind), most / 1000000);
}

void media_describe_limits(enum api_kind kind, char *text, unsigned size)
{
	snprintf(text, size, "%s of up to %" PRId64 " MB", formats_of(kind),
		max_bytes(kind) / 1000000);
}
