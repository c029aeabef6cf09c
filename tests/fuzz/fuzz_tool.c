/* SPDX-License-Identifier: MIT */
/* Any bytes as a list of tools, and as the keys of a section that declares one: no crash, no leak, and nothing in force that is no
 * directory or endpoint. Their prompts are read by fuzz_prompt. */
#include <errno.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/model/tool_section.h"
#include "fs/prompt/prompt.h"
#include "tests/fuzz/holds.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text CLEANUP_FREE = strndup((const char *)data, size);

	check_list((const char *)data, size);
	HOLDS(text != NULL);
	check_section(text);
	return 0;
}
