/* SPDX-License-Identifier: MIT */
/* What the value of a field may be, by its type. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/validate_private.h"

static bool list_contains(const json_t *list, const json_t *value)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry)
	{
		if (json_equal(entry, value))
			return true;
	}
	return false;
}

/* A value held against a list: NULL knows nothing, an empty one forbids the field. */
int check_list(
	struct check *check, const struct field *field, const json_t *list, const json_t *value)
{
	char shown[WORD_MAX];

	if (!json_is_array(list))
		return 0;
	if (json_array_size(list) == 0)
		return check_refuse(check, WIRE_PARAMETER, "%s is not supported by %s", field->name,
			check->model_key);
	if (list_contains(list, value))
		return 0;
	if (json_is_integer(value))
		snprintf(shown, sizeof(shown), "%lld", (long long)json_integer_value(value));
	else
		snprintf(shown, sizeof(shown), "%s", check_echo(json_string_value(value)));
	return check_refuse(check, WIRE_PARAMETER, "%s not supported: %s by %s", field->name, shown,
		check->model_key);
}

int check_text(
	struct check *check, const struct field *field, const json_t *value, double min, double max)
{
	size_t length;

	if (!json_is_string(value))
		return check_wrong_type(check, field, "a string");
	length = util_utf8_length(json_string_value(value));
	if ((double)length < min)
		return check_refuse(check, WIRE_PARAMETER, "%s cannot be empty", field->name);
	if ((double)length > max)
		return check_refuse(
			check, WIRE_PARAMETER, "%s exceeds %.0f characters", field->name, max);
	return 0;
}

static int check_prompt(struct check *check, const struct field *field, const json_t *value)
{
	const json_t *own = check_mode_list(check, "prompt_limits");
	const json_t *limit = own ? own : json_object_get(check->model, "prompt_limit");
	double max = json_is_integer(limit) ? (double)json_integer_value(limit) : 2000;
	int r = check_text(check, field, value, 1, max);

	if (r < 0)
		return r;
	if (json_string_value(value)[strspn(json_string_value(value), " \t\r\n")] == '\0')
		return check_refuse(check, WIRE_PARAMETER, "%s cannot be empty", field->name);
	free(check->generation->prompt);
	check->generation->prompt = xstrdup(json_string_value(value));
	return 0;
}

int check_int(
	struct check *check, const struct field *field, const json_t *value, double min, double max)
{
	double number;

	if (!json_is_integer(value))
		return check_wrong_type(check, field, "an integer");
	number = (double)json_integer_value(value);
	if (number < min || number > max)
		return check_refuse(check, WIRE_PARAMETER,
			"%s is invalid, %.0f to %.0f is supported", field->name, min, max);
	return 0;
}

static int check_number(struct check *check, const struct field *field, const json_t *value)
{
	const json_t *range = field->type == FIELD_IMAGE_NUMBER
				      ? json_object_get(check->model, "image_number")
				      : NULL;
	double min = field->min, max = field->max;
	int r;

	if (json_is_object(range)) {
		min = json_number_value(json_object_get(range, "min"));
		max = json_number_value(json_object_get(range, "max"));
	}
	r = check_int(check, field, value, min, max);
	if (r == 0)
		check->generation->number = (unsigned)json_integer_value(value);
	return r;
}

static int check_word(struct check *check, const struct field *field, const json_t *value)
{
	if (!json_is_string(value))
		return check_wrong_type(check, field, "a string");
	for (size_t i = 0; field->words[i]; i++)
		if (strcmp(field->words[i], json_string_value(value)) == 0)
			return 0;
	return check_refuse(check, WIRE_PARAMETER, "%s not supported: %s", field->name,
		check_echo(json_string_value(value)));
}

static int check_rectangles(struct check *check, const struct field *field, const json_t *value)
{
	static const char *const corners[] = {"lt_x", "lt_y", "rb_x", "rb_y"};
	const json_t *entry;
	size_t i;

	if (!json_is_array(value))
		return check_wrong_type(check, field, "an array");
	json_array_foreach(value, i, entry)
	{
		for (size_t c = 0; c < 4; c++) {
			const json_t *number = json_object_get(entry, corners[c]);

			if (!json_is_number(number) || json_number_value(number) < 0 ||
				json_number_value(number) > 1)
				return check_wrong_type(
					check, field, "lt_x, lt_y, rb_x and rb_y from 0 to 1");
		}
	}
	return 0;
}

static int check_scan(struct check *check, const struct field *field, const json_t *value)
{
	const char *text = json_string_value(value);
	unsigned a, b;
	int end = 0;

	if (text && field->type == FIELD_COLOUR)
		(void)sscanf(text, "#%6x%n", &a, &end);
	else if (text && field->type == FIELD_SIZE)
		(void)sscanf(text, "%5ux%5u%n", &a, &b, &end);
	else if (text)
		(void)sscanf(text, "%5u,%5u%n", &a, &b, &end);
	if (!text || end == 0 || text[end] || (field->type == FIELD_COLOUR && end != 7))
		return check_wrong_type(check, field,
			field->type == FIELD_COLOUR ? "#RRGGBB"
			: field->type == FIELD_SIZE ? "\"WIDTHxHEIGHT\""
						    : "\"X,Y\"");
	return 0;
}

