/* SPDX-License-Identifier: MIT */
#include "fs/prompt/prompt_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/prompt/prompt_text.h"

#define DIGITS "0123456789"
#define SPARE 16 /* bytes that a value has at least, however short it is */

enum prompt_value_kind prompt_value_of_setting(enum setting setting)
{
	switch (setting) {
	case SETTING_RATIO:
		return VALUE_RATIO;
	case SETTING_NUMBER:
		return VALUE_COUNT;
	case SETTING_RESOLUTION:
		return VALUE_RESOLUTION;
	case SETTING_DURATION:
		return VALUE_SECONDS;
	case SETTING_AUDIO:
	case SETTING_WEB_SEARCH:
		return VALUE_FLAG;
	case SETTING_NEGATIVE:
		return VALUE_TEXT;
	case SETTING_WEBHOOK:
		return VALUE_PLACE;
	default:
		return VALUE_WORD;
	}
}

enum prompt_value_kind prompt_value_of_field(const struct tool_field *field)
{
	if (tool_type_is_input(field->type))
		return VALUE_PLACE;
	switch (field->type) {
	case TOOL_WORD:
		if (strcmp(field->key, "resolution") == 0)
			return VALUE_RESOLUTION;
		return strcmp(field->name, "aspect_ratio") == 0 ? VALUE_RATIO : VALUE_WORD;
	case TOOL_INTEGER:
		return strcmp(field->key, "duration") == 0 ? VALUE_SECONDS : VALUE_WORD;
	case TOOL_BOOLEAN:
		return VALUE_FLAG;
	case TOOL_COLOUR:
		return VALUE_COLOUR;
	case TOOL_SIZE:
		return VALUE_SIZE;
	case TOOL_POINT:
		return VALUE_POINT;
	case TOOL_DECIMAL:
	case TOOL_NAMED:
	case TOOL_RECTANGLES:
	case TOOL_KILOBYTES:
		return VALUE_WORD;
	default:
		return strcmp(field->name, "aspect_ratio") == 0 ? VALUE_RATIO : VALUE_TEXT;
	}
}

/* One pair of quotes, or of angle brackets, around the whole. */
static void unquote(const char **value, size_t *length)
{
	static const char *const pairs[][2] = {{"\"", "\""}, {"'", "'"}, {"`", "`"}, {"<", ">"},
		{"\xe2\x80\x9c", "\xe2\x80\x9d"}, {"\xe2\x80\x9e", "\xe2\x80\x9c"},
		{"\xe2\x80\x9e", "\xe2\x80\x9d"}, {"\xe2\x80\x9d", "\xe2\x80\x9d"},
		{"\xe2\x80\x98", "\xe2\x80\x99"}, {"\xe2\x80\x9a", "\xe2\x80\x98"},
		{"\xc2\xab", "\xc2\xbb"}, {"\xc2\xbb", "\xc2\xab"},
		{"\xe3\x80\x8c", "\xe3\x80\x8d"}, {"\xe3\x80\x8e", "\xe3\x80\x8f"},
		{"\xef\xbc\x82", "\xef\xbc\x82"}};

	for (size_t i = 0; i < array_length(pairs); i++) {
		size_t first = strlen(pairs[i][0]), last = strlen(pairs[i][1]);
		if (*length <= first + last || memcmp(*value, pairs[i][0], first) != 0 ||
			memcmp(*value + *length - last, pairs[i][1], last) != 0)
			continue;
		*value += first;
		*length -= first + last;
		prompt_trim(value, length);
		return;
	}
}

static void cut_end(char *value, const char *what)
{
	size_t length = strlen(value);

	while (length > 0 && strchr(what, value[length - 1]))
		value[--length] = '\0';
}

static void remove_blanks(char *value)
{
	char *to = value;

	for (const char *from = value; *from; from++)
		if (*from != ' ')
			*to++ = *from;
	*to = '\0';
}

