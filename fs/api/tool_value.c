/* SPDX-License-Identifier: MIT */
/* What the fields of a tool take, and the body that they make. */
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/api/tool.h"
#include "fs/api/wire.h"
#include "fs/base/cleanup.h"

#define WORD_MAX_POINTS 200

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

/* In any case, and as in a key '-', '_' and blank are the same. */
static const char *find_word(const struct strlist *words, const char *text)
{
	for (size_t i = 0; i < words->count; i++) {
		const char *a = words->items[i], *b = text;

		while (*a && (tolower((unsigned char)*a) == tolower((unsigned char)*b) ||
				     (strchr("-_ ", *a) && *b && strchr("-_ ", *b)))) {
			a++;
			b++;
		}
		if (!*a && !*b)
			return words->items[i];
	}
	return NULL;
}

/* A number of the list by its name in any case; NULL: no such name. */
static const char *find_named(const struct strlist *words, const char *text)
{
	for (size_t i = 0; i < words->count; i++) {
		const char *equal = strrchr(words->items[i], '=');
		struct strlist name = {0};

		if (!equal ||
			strlist_addn(&name, words->items[i], (size_t)(equal - words->items[i])) < 0)
			continue;
		bool same = find_word(&name, text) != NULL;
		strlist_finish(&name);
		if (same)
			return equal + 1;
	}
	return NULL;
}

static bool is_decimal(const char *text)
{
	size_t whole = strspn(text, "0123456789"), part;

	if (whole < 1 || whole > 4 || text[whole] == '\0')
		return whole >= 1 && whole <= 4;
	part = strspn(text + whole + 1, "0123456789");
	return text[whole] == '.' && part >= 1 && part <= 4 && text[whole + 1 + part] == '\0';
}

int tool_field_read(const struct tool_field *field, const char *text, char **ret_value)
{
	const char *value = text;
	double corners[4];
	int64_t number;
	bool yes, good = true;

	switch (field->type) {
	case TOOL_WORD:
		value = find_word(&field->words, text);
		good = value != NULL;
		break;
	case TOOL_INTEGER:
		good = str_to_int(text, INT64_MIN, INT64_MAX, &number) == 0 &&
		       (field->words.count == 0 || strlist_has(&field->words, text));
		break;
	case TOOL_DECIMAL:
		good = is_decimal(text);
		break;
	case TOOL_NAMED:
		if (str_to_int(text, 1, INT64_MAX, &number) < 0)
			value = find_named(&field->words, text);
		good = value != NULL;
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
	case TOOL_TEXTS: /* its `max` is how many */
		good = *text && str_utf8_count(text, strlen(text)) <= WORD_MAX_POINTS;
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
	case TOOL_NAMED:
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
		json_t *value = item->values.count > 0 ? encode_item(item)
				: item->standard       ? encode_value(item->type, item->standard)
						       : NULL;
		bool wanted = item->values.count > 0 || item->standard;
		if (r < 0)
			json_decref(value);
		else if (wanted && json_object_set_new(body, item->name, value) < 0)
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
		free(request->items[i].standard);
		strlist_finish(&request->items[i].values);
	}
	*request = (struct tool_request){0};
}
