/* SPDX-License-Identifier: MIT */
/* What two requests have in common, read from their bodies: the ledger keeps nothing else of them. */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "fs/api/request.h"
#include "fs/base/buf.h"
#include "fs/base/cleanup.h"

#define NUMBER_MAX 1000

static const char *const not_asked_for[] = {"webhook_url", "caller_id"};

static json_t *load(const char *json)
{
	json_t *body = json_loads(json, JSON_REJECT_DUPLICATES, NULL);

	for (size_t i = 0; i < array_length(not_asked_for); i++)
		json_object_del(body, not_asked_for[i]);
	return body;
}

int api_request_core(const char *json, char **ret_json)
{
	json_t *body = load(json);
	char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);

	json_decref(body);
	if (text == NULL)
		return body == NULL ? -EINVAL : -ENOMEM;
	*ret_json = text;
	return 0;
}

/* What is said in words of a person's own. */
static bool is_words(const char *key)
{
	static const char *const words[] = {"prompt", "negative_prompt", "text", "description", "lyrics", "title"};

	for (size_t i = 0; i < array_length(words); i++)
		if (strcmp(words[i], key) == 0)
			return true;
	return false;
}

/* An input, by what it is and not what it is called: each endpoint has names of its own for those. */
static bool is_address(const json_t *value)
{
	const char *string = json_string_value(json_is_array(value) ? json_array_get(value, 0) : value);

	return string != NULL && strncmp(string, "http", 4) == 0;
}

int api_request_priced(const char *json, char **ret_text)
{
	json_t *body = load(json), *priced = json_object(), *value;
	const char *key;

	json_object_foreach(body, key, value)
	{
		if (json_is_array(value))
			json_object_set_new(priced, key, json_integer((json_int_t)json_array_size(value)));
		else if (is_address(value))
			json_object_set_new(priced, key, json_true());
		else if (!is_words(key))
			json_object_set(priced, key, value);
	}
	char *text = body == NULL ? NULL : json_dumps(priced, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(priced);
	json_decref(body);
	if (text == NULL)
		return body == NULL ? -EINVAL : -ENOMEM;
	*ret_text = text;
	return 0;
}

int api_request_value(const char *json, const char *const *names, size_t count, char **ret_text)
{
	json_t *body = json_loads(json, JSON_REJECT_DUPLICATES, NULL), *value = NULL;
	char *text = NULL;

	for (size_t i = 0; i < count && value == NULL; i++)
		value = json_object_get(body, names[i]);
	if (value != NULL)
		text = json_is_string(value) ? strdup(json_string_value(value))
					     : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(body);
	if (text == NULL)
		return value == NULL ? -ENODATA : -ENOMEM;
	*ret_text = text;
	return 0;
}

static bool is_setting(const char *key, const json_t *value)
{
	return strcmp(key, "model") != 0 && strcmp(key, "prompt") != 0 && strcmp(key, "webhook_url") != 0 && !is_address(value) && !json_is_null(value);
}

int api_request_settings(const char *json, int (*visit)(void *arg, const char *name, const char *value), void *arg)
{
	json_t *body = json_loads(json, JSON_REJECT_DUPLICATES, NULL), *value;
	const char *key;
	int r = 0;

	json_object_foreach(body, key, value)
	{
		CLEANUP_FREE char *text = NULL;
		if (r != 0 || !is_setting(key, value))
			continue;
		text = json_is_string(value) ? strdup(json_string_value(value))
					     : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
		r = text == NULL ? -ENOMEM : visit(arg, key, text);
	}
	json_decref(body);
	return r;
}

int api_request_number(const char *json)
{
	static const char *const names[] = {"image_number", "video_number", "num_images", "number"};
	json_t *body = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
	json_int_t number = 1;

	for (size_t i = 0; i < array_length(names); i++) {
		json_int_t value = json_integer_value(json_object_get(body, names[i]));
		if (value > number && value <= NUMBER_MAX)
			number = value;
	}
	json_decref(body);
	return (int)number;
}

/* Keys of `body` whose value is another one in `other`, or that it lacks. */
static void add_differences(json_t *body, json_t *other, bool missing_only, struct buf *text)
{
	const char *key;
	json_t *value;

	json_object_foreach(body, key, value)
	{
		json_t *now = json_object_get(other, key);
		if (now != NULL && (missing_only || json_equal(value, now)))
			continue;
		buf_addf(text, "%s%s", text->length > 0 ? ", " : "", key);
	}
}

int api_request_differences(const char *json, const char *other_json, char **ret_keys)
{
	CLEANUP(buf_finish) struct buf text;
	json_t *body = load(json), *other = load(other_json);

	buf_init(&text, 4096);
	add_differences(body, other, false, &text);
	add_differences(other, body, true, &text);
	json_decref(body);
	json_decref(other);
	if (!buf_ok(&text))
		return -ENOMEM;
	*ret_keys = buf_steal(&text);
	return 0;
}