/* "16x9", "16 / 9", "16 by 9" with one separator; what follows, as in "16:9(4k)", stays. */
static void pair(char *value, const char *separators, char separator)
{
	CLEANUP_FREE char *copy = strdup(value);

	if (!copy)
		return;
	remove_blanks(copy);
	size_t first = strspn(copy, DIGITS);
	const char *between = copy + first, *second = between + 1;
	if (strncasecmp(between, "by", 2) == 0 || strncasecmp(between, "to", 2) == 0)
		second = between + 2;
	else if (!*between || !strchr(separators, *between))
		return;
	size_t digits = strspn(second, DIGITS);
	if (first == 0 || digits == 0)
		return;
	/* not longer than it was */
	snprintf(value, strlen(value) + 1, "%.*s%c%s", (int)first, copy, separator, second);
}

/* A spreadsheet takes 16:9 for a time of day, and saves it as "16:09:00" or "04:09:00 PM". */
static void pair_of_time(char *value)
{
	CLEANUP_FREE char *copy = strdup(value);
	unsigned first = 0, second = 0, seconds = 0;
	int end = 0;

	if (!copy)
		return;
	remove_blanks(copy);
	if (strpbrk(copy, "+-") || sscanf(copy, "%2u:%2u%n", &first, &second, &end) != 2)
		return;
	if (copy[end] == ':' && sscanf(copy, "%2u:%2u:%2u%n", &first, &second, &seconds, &end) != 3)
		return;
	bool after_noon = strcasecmp(copy + end, "pm") == 0;
	if (seconds != 0 || (copy[end] != '\0' && !after_noon && strcasecmp(copy + end, "am") != 0))
		return;
	if (after_noon && first < 12)
		first += 12;
	if (first > 0 && second > 0)
		snprintf(value, strlen(value) + 1, "%u:%u", first, second);
}

static void tidy_ratio(char *value)
{
	pair(value, ":xX/", ':');
	pair_of_time(value);
}

/* A number with a word behind it that says what is counted: the number alone. */
static void count(char *value, const char *const *words)
{
	size_t digits = strspn(value, DIGITS), end = digits;

	if (digits == 0)
		return;
	if (strncmp(value + end, ".0", 2) == 0 && strspn(value + end + 2, DIGITS) == 0)
		end += 2;
	const char *word = value + end + strspn(value + end, " -");
	for (size_t i = 0; words[i]; i++) {
		if (strcasecmp(word, words[i]) == 0) {
			value[digits] = '\0';
			return;
		}
	}
}

static void tidy_count(char *value)
{
	static const char *const words[] = {"x", "image", "images", "picture", "pictures", "video",
		"videos", "film", "films", "result", "results", "times", NULL};

	if ((value[0] == 'x' || value[0] == 'X') && strspn(value + 1, DIGITS) > 0)
		memmove(value, value + 1, strlen(value));
	count(value, words);
}

static void tidy_seconds(char *value)
{
	static const char *const words[] = {
		"", "s", "sec", "secs", "second", "seconds", "\"", "\xe7\xa7\x92", NULL};

	count(value, words);
}

/* "1080" and "1080 P". Callers leave room for SPARE bytes, here and below. */
static void tidy_resolution(char *value)
{
	static const char *const heights[] = {
		"240", "360", "480", "540", "580", "720", "1080", "1440", "2160"};

	remove_blanks(value);
	for (size_t i = 0; i < array_length(heights); i++)
		if (strcmp(value, heights[i]) == 0)
			snprintf(value, SPARE, "%sp", heights[i]);
}

static void tidy_flag(char *value)
{
	static const char *const words[][2] = {{"y", "yes"}, {"n", "no"}, {"enabled", "yes"},
		{"disabled", "no"}, {"enable", "yes"}, {"disable", "no"}};

	for (size_t i = 0; i < array_length(words); i++)
		if (strcasecmp(value, words[i][0]) == 0)
			snprintf(value, SPARE, "%s", words[i][1]);
}

