/* SPDX-License-Identifier: MIT */
/* What a directive says: settings, inputs, fields of a tool, and what is about the prompt itself. */
#include "fs/prompt/prompt_reading.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/message.h"
#include "fs/prompt/prompt_foreign.h"
#include "fs/prompt/prompt_value.h"

#define REF_MAX 4096 /* bytes of a URL or path */
#define TAKE_MAX 200 /* bytes */

static int refuse_twice(struct prompt_reading *reading, int line, int earlier, const char *name)
{
	return prompt_reading_error(
		reading, line, "%s is already set on line %d; keep one of the two", name, earlier);
}

static int parse_setting(struct prompt_reading *reading, enum setting setting, const char *value)
{
	CLEANUP_FREE char *message = NULL;
	int r = setting_parse(&reading->given, setting, value, &message);

	if (r != -EINVAL)
		return r;
	return prompt_reading_error(reading, reading->lines[setting], "%s%s", message,
		reading->wordy[setting] ? "; correct it, or " PROMPT_ESCAPE_HINT : "");
}

int prompt_directive_close(struct prompt_reading *reading)
{
	struct prompt_negative *negative = &reading->negative;

	if (!negative->open)
		return 0;
	negative->open = false;
	if (!buf_ok(&negative->text))
		return -ENOMEM;
	if (negative->text.length == 0)
		return prompt_reading_error(reading, reading->lines[SETTING_NEGATIVE],
			"negative has no value; write one, remove the line, "
			"or " PROMPT_ESCAPE_HINT);
	return parse_setting(reading, SETTING_NEGATIVE, negative->text.data);
}

static int read_setting(struct prompt_reading *reading, int line, size_t indent,
	enum setting setting, const char *value)
{
	CLEANUP_FREE char *message = NULL;

	if (reading->lines[setting])
		return refuse_twice(
			reading, line, reading->lines[setting], setting_name(setting));
	reading->lines[setting] = line;
	reading->wordy[setting] = strchr(value, ' ') != NULL;
	if (setting != SETTING_NEGATIVE)
		return parse_setting(reading, setting, value);
	int r = prompt_foreign_option(value, strlen(value), &message);
	if (r > 0)
		r = prompt_reading_error(reading, line, "%s", message);
	reading->negative.open = true;
	reading->negative.indent = indent;
	buf_adds(&reading->negative.text, value);
	return r;
}

/* Into the prompt's list of inputs. `name`: what the line calls it. */
static int add_ref(struct prompt_reading *reading, int line, enum prompt_ref_role role, int item,
	const char *name, const char *value)
{
	bool is_url = prompt_value_is_url(value);

	if (strlen(value) > REF_MAX)
		return prompt_reading_error(
			reading, line, "%s: the value is longer than %d bytes", name, REF_MAX);
	if ((!is_url && strstr(value, "://") && strncasecmp(value, "file://", 7) != 0) ||
		strncasecmp(value, "data:", 5) == 0 || (is_url && strpbrk(value, " \t"))) {
		CLEANUP_FREE char *shown = message_quote(value);
		if (!shown)
			return -ENOMEM;
		return prompt_reading_error(reading, line,
			"%s '%s' is neither an http(s) URL nor a path on the mount", name, shown);
	}
	if (reading->ref_count == SETTING_REFS_MAX)
		return prompt_reading_error(reading, line,
			"%s: more than %d reference inputs; remove some", name, SETTING_REFS_MAX);
	char *copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	reading->refs[reading->ref_count++] = (struct prompt_ref){
		.role = role, .value = copy, .is_url = is_url, .line = line, .item = item};
	return 0;
}

static int read_ref(
	struct prompt_reading *reading, int line, const struct prompt_key *key, const char *value)
{
	enum prompt_ref_role role = (enum prompt_ref_role)key->which;

	for (size_t i = 0; i < reading->ref_count; i++)
		if ((role == REF_FIRST_FRAME || role == REF_LAST_FRAME) &&
			reading->refs[i].role == role)
			return refuse_twice(
				reading, line, reading->refs[i].line, key->name);
	return add_ref(reading, line, role, 0, key->name, value);
}

static int complain_value(
	struct prompt_reading *reading, int line, const struct tool_field *field, const char *value)
{
	CLEANUP_FREE char *shown = message_quote(value);
	CLEANUP_FREE char *words = strlist_join(&field->words, ", ");

