/* SPDX-License-Identifier: MIT */
#include "fs/model/model_section.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/message.h"
#include "fs/model/setting.h"

#define LIST_MAX 64
#define SECONDS_MAX 3600
#define NUMBER_MAX 100
#define PROMPT_LIMIT_MAX 100000

typedef int (*apply_fn)(
	struct model_spec *spec, const char *key, const char *value, char **message);

static int refuse(const char *key, const char *value, const char *reason, char **ret_message)
{
	CLEANUP_FREE char *shown = message_quote(value);

	if (!shown)
		return -ENOMEM;
	return message_refuse(ret_message, "%s '%s' %s", key, shown, reason);
}

static int split(const char *key, const char *value, struct strlist *list, char **ret_message)
{
	if (strcasecmp(value, "none") == 0)
		return 0;
	for (const char *word = value + strspn(value, ", \t"); *word;) {
		size_t length = strcspn(word, ", \t");
		if (list->count == LIST_MAX)
			return refuse(key, value, "is too long a list", ret_message);
		int r = strlist_addn(list, word, length);
		if (r < 0)
			return r;
		word += length;
		word += strspn(word, ", \t");
	}
	return 0;
}

static int apply_name(struct model_spec *spec, const char *key, const char *value, char **message)
{
	char *copy = str_printable(value, strlen(value), 100);

	if (!copy)
		return -ENOMEM;
	free(spec->name);
	spec->name = copy;
	return 0;
}

static int apply_modes(struct model_spec *spec, const char *key, const char *value, char **message)
{
	CLEANUP(strlist_finish) struct strlist words = {0};
	bool present[API_MODE_COUNT] = {false};

	int r = split(key, value, &words, message);
	if (r < 0)
		return r;
	for (size_t i = 0; i < words.count; i++) {
		enum api_mode mode;
		if (api_mode_parse(words.items[i], &mode) < 0)
			return refuse(key, words.items[i],
				"is not one of text-to-image, image-to-image, text-to-video, "
				"image-to-video, multi-image-to-video, "
				"almighty-reference-to-video, "
				"first-last-image-to-video",
				message);
		present[mode] = true;
	}
	if (words.count == 0)
		return message_refuse(message, "modes: name at least one, such as text-to-image");
	for (unsigned mode = 0; mode < API_MODE_COUNT; mode++)
		spec->modes[mode].present = present[mode];
	return 0;
}

/* Gives every mode its copy of the list. */
static int spread(struct model_spec *spec, const char *key, const struct strlist *list)
{
	for (unsigned mode = 0; mode < API_MODE_COUNT; mode++) {
		struct mode_spec *m = &spec->modes[mode];
		struct strlist *to = &m->durations, copy = {0};
		bool *known = &m->durations_known;
		if (strcmp(key, "ratios") == 0) {
			to = &m->ratios;
			known = &m->ratios_known;
		} else if (strcmp(key, "resolutions") == 0) {
			to = &m->resolutions;
			known = &m->resolutions_known;
		} else if (api_mode_kind(mode) != API_VIDEO) {
			continue;
		}
		int r = strlist_copy(&copy, list);
		if (r < 0) {
			strlist_finish(&copy);
			return r;
		}
		strlist_finish(to);
		*to = copy;
		*known = true;
	}
	return 0;
}

static int apply_words(struct model_spec *spec, const char *key, const char *value, char **message)
{
	CLEANUP(strlist_finish) struct strlist list = {0};

	int r = split(key, value, &list, message);
	return r < 0 ? r : spread(spec, key, &list);
}

static int apply_qualities(
	struct model_spec *spec, const char *key, const char *value, char **message)
{
	struct strlist list = {0};

	int r = split(key, value, &list, message);
	if (r < 0) {
		strlist_finish(&list);
		return r;
	}
	strlist_finish(&spec->qualities);
	spec->qualities = list;
	return 0;
}

/* "4" or "4-15" */
static int parse_range(const char *word, int64_t most, int64_t *ret_min, int64_t *ret_max)
{
	CLEANUP_FREE char *copy = strdup(word);

	if (!copy)
		return -ENOMEM;
	char *dash = strchr(copy, '-');
	if (dash)
		*dash = '\0';
	if (str_to_int(copy, 1, most, ret_min) < 0)
		return -EINVAL;
	if (!dash) {
		*ret_max = *ret_min;
		return 0;
	}
	return str_to_int(dash + 1, *ret_min, most, ret_max) < 0 ? -EINVAL : 0;
}

