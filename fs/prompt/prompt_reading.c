/* SPDX-License-Identifier: MIT */
#include "fs/prompt/prompt_reading.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/message.h"
#include "fs/prompt/prompt_keys.h"

#define REF_MAX 4096              /* bytes of a URL or path */
#define TAKE_MAX 200              /* bytes */
#define BOM "\xef\xbb\xbf"        /* U+FEFF, at the begin of files that Windows has saved */
#define WIDE_COLON "\xef\xbc\x9a" /* U+FF1A, what a Chinese or Japanese keyboard gives for ':' */

void prompt_reading_init(struct prompt_reading *reading, const struct model *model)
{
	*reading = (struct prompt_reading){.model = model};
	setting_values_init(&reading->given);
	buf_init(&reading->text, PROMPT_MAX_BYTES + 1);
}

void prompt_reading_finish(struct prompt_reading *reading)
{
	setting_values_finish(&reading->given);
	for (size_t i = 0; i < reading->ref_count; i++)
		free(reading->refs[i].value);
	for (size_t i = 0; i < reading->error_count; i++)
		free(reading->errors[i].text);
	free(reading->take);
	buf_finish(&reading->text);
}

int prompt_reading_error(struct prompt_reading *reading, int line, const char *format, ...)
{
	struct prompt_error *error = &reading->errors[reading->error_count];
	va_list args;

	if (reading->error_count == PROMPT_ERRORS_MAX)
		return 0;
	va_start(args, format);
	int r = vasprintf(&error->text, format, args);
	va_end(args);
	if (r < 0)
		return -ENOMEM;
	error->line = line;
	reading->error_count++;
	return 0;
}

static int complain_twice(struct prompt_reading *reading, int line, int earlier, const char *name)
{
	return prompt_reading_error(
		reading, line, "%s is already set on line %d; keep one of the two", name, earlier);
}

static int read_setting(
	struct prompt_reading *reading, int line, enum setting setting, const char *value)
{
	CLEANUP_FREE char *message = NULL;

	if (reading->lines[setting])
		return complain_twice(
			reading, line, reading->lines[setting], setting_name(setting));
	reading->lines[setting] = line;
	reading->wordy[setting] = strchr(value, ' ') != NULL;
	int r = setting_parse(&reading->given, setting, value, &message);
	if (r != -EINVAL)
		return r;
	return prompt_reading_error(reading, line, "%s%s", message,
		reading->wordy[setting] ? "; correct it, or " PROMPT_ESCAPE_HINT : "");
}

static bool has_scheme(const char *value, const char *scheme)
{
	return strncasecmp(value, scheme, strlen(scheme)) == 0;
}

static int read_ref(
	struct prompt_reading *reading, int line, const struct prompt_key *key, const char *value)
{
	enum prompt_ref_role role = (enum prompt_ref_role)key->which;
	bool is_url = has_scheme(value, "https://") || has_scheme(value, "http://");

	for (size_t i = 0; i < reading->ref_count; i++)
		if ((role == REF_FIRST_FRAME || role == REF_LAST_FRAME) &&
			reading->refs[i].role == role)
			return complain_twice(reading, line, reading->refs[i].line, key->word);
	if (strlen(value) > REF_MAX)
		return prompt_reading_error(
			reading, line, "%s: the value is longer than %d bytes", key->word, REF_MAX);
	if ((!is_url && (strstr(value, "://") || has_scheme(value, "data:"))) ||
		(is_url && strpbrk(value, " \t"))) {
		CLEANUP_FREE char *shown = message_quote(value);
		if (!shown)
			return -ENOMEM;
		return prompt_reading_error(reading, line,
			"%s '%s' is neither an http(s) URL nor a path on the mount", key->word,
			shown);
	}
	if (reading->ref_count == SETTING_REFS_MAX)
		return prompt_reading_error(reading, line,
			"%s: more than %d reference inputs; remove some", key->word,
			SETTING_REFS_MAX);
	char *copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	reading->refs[reading->ref_count++] =
		(struct prompt_ref){.role = role, .value = copy, .is_url = is_url, .line = line};
	return 0;
}

