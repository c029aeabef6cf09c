/* SPDX-License-Identifier: MIT */
#include "fs/api/request.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "fs/api/wire.h"
#include "fs/base/cleanup.h"

static const struct {
	const char *name; /* also its endpoint, behind /v1/generation/ */
	enum api_kind kind;
} modes[API_MODE_COUNT] = {
	[API_TEXT_TO_IMAGE] = {"text-to-image", API_IMAGE},
	[API_IMAGE_TO_IMAGE] = {"image-to-image", API_IMAGE},
	[API_TEXT_TO_VIDEO] = {"text-to-video", API_VIDEO},
	[API_IMAGE_TO_VIDEO] = {"image-to-video", API_VIDEO},
	[API_MULTI_IMAGE_TO_VIDEO] = {"multi-image-to-video", API_VIDEO},
	[API_ALMIGHTY] = {"almighty-reference-to-video", API_VIDEO},
	[API_FIRST_LAST] = {"first-last-image-to-video", API_VIDEO},
};

const char *api_mode_name(enum api_mode mode)
{
	return modes[mode].name;
}

int api_mode_parse(const char *name, enum api_mode *ret_mode)
{
	for (size_t i = 0; i < API_MODE_COUNT; i++) {
		if (strcmp(modes[i].name, name) == 0) {
			*ret_mode = (enum api_mode)i;
			return 0;
		}
	}
	return -EINVAL;
}

enum api_kind api_mode_kind(enum api_mode mode)
{
	return modes[mode].kind;
}

const char *api_kind_name(enum api_kind kind)
{
	static const char *const names[API_KIND_COUNT] = {
		[API_IMAGE] = "image",
		[API_VIDEO] = "video",
		[API_AUDIO] = "audio",
		[API_TEXT] = "text",
	};

	return names[kind];
}

void api_request_init(struct api_request *request)
{
	*request = (struct api_request){
		.number = API_UNSET,
		.duration = API_UNSET,
		.audio = API_UNSET,
		.web_search = API_UNSET,
	};
}

void api_request_finish(struct api_request *request)
{
	free(request->model);
	free(request->prompt);
	free(request->aspect_ratio);
	free(request->negative_prompt);
	free(request->resolution);
	free(request->quality);
	free(request->webhook_url);
	strlist_finish(&request->images);
	strlist_finish(&request->videos);
	strlist_finish(&request->audios);
	api_request_init(request);
}

static bool all_utf8(const struct strlist *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (!str_is_utf8(list->items[i], strlen(list->items[i])))
			return false;
	return true;
}

static bool is_utf8(const struct api_request *request)
{
	const char *const texts[] = {request->model, request->prompt, request->aspect_ratio,
		request->negative_prompt, request->resolution, request->quality,
		request->webhook_url};

	for (size_t i = 0; i < array_length(texts); i++)
		if (texts[i] && !str_is_utf8(texts[i], strlen(texts[i])))
			return false;
	return all_utf8(&request->images) && all_utf8(&request->videos) &&
	       all_utf8(&request->audios);
}

/* Dropping what a mode has no place for would buy something else than was asked for. */
static bool fits_mode(const struct api_request *request)
{
	bool video = api_mode_kind(request->mode) == API_VIDEO;
	bool almighty = request->mode == API_ALMIGHTY;
	size_t images = request->images.count;

	if (!request->model || (!request->prompt && !almighty))
		return false;
	if (video ? request->quality || request->web_search != API_UNSET
		  : request->duration != API_UNSET || request->audio != API_UNSET)
		return false;
	if (!almighty && (request->videos.count || request->audios.count))
		return false;
	switch (request->mode) {
	case API_TEXT_TO_IMAGE:
	case API_TEXT_TO_VIDEO:
		return images == 0;
	case API_IMAGE_TO_VIDEO:
		return images == 1;
	case API_FIRST_LAST:
		return images == 2;
	case API_ALMIGHTY:
		return images + request->videos.count > 0;
	default:
		return images > 0;
	}
}

/* Each adds one field when it is set; the first failure stays. */
static void add(json_t *object, const char *key, json_t *value, int *r)
{
	if (json_object_set_new(object, key, value) < 0)
		*r = -ENOMEM;
}

static void add_text(json_t *object, const char *key, const char *text, int *r)
{
	if (text)
		add(object, key, json_string(text), r);
}

static void add_number(json_t *object, const char *key, int value, int *r)
{
	if (value != API_UNSET)
		add(object, key, json_integer(value), r);
}

static void add_list(json_t *object, const char *key, const struct strlist *list, int *r)
{
	json_t *array;

	if (list->count == 0)
		return;
	array = json_array();
	for (size_t i = 0; array && i < list->count; i++)
		if (json_array_append_new(array, json_string(list->items[i])) < 0)
			*r = -ENOMEM;
	add(object, key, array, r);
}

/* Each endpoint has its own names for pictures (API reference 9, 30). */
static void add_images(json_t *object, const struct api_request *request, int *r)
{
	const struct strlist *images = &request->images;

	if (request->mode == API_FIRST_LAST) {
		add_text(object, "first_pic_url", images->items[0], r);
		add_text(object, "end_pic_url", images->items[1], r);
	} else if (request->mode == API_IMAGE_TO_VIDEO) {
		add_text(object, "image", images->items[0], r);
	} else {
		add_list(object, "images", images, r);
	}
}

int api_request_encode(const struct api_request *request, char **ret_json)
{
	bool almighty = request->mode == API_ALMIGHTY;
	bool video = api_mode_kind(request->mode) == API_VIDEO;
	json_t *body;
	unsigned long mark = wire_memory_mark();
	char *text;
	int r = 0;

	if (!fits_mode(request))
		return -EINVAL;
	if (!is_utf8(request))
		return -EILSEQ;
	body = json_object();
	if (!body)
		return -ENOMEM;
	add_text(body, "model", request->model, &r);
	add_text(body, "prompt", request->prompt, &r);
	add_text(body, "negative_prompt", request->negative_prompt, &r);
	add_images(body, request, &r);
	add_list(body, "videos", &request->videos, &r);
	add_list(body, "audios", &request->audios, &r);
	add_text(body, "aspect_ratio", request->aspect_ratio, &r);
	add_text(body, "resolution", request->resolution, &r);
	add_text(body, "quality", request->quality, &r);
	add_number(body, "duration", request->duration, &r);
	/* A string for this one endpoint, a boolean everywhere else (API reference 3.7). */
	if (almighty && request->audio != API_UNSET)
		add_text(body, "generate_audio", request->audio ? "true" : "false", &r);
	else if (request->audio != API_UNSET)
		add(body, "generate_audio", json_boolean(request->audio), &r);
	add_number(body, video ? "video_number" : "image_number", request->number, &r);
	if (request->web_search != API_UNSET)
		add(body, "use_web_search", json_boolean(request->web_search), &r);
	add_text(body, "webhook_url", request->webhook_url, &r);
	if (request->has_caller)
		add(body, "caller_id", json_integer(request->caller_id), &r);
	text = r == 0 ? json_dumps(body, JSON_COMPACT) : NULL;
	json_decref(body);
	if (!text || wire_memory_failed(mark)) {
		free(text);
		return -ENOMEM;
	}
	*ret_json = text;
	return 0;
}

int api_request_duration(const char *json)
{
	json_t *body = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
	const json_t *duration = json_object_get(body, "duration");
	json_int_t seconds = json_integer_value(duration);

	json_decref(body);
	return seconds > 0 && seconds <= INT_MAX ? (int)seconds : API_UNSET;
}