	if (!shown || !words)
		return -ENOMEM;
	if (field->words.count > 0)
		return prompt_reading_error(
			reading, line, "%s '%s' is not one of %s", field->key, shown, words);
	if (tool_type_form(field->type))
		return prompt_reading_error(reading, line, "%s '%s' is not %s", field->key, shown,
			tool_type_form(field->type));
	return prompt_reading_error(reading, line, "%s has more than %lld characters", field->key,
		(long long)field->max);
}

/* Code points of all lines and one more, joined. */
static int64_t count_lines(const struct strlist *lines, const char *last)
{
	size_t count = str_utf8_count(last, strlen(last)) + lines->count;

	for (size_t i = 0; i < lines->count; i++)
		count += str_utf8_count(lines->items[i], strlen(lines->items[i]));
	return (int64_t)count;
}

static int read_field(struct prompt_reading *reading, int line, int index, const char *value)
{
	const struct tool_field *field = &reading->model->tool->fields[index];
	CLEANUP_FREE char *read = NULL;

	if (reading->field_lines[index] && !tool_type_is_list(field->type))
		return refuse_twice(
			reading, line, reading->field_lines[index], field->key);
	reading->field_lines[index] = line;
	if (tool_type_is_input(field->type)) {
		enum api_kind kind = tool_type_kind(field->type);
		enum prompt_ref_role role = kind == API_VIDEO   ? REF_VIDEO
					    : kind == API_AUDIO ? REF_AUDIO
								: REF_IMAGE;
		return add_ref(reading, line, role, index, field->key, value);
	}
	int r = tool_field_read(field, value, &read);
	if (r == 0 && field->type == TOOL_LINES &&
		count_lines(&reading->tool.items[index].values, value) > field->max)
		r = -EINVAL;
	if (r == -EINVAL)
		return complain_value(reading, line, field, value);
	return r < 0 ? r : strlist_add(&reading->tool.items[index].values, read);
}

/* A line that is yes or no about the prompt itself. */
static int read_yes(struct prompt_reading *reading, int line, const char *name, const char *value,
	int *earlier, bool *ret_yes)
{
	if (*earlier)
		return refuse_twice(reading, line, *earlier, name);
	*earlier = line;
	if (str_to_bool(value, ret_yes) == 0)
		return 0;
	CLEANUP_FREE char *shown = message_quote(value);
	if (!shown)
		return -ENOMEM;
	return prompt_reading_error(reading, line, "%s '%s' is neither yes nor no", name, shown);
}

static int read_take(struct prompt_reading *reading, int line, const char *value)
{
	if (reading->take_line)
		return refuse_twice(reading, line, reading->take_line, "take");
	reading->take_line = line;
	if (strlen(value) > TAKE_MAX)
		return prompt_reading_error(
			reading, line, "take: the value is longer than %d bytes", TAKE_MAX);
	reading->take = strdup(value);
	return reading->take ? 0 : -ENOMEM;
}

static int read_words(struct prompt_reading *reading, int line, const char *value)
{
	CLEANUP_FREE char *message = NULL;

	if (reading->words_line)
		return refuse_twice(reading, line, reading->words_line, "prompt");
	reading->words_line = line;
	reading->words = strdup(value);
	if (!reading->words)
		return -ENOMEM;
	int r = prompt_foreign_option(value, strlen(value), &message);
	return r > 0 ? prompt_reading_error(reading, line, "%s, or " PROMPT_ESCAPE_HINT, message)
		     : r;
}

static enum prompt_value_kind kind_of(
	const struct prompt_reading *reading, const struct prompt_key *key)
{
	switch (key->kind) {
	case KEY_SETTING:
		return prompt_value_of_setting((enum setting)key->which);
	case KEY_FIELD:
		return prompt_value_of_field(&reading->model->tool->fields[key->which]);
	case KEY_REF:
		return VALUE_PLACE;
	case KEY_DRY_RUN:
	case KEY_FALLBACK:
		return VALUE_FLAG;
	case KEY_TAKE:
		return VALUE_WORD;
	default:
		return VALUE_TEXT;
	}
}

/* An empty value says something in one place: a blank line of a song. The negative may begin below its key. */
static bool may_be_empty(const struct prompt_reading *reading, const struct prompt_key *key)
{
	if (key->kind == KEY_FIELD)
		return reading->model->tool->fields[key->which].type == TOOL_LINES;
	return key->kind == KEY_SETTING && key->which == SETTING_NEGATIVE;
}

