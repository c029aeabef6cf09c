/* SPDX-License-Identifier: MIT */
/* Lines that may be directives: "key: value", what was meant to be one, and what other tools call one. */
#include "fs/prompt/prompt_reading.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/message.h"
#include "fs/prompt/prompt_foreign.h"
#include "fs/prompt/prompt_text.h"

/* A line in its parts. */
struct parts {
	const char *line;
	size_t length;
	char separator; /* ':' '=' ';' 0: there is none */
	size_t key_length;
	const char *value;
	size_t value_length;
	bool dressed; /* bullets, quotes or asterisks around the key: other people's forms */
	bool is_key;  /* `folded` is set */
	char folded[PROMPT_KEY_MAX + 1];
};

/* Bytes of the separator at data, and what it stands for; 0: there is none. */
static size_t separator(const char *data, size_t length, char *ret_separator)
{
	static const struct {
		const char *bytes;
		char separator;
	} separators[] = {{":", ':'}, {"=", '='}, {";", ';'}, {"\xef\xbc\x9a", ':'},
		{"\xef\xb9\x95", ':'}, {"\xef\xb8\x93", ':'}, {"\xe2\x88\xb6", ':'},
		{"\xea\x9e\x89", ':'}, {"\xef\xbc\x9d", '='}, {"\xef\xbc\x9b", ';'}};

	for (size_t i = 0; i < array_length(separators); i++) {
		size_t width = strlen(separators[i].bytes);
		if (length >= width && memcmp(data, separators[i].bytes, width) == 0) {
			*ret_separator = separators[i].separator;
			return width;
		}
	}
	return 0;
}

/* Takes bullets, quotes and asterisks off both ends. */
static bool undress(const char **data, size_t *length, const char *marks)
{
	size_t before = *length;

	for (prompt_trim(data, length); *length > 0; prompt_trim(data, length)) {
		if (strchr(marks, **data)) {
			(*data)++;
			(*length)--;
		} else if (strchr(marks, (*data)[*length - 1])) {
			(*length)--;
		} else if (*length >= 3 && memcmp(*data, "\xe2\x80\xa2", 3) == 0) {
			*data += 3;
			*length -= 3;
		} else {
			break;
		}
	}
	return *length < before;
}

static void split(struct parts *parts, const char *line, size_t length)
{
	size_t at = 0, width = 0;

	*parts = (struct parts){.line = line, .length = length};
	while (at < length && (width = separator(line + at, length - at, &parts->separator)) == 0)
		at++;
	parts->key_length = at;
	parts->value = line + at + width;
	parts->value_length = length - at - width;
	prompt_trim(&parts->value, &parts->value_length);
	parts->is_key = prompt_key_fold(line, at, parts->folded);
	if (parts->is_key)
		return;
	const char *key = line;
	size_t key_length = at;
	parts->dressed = undress(&key, &key_length, "*+>\"'`[({") &&
			 prompt_key_fold(key, key_length, parts->folded);
	parts->is_key = parts->dressed;
	if (parts->dressed)
		undress(&parts->value, &parts->value_length, "*\"'`,])}");
}

static int complain_colon(struct prompt_reading *reading, int line, const struct prompt_key *key,
	const char *value, size_t length)
{
	CLEANUP_FREE char *shown = message_quoten(value, length);

	if (!shown)
		return -ENOMEM;
	int r = prompt_reading_error(
		reading, line, "write '%s: %s', or " PROMPT_ESCAPE_HINT, key->name, shown);
	return r < 0 ? r : 1;
}

static int complain_near(struct prompt_reading *reading, int line, const struct prompt_key *near,
	const char *data, size_t length)
{
	CLEANUP_FREE char *shown = message_quoten(data, length);

	if (!shown)
		return -ENOMEM;
	int r = prompt_reading_error(reading, line,
		"'%s' looks like the setting '%s'; correct it, or " PROMPT_ESCAPE_HINT, shown,
		near->name);
	return r < 0 ? r : 1;
}

static int complain_foreign(struct prompt_reading *reading, int line, int r, const char *message)
{
	if (r <= 0)
		return r;
	r = prompt_reading_error(reading, line, "%s, or " PROMPT_ESCAPE_HINT, message);
	return r < 0 ? r : 1;
}

/* "images", "videos": fields of the service, and words of prose. */
static bool is_plural(const struct prompt_key *key)
{
	return key->kind == KEY_REF && key->trust == KEY_SERVICES && !strchr(key->word, ' ');
}

/* The key is one of this directory's. */
static int read_known(struct prompt_reading *reading, int line, size_t indent,
	const struct prompt_key *key, const struct parts *parts)
{
	bool fits = prompt_directive_fits(reading, key, false, parts->value, parts->value_length);
	int r;

	if (key->trust == KEY_SLIP && parts->separator != ';' && !parts->dressed)
		return complain_near(reading, line, key, parts->line, parts->key_length);
	if (parts->dressed || parts->separator == ';')
		return fits ? complain_colon(reading, line, key, parts->value, parts->value_length)
			    : 0;
	if ((key->trust == KEY_IF_FITS || key->trust == KEY_SLIP_IF_FITS) && !fits)
		return 0;
	if (key->trust == KEY_SLIP_IF_FITS)
		return complain_colon(reading, line, key, parts->value, parts->value_length);
	if (is_plural(key) && !fits && memchr(parts->value, ' ', parts->value_length))
		return 0;
	if (parts->separator == '=')
		return key->kind == KEY_WORDS ? 0
					      : complain_colon(reading, line, key, parts->value,
							parts->value_length);
	r = prompt_directive_read(reading, line, indent, key, parts->value, parts->value_length);
	return r < 0 ? r : 1;
}

