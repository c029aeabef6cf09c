/* SPDX-License-Identifier: MIT */
#include "fs/prompt/prompt_tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/message.h"
#include "fs/prompt/prompt_fill.h"

/* The text of the file, where the tool takes one. */
static int take_text(struct prompt_reading *reading)
{
	const struct tool_spec *tool = reading->model->tool;
	const char *text;
	size_t length;
	int r = prompt_fill_words(reading, &text, &length);

	if (r < 0 || length == 0)
		return r;
	for (size_t i = 0; i < tool->field_count; i++) {
		const struct tool_field *field = &tool->fields[i];
		if (field->type != TOOL_PROMPT)
			continue;
		if (str_utf8_count(text, length) > (size_t)field->max)
			return prompt_reading_error(reading, 0,
				"the text has more than %lld characters", (long long)field->max);
		return strlist_addn(&reading->tool.items[i].values, text, length);
	}
	CLEANUP(buf_finish) struct buf keys;
	const char *end = memchr(text, '\n', length);
	CLEANUP_FREE char *shown = message_quoten(text, end ? (size_t)(end - text) : length);
	buf_init(&keys, 4096);
	prompt_directive_list(tool, &keys);
	if (!shown)
		return -ENOMEM;
	return prompt_reading_error(
		reading, 0, "'%s': %s takes no text; it takes %s", shown, tool->key, keys.data);
}

/* Fields that the prompt leaves to the files of defaults. */
static int take_defaults(
	struct prompt_reading *reading, struct tool_request *defaults, struct prompt *prompt)
{
	int r = 0;

	for (size_t i = 0; i < reading->tool.count && r == 0; i++) {
		struct strlist *values = &reading->tool.items[i].values;
		if (values->count > 0) {
			prompt->field_origins[i] = ORIGIN_PROMPT;
		} else if (defaults->items[i].values.count == 0) {
			prompt->field_origins[i] = ORIGIN_CATALOGUE;
		} else {
			prompt->field_origins[i] = ORIGIN_DEFAULTS;
			r = strlist_copy(values, &defaults->items[i].values);
		}
	}
	return r;
}

static bool is_given(const struct prompt_reading *reading, size_t index)
{
	return reading->field_lines[index] || reading->tool.items[index].values.count > 0;
}

/* One of the other fields has the word with which the list has to be as long as it may be. */
static bool needs_most(const struct prompt_reading *reading, const struct tool_field *list)
{
	for (size_t i = 0; list->most_for != NULL && i < reading->tool.count; i++) {
		const struct tool_item *item = &reading->tool.items[i];
		const char *value = item->values.count > 0 ? item->values.items[0] : item->standard;
		if (value != NULL && item->type == TOOL_WORD && strcmp(value, list->most_for) == 0)
			return true;
	}
	return false;
}

/* Lists of inputs and of words have a least and a largest length. */
static int check_count(struct prompt_reading *reading, size_t index)
{
	const struct tool_field *field = &reading->model->tool->fields[index];
	bool input = tool_type_is_input(field->type);
	int64_t count = input ? 0 : (int64_t)reading->tool.items[index].values.count;

	if (field->type != TOOL_TEXTS && !(input && tool_type_is_list(field->type)))
		return 0;
	for (size_t i = 0; input && i < reading->ref_count; i++)
		count += reading->refs[i].item == (int)index;
	int64_t least = needs_most(reading, field) ? field->max : field->min;
	if (count < least)
		return prompt_reading_error(reading, reading->field_lines[index],
			"%s needs %lld lines '%s: %s'", reading->model->tool->key, (long long)least,
			field->key, input ? "URL or path" : "text");
	if (count > field->max)
		return prompt_reading_error(reading, reading->field_lines[index],
			"%s takes at most %lld lines '%s:'", reading->model->tool->key,
			(long long)field->max, field->key);
	return 0;
}

