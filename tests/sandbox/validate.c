/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/validate.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/cdn_url.h"

#define URL_MAX 2048
#define WORD_MAX 64
#define NEGATIVE_MAX 1000
#define SECONDS_MIN 2
#define SECONDS_MAX 15
#define SECONDS_GRACE 0.05
#define REFERENCES_MAX 12 /* of an almighty request: images, videos and audios together */

struct check {
	struct sandbox *sandbox;
	const struct endpoint *endpoint;
	const json_t *model; /* NULL: the endpoint takes none */
	const char *model_key;
	struct generation *generation;
	struct validate_error *error;
	unsigned references;
};

__attribute__((format(printf, 3, 4))) static int refuse(
	struct check *check, enum wire_error error, const char *format, ...)
{
	va_list list;

	check->error->error = error;
	va_start(list, format);
	vsnprintf(check->error->text, sizeof(check->error->text), format, list);
	va_end(list);
	return -EINVAL;
}

static int wrong_type(struct check *check, const struct field *field, const char *want)
{
	return refuse(check, WIRE_PARAMETER, "%s is invalid, it must be %s", field->name, want);
}

/* A client's text is repeated only where it is short, so that no character is cut in two. */
static const char *echo(const char *text)
{
	return strlen(text) < WORD_MAX ? text : "(long text)";
}

static const json_t *mode_list(const struct check *check, const char *name)
{
	return check->model ? catalogue_get(check->model, name, check->endpoint->mode) : NULL;
}

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
static int check_list(
	struct check *check, const struct field *field, const json_t *list, const json_t *value)
{
	char shown[WORD_MAX];

	if (!json_is_array(list))
		return 0;
	if (json_array_size(list) == 0)
		return refuse(check, WIRE_PARAMETER, "%s is not supported by %s", field->name,
			check->model_key);
	if (list_contains(list, value))
		return 0;
	if (json_is_integer(value))
		snprintf(shown, sizeof(shown), "%lld", (long long)json_integer_value(value));
	else
		snprintf(shown, sizeof(shown), "%s", echo(json_string_value(value)));
	return refuse(check, WIRE_PARAMETER, "%s not supported: %s by %s", field->name, shown,
		check->model_key);
}

static int check_text(
	struct check *check, const struct field *field, const json_t *value, double min, double max)
{
	size_t length;

	if (!json_is_string(value))
		return wrong_type(check, field, "a string");
	length = util_utf8_length(json_string_value(value));
	if ((double)length < min)
		return refuse(check, WIRE_PARAMETER, "%s cannot be empty", field->name);
	if ((double)length > max)
		return refuse(
			check, WIRE_PARAMETER, "%s exceeds %.0f characters", field->name, max);
	return 0;
}

static int check_prompt(struct check *check, const struct field *field, const json_t *value)
{
	const json_t *own = mode_list(check, "prompt_limits");
	const json_t *limit = own ? own : json_object_get(check->model, "prompt_limit");
	double max = json_is_integer(limit) ? (double)json_integer_value(limit) : 2000;
	int r = check_text(check, field, value, 1, max);

	if (r < 0)
		return r;
	if (json_string_value(value)[strspn(json_string_value(value), " \t\r\n")] == '\0')
		return refuse(check, WIRE_PARAMETER, "%s cannot be empty", field->name);
	free(check->generation->prompt);
	check->generation->prompt = xstrdup(json_string_value(value));
	return 0;
}

static int check_url_form(struct check *check, const struct field *field, const json_t *value)
{
	const char *url = json_string_value(value);
	const char *host;

	if (!url)
		return wrong_type(check, field, "a URL");
	if (strlen(url) > URL_MAX)
		return refuse(check, WIRE_PARAMETER, "%s url error: too long", field->name);
	host = strncmp(url, "https://", 8) == 0  ? url + 8
	       : strncmp(url, "http://", 7) == 0 ? url + 7
						 : NULL;
	if (!host || *host == '\0' || *host == '/' || url[strcspn(url, " \t\r\n\"<>")] != '\0')
		return refuse(check, WIRE_PARAMETER,
			"%s url error: a public http or https URL is required", field->name);
	return 0;
}

static int check_input(struct check *check, const struct field *field, const json_t *value)
{
	int r = check_url_form(check, field, value);

	if (r < 0)
		return r;
	r = cdn_check_input(check->sandbox, json_string_value(value), field->media);
	if (r == -EMEDIUMTYPE)
		return refuse(check, WIRE_FORMAT, "%s", field->name);
	if (r < 0)
		return refuse(
			check, WIRE_PARAMETER, "%s url error: it cannot be fetched", field->name);
	check->references++;
	if (!check->generation->input && field->media == MEDIA_IMAGE)
		check->generation->input = xstrdup(json_string_value(value));
	return 0;
}

