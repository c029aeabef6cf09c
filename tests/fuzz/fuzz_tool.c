/* SPDX-License-Identifier: MIT */
/* Any bytes as a prompt of every built-in tool, as a list of tools, and as the keys of a section that declares one: no crash,
 * no leak; a refusal says why in a few printable lines; what is accepted makes a request of the tool's own fields, with all
 * that are needed. */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "config/catalogue.h"
#include "fs/base/cleanup.h"
#include "fs/prompt/prompt.h"
#include "fs/model/tool_section.h"
#include "fs/net/hook.h"
#include "tests/fuzz/holds.h"

static void check_message(const char *message)
{
	size_t lines = 1;

	HOLDS(message && *message && str_is_utf8(message, strlen(message)));
	for (const char *c = message; *c; c++) {
		lines += *c == '\n';
		HOLDS(((unsigned char)*c >= ' ' && *c != 0x7f) || *c == '\n');
	}
	HOLDS(lines <= 8);
}

static bool is_type(const json_t *value, const struct tool_field *field)
{
	switch (field->type) {
	case TOOL_IMAGES:
	case TOOL_VIDEOS:
		return json_array_size(value) >= (size_t)field->min && json_array_size(value) > 0;
	case TOOL_RECTANGLES:
		return json_array_size(value) > 0;
	case TOOL_INTEGER:
	case TOOL_NAMED:
	case TOOL_KILOBYTES:
		return json_is_integer(value);
	case TOOL_BOOLEAN:
		return json_is_boolean(value);
	case TOOL_OBJECT:
		return json_is_object(value);
	case TOOL_WORD:
		return json_is_string(value) &&
		       strlist_has(&field->words, json_string_value(value));
	case TOOL_TEXT:
	case TOOL_LINES:
		return json_is_string(value) &&
		       str_utf8_count(json_string_value(value), json_string_length(value)) <=
			       (size_t)field->max;
	default:
		return json_is_string(value);
	}
}

static void check_body(const struct tool_spec *tool, const char *text)
{
	json_t *body = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	size_t known = 0;
	bool one = tool->one_of.count == 0;

	HOLDS(json_is_object(body));
	for (size_t i = 0; i < tool->field_count; i++) {
		const json_t *value = json_object_get(body, tool->fields[i].name);

		HOLDS(value || !tool->fields[i].required);
		HOLDS(!value || is_type(value, &tool->fields[i]));
		known += value != NULL;
		one = one || (value && strlist_has(&tool->one_of, tool->fields[i].name));
	}
	HOLDS(one);
	const char *webhook = json_string_value(json_object_get(body, "webhook_url"));
	HOLDS(tool->webhook == (webhook != NULL));
	HOLDS(!webhook || strstr(webhook, HOOK_WORD "="));
	HOLDS(tool->callback || !json_object_get(body, "caller_id"));
	known += webhook != NULL;
	known += json_is_integer(json_object_get(body, "caller_id"));
	HOLDS(json_object_size(body) == known);
	json_decref(body);
}

static void check_prompt(const struct tool_spec *tool, struct prompt *prompt)
{
	char *json CLEANUP_FREE = NULL;

	HOLDS(prompt->ref_count <= SETTING_REFS_MAX && prompt->tool.count > 0);
	for (size_t i = 0; i < prompt->ref_count; i++) {
		HOLDS(*prompt->refs[i].value && prompt->refs[i].line > 0);
		HOLDS(prompt_add_input(prompt, &prompt->refs[i], "https://example.org/x") == 0);
	}
	for (size_t i = 0; i < prompt->tool.count; i++)
		if (prompt->tool.items[i].type == TOOL_KILOBYTES &&
			prompt->tool.items[i].values.count == 0)
			HOLDS(strlist_add(&prompt->tool.items[i].values, "12") == 0);
	HOLDS(prompt_sign_webhook(prompt, "https://hooks.example.org/") == 0);
	HOLDS(prompt_encode(prompt, &json) == 0);
	check_body(tool, json);
}

static void check(const struct model *model, const char *text, size_t size)
{
	const struct prompt_options options = {0};
	struct prompt prompt;
	char *message CLEANUP_FREE = NULL;
	int r = prompt_parse(model, &options, text, size, &prompt, &message);

	HOLDS(r == 0 || r == -EINVAL || r == -ENODATA);
	HOLDS((r == -EINVAL) == (message != NULL));
	if (r == -EINVAL)
		check_message(message);
	if (r != 0)
		return;
	check_prompt(model->tool, &prompt);
	prompt_finish(&prompt);
}

static void check_list(const char *text, size_t size)
{
	struct model_list list = {0};
	char *json CLEANUP_FREE = NULL;
	char *message CLEANUP_FREE = NULL;
	struct tool_list copy = {0};
	struct model_table *table;

	if (tool_list_parse(text, size, &list.tools) < 0)
		return;
	HOLDS(list.tools.count <= TOOL_LIST_MAX);
	HOLDS(tool_list_copy(&copy, &list.tools) == 0 && copy.count == list.tools.count);
	for (size_t i = 0; i < copy.count; i++)
		HOLDS(tool_endpoint_is_good(copy.items[i].endpoint));
	HOLDS(registry_format(&list, &json) == 0);
	int r = model_table_create(&list, NULL, 0, &table, &message);
	HOLDS(r == 0 || (r == -EINVAL && message && *message));
	for (size_t i = 0; r == 0 && i < model_table_count(table); i++) {
		const char *dir = model_table_at(table, i)->dir;

		HOLDS(*dir && *dir != '.' && !strchr(dir, '/') && strlen(dir) < 256);
	}
	model_table_destroy(r == 0 ? table : NULL);
	tool_list_finish(&copy);
	model_list_finish(&list);
}

static void check_section(const char *text)
{
	static const char *const keys[] = {
		"endpoint", "fields", "makes", "answer", "one_of", "name"};
	struct tool_spec tool;

	tool_spec_init(&tool);
	for (size_t i = 0; i < array_length(keys); i++) {
		char *message CLEANUP_FREE = NULL;
		int r = tool_section_is_key(keys[i])
				? tool_section_apply(&tool, keys[i], text, &message)
				: 0;

		HOLDS(r == 0 || r == -EINVAL);
		HOLDS((r == -EINVAL) == (message != NULL));
	}
	HOLDS(tool.field_count <= TOOL_FIELDS_MAX);
	tool_spec_finish(&tool);
}

static struct model_table *create_table(void)
{
	struct model_list list = {0};
	struct model_table *table = NULL;
	char *message = NULL;

	HOLDS(tool_list_parse(tools_json, tools_json_length, &list.tools) == 0);
	HOLDS(model_table_create(&list, NULL, 0, &table, &message) == 0);
	HOLDS(model_table_count(table) == list.tools.count);
	model_list_finish(&list);
	return table;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct model_table *table;
	char *text CLEANUP_FREE = strndup((const char *)data, size);

	if (!table)
		table = create_table();
	for (size_t i = 0; i < model_table_count(table); i++)
		check(model_table_at(table, i), (const char *)data, size);
	check_list((const char *)data, size);
	HOLDS(text != NULL);
	check_section(text);
	return 0;
}
