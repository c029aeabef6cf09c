/* SPDX-License-Identifier: MIT */
#include "fs/prompt/prompt_tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/message.h"
#include "fs/model/setting.h"
#include "fs/prompt/prompt_keys.h"
#include "fs/prompt/prompt_reading.h"

#define ERRORS_MAX 8
#define REF_MAX 4096
#define KEY_MAX 64

/* A file while it is read. */
struct reading {
	const struct model *model;
	const struct tool_spec *tool;
	struct prompt prompt;
	struct model_defaults given; /* webhook, caller */
	struct buf text;
	struct buf errors;
	size_t error_count;
	int lines[TOOL_FIELDS_MAX]; /* where a field was given first; 0 not */
	bool any;
};

__attribute__((format(printf, 3, 4))) static int complain(
	struct reading *reading, int line, const char *format, ...)
{
	CLEANUP_FREE char *text = NULL;
	va_list args;

	if (reading->error_count++ >= ERRORS_MAX)
		return 0;
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (text == NULL)
		return -ENOMEM;
	if (reading->errors.length > 0)
		buf_adds(&reading->errors, "\n");
	if (line > 0)
		buf_addf(&reading->errors, "line %d: ", line);
	return buf_adds(&reading->errors, text);
}

/* Lower case, '-' and '_' as blank. False: no key at all. */
static bool fold(const char *data, size_t length, char key[KEY_MAX])
{
	size_t used = 0;

	while (length > 0 && strchr(" \t", data[length - 1]) != NULL)
		length--;
	if (length == 0 || length >= KEY_MAX)
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = data[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (strchr(" \t-_", c) != NULL)
			c = ' ';
		else if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'))
			return false;
		key[used++] = c;
	}
	key[used] = '\0';
	return true;
}

static bool is_name(const char *key, const struct tool_field *field)
{
	char name[KEY_MAX + 8];

	return strcmp(key, field->key) == 0 ||
	       (fold(field->name, strlen(field->name), name) && strcmp(key, name) == 0);
}

/* By its key or its name on the wire; an input also by what models call such a one. */
static int find_field(const struct tool_spec *tool, const char *key)
{
	static const struct {
		const char *word;
		enum api_kind kind;
	} common[] = {{"image", API_IMAGE}, {"video", API_VIDEO}, {"audio ref", API_AUDIO},
		{"audio", API_AUDIO}};

	for (size_t i = 0; i < tool->field_count; i++)
		if (tool->fields[i].type != TOOL_PROMPT && is_name(key, &tool->fields[i]))
			return (int)i;
	for (size_t k = 0; k < array_length(common); k++) {
		if (strcmp(common[k].word, key) != 0)
			continue;
		for (size_t i = 0; i < tool->field_count; i++)
			if (tool_type_is_input(tool->fields[i].type) &&
				tool_type_kind(tool->fields[i].type) == common[k].kind)
				return (int)i;
	}
	return -1;
}

static void list_keys(const struct tool_spec *tool, struct buf *text)
{
	for (size_t i = 0; i < tool->field_count; i++)
		if (tool->fields[i].type != TOOL_PROMPT)
			buf_addf(text, "%s%s", text->length > 0 ? ", " : "", tool->fields[i].key);
	if (tool->webhook)
		buf_addf(text, "%swebhook", text->length > 0 ? ", " : "");
	if (tool->callback)
		buf_addf(text, "%scaller", text->length > 0 ? ", " : "");
}

static int complain_unknown(struct reading *reading, int line, const char *key)
{
	CLEANUP(buf_finish) struct buf keys;

	buf_init(&keys, 4096);
	list_keys(reading->tool, &keys);
	return complain(reading, line, "%s: %s has no such setting; it takes %s", key,
		reading->tool->key, keys.data);
}

/* A slip of the pen, or a setting that other directories know: it was not meant as text. */
static const char *find_near(const struct tool_spec *tool, const char *key)
{
	size_t length = strlen(key);

	for (size_t i = 0; i < tool->field_count; i++) {
		const char *known = tool->fields[i].key;
		if (tool->fields[i].type != TOOL_PROMPT && length >= 4 &&
			str_distance(known, key) <= (length >= 6 && known[0] == key[0] ? 2U : 1U))
			return known;
	}
	return NULL;
}

