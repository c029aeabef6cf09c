/* SPDX-License-Identifier: MIT */
#include "fs/api/registry.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/api/wire.h"
#include "fs/base/cleanup.h"

/* Of one list of choices and of one choice: both come from outside. */
#define MAX_CHOICES 64
#define MAX_CHOICE 64
#define MAX_NAME 128
#define MAX_KEY 64

#define MAX_DURATION 3600
#define MAX_NUMBER 64
#define MAX_UPLOADS 1000
#define MAX_PROMPT 1000000

/* A list that is being read; entries without modes are still in it. */
struct reading {
	struct model_list list;
	size_t capacity;
};

static bool has_mode(const struct model_spec *spec)
{
	return model_spec_has_kind(spec, API_IMAGE) || model_spec_has_kind(spec, API_VIDEO);
}

/* A key becomes a directory name. */
static bool key_is_good(const char *key)
{
	size_t length = strlen(key);

	return length >= 1 && length <= MAX_KEY && key[0] != '.' &&
	       strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-") ==
		       length;
}

/* A value that people type into a prompt file and that is sent verbatim. */
static bool choice_is_good(const char *choice)
{
	size_t length = strlen(choice);

	if (length == 0 || length > MAX_CHOICE || choice[0] == ' ' || choice[length - 1] == ' ')
		return false;
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)choice[i] < ' ' || choice[i] == 0x7f)
			return false;
	return true;
}

/* Reads an array of strings; *ret_known tells whether there was one. Bad elements are left out. */
static int read_choices(const json_t *array, struct strlist *ret_choices, bool *ret_known)
{
	strlist_finish(ret_choices);
	*ret_known = json_is_array(array);
	for (size_t i = 0; i < json_array_size(array) && ret_choices->count < MAX_CHOICES; i++) {
		const char *choice = json_string_value(json_array_get(array, i));
		int r = 0;

		if (choice && choice_is_good(choice) && !strlist_has(ret_choices, choice))
			r = strlist_add(ret_choices, choice);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_durations(const json_t *array, struct strlist *ret_durations, bool *ret_known)
{
	strlist_finish(ret_durations);
	*ret_known = json_is_array(array);
	for (size_t i = 0; i < json_array_size(array) && ret_durations->count < MAX_CHOICES; i++) {
		char text[24];
		int64_t seconds;
		int r = 0;

		if (!wire_integer(json_array_get(array, i), 1, MAX_DURATION, &seconds))
			continue;
		snprintf(text, sizeof(text), "%d", (int)seconds);
		if (!strlist_has(ret_durations, text))
			r = strlist_add(ret_durations, text);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_int(const json_t *value, int min, int max, int otherwise)
{
	int64_t number;

	return wire_integer(value, min, max, &number) ? (int)number : otherwise;
}

static bool has_word(const json_t *array, const char *word)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *item = json_string_value(json_array_get(array, i));
		if (item && strcmp(item, word) == 0)
			return true;
	}
	return false;
}

static int read_flag(const json_t *value)
{
	return json_is_boolean(value) ? json_is_true(value) : API_UNSET;
}

/* The entry of `key`, made when there is none; *ret_spec is NULL where the key is no good or the
 * list is full. */
static int reading_entry(
	struct reading *reading, const char *key, const char *name, struct model_spec **ret_spec)
{
	struct model_list *list = &reading->list;
	struct model_spec *spec;
	char shown[MAX_NAME + 1];

	*ret_spec = NULL;
	if (!key || !key_is_good(key))
		return 0;
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].key, key) == 0) {
			*ret_spec = &list->items[i];
			return 0;
		}
	}
	if (list->count >= REGISTRY_MAX_MODELS)
		return 0;
	if (list->count == reading->capacity) {
		size_t capacity = reading->capacity ? 2 * reading->capacity : 64;
		struct model_spec *items = reallocarray(list->items, capacity, sizeof(*items));

		if (!items)
			return -ENOMEM;
		list->items = items;
		reading->capacity = capacity;
	}
	spec = &list->items[list->count];
	model_spec_init(spec);
	wire_printable(name ? name : key, shown, sizeof(shown));
	spec->key = strdup(key);
	spec->name = strdup(shown[0] ? shown : key);
	list->count++;
	*ret_spec = spec;
	return spec->key && spec->name ? 0 : -ENOMEM;
}