static int complain_needed(struct prompt_reading *reading, const struct tool_field *field)
{
	CLEANUP_FREE char *words = strlist_join(&field->words, " or ");
	const char *form = tool_type_form(field->type);

	if (!words)
		return -ENOMEM;
	if (tool_type_is_input(field->type))
		form = "URL or path";
	else if (field->words.count > 0)
		form = words;
	return prompt_reading_error(reading, 0, "%s needs a line '%s: %s'",
		reading->model->tool->key, field->key, form ? form : "text");
}

static int check_needed(struct prompt_reading *reading)
{
	const struct tool_spec *tool = reading->model->tool;
	bool one = tool->one_of.count == 0;
	int r = 0;

	for (size_t i = 0; i < tool->field_count && r == 0; i++) {
		const struct tool_field *field = &tool->fields[i];
		if (is_given(reading, i)) {
			one = one || strlist_has(&tool->one_of, field->name);
			r = check_count(reading, i);
		} else if (field->required && field->type == TOOL_PROMPT) {
			r = prompt_reading_error(
				reading, 0, "%s needs a text: write what to make", tool->key);
		} else if (field->required && field->type != TOOL_KILOBYTES) {
			/* kilobytes are known when the input is */
			r = complain_needed(reading, field);
		}
	}
	CLEANUP_FREE char *names = tool_spec_one_of(tool);
	if (r == 0 && !one)
		r = !names ? -ENOMEM
			   : prompt_reading_error(
				     reading, 0, "%s needs one of: %s", tool->key, names);
	return r;
}

static int add_item(struct prompt *prompt, const char *name, enum tool_type type,
	enum prompt_origin origin, const char *value)
{
	struct tool_item *item = &prompt->tool.items[prompt->tool.count];

	*item = (struct tool_item){.name = strdup(name), .type = type};
	if (!item->name)
		return -ENOMEM;
	prompt->field_origins[prompt->tool.count++] = origin;
	return strlist_add(&item->values, value);
}

/* The first of prompt, files of defaults and configuration to say something about it. */
static const struct model_defaults *who_says(const struct prompt_reading *reading,
	const struct model_defaults *defaults, enum setting setting, enum prompt_origin *ret_origin)
{
	const struct model_defaults *const all[] = {
		&reading->given, defaults, &reading->model->defaults};

	for (size_t i = 0; i < array_length(all); i++) {
		*ret_origin = (enum prompt_origin)(ORIGIN_PROMPT + i);
		if (setting_is_set(all[i], setting))
			return all[i];
	}
	return NULL;
}

static int add_callback(struct prompt_reading *reading, const struct model_defaults *defaults,
	struct prompt *prompt)
{
	enum prompt_origin origin;
	char number[24];
	int r = 0;

	prompt->tool.webhook = reading->model->tool->webhook;
	const struct model_defaults *said = who_says(reading, defaults, SETTING_WEBHOOK, &origin);
	if (said && prompt->tool.webhook)
		r = add_item(prompt, "webhook_url", TOOL_TEXT, origin, said->webhook);
	said = who_says(reading, defaults, SETTING_CALLER, &origin);
	if (r < 0 || !said || !reading->model->tool->callback)
		return r;
	snprintf(number, sizeof(number), "%lld", (long long)said->caller);
	return add_item(prompt, "caller_id", TOOL_INTEGER, origin, number);
}

int prompt_tool_fill(
	struct prompt_reading *reading, const struct prompt_options *options, struct prompt *prompt)
{
	CLEANUP(setting_values_finish) struct model_defaults defaults;
	CLEANUP(tool_request_finish) struct tool_request fields = {0};

	setting_values_init(&defaults);
	fields.count = reading->tool.count;
	int r = prompt_defaults_read(reading, options, &defaults, &fields);
	if (r == 0)
		r = take_text(reading);
	if (r == 0)
		r = take_defaults(reading, &fields, prompt);
	if (r == 0 && reading->error_count == 0)
		r = check_needed(reading);
	if (r < 0)
		return r;
	prompt->tool = reading->tool;
	reading->tool = (struct tool_request){0};
	return add_callback(reading, &defaults, prompt);
}
