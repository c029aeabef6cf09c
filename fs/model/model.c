/* SPDX-License-Identifier: MIT */
#include "fs/model/model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/message.h"
#include "fs/model/model_section.h"
#include "fs/model/setting.h"
#include "fs/model/tool_section.h"

#define KEY_MAX 200 /* bytes; with ".video" well below NAME_MAX */
#define VIDEO_SUFFIX ".video"
#define SUGGESTIONS_MAX 5

struct model_table {
	struct model_spec *specs;
	size_t spec_count;
	struct tool_list tools;
	struct model_spec *shells; /* of the tools, in their order: key and name */
	struct model *models;      /* sorted by dir */
	size_t count;
};

/* A key becomes a directory name and goes into messages; a live registry may say anything. */
static bool is_key(const char *key)
{
	size_t length =
		strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.");

	return length > 0 && length <= KEY_MAX && !key[length] && key[0] != '.' && key[0] != '-';
}

static struct tool_spec *find_tool(const struct model_table *table, const char *key)
{
	for (size_t i = 0; i < table->tools.count; i++)
		if (strcmp(table->tools.items[i].key, key) == 0)
			return &table->tools.items[i];
	return NULL;
}

static struct model_spec *find_spec(const struct model_table *table, const char *key)
{
	for (size_t i = 0; i < table->spec_count; i++)
		if (strcmp(table->specs[i].key, key) == 0)
			return &table->specs[i];
	return NULL;
}

/* Puts "FILE:12: [model FLUX] " in front of a message, which it consumes. */
static int refuse_at(const struct model_param *param, char *message, char **ret_message)
{
	CLEANUP_FREE char *text = message;

	if (param->model)
		return message_refuse(
			ret_message, "%s: [model %s] %s", param->where, param->model, text);
	return message_refuse(ret_message, "%s: %s", param->where, text);
}

/* ", did you mean FLUX?", ", did you mean KLING_O1 or KLING_V2_1?", or nothing. */
static int suggest(const struct model_table *table, const char *key, struct buf *text)
{
	size_t count = 0, length = strlen(key);

	for (size_t i = 0; i < table->spec_count && count < SUGGESTIONS_MAX; i++) {
		const char *known = table->specs[i].key;
		bool begins = length >= 3 && strncasecmp(known, key, length) == 0;
		if (!begins && str_distance(known, key) > 2)
			continue;
		buf_addf(text, "%s%s", count++ ? " or " : "; did you mean ", known);
	}
	if (count)
		buf_adds(text, "?");
	return text->failed;
}

static int refuse_unknown_model(
	const struct model_table *table, const struct model_param *param, char **ret_message)
{
	CLEANUP(buf_finish) struct buf hint;
	CLEANUP_FREE char *shown = message_quote(param->model);

	buf_init(&hint, 4096);
	if (!shown || suggest(table, param->model, &hint) < 0)
		return -ENOMEM;
	if (!is_key(param->model))
		return message_refuse(ret_message,
			"%s: [model %s]: a model's key is made of letters, digits, '_', '-' and "
			"'.'",
			param->where, shown);
	return message_refuse(ret_message,
		"%s: [model %s]: the catalogue has no such model%s "
		"(to declare one, say what it does: modes = text-to-image)",
		param->where, shown, hint.data);
}

static int refuse_key(const struct model_param *param, char **ret_message)
{
	CLEANUP_FREE char *shown = message_quote(param->key);
	CLEANUP(buf_finish) struct buf known;

	buf_init(&known, 4096);
	for (unsigned s = 0; s < SETTING_COUNT; s++)
		buf_addf(&known, "%s%s", s ? ", " : "", setting_name(s));
	if (param->model)
		buf_addf(&known, ", %s, %s", model_section_keys(), tool_section_keys());
	if (!shown || !buf_ok(&known))
		return -ENOMEM;
	return message_refuse(
		ret_message, "%s: unknown key '%s'; known are %s", param->where, shown, known.data);
}