/* Hands the list over without the entries that have no mode; on failure frees it. */
static int reading_end(struct reading *reading, int r, struct model_list *ret_list)
{
	struct model_list *list = &reading->list;
	size_t kept = 0;

	if (r < 0) {
		model_list_finish(list);
		return r;
	}
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].prompt_limit == 0)
			list->items[i].prompt_limit = REGISTRY_DEFAULT_PROMPT;
		if (has_mode(&list->items[i]))
			list->items[kept++] = list->items[i];
		else
			model_spec_finish(&list->items[i]);
	}
	list->count = kept;
	*ret_list = *list;
	return 0;
}

static int read_catalogue_mode(const json_t *entry, const char *name, struct mode_spec *mode)
{
	int r;

	mode->present = true;
	r = read_choices(json_object_get(json_object_get(entry, "aspect_ratios"), name),
		&mode->ratios, &mode->ratios_known);
	if (r == 0)
		r = read_choices(json_object_get(json_object_get(entry, "resolutions"), name),
			&mode->resolutions, &mode->resolutions_known);
	if (r == 0)
		r = read_durations(json_object_get(json_object_get(entry, "durations"), name),
			&mode->durations, &mode->durations_known);
	mode->negative =
		read_flag(json_object_get(json_object_get(entry, "negative_prompt"), name));
	mode->upload_limit =
		read_int(json_object_get(json_object_get(entry, "upload_image_limit"), name), 0,
			MAX_UPLOADS, API_UNSET);
	mode->prompt_limit =
		read_int(json_object_get(json_object_get(entry, "prompt_limits"), name), 1,
			MAX_PROMPT, API_UNSET);
	mode->unlisted = has_word(json_object_get(entry, "unlisted"), name);
	return r;
}

static int read_catalogue_entry(struct reading *reading, const json_t *entry)
{
	const json_t *modes = json_object_get(entry, "modes");
	const json_t *number = json_object_get(entry, "image_number");
	struct model_spec *spec;
	enum api_mode mode;
	bool known;
	int r = reading_entry(reading, wire_text(entry, "key"), wire_text(entry, "name"), &spec);

	if (r < 0 || !spec)
		return r;
	for (size_t i = 0; i < json_array_size(modes); i++) {
		const char *name = json_string_value(json_array_get(modes, i));

		if (!name || api_mode_parse(name, &mode) < 0 || spec->modes[mode].present)
			continue;
		r = read_catalogue_mode(entry, name, &spec->modes[mode]);
		if (r < 0)
			return r;
	}
	spec->number_min = read_int(json_object_get(number, "min"), 1, MAX_NUMBER, API_UNSET);
	spec->number_max = read_int(json_object_get(number, "max"),
		spec->number_min > 1 ? spec->number_min : 1, MAX_NUMBER, API_UNSET);
	if (spec->number_min == API_UNSET || spec->number_max == API_UNSET)
		spec->number_min = spec->number_max = API_UNSET;
	spec->audio = read_flag(json_object_get(entry, "audio"));
	spec->web_search = read_flag(json_object_get(entry, "web_search"));
	spec->first_last_frame = read_flag(json_object_get(entry, "first_last_frame"));
	spec->prompt_limit = read_int(
		json_object_get(entry, "prompt_limit"), 1, MAX_PROMPT, REGISTRY_DEFAULT_PROMPT);
	return read_choices(json_object_get(entry, "qualities"), &spec->qualities, &known);
}

int registry_parse_catalogue(const char *json, size_t length, struct model_list *ret_list)
{
	struct reading reading = {0};
	json_t *root;
	int r = wire_parse(json, length, &root);

	if (r < 0)
		return r;
	if (!json_is_array(root))
		r = -EBADMSG;
	for (size_t i = 0; i < json_array_size(root) && r == 0; i++) {
		const json_t *entry = json_array_get(root, i);

		r = json_is_object(entry) ? read_catalogue_entry(&reading, entry) : -EBADMSG;
	}
	json_decref(root);
	return reading_end(&reading, r, ret_list);
}

/* What several modes of one model say of it together: yes when one of them says yes. */
static int join_flag(int flag, const json_t *value)
{
	int other = read_flag(value);

	return other > flag ? other : flag;
}

static void join_numbers(struct model_spec *spec, const json_t *numbers)
{
	for (size_t i = 0; i < json_array_size(numbers); i++) {
		int number = read_int(json_array_get(numbers, i), 1, MAX_NUMBER, API_UNSET);

		if (number == API_UNSET)
			continue;
		if (spec->number_min == API_UNSET || number < spec->number_min)
			spec->number_min = number;
		if (number > spec->number_max)
			spec->number_max = number;
	}
}

