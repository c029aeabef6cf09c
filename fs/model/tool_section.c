/* SPDX-License-Identifier: MIT */
#include "fs/model/tool_section.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/message.h"

static const char *const keys[] = {"endpoint", "fields", "makes", "answer", "then", "one_of",
	"name"};

bool tool_section_is_key(const char *key)
{
	for (size_t i = 0; i < array_length(keys); i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

const char *tool_section_keys(void)
{
	return "endpoint, fields, makes, answer, then, one_of";
}

static int refuse(const char *key, const char *value, const char *why, char **ret_message)
{
	CLEANUP_FREE char *shown = message_quote(value);

	if (shown == NULL)
		return -ENOMEM;
	return message_refuse(ret_message, "%s '%s' %s", key, shown, why);
}

static int split(const char *value, const char *separators, struct strlist *words)
{
	int r = 0;

	for (value += strspn(value, separators); *value != '\0' && r == 0;) {
		size_t length = strcspn(value, separators);
		r = strlist_addn(words, value, length);
		value += length;
		value += strspn(value, separators);
	}
	return r;
}

static int refuse_type(const char *shown, char **ret_message)
{
	CLEANUP(buf_finish) struct buf known;

	buf_init(&known, 4096);
	buf_adds(&known, "has a type that is none of ");
	for (unsigned type = 0; type < TOOL_TYPE_COUNT; type++)
		if (type != TOOL_WORD)
			buf_addf(&known, "%s, ", tool_type_name((enum tool_type)type));
	if (buf_adds(&known, "or WORD|WORD") < 0)
		return -ENOMEM;
	return refuse("fields", shown, known.data, ret_message);
}

/* NAME:TYPE or NAME:WORD|WORD, either with '!' */
static int add_field(struct tool_spec *tool, char *text, const char *shown, char **ret_message)
{
	char *colon = strchr(text, ':');
	size_t length = strlen(text);
	bool required = length > 0 && text[length - 1] == '!';
	enum tool_type type = TOOL_WORD;
	struct tool_field *field;

	if (required)
		text[length - 1] = '\0';
	if (colon == NULL)
		return refuse("fields", shown, "is not NAME:TYPE", ret_message);
	*colon = '\0';
	bool words = strchr(colon + 1, '|') != NULL;
	if (!words && tool_type_parse(colon + 1, &type) < 0)
		return refuse_type(shown, ret_message);
	if (!words && type == TOOL_WORD)
		return refuse(
			"fields", shown, "has no words: write them as WORD|WORD", ret_message);
	bool input = tool_type_is_input(type);
	/* the first input of its kind is called what such inputs are called everywhere */
	const char *key = NULL;
	for (size_t i = 0; i < tool->field_count; i++)
		input = input &&
			!(tool_type_is_input(tool->fields[i].type) &&
				tool_type_kind(tool->fields[i].type) == tool_type_kind(type));
	if (input)
		key = type == TOOL_VIDEO ? "video" : type == TOOL_AUDIO ? "audio ref" : "image";
	int r = tool_spec_add(tool, text, key, type, required, &field);
	if (r == -EINVAL)
		return refuse("fields", shown,
			"is one too many, or its name is not of small letters, digits and _",
			ret_message);
	return r == 0 && words ? split(colon + 1, "|", &field->words) : r;
}

static int apply_fields(struct tool_spec *tool, const char *value, char **ret_message)
{
	CLEANUP(strlist_finish) struct strlist fields = {0};
	int r = split(value, ", \t", &fields);

	/* one of the catalogue gets new ones as a whole */
	while (tool->field_count > 0) {
		struct tool_field *field = &tool->fields[--tool->field_count];
		free(field->name);
		free(field->key);
		free(field->standard);
		free(field->most_for);
		free(field->note);
		strlist_finish(&field->words);
	}
	for (size_t i = 0; r == 0 && i < fields.count; i++) {
		CLEANUP_FREE char *shown = strdup(fields.items[i]);
		r = shown == NULL ? -ENOMEM : add_field(tool, fields.items[i], shown, ret_message);
	}
	return r;
}

static int set_text(char **field, const char *value)
{
	char *copy = strdup(value);

	if (copy == NULL)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

static int apply_makes(struct tool_spec *tool, const char *value, char **ret_message)
{
	for (unsigned kind = 0; kind < API_KIND_COUNT; kind++) {
		if (strcasecmp(api_kind_name((enum api_kind)kind), value) == 0) {
			tool->kind = (enum api_kind)kind;
			return 0;
		}
	}
	return refuse("makes", value, "is none of image, video, audio, text", ret_message);
}

int tool_section_apply(
	struct tool_spec *tool, const char *key, const char *value, char **ret_message)
{
	if (strcmp(key, "fields") == 0)
		return apply_fields(tool, value, ret_message);
	if (strcmp(key, "makes") == 0)
		return apply_makes(tool, value, ret_message);
	if (strcmp(key, "name") == 0)
		return set_text(&tool->name, value);
	if (strcmp(key, "answer") == 0)
		return set_text(&tool->answer, value);
	if (strcmp(key, "then") == 0) {
		if (!tool_then_is_good(value))
			return refuse(key, value,
				"is no endpoint with " TOOL_TASK
				" in it, such as podcast/generate/" TOOL_TASK "/audio",
				ret_message);
		return set_text(&tool->then, value);
	}
	if (strcmp(key, "one_of") == 0) {
		strlist_finish(&tool->one_of);
		return split(value, ", \t", &tool->one_of);
	}
	if (!tool_endpoint_is_good(value))
		return refuse(key, value,
			"is not what comes behind /v1/generation/, such as image-upscale",
			ret_message);
	return set_text(&tool->endpoint, value);
}