/* "ff8800" and "#f80". */
static void tidy_colour(char *value)
{
	char colour[8] = "#";
	const char *digits = value + (value[0] == '#');
	size_t length = strlen(digits);

	if (strspn(digits, "0123456789abcdefABCDEF") != length || (length != 3 && length != 6))
		return;
	for (size_t i = 0; i < 6; i++)
		colour[1 + i] = digits[length == 6 ? i : i / 2];
	snprintf(value, SPARE, "%s", colour);
}

static void tidy_point(char *value)
{
	size_t length = strlen(value);

	if (length > 2 && value[0] == '(' && value[length - 1] == ')') {
		memmove(value, value + 1, length - 2);
		value[length - 2] = '\0';
	}
	pair(value, ",;", ',');
}

static void tidy_size(char *value)
{
	size_t length = strlen(value);

	if (length > 2 && strcasecmp(value + length - 2, "px") == 0)
		value[length - 2] = '\0';
	pair(value, "xX*", 'x');
}

char *prompt_value_tidy(enum prompt_value_kind kind, const char *value, size_t length)
{
	char *text;

	prompt_trim(&value, &length);
	if (kind == VALUE_TEXT)
		return strndup(value, length);
	unquote(&value, &length);
	if (kind == VALUE_PLACE)
		return strndup(value, length);
	CLEANUP_FREE char *plain = prompt_plain(value, length);
	/* room for what is added below */
	if (!plain || asprintf(&text, "%s%*s", plain, SPARE, "") < 0)
		return NULL;
	cut_end(text, " ");
	cut_end(text, ",;.");
	if (kind == VALUE_RATIO)
		tidy_ratio(text);
	else if (kind == VALUE_COUNT)
		tidy_count(text);
	else if (kind == VALUE_SECONDS)
		tidy_seconds(text);
	else if (kind == VALUE_RESOLUTION)
		tidy_resolution(text);
	else if (kind == VALUE_FLAG)
		tidy_flag(text);
	else if (kind == VALUE_COLOUR)
		tidy_colour(text);
	else if (kind == VALUE_SIZE)
		tidy_size(text);
	else if (kind == VALUE_POINT)
		tidy_point(text);
	return text;
}

bool prompt_value_is_url(const char *value)
{
	return strncasecmp(value, "https://", 8) == 0 || strncasecmp(value, "http://", 7) == 0;
}

bool prompt_value_is_place(const char *value)
{
	static const char *const suffixes[] = {"png", "jpg", "jpeg", "webp", "gif", "avif", "svg",
		"bmp", "tiff", "heic", "mp4", "webm", "mov", "m4v", "mkv", "mp3", "wav", "m4a",
		"ogg", "flac"};
	const char *dot = strrchr(value, '.');

	if (prompt_value_is_url(value) || strncasecmp(value, "file://", 7) == 0 ||
		strncasecmp(value, "data:", 5) == 0 || strncmp(value, "../", 3) == 0 ||
		strncmp(value, "./", 2) == 0)
		return true;
	if (value[0] == '/' && value[1] && value[1] != ' ')
		return true;
	for (size_t i = 0; dot && i < array_length(suffixes); i++)
		if (strcasecmp(dot + 1, suffixes[i]) == 0)
			return true;
	return false;
}

bool prompt_value_is_pair(const char *value, const char *between)
{
	size_t first = strspn(value, DIGITS);

	if (first == 0 || !value[first] || !strchr(between, value[first]))
		return false;
	size_t second = strspn(value + first + 1, DIGITS);
	return second > 0 && value[first + 1 + second] == '\0';
}

bool prompt_value_is_number(const char *value)
{
	value += *value == '-' || *value == '+';
	size_t digits = strspn(value, DIGITS), more = 0;

	value += digits;
	if (*value == '.' || *value == ',') {
		value++;
		more = strspn(value, DIGITS);
		value += more;
	}
	return digits + more > 0 && *value == '\0';
}
