/* SPDX-License-Identifier: MIT */
#include "fs/api/tool.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/api/wire.h"
#include "fs/base/cleanup.h"

#define WORDS_MAX 64
#define NAME_MAX_BYTES 64
#define TEXT_MAX_POINTS 2000

static const struct {
	const char *name, *form;
} types[TOOL_TYPE_COUNT] = {
	[TOOL_IMAGE] = {"image", NULL},
	[TOOL_IMAGES] = {"images", NULL},
	[TOOL_VIDEO] = {"video", NULL},
	[TOOL_VIDEOS] = {"videos", NULL},
	[TOOL_AUDIO] = {"audio", NULL},
	[TOOL_PROMPT] = {"prompt", NULL},
	[TOOL_TEXT] = {"text", NULL},
	[TOOL_TEXTS] = {"texts", NULL},
	[TOOL_LINES] = {"lines", NULL},
	[TOOL_WORD] = {"word", NULL},
	[TOOL_INTEGER] = {"integer", "a whole number, such as 5"},
	[TOOL_DECIMAL] = {"decimal", "a number, such as 1.0"},
	[TOOL_NAMED] = {"named", "a number, or the name of one"},
	[TOOL_BOOLEAN] = {"boolean", "yes or no"},
	[TOOL_COLOUR] = {"colour", "#RRGGBB, such as #ff8800"},
	[TOOL_SIZE] = {"size", "WIDTHxHEIGHT, such as 1024x768"},
	[TOOL_POINT] = {"point", "X,Y, such as 0,128"},
	[TOOL_OBJECT] = {"object", "a JSON object on one line, such as {\"KEY\": 1}"},
	[TOOL_RECTANGLES] = {"rectangles",
		"LEFT TOP RIGHT BOTTOM from 0 to 1, such as 0.1 0.8 0.9 0.95"},
	[TOOL_KILOBYTES] = {"kilobytes", "a whole number of kilobytes"},
};

const char *tool_type_name(enum tool_type type)
{
	return types[type].name;
}

int tool_type_parse(const char *name, enum tool_type *ret_type)
{
	for (unsigned i = 0; i < TOOL_TYPE_COUNT; i++) {
		if (strcmp(types[i].name, name) == 0) {
			*ret_type = (enum tool_type)i;
			return 0;
		}
	}
	return -EINVAL;
}

bool tool_type_is_input(enum tool_type type)
{
	return type <= TOOL_AUDIO;
}

enum api_kind tool_type_kind(enum tool_type type)
{
	if (type == TOOL_VIDEO || type == TOOL_VIDEOS)
		return API_VIDEO;
	return type == TOOL_AUDIO ? API_AUDIO : API_IMAGE;
}

bool tool_type_is_list(enum tool_type type)
{
	return type == TOOL_IMAGES || type == TOOL_VIDEOS || type == TOOL_TEXTS ||
	       type == TOOL_LINES || type == TOOL_RECTANGLES;
}

const char *tool_type_form(enum tool_type type)
{
	return types[type].form;
}

/* --- specs --- */

void tool_spec_init(struct tool_spec *spec)
{
	*spec = (struct tool_spec){.kind = API_IMAGE, .callback = true, .webhook = true};
}

void tool_spec_finish(struct tool_spec *spec)
{
	free(spec->key);
	free(spec->name);
	free(spec->endpoint);
	free(spec->answer);
	free(spec->then);
	for (size_t i = 0; i < spec->field_count; i++) {
		free(spec->fields[i].name);
		free(spec->fields[i].key);
		free(spec->fields[i].standard);
		free(spec->fields[i].most_for);
		free(spec->fields[i].note);
		strlist_finish(&spec->fields[i].words);
	}
	strlist_finish(&spec->one_of);
	tool_spec_init(spec);
}

static bool is_word(const char *text, const char *more)
{
	size_t length = strlen(text);

	for (const char *c = text; *c; c++)
		if (!(*c >= 'a' && *c <= 'z') && !(*c >= '0' && *c <= '9') && !strchr(more, *c))
			return false;
	return length > 0 && length <= NAME_MAX_BYTES;
}

bool tool_endpoint_is_good(const char *endpoint)
{
	return is_word(endpoint, "-_/") && *endpoint != '/' && !strstr(endpoint, "//") &&
	       endpoint[strlen(endpoint) - 1] != '/';
}

