/* SPDX-License-Identifier: MIT */
/* Fields that the model decides about. */
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/validate_private.h"

#define NEGATIVE_MAX 1000

int check_model_field(struct check *check, const struct field *field, const json_t *value)
{
	const json_t *audio = json_object_get(check->model, "audio");
	int r = 0;

	switch (field->type) {
	case FIELD_RATIO:
		r = check_text(check, field, value, 1, WORD_MAX);
		if (r == 0)
			r = check_list(
				check, field, check_mode_list(check, "aspect_ratios"), value);
		if (r == 0)
			check->generation->ratio = xstrdup(json_string_value(value));
		return r;
	case FIELD_RESOLUTION:
		r = check_text(check, field, value, 1, WORD_MAX);
		if (r == 0)
			r = check_list(check, field, check_mode_list(check, "resolutions"), value);
		if (r == 0)
			check->generation->resolution = xstrdup(json_string_value(value));
		return r;
	case FIELD_QUALITY:
		r = check_text(check, field, value, 1, WORD_MAX);
		return r ? r
			 : check_list(
				   check, field, json_object_get(check->model, "qualities"), value);
	case FIELD_DURATION:
		r = check_int(check, field, value, field->min, field->max);
		if (r == 0)
			r = check_list(check, field, check_mode_list(check, "durations"), value);
		if (r == 0)
			check->generation->duration = (unsigned)json_integer_value(value);
		return r;
	case FIELD_NEGATIVE:
		if (json_is_false(check_mode_list(check, "negative_prompt")))
			return check_refuse(check, WIRE_PARAMETER, "%s is not supported by %s",
				field->name, check->model_key);
		return check_text(check, field, value, 0, NEGATIVE_MAX);
	case FIELD_WEB_SEARCH:
		if (!json_is_true(json_object_get(check->model, "web_search")))
			return check_refuse(check, WIRE_PARAMETER, "%s is not supported by %s",
				field->name, check->model_key);
		return json_is_boolean(value) ? 0 : check_wrong_type(check, field, "a boolean");
	default:
		if (json_is_false(audio))
			return check_refuse(check, WIRE_PARAMETER, "%s is not supported by %s",
				field->name, check->model_key);
		if (field->type == FIELD_AUDIO)
			return json_is_boolean(value) ? 0
						      : check_wrong_type(check, field, "a boolean");
		if (!json_is_string(value) || (strcmp(json_string_value(value), "true") != 0 &&
						      strcmp(json_string_value(value), "false")))
			return check_wrong_type(check, field, "the string \"true\" or \"false\"");
		return 0;
	}
}