/* The reference names whole seconds, and a file that was cut at one ends with the frame in which it lies: half a tenth of
 * a second is let through. */
static int check_seconds(struct check *check, const struct field *field, const json_t *list)
{
	double together = 0;
	const json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry)
	{
		double seconds = cdn_input_seconds(check->sandbox, json_string_value(entry));

		if (isnan(seconds))
			return refuse(check, WIRE_FORMAT, "%s", field->name);
		if (seconds > 0 && (seconds < SECONDS_MIN - SECONDS_GRACE ||
					   seconds >= SECONDS_MAX + SECONDS_GRACE))
			return refuse(check, WIRE_PARAMETER,
				"%s is invalid, each must be %d to %d seconds", field->name,
				SECONDS_MIN, SECONDS_MAX);
		together += seconds;
	}
	if (together >= SECONDS_MAX + SECONDS_GRACE)
		return refuse(check, WIRE_PARAMETER, "%s exceeds %d seconds in total", field->name,
			SECONDS_MAX);
	return 0;
}

static int check_inputs(struct check *check, const struct field *field, const json_t *value)
{
	const json_t *limit =
		field->media == MEDIA_IMAGE ? mode_list(check, "upload_image_limit") : NULL;
	double max = json_is_integer(limit) ? (double)json_integer_value(limit) : field->max;
	const json_t *entry;
	size_t i;

	if (!json_is_array(value))
		return wrong_type(check, field, "an array of URLs");
	if ((double)json_array_size(value) < field->min)
		return refuse(check, WIRE_PARAMETER, "%s cannot be empty", field->name);
	if ((double)json_array_size(value) > max)
		return refuse(check, WIRE_PARAMETER, "%s exceeds %.0f entries", field->name, max);
	json_array_foreach(value, i, entry)
	{
		int r = check_input(check, field, entry);

		if (r < 0)
			return r;
	}
	return field->timed ? check_seconds(check, field, value) : 0;
}

static int check_int(
	struct check *check, const struct field *field, const json_t *value, double min, double max)
{
	double number;

	if (!json_is_integer(value))
		return wrong_type(check, field, "an integer");
	number = (double)json_integer_value(value);
	if (number < min || number > max)
		return refuse(check, WIRE_PARAMETER, "%s is invalid, %.0f to %.0f is supported",
			field->name, min, max);
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
		return wrong_type(check, field, "a string");
	for (size_t i = 0; field->words[i]; i++)
		if (strcmp(field->words[i], json_string_value(value)) == 0)
			return 0;
	return refuse(check, WIRE_PARAMETER, "%s not supported: %s", field->name,
		echo(json_string_value(value)));
}