/* A line that is yes or no about the prompt itself. */
static int read_yes(struct prompt_reading *reading, int line, const char *name, const char *value,
	int *earlier, bool *ret_yes)
{
	if (*earlier)
		return complain_twice(reading, line, *earlier, name);
	*earlier = line;
	if (str_to_bool(value, ret_yes) == 0)
		return 0;
	CLEANUP_FREE char *shown = message_quote(value);
	if (!shown)
		return -ENOMEM;
	return prompt_reading_error(reading, line, "%s '%s' is neither yes nor no", name, shown);
}

static int read_dry_run(struct prompt_reading *reading, int line, const char *value)
{
	return read_yes(reading, line, "dry run", value, &reading->dry_run_line, &reading->dry_run);
}

static int read_take(struct prompt_reading *reading, int line, const char *value)
{
	if (reading->take_line)
		return complain_twice(reading, line, reading->take_line, "take");
	reading->take_line = line;
	if (strlen(value) > TAKE_MAX)
		return prompt_reading_error(
			reading, line, "take: the value is longer than %d bytes", TAKE_MAX);
	reading->take = strdup(value);
	return reading->take ? 0 : -ENOMEM;
}

static int read_directive(
	struct prompt_reading *reading, int line, const struct prompt_key *key, const char *value)
{
	if (!*value)
		return prompt_reading_error(reading, line,
			"%s has no value; write one, remove the line, or " PROMPT_ESCAPE_HINT,
			key->word);
	if (key->kind == KEY_SETTING)
		return read_setting(reading, line, (enum setting)key->which, value);
	if (key->kind == KEY_REF)
		return read_ref(reading, line, key, value);
	if (key->kind == KEY_TAKE)
		return read_take(reading, line, value);
	if (key->kind == KEY_FALLBACK)
		return read_yes(reading, line, key->word, value, &reading->fallback_line,
			&reading->fallback);
	return read_dry_run(reading, line, value);
}

/* Could this be a value of the key? Asked of lines that lack the colon, which prose mostly does not. */
static bool is_value(
	const struct prompt_reading *reading, const struct prompt_key *key, const char *value)
{
	CLEANUP(setting_values_finish) struct model_defaults parsed;
	CLEANUP_FREE char *message = NULL;
	int64_t number;
	bool yes;

	setting_values_init(&parsed);
	if (key->kind == KEY_REF)
		return has_scheme(value, "https://") || has_scheme(value, "http://");
	if (key->kind == KEY_TAKE)
		return str_to_int(value, 0, INT32_MAX, &number) == 0;
	if (key->kind == KEY_DRY_RUN || key->kind == KEY_FALLBACK)
		return str_to_bool(value, &yes) == 0;
	enum setting setting = (enum setting)key->which;
	if (setting == SETTING_NEGATIVE)
		return false;
	int r = setting_parse(&parsed, setting, value, &message);
	if (r == 0)
		r = setting_check(
			reading->model->spec, reading->model->kind, setting, &parsed, &message);
	return r != -EINVAL;
}

static int complain_colon(
	struct prompt_reading *reading, int line, const struct prompt_key *key, const char *value)
{
	CLEANUP_FREE char *shown = message_quote(value);

	if (!shown)
		return -ENOMEM;
	return prompt_reading_error(
		reading, line, "write '%s: %s', or " PROMPT_ESCAPE_HINT, key->word, shown);
}

static int complain_near(struct prompt_reading *reading, int line, const struct prompt_key *near,
	const char *data, size_t length)
{
	CLEANUP_FREE char *shown = message_quoten(data, length);

	if (!shown)
		return -ENOMEM;
	return prompt_reading_error(reading, line,
		"'%s' looks like the setting '%s'; correct it, or " PROMPT_ESCAPE_HINT, shown,
		prompt_key_name(near));
}

/* Length of the separator at data, 0 for none. */
static size_t separator(const char *data, size_t length)
{
	size_t wide = sizeof(WIDE_COLON) - 1;

	if (*data == ':' || *data == '=' || *data == ';')
		return 1;
	return length >= wide && memcmp(data, WIDE_COLON, wide) == 0 ? wide : 0;
}

