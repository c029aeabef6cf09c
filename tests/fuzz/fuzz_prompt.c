/* SPDX-License-Identifier: MIT */
/* Any bytes as a prompt file, in every directory of a small catalogue and of every built-in tool, and as a file .defaults above it:
 * no crash, no leak; a refusal says why in a few printable lines; what is accepted could be sent, says nothing that the
 * model is known to refuse, and has a wish that is the same for the same bytes with other ends of lines. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/catalogue.h"
#include "fs/base/cleanup.h"
#include "fs/net/hook.h"
#include "fs/prompt/prompt_path.h"
#include "fs/prompt/prompt_wish.h"
#include "tests/fuzz/holds.h"
#include "tests/unit/gen_catalogue.h"

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

static void check_word(const char *word, bool known, const struct strlist *list)
{
	HOLDS(!word || !known || strlist_has(list, word));
}

/* Stands in for the uploads that give every reference input its URL. */
static void resolve(struct prompt *prompt)
{
	for (size_t i = 0; i < prompt->ref_count; i++) {
		struct strlist *list = &prompt->request.images;
		if (prompt->refs[i].role == REF_VIDEO)
			list = &prompt->request.videos;
		else if (prompt->refs[i].role == REF_AUDIO)
			list = &prompt->request.audios;
		HOLDS(strlist_add(list, "https://example.org/x") == 0);
	}
}

static void check_prompt(const struct model *model, bool allow_unknown, struct prompt *prompt)
{
	const struct api_request *request = &prompt->request;
	const struct mode_spec *mode = &model->spec->modes[request->mode];
	char *json CLEANUP_FREE = NULL;

	HOLDS(mode->present && api_mode_kind(request->mode) == model->kind);
	HOLDS(strcmp(request->model, model->spec->key) == 0);
	HOLDS(*request->prompt && !strchr(" \t\r\n", *request->prompt));
	HOLDS(str_utf8_count(request->prompt, strlen(request->prompt)) <=
		(size_t)setting_prompt_limit(model->spec, request->mode));
	HOLDS(!request->negative_prompt ||
		str_utf8_count(request->negative_prompt, strlen(request->negative_prompt)) <=
			SETTING_NEGATIVE_MAX);
	HOLDS(request->number == API_UNSET || (request->number >= 1 && request->number <= 4));
	HOLDS(request->duration <= 0 || model->kind == API_VIDEO);
	HOLDS(model->kind == API_VIDEO || request->audio == API_UNSET);
	HOLDS(model->kind == API_IMAGE || (!request->quality && request->web_search == API_UNSET));
	HOLDS(!mode->resolutions_known || mode->resolutions.count > 0 || !request->resolution);
	HOLDS(prompt->ref_count <= SETTING_REFS_MAX);
	for (size_t i = 0; i < prompt->ref_count; i++)
		HOLDS(*prompt->refs[i].value && prompt->refs[i].line > 0);
	if (!allow_unknown) {
		check_word(request->aspect_ratio, mode->ratios_known, &mode->ratios);
		check_word(request->resolution, mode->resolutions_known, &mode->resolutions);
	}
	resolve(prompt);
	HOLDS(api_request_encode(request, &json) == 0);
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

static void check_tool(const struct tool_spec *tool, struct prompt *prompt)
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

/* What is said of it is printable, and its wish does not depend on how its lines end. */
static void check_words(const struct model *model, const struct prompt *prompt)
{
	CLEANUP_FREE char *left_out = NULL, *settings = NULL;

	HOLDS(prompt_format_left_out(prompt, &left_out) == 0);
	HOLDS(prompt_format_settings(prompt, &settings) == 0);
	HOLDS(!left_out || str_is_utf8(left_out, strlen(left_out)));
	HOLDS(!settings || str_is_utf8(settings, strlen(settings)));
	for (size_t i = 0; i < prompt->ref_count; i++) {
		static const char *const mounts[] = {"/m"};
		CLEANUP(strlist_finish) struct strlist paths = {0};
		HOLDS(prompt_path_candidates(prompt->refs[i].value, mounts, 1, &paths) == 0);
		HOLDS(paths.count > 0 && paths.count <= PROMPT_PATHS_MAX);
	}
}

static char *wish_of(const struct model *model, const struct prompt *prompt)
{
	const char *origins[SETTING_REFS_MAX];
	char *wish;

	for (size_t i = 0; i < prompt->ref_count; i++)
		origins[i] = prompt->refs[i].value;
	HOLDS(prompt_wish(model->dir, prompt, origins, &wish) == 0);
	return wish;
}

static char *with_crlf(const char *text, size_t size, size_t *ret_size)
{
	char *copy = malloc(2 * size + 1);
	size_t used = 0;

	HOLDS(copy);
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'))
			copy[used++] = '\r';
		copy[used++] = text[i];
	}
	*ret_size = used;
	return copy;
}

