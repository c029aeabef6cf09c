/* SPDX-License-Identifier: MIT */
#include "fs/prompt/prompt_reading.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/message.h"
#include "fs/prompt/prompt_text.h"

int prompt_reading_init(
	struct prompt_reading *reading, const struct model *model, const struct model_table *models)
{
	const struct tool_spec *tool = model->tool;

	*reading = (struct prompt_reading){.model = model, .models = models};
	prompt_keys_init(&reading->keys, model);
	setting_values_init(&reading->given);
	buf_init(&reading->text, 2 * PROMPT_MAX_BYTES);
	buf_init(&reading->negative.text, 2 * PROMPT_MAX_BYTES);
	for (size_t i = 0; tool && i < tool->field_count; i++) {
		struct tool_item *item = &reading->tool.items[reading->tool.count];
		*item = (struct tool_item){
			.name = strdup(tool->fields[i].name), .type = tool->fields[i].type};
		reading->tool.count++;
		if (tool->fields[i].standard)
			item->standard = strdup(tool->fields[i].standard);
		if (!item->name || (tool->fields[i].standard && !item->standard))
			return -ENOMEM;
	}
	return 0;
}

void prompt_reading_finish(struct prompt_reading *reading)
{
	setting_values_finish(&reading->given);
	tool_request_finish(&reading->tool);
	for (size_t i = 0; i < reading->ref_count; i++)
		free(reading->refs[i].value);
	for (size_t i = 0; i < reading->error_count; i++)
		free(reading->errors[i].text);
	free(reading->take);
	free(reading->words);
	strlist_finish(&reading->left_out);
	buf_finish(&reading->negative.text);
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

int prompt_reading_leave_out(
	struct prompt_reading *reading, int line, const char *text, size_t length)
{
	CLEANUP_FREE char *what = NULL;

	if (reading->left_out.count == PROMPT_LEFT_OUT_MAX) {
		reading->left_out_more++;
		return 0;
	}
	CLEANUP_FREE char *shown = message_quoten(text, length);
	if (!shown || asprintf(&what, "line %d \"%s\"", line, shown) < 0) {
		what = NULL;
		return -ENOMEM;
	}
	return strlist_add(&reading->left_out, what);
}

char *prompt_reading_errors(struct prompt_reading *reading)
{
	struct buf text;

	buf_init(&text, 64 * 1024);
	for (size_t i = 1; i < reading->error_count; i++) {
		struct prompt_error error = reading->errors[i];
		size_t j = i;
		for (; j > 0 && reading->errors[j - 1].line > error.line; j--)
			reading->errors[j] = reading->errors[j - 1];
		reading->errors[j] = error;
	}
	for (size_t i = 0; i < reading->error_count; i++) {
		if (i > 0)
			buf_adds(&text, "\n");
		if (reading->errors[i].line > 0)
			buf_addf(&text, "line %d: ", reading->errors[i].line);
		buf_adds(&text, reading->errors[i].text);
	}
	return buf_steal(&text);
}

bool prompt_reading_is_blank(const struct prompt_reading *reading)
{
	const char *text = reading->text.data;
	size_t length = reading->text.length;

	prompt_trim(&text, &length);
	if (length > 0 || reading->words_line || reading->error_count > 0 ||
		reading->ref_count > 0 || reading->dry_run_line || reading->take_line ||
		reading->fallback_line)
		return false;
	for (size_t i = 0; i < SETTING_COUNT; i++)
		if (reading->lines[i])
			return false;
	for (size_t i = 0; i < TOOL_FIELDS_MAX; i++)
		if (reading->field_lines[i])
			return false;
	return true;
}
