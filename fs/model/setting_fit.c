/* SPDX-License-Identifier: MIT */
/* The half of setting.h that knows models. */
#include "fs/model/setting.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/message.h"

#define NUMBER_MAX 4   /* where the catalogue says nothing: API reference 3.2 and 3.7 */
#define LISTED_MAX 400 /* bytes of a list of right values in a message */

/* NULL: the catalogue says nothing about this mode. */
static const struct strlist *own_list(const struct mode_spec *mode, enum setting setting)
{
	if (!mode->present)
		return NULL;
	if (setting == SETTING_RATIO)
		return mode->ratios_known ? &mode->ratios : NULL;
	if (setting == SETTING_RESOLUTION)
		return mode->resolutions_known ? &mode->resolutions : NULL;
	return mode->durations_known ? &mode->durations : NULL;
}

/* The mode's own list; where it is unknown, that of the likest mode of the same kind that lists some. */
static const struct strlist *listed(
	const struct model_spec *spec, enum api_mode mode, enum setting setting)
{
	static const enum api_mode likest[] = {API_IMAGE_TO_IMAGE, API_TEXT_TO_IMAGE,
		API_IMAGE_TO_VIDEO, API_TEXT_TO_VIDEO, API_MULTI_IMAGE_TO_VIDEO, API_ALMIGHTY,
		API_FIRST_LAST};
	const struct strlist *list = own_list(&spec->modes[mode], setting);

	for (size_t i = 0; !list && i < array_length(likest); i++) {
		if (api_mode_kind(likest[i]) != api_mode_kind(mode))
			continue;
		list = own_list(&spec->modes[likest[i]], setting);
		if (list && list->count == 0)
			list = NULL;
	}
	return list;
}

static void number_range(
	const struct model_spec *spec, enum api_mode mode, int *ret_min, int *ret_max)
{
	/* The catalogue's range is about images wherever a model makes any. */
	bool about_this = api_mode_kind(mode) == API_IMAGE || !model_spec_has_kind(spec, API_IMAGE);

	*ret_min = about_this && spec->number_min != API_UNSET ? spec->number_min : 1;
	*ret_max = about_this && spec->number_max != API_UNSET ? spec->number_max : NUMBER_MAX;
}

enum fit { FIT_NO, FIT_UNKNOWN, FIT_YES };

static enum fit fit_of(int flag)
{
	return flag == 0 ? FIT_NO : flag == API_UNSET ? FIT_UNKNOWN : FIT_YES;
}

/* Does the model have such a setting in this mode at all? */
static enum fit takes(const struct model_spec *spec, enum api_mode mode, enum setting setting)
{
	bool video = api_mode_kind(mode) == API_VIDEO;
	const struct strlist *list;

	switch (setting) {
	case SETTING_RATIO:
	case SETTING_RESOLUTION:
		list = listed(spec, mode, setting);
		return !list ? FIT_UNKNOWN : list->count > 0 ? FIT_YES : FIT_NO;
	case SETTING_NEGATIVE: /* API reference 3.7 has no such field */
		return mode == API_ALMIGHTY ? FIT_NO : fit_of(spec->modes[mode].negative);
	case SETTING_QUALITY:
		return video ? FIT_NO : spec->qualities.count > 0 ? FIT_YES : FIT_UNKNOWN;
	case SETTING_DURATION:
		return video ? FIT_YES : FIT_NO;
	case SETTING_AUDIO:
		return video ? fit_of(spec->audio) : FIT_NO;
	case SETTING_WEB_SEARCH:
		return video ? FIT_NO : fit_of(spec->web_search);
	default:
		return FIT_YES;
	}
}

/* Fields that every endpoint has are sent where the catalogue is silent; those that only listed models have
 * provoke a parameter error (API reference 7.4, item 5) and need the user's word. */
static bool is_sent_when_unknown(enum setting setting)
{
	return setting == SETTING_RATIO || setting == SETTING_NEGATIVE || setting == SETTING_AUDIO;
}