static int check_webhook(struct check *check, const struct field *field, const json_t *value)
{
	int r = check_url(check, field, value);

	if (r == 0)
		check->generation->webhook = xstrdup(json_string_value(value));
	return r;
}

static int check_speech(struct check *check, const struct field *field, const json_t *value)
{
	int r = check_text(check, field, value, field->min, field->max);

	if (r < 0)
		return r;
	free(check->generation->prompt);
	check->generation->prompt = xstrdup(json_string_value(value));
	return 0;
}

static int check_number_text(struct check *check, const struct field *field, const json_t *value)
{
	double number;

	if (!json_is_string(value) ||
		util_parse_number(json_string_value(value), 0, 100, &number) < 0)
		return check_wrong_type(check, field, "a number as a string, such as \"1.0\"");
	return 0;
}

static int check_styles(struct check *check, const struct field *field, const json_t *value)
{
	/* API reference 3.21: genre, emotion, instrument */
	static const char words[] =
		" POP ROCK RAP ELECTRONIC RNB JAZZ FOLK CLASSIC WORLD HAPPY RELAXED WARM ROMANTIC "
		"TOUCHING SAD LONELY DEPRESSED TENSE EXCITED EPIC MYSTERIOUS PIANO GUITAR BASS "
		"DRUMS STRINGS WIND SYNTHESIZER ELECTRONIC_SOUND FOLK_INSTRUMENT "
		"MIXED_ORCHESTRATION ";
	const char *key;
	json_t *entry;

	if (!json_is_object(value))
		return check_wrong_type(check, field, "an object");
	json_object_foreach((json_t *)value, key, entry)
	{
		char *word = xformat(" %s ", key);
		bool known = strstr(words, word) != NULL;

		free(word);
		if (!known || !json_is_string(entry))
			return check_refuse(check, WIRE_PARAMETER, "%s not supported: %s",
				field->name, check_echo(key));
	}
	return 0;
}

static int check_texts(struct check *check, const struct field *field, const json_t *value)
{
	const json_t *entry;
	size_t i;

	if (!json_is_array(value) || (double)json_array_size(value) < field->min ||
		(double)json_array_size(value) > field->max)
		return check_wrong_type(check, field, "an array of one or two");
	json_array_foreach(value, i, entry)
		if (!json_is_string(entry) || json_string_length(entry) == 0)
			return check_wrong_type(check, field, "an array of strings");
	return 0;
}

static int check_caller(struct check *check, const struct field *field, const json_t *value)
{
	if (!json_is_integer(value))
		return check_wrong_type(check, field, "an integer");
	if (check->sandbox->options->strict & STRICT_CALLER)
		return check_refuse(check, WIRE_PARAMETER, "callerid not exist");
	return 0;
}

int check_value(struct check *check, const struct field *field, const json_t *value)
{
	switch (field->type) {
	case FIELD_MODEL:
		return 0;
	case FIELD_PROMPT:
		return check_prompt(check, field, value);
	case FIELD_TEXT:
		return check_text(check, field, value, field->min, field->max);
	case FIELD_TEXTS:
		return check_texts(check, field, value);
	case FIELD_SPEECH:
		return check_speech(check, field, value);
	case FIELD_NUMBER_TEXT:
		return check_number_text(check, field, value);
	case FIELD_BASE64:
		return check_base64(check, field, value);
	case FIELD_STYLES:
		return check_styles(check, field, value);
	case FIELD_CALLER:
		return check_caller(check, field, value);
	case FIELD_ALIAS:
		return 0;
	case FIELD_WORD:
		return check_word(check, field, value);
	case FIELD_INT:
		return check_int(check, field, value, field->min, field->max);
	case FIELD_BOOL:
		return json_is_boolean(value) ? 0 : check_wrong_type(check, field, "a boolean");
	case FIELD_INPUT:
		return check_input(check, field, value);
	case FIELD_INPUTS:
		return check_inputs(check, field, value);
	case FIELD_WEBHOOK:
		return check_webhook(check, field, value);
	case FIELD_OBJECT:
		return json_is_object(value) ? 0 : check_wrong_type(check, field, "an object");
	case FIELD_RECTANGLES:
		return check_rectangles(check, field, value);
	case FIELD_COLOUR:
	case FIELD_SIZE:
	case FIELD_POINT:
		return check_scan(check, field, value);
	case FIELD_IMAGE_NUMBER:
	case FIELD_VIDEO_NUMBER:
		return check_number(check, field, value);
	default:
		return check_model_field(check, field, value);
	}
}
