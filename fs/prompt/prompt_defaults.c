/* SPDX-License-Identifier: MIT */
/* The files .defaults (design 1.6): settings in the grammar of prompts, for all prompts below them. */
#include <errno.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/prompt/prompt_fill.h"
#include "fs/prompt/prompt_text.h"

/* Complaints about a file of defaults are told in each prompt below it. */
static int pass_on(struct prompt_reading *reading, struct prompt_reading *file, const char *where)
{
	int r = 0;

	for (size_t i = 0; i < file->error_count && r == 0; i++)
		r = prompt_reading_error(reading, 0, "%s: line %d: %s", where, file->errors[i].line,
			file->errors[i].text);
	return r;
}

static int check_words(struct prompt_reading *file)
{
	const char *text = file->text.data;
	size_t length = file->text.length;

	prompt_trim(&text, &length);
	return length == 0 ? 0
			   : prompt_reading_error(file, file->text_line,
				     "not a setting: defaults have lines 'key: value' only");
}

/* What a nearer file has said stays. */
static int merge(
	struct prompt_reading *file, struct model_defaults *values, struct tool_request *tool)
{
	int r = 0;

	for (unsigned setting = 0; r == 0 && setting < SETTING_COUNT; setting++)
		if (!setting_is_set(values, setting))
			r = setting_copy(values, &file->given, setting);
	for (size_t i = 0; r == 0 && i < file->tool.count; i++)
		if (tool->items[i].values.count == 0)
			r = strlist_copy(&tool->items[i].values, &file->tool.items[i].values);
	return r;
}

static int read_file(struct prompt_reading *reading, const struct prompt_defaults *defaults,
	struct model_defaults *values, struct tool_request *tool)
{
	CLEANUP(prompt_reading_finish) struct prompt_reading file;
	int r = prompt_reading_init(&file, reading->model, reading->models);

	file.settings_only = true;
	if (r == 0)
		r = prompt_lines_read(&file, defaults->text, defaults->length);
	if (r == 0 && !file.unreadable)
		r = check_words(&file);
	if (r == 0)
		r = pass_on(reading, &file, defaults->where);
	return r < 0 ? r : merge(&file, values, tool);
}

int prompt_defaults_read(struct prompt_reading *reading, const struct prompt_options *options,
	struct model_defaults *ret_values, struct tool_request *ret_tool)
{
	int r = 0;

	for (size_t i = 0; i < options->defaults_count && r == 0; i++)
		r = read_file(reading, &options->defaults[i], ret_values, ret_tool);
	return r;
}
