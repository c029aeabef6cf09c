/* SPDX-License-Identifier: MIT */
/* The half of setting.h that knows models. */
#include "fs/model/setting_lists.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/message.h"

#define LISTED_MAX 400 /* bytes of a list of right values in a message */

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
		list = setting_listed(spec, mode, setting);
		return !list ? FIT_UNKNOWN : list->count > 0 ? FIT_YES : FIT_NO;
	case SETTING_NEGATIVE: /* API reference 3.7 has no such field */
		return mode == API_ALMIGHTY ? FIT_NO : fit_of(spec->modes[mode].negative);
	case SETTING_QUALITY:
		return video ? FIT_NO : spec->qualities.count > 0 ? FIT_YES : FIT_UNKNOWN;
	case SETTING_DURATION:
		list = video ? setting_listed(spec, mode, setting) : NULL;
		return !video || (list && list->count == 0) ? FIT_NO : FIT_YES;
	case SETTING_AUDIO:
		return video ? fit_of(spec->audio) : FIT_NO;
	case SETTING_WEB_SEARCH:
		return video ? FIT_NO : fit_of(spec->web_search);
	default:
		return FIT_YES;
	}
}

/* Fields that every endpoint has are sent where the catalogue is silent; a resolution is, when it was asked for; those
 * that only listed models have provoke a parameter error (API reference 7.4, item 5) and need the user's word. */
static bool is_sent_when_unknown(enum setting setting, enum setting_source source)
{
	return source == SETTING_ANYTHING || setting == SETTING_RATIO ||
	       setting == SETTING_NEGATIVE || setting == SETTING_AUDIO ||
	       (setting == SETTING_RESOLUTION && source == SETTING_ASKED);
}

static int refuse_setting(const struct model_spec *spec, enum api_mode mode, enum setting setting,
	bool known, enum setting_source source, char **ret_message)
{
	CLEANUP(buf_finish) struct buf others;

	buf_init(&others, 1024);
	for (unsigned s = 0; s < SETTING_WEBHOOK; s++)
		if (takes(spec, mode, s) == FIT_YES ||
			(takes(spec, mode, s) == FIT_UNKNOWN && is_sent_when_unknown(s, source)))
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

/* "16:9", "16:9(4k)", and sizes, which some models list among the ratios: "2k" */
static bool is_ratio(const char *value)
{
	static const char digits[] = "0123456789";
	size_t width = strspn(value, digits);

	if (width > 0 && (value[width] == 'k' || value[width] == 'K'))
		return value[width + 1] == '\0';
	if (width == 0 || value[width] != ':')
		return false;
	const char *height = value + width + 1;
	size_t length = strspn(height, digits);
	return length > 0 && (height[length] == '\0' || height[length] == '(');
}

/* `known`: the list is this mode's own, and what is not in it is refused. */
static int apply_word(const struct model_spec *spec, enum setting setting, const char *value,
	const struct strlist *list, bool known, enum setting_source source, char **field,
	char **ret_message)
{
	const char *spelling = list ? strlist_find(list, value) : NULL;

	if (spelling || source == SETTING_ANYTHING)
		return setting_set_text(field, spelling ? spelling : value);
	if (list && list->count > 0 && (known || source == SETTING_CONFIGURED))
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

static int apply_listed_word(const struct model_spec *spec, enum api_mode mode,
	enum setting setting, const char *value, enum setting_source source, char **field,
	char **ret_message)
{
	return apply_word(spec, setting, value, setting_suggested(spec, mode, setting),
		setting_listed(spec, mode, setting) != NULL, source, field, ret_message);
}

static int apply_number(const struct model_spec *spec, enum api_mode mode, int number,
	struct api_request *request, char **ret_message)
{
	int min, max;

	setting_number_range(spec, mode, &min, &max);
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
	enum setting_source source, struct api_request *request, char **ret_message)
{
	const struct strlist *list = source == SETTING_CONFIGURED
					     ? setting_suggested(spec, mode, SETTING_DURATION)
					     : setting_listed(spec, mode, SETTING_DURATION);
	char value[16];

	snprintf(value, sizeof(value), "%d", seconds);
	if (list && list->count > 0 && !strlist_has(list, value) && source != SETTING_ANYTHING)
		return refuse_value(spec, SETTING_DURATION, value, list, ret_message);
	request->duration = seconds;
	return 0;
}

int setting_apply(const struct model_spec *spec, enum api_mode mode, enum setting setting,
	const struct model_defaults *values, enum setting_source source,
	struct api_request *request, char **ret_message)
{
	enum fit fit = takes(spec, mode, setting);

	if (fit == FIT_NO || (fit == FIT_UNKNOWN && !is_sent_when_unknown(setting, source))) {
		/* What is not wanted and not there needs no complaint. */
		if ((setting == SETTING_AUDIO && values->audio == 0) ||
			(setting == SETTING_WEB_SEARCH && values->web_search == 0))
			return 0;
		return refuse_setting(spec, mode, setting, fit == FIT_NO, source, ret_message);
	}
	switch (setting) {
	case SETTING_RATIO:
		return apply_listed_word(spec, mode, setting, values->ratio, source,
			&request->aspect_ratio, ret_message);
	case SETTING_RESOLUTION:
		return apply_listed_word(spec, mode, setting, values->resolution, source,
			&request->resolution, ret_message);
	case SETTING_QUALITY:
		return apply_word(spec, setting, values->quality, &spec->qualities, true, source,
			&request->quality, ret_message);
	case SETTING_NEGATIVE:
		return setting_set_text(&request->negative_prompt, values->negative);
	case SETTING_WEBHOOK:
		return setting_set_text(&request->webhook_url, values->webhook);
	case SETTING_NUMBER:
		return apply_number(spec, mode, values->number, request, ret_message);
	case SETTING_DURATION:
		return apply_duration(spec, mode, values->duration, source, request, ret_message);
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

/* 1: one of these modes takes the value; 0: none; the first complaint is in *first. */
static int check_modes(const struct model_spec *spec, enum api_kind kind, enum setting setting,
	const struct model_defaults *values, bool known, bool *ret_decided, char **first)
{
	CLEANUP(api_request_finish) struct api_request scratch;

	api_request_init(&scratch);
	for (unsigned mode = 0; mode < API_MODE_COUNT; mode++) {
		CLEANUP_FREE char *message = NULL;
		if (!spec->modes[mode].present || api_mode_kind(mode) != kind ||
			(takes(spec, mode, setting) != FIT_UNKNOWN) != known)
			continue;
		*ret_decided |= takes(spec, mode, setting) == FIT_YES;
		int r = setting_apply(
			spec, mode, setting, values, SETTING_CONFIGURED, &scratch, &message);
		if (r != -EINVAL)
			return r == 0 ? 1 : r;
		if (!*first)
			*first = steal(&message);
	}
	return 0;
}

int setting_check(const struct model_spec *spec, enum api_kind kind, enum setting setting,
	const struct model_defaults *values, char **ret_message)
{
	CLEANUP_FREE char *first = NULL;
	bool decided = false;
	int r = check_modes(spec, kind, setting, values, true, &decided, &first);

	/* a mode of which nothing is known says nothing where another one of the model is known */
	if (r == 0 && !decided)
		r = check_modes(spec, kind, setting, values, false, &decided, &first);
	if (r != 0)
		return r < 0 ? r : 0;
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