/* 1: the line was a directive, or a slip that has been complained about; 0: it is prompt text. */
static int read_key_line(struct prompt_reading *reading, int line, const char *data, size_t length)
{
	char folded[PROMPT_KEY_MAX + 1];
	const struct prompt_key *key = NULL, *near = NULL;
	size_t at = 0, width = 0;

	while (at < length && (width = separator(data + at, length - at)) == 0)
		at++;
	if (at < length && prompt_key_fold(data, at, folded)) {
		key = prompt_key_find(folded);
		near = key || data[at] == ';' ? NULL : prompt_key_near(folded);
	}
	if (near) {
		int r = complain_near(reading, line, near, data, at);
		return r < 0 ? r : 1;
	}
	bool colon = key && data[at] == ':';
	bool maybe = !key || data[at] == ';'; /* prose has these forms too */
	if (!key) {
		width = 0;
		key = prompt_key_begin(data, length, &at);
		if (!key)
			return 0;
	}
	const char *value = data + at + width;
	size_t value_length = length - at - width;
	str_trim(&value, &value_length);
	CLEANUP_FREE char *copy = strndup(value, value_length);
	if (!copy)
		return -ENOMEM;
	if (!colon && maybe && !is_value(reading, key, copy))
		return 0;
	int r = colon ? read_directive(reading, line, key, copy)
		      : complain_colon(reading, line, key, copy);
	return r < 0 ? r : 1;
}

static int read_line(struct prompt_reading *reading, int line, const char *data, size_t length)
{
	char folded[PROMPT_KEY_MAX + 1];
	const char *trimmed = data;
	size_t trimmed_length = length;

	if (length > 0 && data[0] == '\\') {
		data++;
		length--;
	} else {
		str_trim(&trimmed, &trimmed_length);
		bool words = prompt_key_fold(trimmed, trimmed_length, folded);
		if (words && strcmp(folded, "dry run") == 0)
			return read_dry_run(reading, line, "yes");
		const struct prompt_key *near = words ? prompt_key_near(folded) : NULL;
		if (near && near->kind == KEY_DRY_RUN)
			return complain_near(reading, line, near, trimmed, trimmed_length);
		int r = read_key_line(reading, line, trimmed, trimmed_length);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	buf_add(&reading->text, data, length);
	return buf_add(&reading->text, "\n", 1);
}

static int complain_bytes(struct prompt_reading *reading, int line, const char *reason)
{
	reading->unreadable = true;
	return prompt_reading_error(reading, line, "%s", reason);
}

int prompt_lines_next(
	struct prompt_lines *lines, const char **ret_line, size_t *ret_length, const char **ret_why)
{
	if (lines->number == 0 && lines->length >= 3 && memcmp(lines->data, BOM, 3) == 0) {
		lines->data += 3;
		lines->length -= 3;
	}
	if (lines->length == 0)
		return 0;
	const char *line = lines->data, *end = memchr(line, '\n', lines->length);
	size_t length = end ? (size_t)(end - line) : lines->length;
	size_t step = end ? length + 1 : length;
	lines->number++;
	*ret_why = memchr(line, '\0', length)   ? "a NUL byte; a prompt file is plain UTF-8 text"
		   : !str_is_utf8(line, length) ? "not valid UTF-8; save the file as UTF-8 text"
						: NULL;
	if (*ret_why)
		return -EILSEQ;
	lines->data += step;
	lines->length -= step;
	*ret_line = line;
	*ret_length = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
	return 1;
}

int prompt_reading_read(struct prompt_reading *reading, const char *data, size_t length)
{
	struct prompt_lines lines = {.data = data, .length = length};
	const char *line, *why;
	int r;

	if (length > PROMPT_MAX_BYTES)
		return complain_bytes(reading, 0, "larger than 256 KiB; a prompt file is not");
	while ((r = prompt_lines_next(&lines, &line, &length, &why)) == 1) {
		r = read_line(reading, lines.number, line, length);
		if (r < 0)
			return r;
	}
	return r == -EILSEQ ? complain_bytes(reading, lines.number, why) : r;
}