static int apply_durations(
	struct model_spec *spec, const char *key, const char *value, char **message)
{
	CLEANUP(strlist_finish) struct strlist words = {0}, seconds = {0};
	int64_t min, max;

	int r = split(key, value, &words, message);
	for (size_t i = 0; r == 0 && i < words.count; i++) {
		r = parse_range(words.items[i], SECONDS_MAX, &min, &max);
		if (r == -EINVAL || (r == 0 && max - min >= LIST_MAX))
			return refuse(
				key, words.items[i], "is not seconds such as 5 or 4-15", message);
		for (int64_t s = min; r == 0 && s <= max; s++) {
			char text[24];
			snprintf(text, sizeof(text), "%lld", (long long)s);
			r = strlist_add(&seconds, text);
		}
	}
	return r < 0 ? r : spread(spec, key, &seconds);
}

static int apply_numbers(
	struct model_spec *spec, const char *key, const char *value, char **message)
{
	int64_t min, max;

	int r = parse_range(value, NUMBER_MAX, &min, &max);
	if (r == -EINVAL)
		return refuse(key, value, "is not a range such as 1-4, or 4", message);
	if (r < 0)
		return r;
	spec->number_min = (int)min;
	spec->number_max = (int)max;
	return 0;
}

static int apply_limit(struct model_spec *spec, const char *key, const char *value, char **message)
{
	bool prompt = strcmp(key, "prompt_limit") == 0;
	int64_t limit;

	if (str_to_int(value, 1, prompt ? PROMPT_LIMIT_MAX : SETTING_IMAGES_MAX, &limit) < 0)
		return refuse(key, value,
			prompt ? "is not a number of characters from 1 to 100000"
			       : "is not a number of images from 1 to 16",
			message);
	if (prompt) {
		spec->prompt_limit = (int)limit;
		return 0;
	}
	spec->modes[API_IMAGE_TO_IMAGE].upload_limit = (int)limit;
	spec->modes[API_IMAGE_TO_VIDEO].upload_limit = (int)limit;
	spec->modes[API_MULTI_IMAGE_TO_VIDEO].upload_limit = (int)limit;
	return 0;
}

static int apply_flag(struct model_spec *spec, const char *key, const char *value, char **message)
{
	bool yes;

	if (str_to_bool(value, &yes) < 0)
		return refuse(key, value, "is neither yes nor no", message);
	if (strcmp(key, "has_audio") == 0)
		spec->audio = yes;
	else if (strcmp(key, "has_web_search") == 0)
		spec->web_search = yes;
	else
		for (unsigned mode = 0; mode < API_MODE_COUNT; mode++)
			spec->modes[mode].negative = yes;
	return 0;
}

static const struct {
	const char *key;
	apply_fn apply;
} keys[] = {
	{"name", apply_name},
	{"modes", apply_modes},
	{"ratios", apply_words},
	{"resolutions", apply_words},
	{"durations", apply_durations},
	{"qualities", apply_qualities},
	{"numbers", apply_numbers},
	{"prompt_limit", apply_limit},
	{"image_limit", apply_limit},
	{"has_audio", apply_flag},
	{"has_negative", apply_flag},
	{"has_web_search", apply_flag},
};

const char *model_section_keys(void)
{
	return "name, modes, ratios, resolutions, durations, qualities, numbers, prompt_limit, "
	       "image_limit, has_audio, has_negative, has_web_search";
}

bool model_section_is_key(const char *key)
{
	for (size_t i = 0; i < array_length(keys); i++)
		if (strcmp(keys[i].key, key) == 0)
			return true;
	return false;
}

int model_section_apply(
	struct model_spec *spec, const char *key, const char *value, char **ret_message)
{
	for (size_t i = 0; i < array_length(keys); i++)
		if (strcmp(keys[i].key, key) == 0)
			return keys[i].apply(spec, key, value, ret_message);
	return -EINVAL;
}
