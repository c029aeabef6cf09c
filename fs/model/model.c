/* SPDX-License-Identifier: MIT */
/* The table, and what is looked up in it. model_make.c makes it. */
#include "fs/model/model_private.h"

#include <stdlib.h>
#include <string.h>

#include "fs/model/setting.h"

#define KEY_MAX 200 /* bytes; with ".video" well below NAME_MAX */

bool model_is_key(const char *key)
{
	size_t length =
		strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.");

	return length > 0 && length <= KEY_MAX && !key[length] && key[0] != '.' && key[0] != '-';
}

struct tool_spec *model_find_tool(const struct model_table *table, const char *key)
{
	for (size_t i = 0; i < table->tools.count; i++)
		if (strcmp(table->tools.items[i].key, key) == 0)
			return &table->tools.items[i];
	return NULL;
}

struct model_spec *model_find_spec(const struct model_table *table, const char *key)
{
	for (size_t i = 0; i < table->spec_count; i++)
		if (strcmp(table->specs[i].key, key) == 0)
			return &table->specs[i];
	return NULL;
}

int model_compare(const void *a, const void *b)
{
	return strcmp(((const struct model *)a)->dir, ((const struct model *)b)->dir);
}

void model_finish(struct model *model)
{
	free(model->dir);
	setting_values_finish(&model->defaults);
}

void model_table_destroy(struct model_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->count; i++)
		model_finish(&table->models[i]);
	free(table->models);
	for (size_t i = 0; i < table->spec_count; i++)
		model_spec_finish(&table->specs[i]);
	free(table->specs);
	for (size_t i = 0; table->shells && i < table->tools.count; i++)
		model_spec_finish(&table->shells[i]);
	free(table->shells);
	tool_list_finish(&table->tools);
	free(table);
}

size_t model_table_count(const struct model_table *table)
{
	return table->count;
}

const struct model *model_table_at(const struct model_table *table, size_t index)
{
	return &table->models[index];
}

const struct model *model_table_find(const struct model_table *table, const char *dir)
{
	struct model key = {.dir = (char *)dir};

	if (table->count == 0)
		return NULL;
	return bsearch(&key, table->models, table->count, sizeof(*table->models), model_compare);
}

int model_table_format(const struct model_table *table, char **ret_json)
{
	struct model_list list = {
		.items = table->specs, .count = table->spec_count, .tools = table->tools};

	return registry_format(&list, ret_json);
}