static void check_wish(const struct model *model, const struct prompt_options *options,
	const char *text, size_t size, const struct prompt *prompt)
{
	size_t other_size;
	CLEANUP_FREE char *other = with_crlf(text, size, &other_size);
	CLEANUP_FREE char *wish = wish_of(model, prompt), *message = NULL;
	struct prompt again;

	if (other_size > PROMPT_MAX_BYTES)
		return;
	HOLDS(prompt_parse(model, options, other, other_size, &again, &message) == 0);
	CLEANUP_FREE char *same = wish_of(model, &again);
	HOLDS(strcmp(wish, same) == 0);
	prompt_finish(&again);
}

static void check(const struct model_table *table, const struct model *model, const char *text,
	size_t size, bool allow_unknown)
{
	struct prompt_options options = {.allow_unknown = allow_unknown, .models = table};
	struct prompt prompt;
	char *message CLEANUP_FREE = NULL;
	int r = prompt_parse(model, &options, text, size, &prompt, &message);

	HOLDS(r == 0 || r == -EINVAL || r == -ENODATA);
	HOLDS((r == -EINVAL) == (message != NULL));
	if (r == -EINVAL)
		check_message(message);
	if (r != 0)
		return;
	check_words(model, &prompt);
	check_wish(model, &options, text, size, &prompt);
	if (model->tool)
		check_tool(model->tool, &prompt);
	else
		check_prompt(model, allow_unknown, &prompt);
	prompt_finish(&prompt);
}

/* Whatever stands in it, a file of defaults is no part of the wish. */
static void check_defaults(const struct model *model, const char *text, size_t size)
{
	const struct prompt_defaults defaults = {text, size, "/.defaults"};
	struct prompt_options options = {.defaults = &defaults, .defaults_count = 1};
	struct prompt prompt;
	char *message CLEANUP_FREE = NULL;
	int r = prompt_parse(model, &options, "fox", 3, &prompt, &message);

	HOLDS(r == 0 || r == -EINVAL);
	if (r == -EINVAL)
		check_message(message);
	if (r != 0)
		return;
	CLEANUP_FREE char *wish = wish_of(model, &prompt);
	HOLDS(!strstr(wish, "ratio") && prompt.ref_count == 0);
	prompt_finish(&prompt);
}

static struct model_table *create_table(void)
{
	struct model_list list = {0};
	struct model_table *table = NULL;
	char *message = NULL;

	HOLDS(registry_parse_catalogue(gen_catalogue, strlen(gen_catalogue), &list) == 0);
	HOLDS(tool_list_parse(tools_json, tools_json_length, &list.tools) == 0);
	HOLDS(model_table_create(&list, NULL, 0, &table, &message) == 0);
	model_list_finish(&list);
	return table;
}

/* Directories are many and alike: which ones are tried is the input's to say. Who looks for new inputs wants many of them, and has
 * one directory for each. */
static bool is_tried(const struct model *model, size_t i, size_t count, unsigned sum)
{
#ifdef LOOKS_FOR_MORE
	return i == sum % count;
#else
	return !model->tool || (sum + i) % 4 == 0;
#endif
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct model_table *table;
	unsigned sum = (unsigned)size;

	if (!table)
		table = create_table();
	for (size_t i = 0; i < size; i++)
		sum = sum * 31 + data[i];
	for (size_t i = 0; i < model_table_count(table); i++) {
		const struct model *model = model_table_at(table, i);
		if (!is_tried(model, i, model_table_count(table), sum))
			continue;
		check(table, model, (const char *)data, size, false);
		if (!model->tool)
			check(table, model, (const char *)data, size, true);
	}
	check_defaults(model_table_find(table, "SEEDANCE"), (const char *)data, size);
	return 0;
}
