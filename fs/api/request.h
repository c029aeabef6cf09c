/* SPDX-License-Identifier: MIT */
#pragma once
/* request: encodes one generation as the JSON body that its endpoint takes (API reference 3.2-3.7, 3.15).
 * Sends only what is set: unknown or unsupported fields provoke errors. Pure. */
#include "fs/base/str.h"
#include <stdbool.h>
#include <stdint.h>

enum api_mode {
	API_TEXT_TO_IMAGE,
	API_IMAGE_TO_IMAGE,
	API_TEXT_TO_VIDEO,
	API_IMAGE_TO_VIDEO,
	API_MULTI_IMAGE_TO_VIDEO,
	API_ALMIGHTY,   /* almighty-reference-to-video */
	API_FIRST_LAST, /* first-last-image-to-video: images are the first frame and the last one */
	API_MODE_COUNT
};

enum api_kind { API_IMAGE, API_VIDEO, API_AUDIO, API_TEXT, API_KIND_COUNT };

enum { API_UNSET = -1 };

struct api_request {
	enum api_mode mode;
	char *model, *prompt; /* owned, like all strings here */
	char *aspect_ratio;   /* NULL: leave out */
	char *negative_prompt, *resolution, *quality;
	int number;            /* image_number or video_number by kind; API_UNSET: leave out */
	int duration;          /* seconds; API_UNSET */
	int audio, web_search; /* 0, 1 or API_UNSET */
	char *webhook_url;
	int64_t caller_id; /* sent when has_caller */
	bool has_caller;
	struct strlist images, videos, audios; /* URLs */
};

void api_request_init(struct api_request *request); /* all unset */
void api_request_finish(struct api_request *request);
/* The body, compact, keys in a fixed order; caller frees. -ENOMEM, -EILSEQ (not UTF-8), -EINVAL: a field is set that
 * the mode has no place for (duration of an image, two images for image-to-video,
 * any other number than two for first-last-image-to-video), or what it needs is missing
 * (model, prompt, reference images): nothing is dropped in silence. */
int api_request_encode(const struct api_request *request, char **ret_json);

/* What such a body asks for, in seconds; API_UNSET: nothing. */
int api_request_duration(const char *json);

/* Of the body of any endpoint: what is asked for, without webhook and caller, in an order that nobody chose. Two that are
 * equal ask for the same. The caller frees. -EINVAL: no JSON object. */
int api_request_core(const char *json, char **ret_json);
/* How many results it asks for, 1 where it does not say. */
int api_request_number(const char *json);
/* Of the body of any endpoint: what its price may depend on, so all but words and addresses, of which the number counts. The caller
 * frees. -EINVAL: no JSON object. */
int api_request_priced(const char *json, char **ret_text);
/* One member of a body as a text, by the first of `count` names that it has. The caller frees. -ENODATA: it has none of them. */
int api_request_value(const char *json, const char *const *names, size_t count, char **ret_text);
/* Each setting of the body of any endpoint, as a text, by the service's name: all but model, prompt, webhook, and addresses. visit()
 * returns 0 to go on. */
int api_request_settings(const char *json, int (*visit)(void *arg, const char *name, const char *value), void *arg);
/* The keys that two bodies have not in common, "aspect_ratio, quality"; "" none. The caller frees. */
int api_request_differences(const char *json, const char *other_json, char **ret_keys);

/* "text-to-image", …: the words of catalogue and status, and the endpoint (api_submit()). */
const char *api_mode_name(enum api_mode mode);
int api_mode_parse(const char *name, enum api_mode *ret_mode); /* -EINVAL */
enum api_kind api_mode_kind(enum api_mode mode);
const char *api_kind_name(enum api_kind kind); /* "image", "video", "audio", "text" */
