/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/catalogue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/models.h"
#include "tests/sandbox/util.h"

struct catalogue {
	json_t *models; /* array */
};

static int check_model(const json_t *model, size_t index)
{
	static const char *const keyed[] = {"aspect_ratios", "resolutions", "durations",
		"negative_prompt", "upload_image_limit"};
	const char *wrong = NULL;

	if (!json_is_string(json_object_get(model, "key")))
		wrong = "key";
	else if (!json_is_array(json_object_get(model, "modes")))
		wrong = "modes";
	else if (!json_is_array(json_object_get(model, "qualities")))
		wrong = "qualities";
	for (size_t i = 0; !wrong && i < sizeof(keyed) / sizeof(keyed[0]); i++)
		if (!json_is_object(json_object_get(model, keyed[i])))
			wrong = keyed[i];
	if (!wrong)
		return 0;
	fprintf(stderr, "weryaifs-sandbox: catalogue: model %zu has no usable \"%s\"\n", index,
		wrong);
	return -EINVAL;
}

int catalogue_create(const char *file, struct catalogue **ret)
{
	struct catalogue *catalogue = xcalloc(1, sizeof(*catalogue));
	json_error_t error;
	json_t *model;
	size_t i;

	if (file)
		catalogue->models = json_load_file(file, JSON_REJECT_DUPLICATES, &error);
	else
		catalogue->models = json_loadb((const char *)models_json, models_json_size,
			JSON_REJECT_DUPLICATES, &error);
	if (!json_is_array(catalogue->models)) {
		fprintf(stderr, "weryaifs-sandbox: catalogue %s: %s\n", file ? file : "(built in)",
			catalogue->models ? "is not an array" : error.text);
		catalogue_destroy(catalogue);
		return -EINVAL;
	}
	json_array_foreach(catalogue->models, i, model)
	{
		if (check_model(model, i) < 0) {
			catalogue_destroy(catalogue);
			return -EINVAL;
		}
	}
	*ret = catalogue;
	return 0;
}

void catalogue_destroy(struct catalogue *catalogue)
{
	if (!catalogue)
		return;
	json_decref(catalogue->models);
	free(catalogue);
}

static const char *model_key(const json_t *model)
{
	return json_string_value(json_object_get(model, "key"));
}

const json_t *catalogue_find(const struct catalogue *catalogue, const char *key)
{
	const json_t *model;
	size_t i;

	json_array_foreach(catalogue->models, i, model)
	{
		if (strcmp(model_key(model), key) == 0)
			return model;
	}
	return NULL;
}

bool catalogue_has_mode(const json_t *model, const char *mode)
{
	const json_t *modes = json_object_get(model, "modes"), *entry;
	size_t i;

	json_array_foreach(modes, i, entry)
	{
		if (json_is_string(entry) && strcmp(json_string_value(entry), mode) == 0)
			return true;
	}
	return false;
}

const json_t *catalogue_get(const json_t *model, const char *name, const char *mode)
{
	return json_object_get(json_object_get(model, name), mode);
}

static void copy_list(json_t *row, const char *name, const json_t *value)
{
	if (value)
		json_object_set_new(row, name, json_deep_copy(value));
}

static json_t *number_list(const json_t *model)
{
	const json_t *range = json_object_get(model, "image_number");
	json_int_t min = json_integer_value(json_object_get(range, "min"));
	json_int_t max = json_integer_value(json_object_get(range, "max"));
	json_t *list = json_array();

	for (json_int_t n = min; json_is_object(range) && n <= max && n <= min + 15; n++)
		json_array_append_new(list, json_integer(n));
	return list;
}

/* The registry lists what a mode takes, or it takes nothing: where the catalogue is silent about one mode of a model, it
 * is as another of the same kind. */
static const json_t *list_of(const json_t *model, const char *name, const char *mode, bool video)
{
	static const char *const siblings[2][3] = {{"image-to-image", "text-to-image", NULL},
		{"image-to-video", "text-to-video", "multi-image-to-video"}};
	const json_t *list = catalogue_get(model, name, mode);

	for (size_t i = 0; !json_is_array(list) && i < 3 && siblings[video][i]; i++)
		list = catalogue_get(model, name, siblings[video][i]);
	return list;
}

/* One model as the registry shows it in one mode (API reference 3.11). */
static json_t *registry_row(const json_t *model, const char *mode, bool video)
{
	json_t *row = json_object();
	const json_t *audio = json_object_get(model, "audio");
	const json_t *limit = catalogue_get(model, "upload_image_limit", mode);
	const json_t *title = json_object_get(model, "name");

	json_object_set_new(row, "model_key", json_string(model_key(model)));
	copy_list(row, "title", json_is_string(title) ? title : json_object_get(model, "key"));
	copy_list(row, video ? "aspect_ratios" : "image_sizes",
		list_of(model, "aspect_ratios", mode, video));
	copy_list(row, "resolutions", list_of(model, "resolutions", mode, video));
	copy_list(row, "prompt_length_limit", json_object_get(model, "prompt_limit"));
	copy_list(row, "upload_image_limit", limit);
	if (!video) {
		if (json_is_object(json_object_get(model, "image_number")))
			json_object_set_new(row, "num_images", number_list(model));
		return row;
	}
	copy_list(row, "durations", list_of(model, "durations", mode, video));
	copy_list(row, "has_negative_prompt", catalogue_get(model, "negative_prompt", mode));
	if (json_is_boolean(audio))
		copy_list(row, "has_generate_audio", audio);
	if (strcmp(mode, "text-to-video") != 0)
		json_object_set_new(row, "support_multiple_images",
			json_boolean(catalogue_has_mode(model, "multi-image-to-video")));
	return row;
}

json_t *catalogue_registry(const struct catalogue *catalogue, const char *kind)
{
	static const char *const lists[][3] = {
		{"image", "text_to_image", "text-to-image"},
		{"image", "image_to_image", "image-to-image"},
		{"video", "text_to_video", "text-to-video"},
		{"video", "image_to_video", "image-to-video"},
		{"video", "multi_image_to_video", "multi-image-to-video"},
	};
	json_t *data = json_object();

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const json_t *model;
		json_t *list;
		size_t at;

		if (strcmp(lists[i][0], kind) != 0)
			continue;
		list = json_array();
		json_array_foreach(catalogue->models, at, model)
		{
			if (catalogue_has_mode(model, lists[i][2]))
				json_array_append_new(
					list, registry_row(model, lists[i][2], *kind == 'v'));
		}
		json_object_set_new(data, lists[i][1], list);
	}
	return data;
}