/* "image 1: a.png", "image2: b.png": inputs are not numbered here. */
static const struct prompt_key *find_numbered(
	const struct prompt_reading *reading, const struct parts *parts)
{
	char folded[PROMPT_KEY_MAX + 1];
	size_t length = strlen(parts->folded), kept = length;

	while (kept > 0 && strchr("0123456789 ", parts->folded[kept - 1]))
		kept--;
	if (kept == 0 || kept == length)
		return NULL;
	memcpy(folded, parts->folded, kept);
	folded[kept] = '\0';
	const struct prompt_key *key = prompt_key_find(&reading->keys, folded);
	return key && (key->kind == KEY_REF || key->kind == KEY_FIELD) &&
			       prompt_directive_fits(
				       reading, key, false, parts->value, parts->value_length)
		       ? key
		       : NULL;
}

/* The key is none of this directory's. */
static int read_unknown(struct prompt_reading *reading, int line, const struct parts *parts)
{
	CLEANUP_FREE char *message = NULL;
	bool is_word;

	/* "(steps:1.3)" is how others weigh a word */
	if (parts->line[0] == '(')
		return 0;
	const struct prompt_key *numbered = find_numbered(reading, parts);
	if (numbered)
		return complain_colon(reading, line, numbered, parts->value, parts->value_length);
	int r = prompt_foreign_key(reading->model, reading->models, parts->folded, parts->value,
		parts->value_length, &message);

	if (r != 0)
		return complain_foreign(reading, line, r, message);
	if (parts->separator == ';' || parts->dressed)
		return 0;
	const struct prompt_key *near = prompt_key_near(&reading->keys, parts->folded, &is_word);
	if (!near || (is_word && !prompt_directive_fits(
					 reading, near, true, parts->value, parts->value_length)))
		return 0;
	return complain_near(reading, line, near, parts->line, parts->key_length);
}

/* "ratio - 16:9" */
static void skip_dash(const char **value, size_t *length)
{
	static const char *const dashes[] = {
		"- ", "-> ", "=> ", "\xe2\x80\x93 ", "\xe2\x80\x94 ", "\xe2\x86\x92 "};

	for (size_t i = 0; i < array_length(dashes); i++) {
		size_t width = strlen(dashes[i]);
		if (*length > width && memcmp(*value, dashes[i], width) == 0) {
			*value += width;
			*length -= width;
			prompt_trim(value, length);
			return;
		}
	}
}

/* The line has no separator, or what is in front of it is no key: "ratio 16:9". */
static int read_loose(struct prompt_reading *reading, int line, const char *data, size_t length)
{
	CLEANUP_FREE char *message = NULL;
	size_t at = 0;
	const struct prompt_key *key = prompt_key_begin(&reading->keys, data, length, &at);

	if (key) {
		const char *value = data + at;
		size_t value_length = length - at;
		prompt_trim(&value, &value_length);
		skip_dash(&value, &value_length);
		if (prompt_directive_fits(reading, key, false, value, value_length))
			return complain_colon(reading, line, key, value, value_length);
	}
	int r = prompt_foreign_words(reading->model, reading->models, data, length, &message);
	return complain_foreign(reading, line, r, message);
}

/* "dry run" needs no value. */
static int read_bare(struct prompt_reading *reading, int line, const char *data, size_t length,
	const char *folded)
{
	const struct prompt_key *key = prompt_key_find(&reading->keys, folded);
	bool is_word;

	if (key && key->kind == KEY_DRY_RUN) {
		int r = prompt_directive_read(reading, line, 0, key, "yes", strlen("yes"));
		return r < 0 ? r : 1;
	}
	key = prompt_key_near(&reading->keys, folded, &is_word);
	return key && key->kind == KEY_DRY_RUN ? complain_near(reading, line, key, data, length)
					       : 0;
}

int prompt_line_read(
	struct prompt_reading *reading, int line, size_t indent, const char *data, size_t length)
{
	struct parts parts;

	split(&parts, data, length);
	if (!parts.separator && parts.is_key && !parts.dressed) {
		int r = read_bare(reading, line, data, length, parts.folded);
		if (r != 0)
			return r;
	}
	if (!parts.separator || !parts.is_key)
		return read_loose(reading, line, data, length);
	const struct prompt_key *key = prompt_key_find(&reading->keys, parts.folded);
	if (key)
		return read_known(reading, line, indent, key, &parts);
	int r = read_unknown(reading, line, &parts);
	return r != 0 ? r : read_loose(reading, line, data, length);
}