static int refuse_setting(const struct model_spec *spec, enum api_mode mode, enum setting setting,
	bool known, char **ret_message)
{
	CLEANUP(buf_finish) struct buf others;

	buf_init(&others, 1024);
	for (unsigned s = 0; s < SETTING_WEBHOOK; s++)
		if (takes(spec, mode, s) == FIT_YES ||
			(takes(spec, mode, s) == FIT_UNKNOWN && is_sent_when_unknown(s)))
			buf_addf(&others, "%s%s", others.length ? ", " : "", setting_name(s));
	if (!buf_ok(&others))
		return -ENOMEM;
	if (known)
		return message_refuse(ret_message, "%s: %s has no such setting in %s; it takes %s",
			setting_name(setting), spec->key, api_mode_name(mode), others.data);
	return message_refuse(ret_message,
		"%s: the catalogue lists none for %s; it takes %s ('unknown = allow' sends it "
		"anyway)",
		setting_name(setting), spec->key, others.data);
}

/* "9:16, 1:1"; runs of whole numbers as "4-15". Caller frees. */
static char *format_list(const struct strlist *list)
{
	CLEANUP(buf_finish) struct buf text;
	int64_t first, last, next;

	buf_init(&text, 64 * 1024);
	for (size_t i = 0; i < list->count; i++) {
		buf_addf(&text, "%s%s", i ? ", " : "", list->items[i]);
		if (str_to_int(list->items[i], 0, INT32_MAX, &first) < 0)
			continue;
		last = first;
		size_t end = i + 1;
		while (end < list->count &&
			str_to_int(list->items[end], 0, INT32_MAX, &next) == 0 &&
			next == last + 1) {
			last = next;
			end++;
		}
		if (last >= first + 2) {
			buf_addf(&text, "-%lld", (long long)last);
			i = end - 1;
		}
	}
	/* The live registry's words go to a terminal. */
	return buf_ok(&text) ? str_printable(text.data, text.length, LISTED_MAX) : NULL;
}

static int refuse_value(const struct model_spec *spec, enum setting setting, const char *value,
	const struct strlist *list, char **ret_message)
{
	CLEANUP_FREE char *shown = message_quote(value);
	CLEANUP_FREE char *right = format_list(list);

	if (!shown || !right)
		return -ENOMEM;
	return message_refuse(ret_message, "%s '%s' is not one that %s takes: %s",
		setting_name(setting), shown, spec->key, right);
}

/* Digits, colon, digits. */
static bool is_ratio(const char *value)
{
	size_t width = strspn(value, "0123456789");
	const char *height = value + width + 1;

	return width > 0 && value[width] == ':' && *height &&
	       height[strspn(height, "0123456789")] == '\0';
}

static int apply_word(const struct model_spec *spec, enum setting setting, const char *value,
	const struct strlist *list, bool allow_unknown, char **field, char **ret_message)
{
	const char *spelling = list ? strlist_find(list, value) : NULL;

	if (spelling || allow_unknown)
		return setting_set_text(field, spelling ? spelling : value);
	if (list && list->count > 0)
		return refuse_value(spec, setting, value, list, ret_message);
	if (setting == SETTING_RATIO && !is_ratio(value)) {
		CLEANUP_FREE char *shown = message_quote(value);
		if (!shown)
			return -ENOMEM;
		return message_refuse(ret_message,
			"ratio '%s' is not of the form WIDTH:HEIGHT, such as 16:9", shown);
	}
	return setting_set_text(field, value);
}

static int apply_number(const struct model_spec *spec, enum api_mode mode, int number,
	struct api_request *request, char **ret_message)
{
	int min, max;

	number_range(spec, mode, &min, &max);
	if (number >= min && number <= max) {
		request->number = number;
		return 0;
	}
	if (min == max)
		return message_refuse(
			ret_message, "number %d: %s always makes %d", number, spec->key, min);
	return message_refuse(ret_message, "number %d is not one that %s takes: %d-%d", number,
		spec->key, min, max);
}

static int apply_duration(const struct model_spec *spec, enum api_mode mode, int seconds,
	bool allow_unknown, struct api_request *request, char **ret_message)
{
	const struct strlist *list = listed(spec, mode, SETTING_DURATION);
	char value[16];

	snprintf(value, sizeof(value), "%d", seconds);
	if (list && list->count > 0 && !strlist_has(list, value) && !allow_unknown)
		return refuse_value(spec, SETTING_DURATION, value, list, ret_message);
	request->duration = seconds;
	return 0;
}