/* Makes a spec for every model of the list and every one that a section declares. */
static int copy_specs(struct model_table *table, const struct model_list *list,
	const struct model_param *params, size_t count)
{
	table->specs = calloc(list->count + count + 1, sizeof(*table->specs));
	if (!table->specs)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i++) {
		if (!is_key(list->items[i].key) || find_spec(table, list->items[i].key))
			continue;
		int r = model_spec_copy(&table->specs[table->spec_count], &list->items[i]);
		if (r < 0)
			return r;
		table->spec_count++;
	}
	for (size_t i = 0; i < count; i++) {
		if (!params[i].model || strcmp(params[i].key, "modes") != 0 ||
			!is_key(params[i].model) || find_spec(table, params[i].model))
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
		if (!is_key(list->tools.items[i].key) || find_spec(table, list->tools.items[i].key))
			continue;
		int r = tool_spec_copy(&items[tools->count], &list->tools.items[i]);
		if (r < 0)
			return r;
		tools->count++;
	}
	for (size_t i = 0; i < count; i++) {
		const char *key = params[i].model;
		if (!key || strcmp(params[i].key, "endpoint") != 0 || !is_key(key) ||
			find_spec(table, key) || find_tool(table, key))
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

/* What the sections say the models are. */
static int apply_sections(struct model_table *table, const struct model_param *params, size_t count,
	char **ret_message)
{
	for (size_t i = 0; i < count; i++) {
		char *message = NULL;
		if (!params[i].model)
			continue;
		struct model_spec *spec = find_spec(table, params[i].model);
		struct tool_spec *tool = find_tool(table, params[i].model);
		if (!spec && !tool)
			return refuse_unknown_model(table, &params[i], ret_message);
		if (!model_section_is_key(params[i].key) && !tool_section_is_key(params[i].key))
			continue;
		if (!spec && !tool_section_is_key(params[i].key))
			return refuse_at(&params[i], strdup("is a tool, and takes no such key"),
				ret_message);
		if (spec && !model_section_is_key(params[i].key))
			return refuse_at(&params[i],
				strdup("is a model: only a tool has an endpoint and fields"),
				ret_message);
		int r = spec ? model_section_apply(spec, params[i].key, params[i].value, &message)
			     : tool_section_apply(tool, params[i].key, params[i].value, &message);
		if (r == -EINVAL)
			return refuse_at(&params[i], message, ret_message);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A declared tool without fields is a section with a line missing. */
static int check_tools(const struct model_table *table, char **ret_message)
{
	for (size_t i = 0; i < table->tools.count; i++)
		if (table->tools.items[i].field_count == 0 || !table->tools.items[i].endpoint)
			return message_refuse(ret_message,
				"[model %s]: a tool needs both: endpoint and fields",
				table->tools.items[i].key);
	return 0;
}

static int compare_models(const void *a, const void *b)
{
	return strcmp(((const struct model *)a)->dir, ((const struct model *)b)->dir);
}

static int add_model(struct model_table *table, const struct model_spec *spec, enum api_kind kind)
{
	bool suffix = kind == API_VIDEO && model_spec_has_kind(spec, API_IMAGE);
	struct model *model = &table->models[table->count];

	*model = (struct model){.kind = kind, .spec = spec};
	setting_values_init(&model->defaults);
	if (asprintf(&model->dir, "%s%s", spec->key, suffix ? VIDEO_SUFFIX : "") < 0) {
		model->dir = NULL;
		return -ENOMEM;
	}
	table->count++;
	return 0;
}

static void model_finish(struct model *model)
{
	free(model->dir);
	setting_values_finish(&model->defaults);
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
	qsort(table->models, table->count, sizeof(*table->models), compare_models);
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

/* Gives one configured value to every directory that takes it; none is an error. */
static int apply_default(struct model_table *table, const struct model_param *param,
	enum setting setting, const struct model_defaults *value, char **ret_message)
{
	CLEANUP_FREE char *complaint = NULL;
	bool taken = false, known = false;

	for (size_t i = 0; i < table->count; i++) {
		struct model *model = &table->models[i];
		CLEANUP_FREE char *message = NULL;
		if (param->model && strcmp(model->spec->key, param->model) != 0)
			continue;
		/* of the settings a tool knows those only that go beside any request */
		bool beside = model->tool && model->tool->callback &&
			      (setting == SETTING_WEBHOOK || setting == SETTING_CALLER);
		if (model->tool && !beside && !param->model)
			continue;
		int r = beside ? 0
			       : setting_check(model->spec, model->kind, setting, value, &message);
		if (r == 0) {
			r = setting_copy(&model->defaults, value, setting);
			taken = true;
		} else if (r == -EINVAL) {
			/* The best complaint is one that can say what is right. */
			bool better = !known && setting_is_known(model->spec, model->kind, setting);
			known |= better;
			if (better || !complaint) {
				free(complaint);
				complaint = steal(&message);
			}
			r = 0;
		}
		if (r < 0)
			return r;
	}
	if (taken || !complaint)
		return 0;
	if (param->model)
		return refuse_at(param, steal(&complaint), ret_message);
	return message_refuse(ret_message, "%s: no model takes it: %s", param->where, complaint);
}

/* One pass: with `sections` the [model KEY] ones, which are stronger, else [defaults]. */
static int apply_defaults(struct model_table *table, const struct model_param *params, size_t count,
	bool sections, char **ret_message)
{
	for (size_t i = 0; i < count; i++) {
		const struct model_param *param = &params[i];
		CLEANUP(setting_values_finish) struct model_defaults value;
		enum setting setting;
		char *message = NULL;

		setting_values_init(&value);
		if ((param->model != NULL) != sections)
			continue;
		if (sections &&
			(model_section_is_key(param->key) || tool_section_is_key(param->key)))
			continue;
		if (setting_find(param->key, &setting) < 0)
			return refuse_key(param, ret_message);
		int r = setting_parse(&value, setting, param->value, &message);
		if (r == -EINVAL)
			return refuse_at(param, message, ret_message);
		if (r == 0)
			r = apply_default(table, param, setting, &value, ret_message);
		if (r < 0)
			return r;
	}
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
		r = apply_sections(table, params, param_count, ret_message);
	if (r == 0)
		r = check_tools(table, ret_message);
	if (r == 0)
		r = add_models(table);
	if (r == 0)
		r = apply_defaults(table, params, param_count, false, ret_message);
	if (r == 0)
		r = apply_defaults(table, params, param_count, true, ret_message);
	if (r < 0) {
		model_table_destroy(table);
		return r;
	}
	*ret_table = table;
	return 0;
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
	return bsearch(&key, table->models, table->count, sizeof(*table->models), compare_models);
}

int model_table_format(const struct model_table *table, char **ret_json)
{
	struct model_list list = {
		.items = table->specs, .count = table->spec_count, .tools = table->tools};

	return registry_format(&list, ret_json);
}
