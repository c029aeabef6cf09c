/* SPDX-License-Identifier: MIT */
/* Makes the table: the models and tools of the catalogue, those that the configuration declares, and their directories. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/model/model_private.h"
#include "fs/model/setting.h"

#define VIDEO_SUFFIX ".video"

/* Makes a spec for every model of the list and every one that a section declares. */
static int copy_specs(struct model_table *table, const struct model_list *list,
	const struct model_param *params, size_t count)
{
	table->specs = calloc(list->count + count + 1, sizeof(*table->specs));
	if (!table->specs)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i++) {
		if (!model_is_key(list->items[i].key) || model_find_spec(table, list->items[i].key))
			continue;
		int r = model_spec_copy(&table->specs[table->spec_count], &list->items[i]);
		if (r < 0)
			return r;
		table->spec_count++;
	}
	for (size_t i = 0; i < count; i++) {
		if (!params[i].model || strcmp(params[i].key, "modes") != 0 ||
			!model_is_key(params[i].model) || model_find_spec(table, params[i].model))
			continue;
		struct model_spec *spec = &table->specs[table->spec_count];
		model_spec_init(spec);
		table->spec_count++;
		spec->key = strdup(params[i].model);
		spec->name = strdup(params[i].model);
		if (!spec->key || !spec->name)
			return -ENOMEM;
	}
	return 0;
}

/* The catalogue's tools and those that a section declares, by its `endpoint`. */
static int copy_tools(struct model_table *table, const struct model_list *list,
	const struct model_param *params, size_t count)
{
	struct tool_spec *items = calloc(list->tools.count + count + 1, sizeof(*items));
	struct tool_list *tools = &table->tools;

	if (!items)
		return -ENOMEM;
	tools->items = items;
	for (size_t i = 0; i < list->tools.count; i++) {
		if (!model_is_key(list->tools.items[i].key) || model_find_spec(table, list->tools.items[i].key))
			continue;
		int r = tool_spec_copy(&items[tools->count], &list->tools.items[i]);
		if (r < 0)
			return r;
		tools->count++;
	}
	for (size_t i = 0; i < count; i++) {
		const char *key = params[i].model;
		if (!key || strcmp(params[i].key, "endpoint") != 0 || !model_is_key(key) ||
			model_find_spec(table, key) || model_find_tool(table, key))
			continue;
		struct tool_spec *tool = &items[tools->count++];
		tool_spec_init(tool);
		tool->key = strdup(key);
		tool->name = strdup(key);
		if (!tool->key || !tool->name)
			return -ENOMEM;
	}
	return 0;
}

static int add_model(struct model_table *table, const struct model_spec *spec, enum api_kind kind)
{
	bool suffix = kind == API_VIDEO && model_spec_has_kind(spec, API_IMAGE);
	struct model *model = &table->models[table->count];

	*model = (struct model){.kind = kind, .spec = spec, .credits = NAN};
	setting_values_init(&model->defaults);
	if (asprintf(&model->dir, "%s%s", spec->key, suffix ? VIDEO_SUFFIX : "") < 0) {
		model->dir = NULL;
		return -ENOMEM;
	}
	table->count++;
	return 0;
}

static int add_tools(struct model_table *table)
{
	table->shells = calloc(table->tools.count + 1, sizeof(*table->shells));
	if (!table->shells)
		return -ENOMEM;
	for (size_t i = 0; i < table->tools.count; i++)
		model_spec_init(&table->shells[i]);
	for (size_t i = 0; i < table->tools.count; i++) {
		const struct tool_spec *tool = &table->tools.items[i];
		struct model_spec *shell = &table->shells[i];
		shell->key = strdup(tool->key);
		shell->name = strdup(tool->name);
		if (!shell->key || !shell->name || add_model(table, shell, tool->kind) < 0)
			return -ENOMEM;
		table->models[table->count - 1].tool = tool;
	}
	return 0;
}

static int add_models(struct model_table *table)
{
	size_t kept = 0;

	table->models =
		calloc(2 * table->spec_count + table->tools.count + 1, sizeof(*table->models));
	if (!table->models || add_tools(table) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < table->spec_count; i++)
		for (enum api_kind kind = API_IMAGE; kind <= API_VIDEO; kind++)
			if (model_spec_has_kind(&table->specs[i], kind) &&
				add_model(table, &table->specs[i], kind) < 0)
				return -ENOMEM;
	qsort(table->models, table->count, sizeof(*table->models), model_compare);
	/* A key that itself ends in ".video" may want another's directory. */
	for (size_t i = 0; i < table->count; i++) {
		if (kept > 0 && strcmp(table->models[kept - 1].dir, table->models[i].dir) == 0)
			model_finish(&table->models[i]);
		else
			table->models[kept++] = table->models[i];
	}
	table->count = kept;
	return 0;
}

int model_table_create(const struct model_list *list, const struct model_param *params,
	size_t param_count, struct model_table **ret_table, char **ret_message)
{
	struct model_table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	int r = copy_specs(table, list, params, param_count);
	if (r == 0)
		r = copy_tools(table, list, params, param_count);
	if (r == 0)
		r = model_apply_sections(table, params, param_count, ret_message);
	if (r == 0)
		r = model_check_tools(table, ret_message);
	if (r == 0)
		r = add_models(table);
	if (r == 0)
		r = model_apply_defaults(table, params, param_count, false, ret_message);
	if (r == 0)
		r = model_apply_defaults(table, params, param_count, true, ret_message);
	if (r < 0) {
		model_table_destroy(table);
		return r;
	}
	*ret_table = table;
	return 0;
}