int setting_apply(const struct model_spec *spec, enum api_mode mode, enum setting setting,
	const struct model_defaults *values, bool allow_unknown, struct api_request *request,
	char **ret_message)
{
	enum fit fit = takes(spec, mode, setting);

	if (fit == FIT_NO ||
		(fit == FIT_UNKNOWN && !is_sent_when_unknown(setting) && !allow_unknown)) {
		/* What is not wanted and not there needs no complaint. */
		if ((setting == SETTING_AUDIO && values->audio == 0) ||
			(setting == SETTING_WEB_SEARCH && values->web_search == 0))
			return 0;
		return refuse_setting(spec, mode, setting, fit == FIT_NO, ret_message);
	}
	switch (setting) {
	case SETTING_RATIO:
		return apply_word(spec, setting, values->ratio, listed(spec, mode, setting),
			allow_unknown, &request->aspect_ratio, ret_message);
	case SETTING_RESOLUTION:
		return apply_word(spec, setting, values->resolution, listed(spec, mode, setting),
			allow_unknown, &request->resolution, ret_message);
	case SETTING_QUALITY:
		return apply_word(spec, setting, values->quality, &spec->qualities, allow_unknown,
			&request->quality, ret_message);
	case SETTING_NEGATIVE:
		return setting_set_text(&request->negative_prompt, values->negative);
	case SETTING_WEBHOOK:
		return setting_set_text(&request->webhook_url, values->webhook);
	case SETTING_NUMBER:
		return apply_number(spec, mode, values->number, request, ret_message);
	case SETTING_DURATION:
		return apply_duration(
			spec, mode, values->duration, allow_unknown, request, ret_message);
	case SETTING_AUDIO:
		request->audio = values->audio;
		return 0;
	case SETTING_WEB_SEARCH:
		request->web_search = values->web_search;
		return 0;
	case SETTING_CALLER:
		request->caller_id = values->caller;
		request->has_caller = true;
		return 0;
	default:
		return -EINVAL;
	}
}

int setting_apply_default(const struct model_spec *spec, enum api_mode mode, enum setting setting,
	struct api_request *request, char **ret_message)
{
	int min, max;
	int64_t seconds;
	const struct strlist *list;

	switch (setting) {
	case SETTING_RATIO:
		list = listed(spec, mode, setting);
		return list && list->count > 0
			       ? setting_set_text(&request->aspect_ratio, list->items[0])
			       : 0;
	case SETTING_NUMBER:
		number_range(spec, mode, &min, &max);
		if (min > 1)
			request->number = min;
		return 0;
	case SETTING_DURATION:
		if (api_mode_kind(mode) != API_VIDEO)
			return 0;
		list = listed(spec, mode, setting);
		if (!list || list->count == 0 ||
			str_to_int(list->items[0], 1, INT32_MAX, &seconds) < 0)
			return message_refuse(ret_message,
				"duration: needed, and the catalogue does not know %s's values; "
				"write duration: SECONDS",
				spec->key);
		request->duration = (int)seconds;
		return 0;
	default:
		return 0;
	}
}

int setting_check(const struct model_spec *spec, enum api_kind kind, enum setting setting,
	const struct model_defaults *values, char **ret_message)
{
	CLEANUP(api_request_finish) struct api_request scratch;
	CLEANUP_FREE char *first = NULL;

	api_request_init(&scratch);
	for (unsigned mode = 0; mode < API_MODE_COUNT; mode++) {
		CLEANUP_FREE char *message = NULL;
		if (!spec->modes[mode].present || api_mode_kind(mode) != kind)
			continue;
		int r = setting_apply(spec, mode, setting, values, false, &scratch, &message);
		if (r != -EINVAL)
			return r;
		if (!first)
			first = steal(&message);
	}
	if (!first)
		return message_refuse(ret_message, "%s: %s makes no %ss", setting_name(setting),
			spec->key, api_kind_name(kind));
	*ret_message = steal(&first);
	return -EINVAL;
}

bool setting_is_known(const struct model_spec *spec, enum api_kind kind, enum setting setting)
{
	for (unsigned mode = 0; mode < API_MODE_COUNT; mode++)
		if (spec->modes[mode].present && api_mode_kind(mode) == kind &&
			takes(spec, mode, setting) == FIT_YES)
			return true;
	return false;
}
