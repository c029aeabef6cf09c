/* SPDX-License-Identifier: MIT */
/* Answers that are one value, and the pieces that all answers are made of: addresses and texts. */
#include "fs/api/envelope_private.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "fs/api/wire.h"
#include "fs/base/cleanup.h"

static bool url_is_good(const char *url, size_t length)
{
	if (length > ENVELOPE_MAX_URL)
		return false;
	if (strncasecmp(url, "https://", 8) != 0 && strncasecmp(url, "http://", 7) != 0)
		return false;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)url[i] <= ' ' || url[i] == 0x7f)
			return false;
	return url[strcspn(url, ":") + 3] != '\0';
}

int envelope_add_url(struct strlist *urls, const char *url)
{
	size_t length = strlen(url);
	char *copy CLEANUP_FREE = NULL;

	str_trim(&url, &length);
	if (length == 0)
		return 0;
	copy = strndup(url, length);
	if (!copy)
		return -ENOMEM;
	if (strlist_has(urls, copy))
		return 0;
	if (!url_is_good(copy, length) || urls->count >= ENVELOPE_MAX_URLS)
		return 1;
	return strlist_add(urls, copy);
}

static int add_refused(struct strlist *urls, const char *url)
{
	size_t length = strnlen(url, ENVELOPE_MAX_REFUSED);
	char *text CLEANUP_FREE = NULL;

	if (urls->count >= ENVELOPE_MAX_URLS)
		return 0;
	while (length > 0 && ((unsigned char)url[length] & 0xc0) == 0x80)
		length--;
	if (asprintf(&text, ENVELOPE_REFUSED "%.*s", (int)length, url) < 0) {
		text = NULL;
		return -ENOMEM;
	}
	for (char *c = text; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			*c = '?';
	return strlist_has(urls, text) ? 0 : strlist_add(urls, text);
}

int envelope_add_result(struct strlist *urls, const json_t *element)
{
	static const char *const keys[] = {
		"url", "image_url", "video_url", "audio_url", "src", "file_url", "download_url", NULL};

	if (json_is_object(element))
		element = wire_get(element, keys);
	if (!json_is_string(element))
		return 0;
	int r = envelope_add_url(urls, json_string_value(element));
	return r == 1 ? add_refused(urls, json_string_value(element)) : r;
}

char *envelope_copy_text(const char *text)
{
	size_t length = strlen(text);

	if (length > ENVELOPE_MAX_LYRICS) {
		length = ENVELOPE_MAX_LYRICS;
		while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
			length--;
	}
	char *copy = strndup(text, length);
	for (char *c = copy; c && *c; c++)
		if (((unsigned char)*c < ' ' && *c != '\n' && *c != '\t') || *c == 0x7f)
			*c = ' ';
	return copy;
}

/* NAN: it is none. */
static double read_decimal(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	return end != text && *end == '\0' ? value : NAN;
}

int envelope_balance(int http_status, const char *body, size_t length, double *ret_credits,
	struct api_error *error)
{
	json_t *root CLEANUP_JSON = NULL;
	static const char *const keys[] = {"balance", "credits", NULL};
	const json_t *data;
	double credits = NAN;
	int r = wire_open(http_status, body, length, &root, error);

	if (r < 0)
		return r;
	data = json_object_get(root, "data");
	if (json_is_object(data))
		data = wire_get(data, keys);
	if (json_is_number(data))
		credits = json_number_value(data);
	else if (json_is_string(data))
		credits = read_decimal(json_string_value(data));
	if (!isfinite(credits))
		return wire_not_understood(error, http_status, "the answer has no balance");
	*ret_credits = credits;
	return 0;
}

int envelope_uploaded(
	int http_status, const char *body, size_t length, char **ret_url, struct api_error *error)
{
	static const char *const keys[] = {"object_url_list", "object_url", "url", "file_url",
		"public_url", "files", "list", NULL};
	json_t *root CLEANUP_JSON = NULL;
	CLEANUP(strlist_finish) struct strlist found = {0};
	const json_t *value;
	int r = wire_open(http_status, body, length, &root, error);

	if (r < 0)
		return r;
	value = json_object_get(root, "data");
	if (json_is_object(value))
		value = wire_get(value, keys);
	r = envelope_add_result(&found, json_is_array(value) ? json_array_get(value, 0) : value);
	if (r < 0)
		return wire_no_memory(error, http_status);
	if (found.count != 1 ||
		strncmp(found.items[0], ENVELOPE_REFUSED, strlen(ENVELOPE_REFUSED)) == 0)
		return wire_not_understood(
			error, http_status, "the answer has no address of the upload");
	*ret_url = steal(&found.items[0]);
	return 0;
}

int envelope_text(int http_status, const char *body, size_t length, const char *member,
	char **ret_text, struct api_error *error)
{
	json_t *root CLEANUP_JSON = NULL;
	int r = wire_open(http_status, body, length, &root, error);

	if (r < 0)
		return r;
	const char *text = wire_text(json_object_get(root, "data"), member);
	if (!text)
		return wire_not_understood(error, http_status, "the answer has no text");
	char *copy = envelope_copy_text(text);
	if (!copy)
		return wire_no_memory(error, http_status);
	*ret_text = copy;
	return 0;
}

static int add_speaker(struct strlist *speakers, const json_t *speaker)
{
	static const char *const id_keys[] = {"speaker_id", "speakerId", "id", NULL};
	static const char *const name_keys[] = {"speaker_name", "speakerName", "name", NULL};
	const char *id = json_string_value(wire_get(speaker, id_keys));
	const char *name = json_string_value(wire_get(speaker, name_keys));
	char text[256], clean[256];

	if (!id || !*id)
		return 0;
	snprintf(text, sizeof(text), name && *name ? "%s (%s)" : "%s", id, name);
	wire_printable(text, clean, sizeof(clean));
	return strlist_add(speakers, clean);
}

int envelope_speakers(int http_status, const char *body, size_t length, struct strlist *ret_speakers,
	struct api_error *error)
{
	static const char *const keys[] = {"speakers", "list", "items", NULL};
	json_t *root CLEANUP_JSON = NULL;
	CLEANUP(strlist_finish) struct strlist speakers = {0};
	int r = wire_open(http_status, body, length, &root, error);

	if (r < 0)
		return r;
	const json_t *list = json_object_get(root, "data");
	if (json_is_object(list))
		list = wire_get(list, keys);
	for (size_t i = 0; i < json_array_size(list) && i < ENVELOPE_MAX_SPEAKERS && r == 0; i++)
		r = add_speaker(&speakers, json_array_get(list, i));
	if (r < 0)
		return wire_no_memory(error, http_status);
	if (speakers.count == 0)
		return wire_not_understood(error, http_status, "the answer names no speaker");
	*ret_speakers = speakers;
	speakers = (struct strlist){0};
	return 0;
}
