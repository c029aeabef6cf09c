/* SPDX-License-Identifier: MIT */
/* What the configuration says of models and tools: [model KEY] sections and [defaults]; and what is wrong with it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/message.h"
#include "fs/model/model_private.h"
#include "fs/model/model_section.h"
#include "fs/model/setting.h"
#include "fs/model/tool_section.h"

#define SUGGESTIONS_MAX 5
#define CREDITS "credits" /* the one key of both models and tools that is no setting */
#define CREDITS_MAX 1e6

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
	if (!model_is_key(param->model))
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
		buf_addf(&known, ", " CREDITS ", %s, %s", model_section_keys(), tool_section_keys());
	if (!shown || !buf_ok(&known))
		return -ENOMEM;
	return message_refuse(
		ret_message, "%s: unknown key '%s'; known are %s", param->where, shown, known.data);
}

int model_apply_sections(struct model_table *table, const struct model_param *params, size_t count,
	char **ret_message)
{
	for (size_t i = 0; i < count; i++) {
		char *message = NULL;
		if (!params[i].model)
			continue;
		struct model_spec *spec = model_find_spec(table, params[i].model);
		struct tool_spec *tool = model_find_tool(table, params[i].model);
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

int model_check_tools(const struct model_table *table, char **ret_message)
{
	for (size_t i = 0; i < table->tools.count; i++)
		if (table->tools.items[i].field_count == 0 || !table->tools.items[i].endpoint)
			return message_refuse(ret_message,
				"[model %s]: a tool needs both: endpoint and fields",
				table->tools.items[i].key);
	return 0;
}

/* What one result costs: of all directories of a model, or of a tool. */
static int apply_credits(struct model_table *table, const struct model_param *param, char **ret_message)
{
	char *end;
	double credits = strtod(param->value, &end);

	/* digits alone: neither a sign nor "inf" nor "0x1p3" */
	if (end == param->value || *end != '\0' || param->value[strspn(param->value, "0123456789.")] != '\0' ||
		credits > CREDITS_MAX)
		return refuse_at(param, strdup("credits: it is a number such as 4 or 2.5"), ret_message);
	for (size_t i = 0; i < table->count; i++)
		if (strcmp(table->models[i].spec->key, param->model) == 0)
			table->models[i].credits = credits;
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

int model_apply_defaults(struct model_table *table, const struct model_param *params, size_t count,
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
		if (sections && strcmp(param->key, CREDITS) == 0) {
			int applied = apply_credits(table, param, ret_message);
			if (applied < 0)
				return applied;
			continue;
		}
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