static int read_live_mode(const json_t *entry, enum api_kind kind, struct mode_spec *mode)
{
	const json_t *ratios =
		json_object_get(entry, kind == API_IMAGE ? "image_sizes" : "aspect_ratios");
	int r = read_choices(ratios, &mode->ratios, &mode->ratios_known);

	mode->present = true;
	if (r == 0)
		r = read_choices(json_object_get(entry, "resolutions"), &mode->resolutions,
			&mode->resolutions_known);
	if (r == 0)
		r = read_durations(json_object_get(entry, "durations"), &mode->durations,
			&mode->durations_known);
	/* API reference 11.1: an empty list says that the field is not to be sent, an absent one says nothing. A picture
	 * always has a ratio and a video always a length, so that an empty list of those says nothing either. */
	if (kind == API_IMAGE)
		mode->ratios_known = mode->ratios.count > 0;
	mode->durations_known = mode->durations.count > 0;
	mode->negative = read_flag(json_object_get(entry, "has_negative_prompt"));
	mode->upload_limit =
		read_int(json_object_get(entry, "upload_image_limit"), 0, MAX_UPLOADS, API_UNSET);
	return r;
}

static int read_live_entry(struct reading *reading, enum api_mode mode, const json_t *entry)
{
	static const char *const key_keys[] = {"model_key", "modelKey", "id", NULL};
	static const char *const name_keys[] = {"title", "label", "name", NULL};
	struct model_spec *spec;
	int r, limit;

	/* One image only: image-to-video does the same and is always there. */
	if (mode == API_MULTI_IMAGE_TO_VIDEO &&
		read_flag(json_object_get(entry, "support_multiple_images")) == 0)
		return 0;
	r = reading_entry(reading, json_string_value(wire_get(entry, key_keys)),
		json_string_value(wire_get(entry, name_keys)), &spec);
	if (r < 0 || !spec || spec->modes[mode].present)
		return r;
	if (!has_mode(spec))
		spec->prompt_limit = 0; /* new: reading_end() knows what to do with it */
	r = read_live_mode(entry, api_mode_kind(mode), &spec->modes[mode]);
	if (r < 0)
		return r;
	if (api_mode_kind(mode) == API_IMAGE)
		join_numbers(spec, json_object_get(entry, "num_images"));
	spec->audio = join_flag(spec->audio, json_object_get(entry, "has_generate_audio"));
	spec->first_last_frame = join_flag(
		spec->first_last_frame, json_object_get(entry, "support_first_last_frame"));
	limit = read_int(json_object_get(entry, "prompt_length_limit"), 1, MAX_PROMPT, API_UNSET);
	if (limit > spec->prompt_limit)
		spec->prompt_limit = limit;
	return 0;
}

/* "image-to-video" is the list "image_to_video". */
static const json_t *live_list(const json_t *data, enum api_mode mode)
{
	char key[40];

	snprintf(key, sizeof(key), "%s", api_mode_name(mode));
	for (char *c = key; *c; c++)
		if (*c == '-')
			*c = '_';
	return json_object_get(data, key);
}

static int read_live_list(
	struct reading *reading, enum api_mode mode, const json_t *list, bool borrowed)
{
	size_t count = json_array_size(list);
	int r = 0;

	for (size_t i = 0; i < count && i < REGISTRY_MAX_MODELS && r == 0; i++) {
		const json_t *entry = json_array_get(list, i);

		if (borrowed && !json_is_true(json_object_get(entry, "support_multiple_images")))
			continue;
		r = read_live_entry(reading, mode, entry);
	}
	return r;
}

int registry_parse_live(enum api_kind kind, int http_status, const char *body, size_t length,
	struct model_list *ret_list, struct api_error *error)
{
	struct reading reading = {0};
	json_t *root;
	const json_t *data;
	bool any = false;
	int r = wire_open_data(http_status, body, length, &root, error);

	if (r < 0)
		return r;
	data = json_object_get(root, "data");
	for (size_t i = 0; i < API_MODE_COUNT && r == 0; i++) {
		enum api_mode mode = (enum api_mode)i;
		const json_t *list = live_list(data, mode);
		/* empty is as good as absent: the endpoint has models whatever the registry lists (API reference 3.11) */
		bool borrowed = mode == API_MULTI_IMAGE_TO_VIDEO && json_array_size(list) == 0;

		if (api_mode_kind(mode) != kind)
			continue;
		any = any || json_is_array(list);
		r = read_live_list(&reading, mode,
			borrowed ? live_list(data, API_IMAGE_TO_VIDEO) : list, borrowed);
	}
	json_decref(root);
	if (r < 0) {
		model_list_finish(&reading.list);
		return wire_no_memory(error, http_status);
	}
	if (!any) {
		model_list_finish(&reading.list);
		return wire_not_understood(error, http_status, "the answer has no list of models");
	}
	return reading_end(&reading, 0, ret_list);
}
