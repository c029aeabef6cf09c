/* SPDX-License-Identifier: MIT */
/* Media that a request refers to, or has in itself. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/validate_private.h"

#define URL_MAX 2048
#define SECONDS_MIN 2
#define SECONDS_MAX 15
#define SECONDS_GRACE 0.05

int check_url(struct check *check, const struct field *field, const json_t *value)
{
	const char *url = json_string_value(value);
	const char *host;

	if (!url)
		return check_wrong_type(check, field, "a URL");
	if (strlen(url) > URL_MAX)
		return check_refuse(check, WIRE_PARAMETER, "%s url error: too long", field->name);
	host = strncmp(url, "https://", 8) == 0  ? url + 8
	       : strncmp(url, "http://", 7) == 0 ? url + 7
						 : NULL;
	if (!host || *host == '\0' || *host == '/' || url[strcspn(url, " \t\r\n\"<>")] != '\0')
		return check_refuse(check, WIRE_PARAMETER,
			"%s url error: a public http or https URL is required", field->name);
	return 0;
}

int check_input(struct check *check, const struct field *field, const json_t *value)
{
	int r = check_url(check, field, value);

	if (r < 0)
		return r;
	r = cdn_check_input(check->sandbox, json_string_value(value), field->media);
	if (r == -EMEDIUMTYPE)
		return check_refuse(check, WIRE_FORMAT, "%s", field->name);
	if (r < 0)
		return check_refuse(
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
			return check_refuse(check, WIRE_FORMAT, "%s", field->name);
		if (seconds > 0 && (seconds < SECONDS_MIN - SECONDS_GRACE ||
					   seconds >= SECONDS_MAX + SECONDS_GRACE))
			return check_refuse(check, WIRE_PARAMETER,
				"%s is invalid, each must be %d to %d seconds", field->name,
				SECONDS_MIN, SECONDS_MAX);
		together += seconds;
	}
	if (together >= SECONDS_MAX + SECONDS_GRACE)
		return check_refuse(check, WIRE_PARAMETER, "%s exceeds %d seconds in total",
			field->name, SECONDS_MAX);
	return 0;
}

int check_inputs(struct check *check, const struct field *field, const json_t *value)
{
	const json_t *limit =
		field->media == MEDIA_IMAGE ? check_mode_list(check, "upload_image_limit") : NULL;
	double max = json_is_integer(limit) ? (double)json_integer_value(limit) : field->max;
	const json_t *entry;
	size_t i;

	if (!json_is_array(value))
		return check_wrong_type(check, field, "an array of URLs");
	if ((double)json_array_size(value) < field->min)
		return check_refuse(check, WIRE_PARAMETER, "%s cannot be empty", field->name);
	if ((double)json_array_size(value) > max)
		return check_refuse(
			check, WIRE_PARAMETER, "%s exceeds %.0f entries", field->name, max);
	json_array_foreach(value, i, entry)
	{
		int r = check_input(check, field, entry);

		if (r < 0)
			return r;
	}
	return field->timed ? check_seconds(check, field, value) : 0;
}

int check_base64(struct check *check, const struct field *field, const json_t *value)
{
	const char *text = json_string_value(value), *comma;

	if (!text)
		return check_wrong_type(check, field, "a string");
	comma = strncmp(text, "data:", 5) == 0 ? strchr(text, ',') : NULL;
	if (comma)
		text = comma + 1;
	if (*text == '\0' ||
		text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				  "0123456789+/=")] != '\0')
		return check_refuse(check, WIRE_PARAMETER, "%s error: not base64", field->name);
	return 0;
}
