/* SPDX-License-Identifier: MIT */
#include "fs/api/registry.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "fs/api/wire.h"
#include "fs/base/cleanup.h"

static int put(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) < 0 ? -ENOMEM : 0;
}

static json_t *format_choices(const struct strlist *choices, bool as_numbers)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < choices->count; i++) {
		const char *choice = choices->items[i];
		int64_t number = 0;
		json_t *value = as_numbers && str_to_int(choice, 1, INT32_MAX, &number) == 0
					? json_integer(number)
					: json_string(choice);

		if (json_array_append_new(array, value) < 0) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

static json_t *format_flag(int flag)
{
	return flag == API_UNSET ? json_null() : json_boolean(flag);
}

/* What is known of each mode, in the catalogue's objects keyed by mode. */
static int format_modes(const struct model_spec *spec, json_t *entry)
{
	json_t *ratios = json_object_get(entry, "aspect_ratios");
	json_t *resolutions = json_object_get(entry, "resolutions");
	json_t *durations = json_object_get(entry, "durations");
	json_t *negative = json_object_get(entry, "negative_prompt");
	json_t *uploads = json_object_get(entry, "upload_image_limit");
	json_t *limits = json_object_get(entry, "prompt_limits");
	json_t *unlisted = json_object_get(entry, "unlisted");
	int r = 0;

	for (size_t i = 0; i < API_MODE_COUNT && r == 0; i++) {
		const struct mode_spec *mode = &spec->modes[i];
		const char *name = api_mode_name((enum api_mode)i);

		if (!mode->present)
			continue;
		if (json_array_append_new(json_object_get(entry, "modes"), json_string(name)) < 0)
			r = -ENOMEM;
		if (r == 0 && mode->unlisted &&
			json_array_append_new(unlisted, json_string(name)) < 0)
			r = -ENOMEM;
		if (r == 0 && mode->ratios_known)
			r = put(ratios, name, format_choices(&mode->ratios, false));
		if (r == 0 && mode->resolutions_known)
			r = put(resolutions, name, format_choices(&mode->resolutions, false));
		if (r == 0 && mode->durations_known)
			r = put(durations, name, format_choices(&mode->durations, true));
		if (r == 0 && mode->negative != API_UNSET)
			r = put(negative, name, json_boolean(mode->negative));
		if (r == 0 && mode->upload_limit != API_UNSET)
			r = put(uploads, name, json_integer(mode->upload_limit));
		if (r == 0 && mode->prompt_limit != API_UNSET)
			r = put(limits, name, json_integer(mode->prompt_limit));
	}
	return r;
}

static json_t *format_kinds(const struct model_spec *spec)
{
	json_t *kinds = json_array();

	for (size_t i = 0; kinds && i < API_KIND_COUNT; i++) {
		if (!model_spec_has_kind(spec, (enum api_kind)i))
			continue;
		if (json_array_append_new(kinds, json_string(api_kind_name((enum api_kind)i))) <
			0) {
			json_decref(kinds);
			kinds = NULL;
		}
	}
	return kinds;
}

static bool is_partly_unlisted(const struct model_spec *spec)
{
	for (size_t i = 0; i < API_MODE_COUNT; i++)
		if (spec->modes[i].present && spec->modes[i].unlisted)
			return true;
	return false;
}

static int format_entry(const struct model_spec *spec, json_t *list)
{
	json_t *entry = json_object();
	json_t *number =
		spec->number_min == API_UNSET
			? json_null()
			: json_pack("{s:i, s:i}", "min", spec->number_min, "max", spec->number_max);
	const struct {
		const char *key;
		json_t *value;
		bool wanted;
	} members[] = {
		{"key", json_string(spec->key), true},
		{"name", json_string(spec->name), true},
		{"kinds", format_kinds(spec), true},
		{"modes", json_array(), true},
		{"aspect_ratios", json_object(), true},
		{"resolutions", json_object(), true},
		{"durations", json_object(), true},
		{"qualities", format_choices(&spec->qualities, false), true},
		{"image_number", number, true},
		{"audio", format_flag(spec->audio), true},
		{"negative_prompt", json_object(), true},
		{"prompt_limit", json_integer(spec->prompt_limit), true},
		{"prompt_limits", json_object(), true},
		{"upload_image_limit", json_object(), true},
		{"web_search", format_flag(spec->web_search), spec->web_search != API_UNSET},
		{"first_last_frame", format_flag(spec->first_last_frame),
			spec->first_last_frame != API_UNSET},
		{"unlisted", json_array(), is_partly_unlisted(spec)},
	};
	int r = 0;

	for (size_t i = 0; i < array_length(members); i++) {
		if (!members[i].wanted)
			json_decref(members[i].value);
		else if (put(entry, members[i].key, members[i].value) < 0)
			r = -ENOMEM;
	}
	if (r == 0)
		r = format_modes(spec, entry);
	if (r < 0) {
		json_decref(entry);
		return r;
	}
	return json_array_append_new(list, entry) < 0 ? -ENOMEM : 0;
}

static json_t *format_field(const struct tool_field *field)
{
	json_t *entry = json_pack("{s:s, s:s, s:s, s:b}", "name", field->name, "key", field->key,
		"type", tool_type_name(field->type), "required", field->required);

	if (entry && field->words.count > 0 &&
		put(entry, "words", format_choices(&field->words, field->type == TOOL_INTEGER)) <
			0) {
		json_decref(entry);
		return NULL;
	}
	return entry;
}

static int format_tool(const struct tool_spec *tool, json_t *list)
{
	json_t *entry = json_pack("{s:s, s:s, s:[s], s:s, s:s, s:[], s:o}", "key", tool->key,
		"name", tool->name, "kinds", api_kind_name(tool->kind), "makes",
		api_kind_name(tool->kind), "endpoint", tool->endpoint, "fields", "one_of",
		format_choices(&tool->one_of, false));
	json_t *fields = json_object_get(entry, "fields");

	for (size_t i = 0; entry && i < tool->field_count; i++) {
		if (json_array_append_new(fields, format_field(&tool->fields[i])) < 0) {
			json_decref(entry);
			entry = NULL;
		}
	}
	return json_array_append_new(list, entry) < 0 ? -ENOMEM : 0;
}

int registry_format(const struct model_list *list, char **ret_json)
{
	unsigned long mark = wire_memory_mark();
	json_t *root = json_array();
	char *text;
	int r = root ? 0 : -ENOMEM;

	for (size_t i = 0; i < list->count && r == 0; i++)
		r = format_entry(&list->items[i], root);
	for (size_t i = 0; i < list->tools.count && r == 0; i++)
		r = format_tool(&list->tools.items[i], root);
	text = r == 0 ? json_dumps(root, JSON_INDENT(1)) : NULL;
	json_decref(root);
	if (!text || wire_memory_failed(mark)) {
		free(text);
		return -ENOMEM;
	}
	*ret_json = text;
	return 0;
}
