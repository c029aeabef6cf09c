/* SPDX-License-Identifier: MIT */
#include "fs/model/overview.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"

#define TEXT_MAX (512 * 1024)
#define COLUMN "    %-32s "

static bool has_mode(const struct model *model, enum api_mode mode)
{
	return model->spec->modes[mode].present && api_mode_kind(mode) == model->kind;
}

static void add_word(struct buf *text, bool *first, const char *word)
{
	buf_addf(text, "%s%s", *first ? "" : ", ", word);
	*first = false;
}

static void add_inputs(struct buf *text, const struct model *model)
{
	bool first = true;

	if (has_mode(model, API_TEXT_TO_IMAGE) || has_mode(model, API_TEXT_TO_VIDEO))
		add_word(text, &first, "text");
	if (has_mode(model, API_IMAGE_TO_IMAGE) || has_mode(model, API_MULTI_IMAGE_TO_VIDEO))
		add_word(text, &first, "pictures");
	else if (has_mode(model, API_IMAGE_TO_VIDEO))
		add_word(text, &first, "a picture");
	if (has_mode(model, API_FIRST_LAST))
		add_word(text, &first, "first and last frame");
	if (has_mode(model, API_ALMIGHTY))
		add_word(text, &first, "videos and sounds");
}

/* Of all its modes; each value once. */
static void add_values(struct buf *text, const struct model *model, const char *head, size_t list_at,
	const char *unit)
{
	const char *seen[32];
	size_t count = 0;

	for (unsigned mode = 0; mode < API_MODE_COUNT; mode++) {
		if (!has_mode(model, (enum api_mode)mode))
			continue;
		const struct strlist *list = (const struct strlist *)(const void *)((
			const char *)&model->spec->modes[mode] + list_at);
		for (size_t i = 0; i < list->count; i++) {
			size_t at = 0;
			while (at < count && strcmp(seen[at], list->items[i]) != 0)
				at++;
			if (at < count || count == array_length(seen))
				continue;
			seen[count++] = list->items[i];
			buf_addf(text, "%s%s", count == 1 ? head : " ", list->items[i]);
		}
	}
	if (count > 0)
		buf_adds(text, unit);
}

static void add_model(struct buf *text, const struct model *model)
{
	buf_addf(text, COLUMN, model->dir);
	add_inputs(text, model);
	if (model->kind == API_VIDEO)
		add_values(text, model, "; ", offsetof(struct mode_spec, durations), " s");
	add_values(text, model, "; ", offsetof(struct mode_spec, resolutions), "");
	if (model->spec->number_max > 1 && model->kind == API_IMAGE)
		buf_addf(text, "; up to %d at once", model->spec->number_max);
	if (model->spec->audio == 1 && model->kind == API_VIDEO)
		buf_adds(text, "; sound");
	buf_adds(text, "\n");
}

/* What it needs stands alone, what it can do without in brackets. */
static void add_tool(struct buf *text, const struct model *model)
{
	bool first = true;

	buf_addf(text, COLUMN "%s: ", model->dir, model->spec->name);
	for (size_t i = 0; i < model->tool->field_count; i++) {
		const struct tool_field *field = &model->tool->fields[i];
		char word[96];
		if (field->type == TOOL_KILOBYTES)
			continue;
		snprintf(word, sizeof(word), field->required ? "%s" : "[%s]",
			field->type == TOOL_PROMPT ? "text" : field->key);
		add_word(text, &first, word);
	}
	buf_adds(text, "\n");
}

static bool belongs(const struct model *model, bool tools, enum api_kind kind)
{
	return tools ? model->tool != NULL : model->tool == NULL && model->kind == kind;
}

static void add_part(struct buf *text, const struct model_table *table, const char *head, bool tools,
	enum api_kind kind)
{
	buf_adds(text, head);
	for (size_t i = 0; i < model_table_count(table); i++) {
		const struct model *model = model_table_at(table, i);
		if (!belongs(model, tools, kind))
			continue;
		if (tools)
			add_tool(text, model);
		else
			add_model(text, model);
	}
}

int overview_format(const struct model_table *table, char **ret_text)
{
	struct buf text;

	buf_init(&text, TEXT_MAX);
	buf_adds(&text, "What each directory makes, and of what. All that one takes: cat DIRECTORY/.model\n");
	add_part(&text, table, "\nPICTURES\n", false, API_IMAGE);
	add_part(&text, table, "\nVIDEOS (lengths in seconds)\n", false, API_VIDEO);
	add_part(&text, table, "\nTOOLS (in brackets: not needed)\n", true, API_IMAGE);
	*ret_text = buf_steal(&text);
	return *ret_text == NULL ? -ENOMEM : 0;
}

/* Names of freedesktop.org's icon naming, and what the usual themes have besides. */
static const char *icon_of(const struct model *model)
{
	if (model == NULL)
		return "folder";
	if (model->tool != NULL)
		return "folder-templates";
	return model->kind == API_IMAGE ? "folder-pictures" : "folder-videos";
}

int overview_icon(const struct model *model, char **ret_text)
{
	int length = asprintf(ret_text, "[Desktop Entry]\nIcon=%s\n", icon_of(model));

	return length < 0 ? -ENOMEM : 0;
}
