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
	[TOOL_AUDIO] = {"audio", NULL},
	[TOOL_PROMPT] = {"prompt", NULL},
	[TOOL_TEXT] = {"text", NULL},
	[TOOL_LINES] = {"lines", NULL},
	[TOOL_WORD] = {"word", NULL},
	[TOOL_INTEGER] = {"integer", "a whole number, such as 5"},
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
	return type == TOOL_VIDEO ? API_VIDEO : type == TOOL_AUDIO ? API_AUDIO : API_IMAGE;
}

bool tool_type_is_list(enum tool_type type)
{
	return type == TOOL_IMAGES || type == TOOL_LINES || type == TOOL_RECTANGLES;
}

const char *tool_type_form(enum tool_type type)
{
	return types[type].form;
}

/* --- specs --- */

void tool_spec_init(struct tool_spec *spec)
{
	*spec = (struct tool_spec){.kind = API_IMAGE, .callback = true};
}

void tool_spec_finish(struct tool_spec *spec)
{
	free(spec->key);
	free(spec->name);
	free(spec->endpoint);
	free(spec->answer);
	for (size_t i = 0; i < spec->field_count; i++) {
		free(spec->fields[i].name);
		free(spec->fields[i].key);
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
	struct tool_spec copy = {.kind = from->kind, .callback = from->callback};
	int r = copy_text(&copy.key, from->key);

	if (r == 0)
		r = copy_text(&copy.name, from->name);
	if (r == 0)
		r = copy_text(&copy.endpoint, from->endpoint);
	if (r == 0)
		r = copy_text(&copy.answer, from->answer);
	if (r == 0)
		r = strlist_copy(&copy.one_of, &from->one_of);
	for (size_t i = 0; r == 0 && i < from->field_count; i++) {
		const struct tool_field *field = &from->fields[i];
		struct tool_field *added;
		r = tool_spec_add(
			&copy, field->name, field->key, field->type, field->required, &added);
		if (r == 0) {
			added->max = field->max;
			r = strlist_copy(&added->words, &field->words);
		}
	}
	if (r < 0)
		tool_spec_finish(&copy);
	else
		*to = copy;
	return r;
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
		r = read_words(json_object_get(entry, "one_of"), &spec->one_of);
	spec->callback = !json_is_false(json_object_get(entry, "callback"));
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

/* --- values --- */

static bool is_colour(const char *text)
{
	return text[0] == '#' && strspn(text + 1, "0123456789abcdefABCDEF") == 6 && text[7] == '\0';
}

/* Two numbers of up to five digits. */
static bool is_pair(const char *text, char between)
{
	size_t first = strspn(text, "0123456789");

	if (first < 1 || first > 5 || text[first] != between)
		return false;
	text += first + 1;
	size_t second = strspn(text, "0123456789");
	return second >= 1 && second <= 5 && text[second] == '\0';
}

static bool read_rectangle(const char *text, double corners[4])
{
	for (size_t i = 0; i < 4; i++) {
		char *end;
		text += strspn(text, ", \t");
		corners[i] = strtod(text, &end);
		if (end == text || !(corners[i] >= 0 && corners[i] <= 1))
			return false;
		text = end;
	}
	return text[strspn(text, ", \t")] == '\0' && corners[0] < corners[2] &&
	       corners[1] < corners[3];
}

static bool is_object(const char *text)
{
	json_t *object = NULL;
	bool yes = wire_parse(text, strlen(text), &object) == 0 && json_is_object(object);

	json_decref(object);
	return yes;
}

int tool_field_read(const struct tool_field *field, const char *text, char **ret_value)
{
	const char *value = text;
	double corners[4];
	int64_t number;
	bool yes, good = true;

	switch (field->type) {
	case TOOL_WORD:
		value = strlist_find(&field->words, text);
		good = value != NULL;
		break;
	case TOOL_INTEGER:
		good = str_to_int(text, INT64_MIN, INT64_MAX, &number) == 0 &&
		       (field->words.count == 0 || strlist_has(&field->words, text));
		break;
	case TOOL_KILOBYTES:
		good = str_to_int(text, 1, 1000000000, &number) == 0;
		break;
	case TOOL_BOOLEAN:
		good = str_to_bool(text, &yes) == 0;
		value = good && yes ? "yes" : "no";
		break;
	case TOOL_COLOUR:
		good = is_colour(text);
		break;
	case TOOL_SIZE:
	case TOOL_POINT:
		good = is_pair(text, field->type == TOOL_SIZE ? 'x' : ',');
		break;
	case TOOL_OBJECT:
		good = is_object(text);
		break;
	case TOOL_RECTANGLES:
		good = read_rectangle(text, corners);
		break;
	default:
		good = str_utf8_count(text, strlen(text)) <= (size_t)field->max;
	}
	if (!good)
		return -EINVAL;
	*ret_value = strdup(value);
	return *ret_value ? 0 : -ENOMEM;
}

/* --- the body --- */

static json_t *encode_value(enum tool_type type, const char *value)
{
	json_t *object = NULL;
	double c[4];
	int64_t number;

	switch (type) {
	case TOOL_INTEGER:
	case TOOL_KILOBYTES:
		return str_to_int(value, INT64_MIN, INT64_MAX, &number) == 0 ? json_integer(number)
									     : NULL;
	case TOOL_BOOLEAN:
		return json_boolean(strcmp(value, "yes") == 0);
	case TOOL_OBJECT:
		return wire_parse(value, strlen(value), &object) == 0 ? object : NULL;
	case TOOL_RECTANGLES:
		return read_rectangle(value, c) ? json_pack("{s:f, s:f, s:f, s:f}", "lt_x", c[0],
							  "lt_y", c[1], "rb_x", c[2], "rb_y", c[3])
						: NULL;
	default:
		return json_string(value);
	}
}

static json_t *encode_lines(const struct strlist *lines)
{
	CLEANUP_FREE char *text = strlist_join(lines, "\n");

	return text ? json_string(text) : NULL;
}

static json_t *encode_item(const struct tool_item *item)
{
	if (item->type == TOOL_LINES)
		return encode_lines(&item->values);
	if (!tool_type_is_list(item->type))
		return encode_value(item->type, item->values.items[0]);
	json_t *array = json_array();
	for (size_t i = 0; array && i < item->values.count; i++) {
		if (json_array_append_new(array, encode_value(item->type, item->values.items[i])) <
			0) {
			json_decref(array);
			array = NULL;
		}
	}
	return array;
}

int tool_request_encode(const struct tool_request *request, char **ret_json)
{
	unsigned long mark = wire_memory_mark();
	json_t *body = json_object();
	int r = body ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < request->count; i++) {
		const struct tool_item *item = &request->items[i];
		for (size_t k = 0; k < item->values.count; k++)
			if (!str_is_utf8(item->values.items[k], strlen(item->values.items[k])))
				r = -EILSEQ;
		if (r == 0 && item->values.count > 0 &&
			json_object_set_new(body, item->name, encode_item(item)) < 0)
			r = -EINVAL;
	}
	char *text = r == 0 ? json_dumps(body, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
	json_decref(body);
	if (wire_memory_failed(mark) || (r == 0 && !text)) {
		free(text);
		return -ENOMEM;
	}
	if (r == 0)
		*ret_json = text;
	return r;
}

void tool_request_finish(struct tool_request *request)
{
	for (size_t i = 0; i < request->count; i++) {
		free(request->items[i].name);
		strlist_finish(&request->items[i].values);
	}
	*request = (struct tool_request){0};
}