void prompt_directive_list(const struct tool_spec *tool, struct buf *text)
{
	for (size_t i = 0; i < tool->field_count; i++)
		if (tool->fields[i].type != TOOL_PROMPT)
			buf_addf(text, "%s%s", text->length > 0 ? ", " : "", tool->fields[i].key);
	if (tool->webhook)
		buf_addf(text, "%swebhook", text->length > 0 ? ", " : "");
	if (tool->callback)
		buf_addf(text, "%scaller", text->length > 0 ? ", " : "");
}

/* Models have it, this tool has not. */
static int complain_elsewhere(struct prompt_reading *reading, int line, const char *key)
{
	CLEANUP(buf_finish) struct buf keys;

	buf_init(&keys, 4096);
	prompt_directive_list(reading->model->tool, &keys);
	return prompt_reading_error(reading, line, "%s: %s has no such setting; it takes %s", key,
		reading->model->tool->key, keys.data);
}

int prompt_directive_read(struct prompt_reading *reading, int line, size_t indent,
	const struct prompt_key *key, const char *value, size_t length)
{
	CLEANUP_FREE char *tidy = prompt_value_tidy(kind_of(reading, key), value, length);

	if (!tidy)
		return -ENOMEM;
	if (key->kind == KEY_ELSEWHERE)
		return complain_elsewhere(reading, line, key->name);
	if (reading->settings_only && key->kind != KEY_SETTING && key->kind != KEY_FIELD)
		return prompt_reading_error(reading, line,
			"%s: defaults have settings only; write it into the prompt", key->name);
	if (!*tidy && !may_be_empty(reading, key))
		return prompt_reading_error(reading, line,
			"%s has no value; write one, remove the line, or " PROMPT_ESCAPE_HINT,
			key->name);
	switch (key->kind) {
	case KEY_SETTING:
		return read_setting(reading, line, indent, (enum setting)key->which, tidy);
	case KEY_REF:
		return read_ref(reading, line, key, tidy);
	case KEY_FIELD:
		return read_field(reading, line, key->which, tidy);
	case KEY_WORDS:
		return read_words(reading, line, tidy);
	case KEY_TAKE:
		return read_take(reading, line, tidy);
	case KEY_FALLBACK:
		return read_yes(reading, line, key->name, tidy, &reading->fallback_line,
			&reading->fallback);
	default:
		return read_yes(
			reading, line, key->name, tidy, &reading->dry_run_line, &reading->dry_run);
	}
}

/* Any value has the form of a negative prompt, so a form says nothing about it. */
static bool fits_setting(
	const struct prompt_reading *reading, enum setting setting, bool roughly, const char *value)
{
	CLEANUP(setting_values_finish) struct model_defaults parsed;
	CLEANUP_FREE char *message = NULL, *why = NULL;
	const struct model *model = reading->model;

	setting_values_init(&parsed);
	if (setting == SETTING_NEGATIVE || setting_parse(&parsed, setting, value, &message) < 0)
		return false;
	if (model->tool || setting_check(model->spec, model->kind, setting, &parsed, &why) == 0)
		return true;
	/* numbers and yes or no have been read; of words the form has to say it */
	if (!roughly || setting == SETTING_QUALITY)
		return false;
	return setting == SETTING_RATIO        ? prompt_value_is_pair(value, ":")
	       : setting == SETTING_RESOLUTION ? *value >= '0' && *value <= '9'
					       : true;
}

static bool fits_field(const struct tool_field *field, bool roughly, const char *value)
{
	CLEANUP_FREE char *read = NULL;

	if (tool_type_is_input(field->type))
		return prompt_value_is_place(value);
	if (field->type == TOOL_TEXT || field->type == TOOL_LINES)
		return roughly;
	return tool_field_read(field, value, &read) == 0;
}

bool prompt_directive_fits(const struct prompt_reading *reading, const struct prompt_key *key,
	bool roughly, const char *value, size_t length)
{
	CLEANUP_FREE char *tidy = prompt_value_tidy(kind_of(reading, key), value, length);
	int64_t number;
	bool yes;

	if (!tidy || !*tidy)
		return false;
	switch (key->kind) {
	case KEY_SETTING:
		return fits_setting(reading, (enum setting)key->which, roughly, tidy);
	case KEY_FIELD:
		return fits_field(&reading->model->tool->fields[key->which], roughly, tidy);
	case KEY_REF:
		return prompt_value_is_place(tidy);
	case KEY_TAKE:
		return str_to_int(tidy, 0, INT32_MAX, &number) == 0;
	case KEY_DRY_RUN:
	case KEY_FALLBACK:
		return str_to_bool(tidy, &yes) == 0;
	default:
		return false;
	}
}