static int check_rectangles(struct check *check, const struct field *field, const json_t *value)
{
	static const char *const corners[] = {"lt_x", "lt_y", "rb_x", "rb_y"};
	const json_t *entry;
	size_t i;

	if (!json_is_array(value))
		return wrong_type(check, field, "an array");
	json_array_foreach(value, i, entry)
	{
		for (size_t c = 0; c < 4; c++) {
			const json_t *number = json_object_get(entry, corners[c]);

			if (!json_is_number(number) || json_number_value(number) < 0 ||
				json_number_value(number) > 1)
				return wrong_type(
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
		return wrong_type(check, field,
			field->type == FIELD_COLOUR ? "#RRGGBB"
			: field->type == FIELD_SIZE ? "\"WIDTHxHEIGHT\""
						    : "\"X,Y\"");
	return 0;
}

/* Fields that the model decides about. */
static int check_model_field(struct check *check, const struct field *field, const json_t *value)
{
	const json_t *audio = json_object_get(check->model, "audio");
	int r = 0;

	switch (field->type) {
	case FIELD_RATIO:
		r = check_text(check, field, value, 1, WORD_MAX);
		if (r == 0)
			r = check_list(check, field, mode_list(check, "aspect_ratios"), value);
		if (r == 0)
			check->generation->ratio = xstrdup(json_string_value(value));
		return r;
	case FIELD_RESOLUTION:
		r = check_text(check, field, value, 1, WORD_MAX);
		if (r == 0)
			r = check_list(check, field, mode_list(check, "resolutions"), value);
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
			r = check_list(check, field, mode_list(check, "durations"), value);
		if (r == 0)
			check->generation->duration = (unsigned)json_integer_value(value);
		return r;
	case FIELD_NEGATIVE:
		if (json_is_false(mode_list(check, "negative_prompt")))
			return refuse(check, WIRE_PARAMETER, "%s is not supported by %s",
				field->name, check->model_key);
		return check_text(check, field, value, 0, NEGATIVE_MAX);
	case FIELD_WEB_SEARCH:
		if (!json_is_true(json_object_get(check->model, "web_search")))
			return refuse(check, WIRE_PARAMETER, "%s is not supported by %s",
				field->name, check->model_key);
		return json_is_boolean(value) ? 0 : wrong_type(check, field, "a boolean");
	default:
		if (json_is_false(audio))
			return refuse(check, WIRE_PARAMETER, "%s is not supported by %s",
				field->name, check->model_key);
		if (field->type == FIELD_AUDIO)
			return json_is_boolean(value) ? 0 : wrong_type(check, field, "a boolean");
		if (!json_is_string(value) || (strcmp(json_string_value(value), "true") != 0 &&
						      strcmp(json_string_value(value), "false")))
			return wrong_type(check, field, "the string \"true\" or \"false\"");
		return 0;
	}
}

static int check_webhook(struct check *check, const struct field *field, const json_t *value)
{
	int r = check_url_form(check, field, value);

	if (r == 0)
		check->generation->webhook = xstrdup(json_string_value(value));
	return r;
}

static int check_field(struct check *check, const struct field *field, const json_t *value)
{
	switch (field->type) {
	case FIELD_MODEL:
		return 0;
	case FIELD_PROMPT:
		return check_prompt(check, field, value);
	case FIELD_TEXT:
		return check_text(check, field, value, field->min, field->max);
	case FIELD_WORD:
		return check_word(check, field, value);
	case FIELD_INT:
		return check_int(check, field, value, field->min, field->max);
	case FIELD_BOOL:
		return json_is_boolean(value) ? 0 : wrong_type(check, field, "a boolean");
	case FIELD_INPUT:
		return check_input(check, field, value);
	case FIELD_INPUTS:
		return check_inputs(check, field, value);
	case FIELD_WEBHOOK:
		return check_webhook(check, field, value);
	case FIELD_OBJECT:
		return json_is_object(value) ? 0 : wrong_type(check, field, "an object");
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

/* A ratio is required only where the model is known to list some. */
static bool is_required(const struct check *check, const struct field *field)
{
	if (field->type == FIELD_RATIO)
		return field->required && json_array_size(mode_list(check, "aspect_ratios")) > 0;
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
		if (!field->name)
			return refuse(check, WIRE_PARAMETER, "unknown parameter: %s", echo(key));
	}
	return 0;
}

static int check_model(struct check *check, const json_t *body)
{
	const json_t *value = json_object_get(body, "model"), *range;

	if (!check->endpoint->mode)
		return 0;
	if (!value)
		return refuse(check, WIRE_PARAMETER, "model is required");
	check->model_key = json_string_value(value);
	if (!check->model_key)
		return refuse(check, WIRE_PARAMETER, "model is invalid, it must be a string");
	check->model = catalogue_find(check->sandbox->catalogue, check->model_key);
	if (!check->model)
		return refuse(check, WIRE_MODEL, "%s", echo(check->model_key));
	if (!catalogue_has_mode(check->model, check->endpoint->mode))
		return refuse(
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
		return refuse(check, WIRE_PARAMETER, "images, videos and audios together exceed %d",
			REFERENCES_MAX);
	for (; name && *name; name++) {
		const json_t *value = json_object_get(body, *name);

		if (value && !(json_is_array(value) && json_array_size(value) == 0))
			return 0;
	}
	return name ? refuse(check, WIRE_PARAMETER, "%s or %s is required",
			      check->endpoint->one_of[0], check->endpoint->one_of[1])
		    : 0;
}

/* The service writes the words of a song that has none; music without a voice has neither words nor a cover. */
static void take_song(struct check *check, const json_t *body)
{
	const char *type = json_string_value(json_object_get(body, "type"));
	const char *words = json_string_value(json_object_get(body, "lyrics"));

	if (check->endpoint->kind == MEDIA_AUDIO && type && strcmp(type, "VOCAL_SONG") == 0)
		check->generation->lyrics =
			words && *words ? xstrdup(words)
					: xformat("[Verse]\n%s\n", check->generation->prompt);
}

static int check_body(struct check *check, const json_t *body)
{
	int r;

	if (!json_is_object(body))
		return refuse(check, WIRE_PARAMETER, "the body is invalid, it must be an object");
	r = check_known(check, body);
	if (r == 0)
		r = check_model(check, body);
	for (const struct field *field = check->endpoint->field; r == 0 && field->name; field++) {
		const json_t *value = json_object_get(body, field->name);

		if (value)
			r = check_field(check, field, value);
		else if (is_required(check, field))
			r = refuse(check, WIRE_PARAMETER, "%s is required", field->name);
	}
	if (r == 0)
		r = check_one_of(check, body);
	if (r == 0)
		take_song(check, body);
	if (r == 0 && faults_parse_markers(check->generation->prompt, &check->generation->faults))
		r = refuse(check, WIRE_PARAMETER,
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