static int add_value(struct reading *reading, int index, const char *value)
{
	return strlist_add(&reading->prompt.tool.items[index].values, value);
}

static int read_input(struct reading *reading, int line, int index, const char *value)
{
	const struct tool_field *field = &reading->tool->fields[index];
	bool url = strncasecmp(value, "https://", 8) == 0 || strncasecmp(value, "http://", 7) == 0;
	enum api_kind kind = tool_type_kind(field->type);
	struct prompt *prompt = &reading->prompt;

	if (strlen(value) > REF_MAX || prompt->ref_count == SETTING_REFS_MAX)
		return complain(reading, line, "%s: too long, or one too many", field->key);
	if ((!url && strstr(value, "://") != NULL) || strncasecmp(value, "data:", 5) == 0 ||
		(url && strpbrk(value, " \t") != NULL))
		return complain(reading, line,
			"%s is neither an http(s) URL nor a path on the mount", field->key);
	char *copy = strdup(value);
	if (copy == NULL)
		return -ENOMEM;
	prompt->refs[prompt->ref_count++] =
		(struct prompt_ref){.role = kind == API_VIDEO   ? REF_VIDEO
					    : kind == API_AUDIO ? REF_AUDIO
								: REF_IMAGE,
			.value = copy,
			.is_url = url,
			.line = line,
			.item = index};
	return 0;
}

static int complain_value(
	struct reading *reading, int line, const struct tool_field *field, const char *value)
{
	CLEANUP_FREE char *shown = message_quote(value);
	CLEANUP_FREE char *words = strlist_join(&field->words, ", ");

