/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/validate_private.h"

#define REFERENCES_MAX 12 /* of an almighty request: images, videos and audios together */

int check_refuse(struct check *check, enum wire_error error, const char *format, ...)
{
	va_list list;

	check->error->error = error;
	va_start(list, format);
	vsnprintf(check->error->text, sizeof(check->error->text), format, list);
	va_end(list);
	return -EINVAL;
}

int check_wrong_type(struct check *check, const struct field *field, const char *want)
{
	return check_refuse(
		check, WIRE_PARAMETER, "%s is invalid, it must be %s", field->name, want);
}

/* A client's text is repeated only where it is short, so that no character is cut in two. */
const char *check_echo(const char *text)
{
	return strlen(text) < WORD_MAX ? text : "(long text)";
}

const json_t *check_mode_list(const struct check *check, const char *name)
{
	return check->model ? catalogue_get(check->model, name, check->endpoint->mode) : NULL;
}

/* A ratio is required only where the model is known to list some. */
static bool is_required(const struct check *check, const struct field *field)
{
	unsigned strict = check->sandbox->options->strict;

	if (field->standard && strict & STRICT_DEFAULTS)
		return true;
	/* leaving it to the service is right for almighty-reference-to-video alone */
	if (field->type == FIELD_RESOLUTION && strict & STRICT_RESOLUTION &&
		!check->endpoint->single_id)
		return json_array_size(check_mode_list(check, "resolutions")) > 0;
	if (field->type == FIELD_RATIO)
		return field->required &&
		       json_array_size(check_mode_list(check, "aspect_ratios")) > 0;
	return field->required;
}

static int check_known(struct check *check, const json_t *body)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)body, key, value)
	{
		const struct field *field = check->endpoint->field;

		while (field->name && strcmp(field->name, key) != 0)
			field++;
		if (!field->name ||
			(field->type == FIELD_ALIAS && !json_object_get(body, field->words[0])))
			return check_refuse(
				check, WIRE_PARAMETER, "unknown parameter: %s", check_echo(key));
	}
	return 0;
}

static int check_model(struct check *check, const json_t *body)
{
	const json_t *value = json_object_get(body, "model"), *range;

	if (!check->endpoint->mode)
		return 0;
	if (!value)
		return check_refuse(check, WIRE_PARAMETER, "model is required");
	check->model_key = json_string_value(value);
	if (!check->model_key)
		return check_refuse(check, WIRE_PARAMETER, "model is invalid, it must be a string");
	check->model = catalogue_find(check->sandbox->catalogue, check->model_key);
	if (!check->model)
		return check_refuse(check, WIRE_MODEL, "%s", check_echo(check->model_key));
	if (!catalogue_has_mode(check->model, check->endpoint->mode))
		return check_refuse(
			check, WIRE_MODEL, "%s by %s", check->model_key, check->endpoint->mode);
	free(check->generation->model);
	check->generation->model = xstrdup(check->model_key);
	check->generation->vector = strstr(check->model_key, "_TO_VECTOR");
	range = json_object_get(check->model, "image_number");
	if (check->endpoint->kind == MEDIA_IMAGE && json_is_object(range))
		check->generation->number =
			(unsigned)json_integer_value(json_object_get(range, "min"));
	return 0;
}

static int check_one_of(struct check *check, const json_t *body)
{
	const char *const *name = check->endpoint->one_of;

	if (check->references > REFERENCES_MAX &&
		strcmp(check->endpoint->path, "almighty-reference-to-video") == 0)
		return check_refuse(check, WIRE_PARAMETER,
			"images, videos and audios together exceed %d", REFERENCES_MAX);
	for (; name && *name; name++) {
		const json_t *value = json_object_get(body, *name);

		if (value && !(json_is_array(value) && json_array_size(value) == 0))
			return 0;
	}
	return name ? check_refuse(check, WIRE_PARAMETER, "%s or %s is required",
			      check->endpoint->one_of[0], check->endpoint->one_of[1])
		    : 0;
}

/* The service writes the words of a song that has none; music without a voice has neither words nor a cover. */
static void take_song(struct check *check, const json_t *body)
{
	const char *type = json_string_value(json_object_get(body, "type"));
	const char *words = json_string_value(json_object_get(body, "lyrics"));

	if (check->endpoint->kind == MEDIA_TEXT)
		check->generation->speech = xstrdup("what somebody said\n");
	if (check->endpoint->kind == MEDIA_AUDIO && type && strcmp(type, "VOCAL_SONG") == 0)
		check->generation->lyrics =
			words && *words ? xstrdup(words)
					: xformat("[Verse]\n%s\n", check->generation->prompt);
}

/* Videos that are joined play as long as they do one after the other. */
static void take_length(struct check *check, const json_t *body)
{
	const json_t *list = json_object_get(body, "video_urls"), *entry;
	double together = 0;
	size_t i;

	json_array_foreach(list, i, entry)
	{
		double seconds = cdn_input_seconds(check->sandbox, json_string_value(entry));

		together += seconds > 0 ? seconds : 1;
	}
	if (together > 0)
		check->generation->duration = together < 600 ? (unsigned)(together + 0.5) : 600;
}

static int check_body(struct check *check, const json_t *body)
{
	int r;

	if (!json_is_object(body))
		return check_refuse(
			check, WIRE_PARAMETER, "the body is invalid, it must be an object");
	r = check_known(check, body);
	if (r == 0)
		r = check_model(check, body);
	for (const struct field *field = check->endpoint->field; r == 0 && field->name; field++) {
		const json_t *value = json_object_get(body, field->name);

		if (value)
			r = check_value(check, field, value);
		else if (is_required(check, field))
			r = field->type == FIELD_RESOLUTION
				    ? check_refuse(
					      check, WIRE_PARAMETER, "resolution cannot be empty")
				    : check_refuse(
					      check, WIRE_PARAMETER, "%s is required", field->name);
	}
	if (r == 0)
		r = check_one_of(check, body);
	if (r == 0)
		take_song(check, body);
	if (r == 0)
		take_length(check, body);
	if (r == 0 && faults_parse_markers(check->generation->prompt, &check->generation->faults))
		r = check_refuse(check, WIRE_PARAMETER,
			"a [[marker]] of the sandbox has a value that does not fit");
	return r;
}

int validate_request(struct sandbox *sandbox, const struct endpoint *endpoint, const json_t *body,
	struct generation **ret, struct validate_error *ret_error)
{
	struct generation *generation = xcalloc(1, sizeof(*generation));
	struct check check = {.sandbox = sandbox,
		.endpoint = endpoint,
		.model_key = "",
		.generation = generation,
		.error = ret_error};
	int r;

	generation->endpoint = endpoint;
	generation->model = xstrdup(endpoint->path);
	generation->prompt = xstrdup(endpoint->path);
	generation->number = 1;
	generation->duration = 5;
	r = check_body(&check, body);
	if (r < 0)
		generation_destroy(generation);
	else
		*ret = generation;
	return r;
}