bool tool_then_is_good(const char *then)
{
	const char *task = strstr(then, TOOL_TASK);
	char plain[2 * NAME_MAX_BYTES];

	if (!task)
		return false;
	int length = snprintf(plain, sizeof(plain), "%.*sx%s", (int)(task - then), then,
		task + strlen(TOOL_TASK));
	return length > 0 && (size_t)length < sizeof(plain) && tool_endpoint_is_good(plain);
}

int tool_spec_add(struct tool_spec *spec, const char *name, const char *key, enum tool_type type,
	bool required, struct tool_field **ret_field)
{
	struct tool_field field = {.type = type, .required = required, .max = TEXT_MAX_POINTS};

	if (spec->field_count == TOOL_FIELDS_MAX || !is_word(name, "_"))
		return -EINVAL;
	field.name = strdup(name);
	field.key = strdup(key ? key : name);
	if (!field.name || !field.key) {
		free(field.name);
		free(field.key);
		return -ENOMEM;
	}
	for (char *c = field.key; *c; c++)
		if (*c == '_' || *c == '-')
			*c = ' ';
	spec->fields[spec->field_count] = field;
	*ret_field = &spec->fields[spec->field_count++];
	return 0;
}

static int copy_text(char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return from && !*to ? -ENOMEM : 0;
}

int tool_spec_copy(struct tool_spec *to, const struct tool_spec *from)
{
	struct tool_spec copy = {
		.kind = from->kind, .callback = from->callback, .webhook = from->webhook};
	int r = copy_text(&copy.key, from->key);

	if (r == 0)
		r = copy_text(&copy.name, from->name);
	if (r == 0)
		r = copy_text(&copy.endpoint, from->endpoint);
	if (r == 0)
		r = copy_text(&copy.answer, from->answer);
	if (r == 0)
		r = copy_text(&copy.then, from->then);
	if (r == 0)
		r = strlist_copy(&copy.one_of, &from->one_of);
	for (size_t i = 0; r == 0 && i < from->field_count; i++) {
		const struct tool_field *field = &from->fields[i];
		struct tool_field *added;
		r = tool_spec_add(
			&copy, field->name, field->key, field->type, field->required, &added);
		if (r == 0) {
			added->max = field->max;
			added->min = field->min;
			r = copy_text(&added->standard, field->standard);
		}
		if (r == 0)
			r = copy_text(&added->most_for, field->most_for);
		if (r == 0)
			r = copy_text(&added->note, field->note);
		if (r == 0)
			r = strlist_copy(&added->words, &field->words);
	}
	if (r < 0)
		tool_spec_finish(&copy);
	else
		*to = copy;
	return r;
}

char *tool_spec_one_of(const struct tool_spec *spec)
{
	struct strlist keys = {0};
	char *text = NULL;
	int r = 0;

	for (size_t i = 0; i < spec->field_count && r == 0; i++)
		if (strlist_has(&spec->one_of, spec->fields[i].name))
			r = strlist_add(&keys, spec->fields[i].type == TOOL_PROMPT
						       ? "a text"
						       : spec->fields[i].key);
	if (r == 0)
		text = strlist_join(&keys, " or ");
	strlist_finish(&keys);
	return text;
}

void tool_list_finish(struct tool_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		tool_spec_finish(&list->items[i]);
	free(list->items);
	*list = (struct tool_list){0};
}

int tool_list_copy(struct tool_list *to, const struct tool_list *from)
{
	struct tool_list copy = {.items = calloc(from->count + 1, sizeof(*copy.items))};
	int r = copy.items ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < from->count; i++) {
		r = tool_spec_copy(&copy.items[i], &from->items[i]);
		copy.count += r == 0;
	}
	if (r < 0)
		tool_list_finish(&copy);
	else
		*to = copy;
	return r;
}

/* --- the catalogue --- */

static int read_words(const json_t *array, struct strlist *words)
{
	char number[24];
	int r = 0;

	for (size_t i = 0; i < json_array_size(array) && i < WORDS_MAX && r == 0; i++) {
		const json_t *word = json_array_get(array, i);
		if (json_is_integer(word)) {
			snprintf(number, sizeof(number), "%lld",
				(long long)json_integer_value(word));
			r = strlist_add(words, number);
		} else if (json_is_string(word)) {
			r = strlist_add(words, json_string_value(word));
		}
	}
	return r;
}