	if (shown == NULL || words == NULL)
		return -ENOMEM;
	if (field->words.count > 0)
		return complain(
			reading, line, "%s '%s' is not one of %s", field->key, shown, words);
	if (tool_type_form(field->type) != NULL)
		return complain(reading, line, "%s '%s' is not %s", field->key, shown,
			tool_type_form(field->type));
	return complain(reading, line, "%s has more than %lld characters", field->key,
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

static int read_field(struct reading *reading, int line, int index, const char *value)
{
	const struct tool_field *field = &reading->tool->fields[index];
	CLEANUP_FREE char *read = NULL;

	if (reading->lines[index] != 0 && !tool_type_is_list(field->type))
		return complain(reading, line, "%s is already set on line %d; keep one of the two",
			field->key, reading->lines[index]);
	reading->lines[index] = line;
	if (tool_type_is_input(field->type))
		return read_input(reading, line, index, value);
	int r = tool_field_read(field, value, &read);
	if (r == 0 && field->type == TOOL_LINES &&
		count_lines(&reading->prompt.tool.items[index].values, value) > field->max)
		r = -EINVAL;
	if (r == -EINVAL)
		return complain_value(reading, line, field, value);
	return r < 0 ? r : add_value(reading, index, read);
}

static int read_setting(struct reading *reading, int line, enum setting setting, const char *value)
{
	CLEANUP_FREE char *message = NULL;
	int r = setting_parse(&reading->given, setting, value, &message);

	return r == -EINVAL ? complain(reading, line, "%s", message) : r;
}

/* 1: the line was a setting, or a complaint; 0: it is text. */
static int read_key_line(struct reading *reading, int line, const char *data, size_t length)
{
	const char *colon = memchr(data, ':', length);
	char key[KEY_MAX];
	const char *value = colon != NULL ? colon + 1 : "yes";
	size_t value_length = colon != NULL ? (size_t)(data + length - value) : strlen(value);

	if (!fold(data, colon != NULL ? (size_t)(colon - data) : length, key))
		return 0;
	/* the one setting that needs no value */
	if (colon == NULL && strcmp(key, "dry run") != 0)
		return 0;
	str_trim(&value, &value_length);
	CLEANUP_FREE char *copy = strndup(value, value_length);
	if (copy == NULL)
		return -ENOMEM;
	int index = find_field(reading->tool, key);
	int r;
	if (index < 0 && strcmp(key, "dry run") == 0)
		r = str_to_bool(copy, &reading->prompt.dry_run) < 0
			    ? complain(reading, line, "dry run is neither yes nor no")
			    : 0;
	else if (index < 0 && reading->tool->webhook && strcmp(key, "webhook") == 0)
		r = read_setting(reading, line, SETTING_WEBHOOK, copy);
	else if (index < 0 && reading->tool->callback && strcmp(key, "caller") == 0)
		r = read_setting(reading, line, SETTING_CALLER, copy);
	else if (index >= 0 && copy[0] == '\0' && reading->tool->fields[index].type != TOOL_LINES)
		r = complain(reading, line, "%s has no value", reading->tool->fields[index].key);
	else if (index >= 0)
		r = read_field(reading, line, index, copy);
	else if (find_near(reading->tool, key) != NULL)
		r = complain(reading, line,
			"'%s' looks like the setting '%s'; correct it, or begin the line with \\ "
			"to make it text",
			key, find_near(reading->tool, key));
	else if (prompt_key_find(key) != NULL)
		r = complain_unknown(reading, line, key);
	else
		return 0;
	return r < 0 ? r : 1;
}

static int read_line(struct reading *reading, int line, const char *data, size_t length)
{
	const char *trimmed = data;
	size_t trimmed_length = length;

	str_trim(&trimmed, &trimmed_length);
	reading->any = reading->any || trimmed_length > 0;
	if (length > 0 && data[0] == '\\') {
		data++;
		length--;
	} else {
		int r = read_key_line(reading, line, trimmed, trimmed_length);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	buf_add(&reading->text, data, length);
	return buf_adds(&reading->text, "\n");
}

static int read_lines(struct reading *reading, const char *data, size_t length)
{
	struct prompt_lines lines = {.data = data, .length = length};
	const char *line, *why;
	int r;

	while ((r = prompt_lines_next(&lines, &line, &length, &why)) == 1) {
		r = read_line(reading, lines.number, line, length);
		if (r < 0)
			return r;
	}
	return r == -EILSEQ ? complain(reading, lines.number, "%s", why) : r;
}

/* --- as a whole --- */

static int take_text(struct reading *reading)
{
	const char *text = reading->text.data;
	size_t length = reading->text.length;
	const struct tool_spec *tool = reading->tool;

	str_trim(&text, &length);
	if (length == 0)
		return 0;
	for (size_t i = 0; i < tool->field_count; i++) {
		if (tool->fields[i].type != TOOL_PROMPT)
			continue;
		if (str_utf8_count(text, length) > (size_t)tool->fields[i].max)
			return complain(reading, 0, "the text has more than %lld characters",
				(long long)tool->fields[i].max);
		return strlist_addn(&reading->prompt.tool.items[i].values, text, length);
	}
	CLEANUP_FREE char *shown =
		message_quoten(text, strcspn(text, "\n") < length ? strcspn(text, "\n") : length);
	CLEANUP(buf_finish) struct buf keys;
	buf_init(&keys, 4096);
	list_keys(tool, &keys);
	if (shown == NULL)
		return -ENOMEM;
	return complain(
		reading, 0, "'%s': %s takes no text; it takes %s", shown, tool->key, keys.data);
}

static bool is_given(const struct reading *reading, size_t index)
{
	return reading->lines[index] != 0 || reading->prompt.tool.items[index].values.count > 0;
}

/* Lists of inputs have a least and a largest length. */
static int check_count(struct reading *reading, size_t index)
{
	const struct tool_field *field = &reading->tool->fields[index];
	int64_t count = 0;

	if (!tool_type_is_input(field->type) || !tool_type_is_list(field->type))
		return 0;
	for (size_t i = 0; i < reading->prompt.ref_count; i++)
		count += reading->prompt.refs[i].item == (int)index;
	if (count < field->min)
		return complain(reading, reading->lines[index],
			"%s needs %lld lines '%s: URL or path'", reading->tool->key,
			(long long)field->min, field->key);
	if (count > field->max)
		return complain(reading, reading->lines[index], "%s takes at most %lld lines '%s:'",
			reading->tool->key, (long long)field->max, field->key);
	return 0;
}

static int complain_needed(struct reading *reading, const struct tool_field *field)
{
	CLEANUP_FREE char *words = strlist_join(&field->words, " or ");
	const char *form = tool_type_form(field->type);

	if (words == NULL)
		return -ENOMEM;
	if (tool_type_is_input(field->type))
		form = "URL or path";
	else if (field->words.count > 0)
		form = words;
	return complain(reading, 0, "%s needs a line '%s: %s'", reading->tool->key, field->key,
		form != NULL ? form : "text");
}

static int check_needed(struct reading *reading)
{
	const struct tool_spec *tool = reading->tool;
	bool one = tool->one_of.count == 0;
	int r = 0;

	for (size_t i = 0; i < tool->field_count && r == 0; i++) {
		const struct tool_field *field = &tool->fields[i];
		if (is_given(reading, i)) {
			one = one || strlist_has(&tool->one_of, field->name);
			r = check_count(reading, i);
		} else if (field->required && field->type == TOOL_PROMPT)
			r = complain(reading, 0, "%s needs a text: write what to make", tool->key);
		/* kilobytes: known when the input is */
		else if (field->required && field->type != TOOL_KILOBYTES)
			r = complain_needed(reading, field);
	}
	CLEANUP_FREE char *names = tool_spec_one_of(tool);
	if (r == 0 && !one)
		r = names == NULL ? -ENOMEM
				  : complain(reading, 0, "%s needs one of: %s", tool->key, names);
	return r;
}

static int strdup_into(char **to, const char *from)
{
	*to = strdup(from);
	return *to == NULL ? -ENOMEM : 0;
}

static int add_item(struct tool_request *request, const char *name, enum tool_type type)
{
	struct tool_item *item = &request->items[request->count];

	*item = (struct tool_item){.name = strdup(name), .type = type};
	if (item->name == NULL)
		return -ENOMEM;
	request->count++;
	return 0;
}

/* What prompt or configuration say about callbacks. */
static int add_callback(struct reading *reading)
{
	const struct model_defaults *defaults = &reading->model->defaults;
	const char *webhook =
		reading->given.webhook != NULL ? reading->given.webhook : defaults->webhook;
	bool own = reading->given.has_caller;
	struct tool_request *request = &reading->prompt.tool;
	char number[24];
	int r = 0;

	request->webhook = reading->tool->webhook;
	if (!reading->tool->callback)
		return 0;
	if (webhook != NULL && request->webhook) {
		r = add_item(request, "webhook_url", TOOL_TEXT);
		if (r == 0)
			r = add_value(reading, (int)request->count - 1, webhook);
	}
	if (r == 0 && (own || defaults->has_caller)) {
		snprintf(number, sizeof(number), "%lld",
			(long long)(own ? reading->given.caller : defaults->caller));
		r = add_item(request, "caller_id", TOOL_INTEGER);
		if (r == 0)
			r = add_value(reading, (int)request->count - 1, number);
	}
	return r;
}

static int read_all(struct reading *reading, const char *text, size_t length)
{
	int r = 0;

	for (size_t i = 0; i < reading->tool->field_count && r == 0; i++) {
		const struct tool_field *field = &reading->tool->fields[i];
		r = add_item(&reading->prompt.tool, field->name, field->type);
		if (r == 0 && field->standard != NULL)
			r = strdup_into(&reading->prompt.tool.items[i].standard, field->standard);
	}
	if (r == 0)
		r = read_lines(reading, text, length);
	if (r == 0 && !reading->any && reading->error_count == 0)
		return -ENODATA;
	if (r == 0)
		r = take_text(reading);
	if (r == 0 && reading->error_count == 0)
		r = check_needed(reading);
	return r == 0 ? add_callback(reading) : r;
}

int prompt_tool_parse(const struct model *model, const struct prompt_options *options,
	const char *text, size_t length, struct prompt *ret_prompt, char **ret_message)
{
	struct reading reading = {.model = model, .tool = model->tool};

	if (length > PROMPT_MAX_BYTES)
		return message_refuse(ret_message, "larger than 256 KiB; a prompt file is not");
	api_request_init(&reading.prompt.request);
	setting_values_init(&reading.given);
	setting_values_init(&reading.prompt.given);
	buf_init(&reading.text, PROMPT_MAX_BYTES + 1);
	buf_init(&reading.errors, 64 * 1024);
	int r = read_all(&reading, text, length);
	if (r == 0 && reading.error_count > 0) {
		*ret_message = buf_steal(&reading.errors);
		r = *ret_message == NULL ? -ENOMEM : -EINVAL;
	}
	if (r == 0) {
		reading.prompt.dry_run = reading.prompt.dry_run || options->dry_run;
		*ret_prompt = reading.prompt;
	} else {
		prompt_finish(&reading.prompt);
	}
	setting_values_finish(&reading.given);
	buf_finish(&reading.text);
	buf_finish(&reading.errors);
	return r;
}
