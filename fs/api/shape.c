/* SPDX-License-Identifier: MIT */
#include "fs/api/shape.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fs/api/wire.h"
#include "fs/base/cleanup.h"

#define TOLD_MAX 64 /* names that are told once each */

struct shape {
	shape_tell *tell;
	void *arg;
	struct strlist told; /* names, to tell each once */
};

__attribute__((format(printf, 2, 3))) static void say(struct shape *shape, const char *format, ...)
{
	char text[512], clean[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	wire_printable(text, clean, sizeof(clean));
	shape->tell(shape->arg, clean);
}

/* True the first time. */
static bool is_new(struct shape *shape, const char *name)
{
	return shape->told.count < TOLD_MAX && !strlist_has(&shape->told, name) &&
	       strlist_add(&shape->told, name) == 0;
}

static const char *type_name(const json_t *value)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object",
		[JSON_ARRAY] = "a list",
		[JSON_STRING] = "a text",
		[JSON_INTEGER] = "a whole number",
		[JSON_REAL] = "a number",
		[JSON_TRUE] = "true or false",
		[JSON_FALSE] = "true or false",
		[JSON_NULL] = "null",
	};

	return value ? names[json_typeof(value)] : "missing";
}

/* *ret_root is owned. */
static int open_envelope(
	struct shape *shape, const char *what, const char *body, size_t length, json_t **ret_root)
{
	static const char *const known[] = {"status", "success", "desc", "message", "msg", "data"};
	const char *key;
	json_t *value;
	int r = wire_parse(body, length, ret_root);

	if (r == -ENOMEM)
		return r;
	if (r < 0 || !json_is_object(*ret_root)) {
		if (r == 0)
			json_decref(*ret_root);
		say(shape, "%s: the answer is no JSON object", what);
		return -EBADMSG;
	}
	json_object_foreach(*ret_root, key, value)
	{
		bool reads = false;

		for (size_t i = 0; i < array_length(known); i++)
			reads = reads || strcmp(known[i], key) == 0;
		if (!reads)
			say(shape, "%s: the answer has '%s', which weryaifs does not read", what,
				key);
	}
	value = json_object_get(*ret_root, "status");
	if (value && !json_is_integer(value))
		say(shape, "%s: 'status' is %s, not a whole number", what, type_name(value));
	else if (value && json_integer_value(value) != 0 && json_integer_value(value) != 200)
		say(shape, "%s: 'status' is %lld, neither 0 nor 200", what,
			(long long)json_integer_value(value));
	return 0;
}

int shape_balance(const char *body, size_t length, shape_tell *tell, void *arg)
{
	struct shape shape = {.tell = tell, .arg = arg};
	json_t *root = NULL;
	int r = open_envelope(&shape, "balance", body, length, &root);

	if (r < 0)
		return r;
	const json_t *data = json_object_get(root, "data");
	if (json_is_object(data))
		data = json_object_get(data, "balance");
	if (!json_is_number(data))
		say(&shape, "balance: 'data' is %s, not a number", type_name(data));
	json_decref(root);
	return 0;
}

/* Members of a row: their names and what they are. */
static const struct {
	const char *name;
	enum { IS_TEXT, IS_NUMBER, IS_FLAG, IS_TEXTS, IS_NUMBERS } is;
} members[] = {
	{"model_key", IS_TEXT},
	{"modelKey", IS_TEXT},
	{"id", IS_TEXT},
	{"title", IS_TEXT},
	{"label", IS_TEXT},
	{"name", IS_TEXT},
	{"image_sizes", IS_TEXTS},
	{"num_images", IS_NUMBERS},
	{"resolutions", IS_TEXTS},
	{"aspect_ratios", IS_TEXTS},
	{"durations", IS_NUMBERS},
	{"prompt_length_limit", IS_NUMBER},
	{"upload_image_limit", IS_NUMBER},
	{"has_generate_audio", IS_FLAG},
	{"has_negative_prompt", IS_FLAG},
	{"support_multiple_images", IS_FLAG},
	{"support_first_last_frame", IS_FLAG},
};

static bool fits(const json_t *value, size_t member)
{
	switch (members[member].is) {
	case IS_TEXT:
		return json_is_string(value);
	case IS_NUMBER:
		return json_is_integer(value);
	case IS_FLAG:
		return json_is_boolean(value);
	case IS_TEXTS:
		return json_is_array(value) &&
		       (json_array_size(value) == 0 || json_is_string(json_array_get(value, 0)));
	default:
		return json_is_array(value) &&
		       (json_array_size(value) == 0 || json_is_integer(json_array_get(value, 0)));
	}
}

static void check_row(struct shape *shape, const char *list, const json_t *row)
{
	static const char *const key_keys[] = {"model_key", "modelKey", "id", NULL};
	const char *key, *model = json_string_value(wire_get(row, key_keys));
	json_t *value;

	if (!model) {
		if (is_new(shape, list))
			say(shape, "%s: there are rows without a model key", list);
		return;
	}
	json_object_foreach((json_t *)row, key, value)
	{
		size_t i = 0;

		while (i < array_length(members) && strcmp(members[i].name, key) != 0)
			i++;
		if (i == array_length(members)) {
			if (is_new(shape, key))
				say(shape,
					"%s: rows have '%s' (%s of %s), which weryaifs does not "
					"read",
					list, key, type_name(value), model);
		} else if (!json_is_null(value) && !fits(value, i) && is_new(shape, key)) {
			say(shape, "%s: '%s' of %s is %s, which was not expected", list, key, model,
				type_name(value));
		}
	}
}

static bool is_list_of(enum api_kind kind, const char *name)
{
	char mode_name[64];
	enum api_mode mode;

	snprintf(mode_name, sizeof(mode_name), "%s", name);
	for (char *c = mode_name; *c; c++)
		if (*c == '_')
			*c = '-';
	return api_mode_parse(mode_name, &mode) == 0 && api_mode_kind(mode) == kind;
}

int shape_models(enum api_kind kind, const char *body, size_t length, shape_tell *tell, void *arg,
	size_t *ret_models)
{
	static const char *const expected[][3] = {
		[API_IMAGE] = {"text_to_image", "image_to_image", NULL},
		[API_VIDEO] = {"text_to_video", "image_to_video", "multi_image_to_video"},
	};
	struct shape shape = {.tell = tell, .arg = arg};
	const char *what = kind == API_IMAGE ? "image models" : "video models", *key;
	json_t *root = NULL, *list, *row;
	size_t i;
	int r = open_envelope(&shape, what, body, length, &root);

	*ret_models = 0;
	if (r < 0)
		return r;
	const json_t *data = json_object_get(root, "data");
	if (!json_is_object(data))
		say(&shape, "%s: 'data' is %s, not an object", what, type_name(data));
	for (i = 0; i < 3 && expected[kind][i]; i++) {
		list = json_object_get(data, expected[kind][i]);
		if (!json_is_array(list))
			say(&shape, "%s: the list %s is %s", what, expected[kind][i],
				type_name(list));
		else if (json_array_size(list) == 0)
			say(&shape, "%s: the list %s is empty", what, expected[kind][i]);
	}
	json_object_foreach((json_t *)data, key, list)
	{
		if (!is_list_of(kind, key)) {
			say(&shape, "%s: there is '%s' (%s), which weryaifs does not read", what,
				key, type_name(list));
			continue;
		}
		json_array_foreach(list, i, row) check_row(&shape, key, row);
		*ret_models += json_array_size(list);
	}
	strlist_finish(&shape.told);
	json_decref(root);
	return 0;
}