/* A word or a number, as it is written in a prompt. */
static int read_standard(const json_t *value, char **ret_standard)
{
	struct strlist one = {0};
	json_t *array = json_pack("[O]", value);
	int r = value && !array ? -ENOMEM : read_words(array, &one);

	json_decref(array);
	if (r == 0 && one.count == 1)
		*ret_standard = steal(&one.items[0]);
	strlist_finish(&one);
	return r;
}

static int read_field(struct tool_spec *spec, const json_t *entry)
{
	const char *name = wire_text(entry, "name"), *type_name = wire_text(entry, "type");
	struct tool_field *field;
	enum tool_type type;

	if (!name || !type_name || tool_type_parse(type_name, &type) < 0)
		return -EBADMSG;
	int r = tool_spec_add(spec, name, wire_text(entry, "key"), type,
		json_is_true(json_object_get(entry, "required")), &field);
	if (r < 0)
		return r == -EINVAL ? -EBADMSG : r;
	wire_integer(json_object_get(entry, "max"), 1, 1000000, &field->max);
	wire_integer(json_object_get(entry, "min"), 1, 1000, &field->min);
	r = copy_text(&field->most_for, wire_text(entry, "most_for"));
	if (r == 0)
		r = copy_text(&field->note, wire_text(entry, "note"));
	if (r == 0)
		r = read_standard(json_object_get(entry, "default"), &field->standard);
	if (r == 0)
		r = read_words(json_object_get(entry, "words"), &field->words);
	if (r == 0)
		r = read_words(json_object_get(entry, "values"), &field->words);
	return r == 0 && type == TOOL_WORD && field->words.count == 0 ? -EBADMSG : r;
}

static int read_kind(const char *name, enum api_kind *ret_kind)
{
	for (unsigned kind = 0; name && kind < API_KIND_COUNT; kind++) {
		if (strcmp(api_kind_name((enum api_kind)kind), name) == 0) {
			*ret_kind = (enum api_kind)kind;
			return 0;
		}
	}
	return -EBADMSG;
}

static int read_spec(struct tool_spec *spec, const json_t *entry)
{
	const char *key = wire_text(entry, "key"), *endpoint = wire_text(entry, "endpoint");
	const json_t *fields = json_object_get(entry, "fields");
	int r = read_kind(wire_text(entry, "makes"), &spec->kind);

	if (r == 0 && (!key || !endpoint || !tool_endpoint_is_good(endpoint)))
		r = -EBADMSG;
	if (r == 0)
		r = copy_text(&spec->key, key);
	if (r == 0)
		r = copy_text(
			&spec->name, wire_text(entry, "name") ? wire_text(entry, "name") : key);
	if (r == 0)
		r = copy_text(&spec->endpoint, endpoint);
	if (r == 0)
		r = copy_text(&spec->answer, wire_text(entry, "answer"));
	if (r == 0)
		r = copy_text(&spec->then, wire_text(entry, "then"));
	if (r == 0 && spec->then && !tool_then_is_good(spec->then))
		r = -EBADMSG;
	if (r == 0)
		r = read_words(json_object_get(entry, "one_of"), &spec->one_of);
	spec->callback = !json_is_false(json_object_get(entry, "callback"));
	spec->webhook = spec->callback && !json_is_false(json_object_get(entry, "webhook"));
	for (size_t i = 0; r == 0 && i < json_array_size(fields); i++)
		r = read_field(spec, json_array_get(fields, i));
	return r;
}

int tool_list_parse(const char *json, size_t length, struct tool_list *ret_list)
{
	struct tool_list list = {0};
	json_t *root;
	int r = wire_parse(json, length, &root);

	if (r < 0)
		return r;
	size_t count = json_array_size(root);
	list.items = calloc(count + 1, sizeof(*list.items));
	r = !list.items ? -ENOMEM : !json_is_array(root) || count > TOOL_LIST_MAX ? -EBADMSG : 0;
	for (size_t i = 0; r == 0 && i < count; i++) {
		tool_spec_init(&list.items[list.count++]);
		r = read_spec(&list.items[i], json_array_get(root, i));
	}
	json_decref(root);
	if (r < 0)
		tool_list_finish(&list);
	else
		*ret_list = list;
	return r;
}
