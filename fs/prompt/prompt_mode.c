/* SPDX-License-Identifier: MIT */
/* Which endpoint a prompt goes to (API reference 3.2-3.7). */
#include "fs/prompt/prompt_reading.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/message.h"
#include "fs/media/media.h"

static const char *const role_names[] = {
	[REF_IMAGE] = "image",
	[REF_FIRST_FRAME] = "first frame",
	[REF_LAST_FRAME] = "last frame",
	[REF_VIDEO] = "video",
	[REF_AUDIO] = "audio ref",
};

/* In the order in which they are sent. */
static const enum prompt_ref_role role_order[] = {
	REF_FIRST_FRAME, REF_IMAGE, REF_LAST_FRAME, REF_VIDEO, REF_AUDIO};

static bool is_image(enum prompt_ref_role role)
{
	return role == REF_IMAGE || role == REF_FIRST_FRAME || role == REF_LAST_FRAME;
}

static void order_refs(struct prompt_reading *reading)
{
	struct prompt_ref ordered[SETTING_REFS_MAX];
	size_t count = 0;

	for (size_t role = 0; role < array_length(role_order); role++)
		for (size_t i = 0; i < reading->ref_count; i++)
			if (reading->refs[i].role == role_order[role])
				ordered[count++] = reading->refs[i];
	memcpy(reading->refs, ordered, count * sizeof(*ordered));
}

static size_t count_role(const struct prompt_reading *reading, enum prompt_ref_role role)
{
	size_t count = 0;

	for (size_t i = 0; i < reading->ref_count; i++)
		count += reading->refs[i].role == role;
	return count;
}

static size_t count_images(const struct prompt_reading *reading)
{
	return count_role(reading, REF_IMAGE) + count_role(reading, REF_FIRST_FRAME) +
	       count_role(reading, REF_LAST_FRAME);
}

static bool has_mode(const struct prompt_reading *reading, enum api_mode mode)
{
	return reading->model->spec->modes[mode].present;
}

/* "from text, from one picture": what a directory does, for one whose prompt wants something else. */
static void describe(const struct prompt_reading *reading, struct buf *text)
{
	static const struct {
		enum api_mode mode;
		const char *words;
	} abilities[] = {
		{API_TEXT_TO_IMAGE, "text"},
		{API_IMAGE_TO_IMAGE, "pictures"},
		{API_TEXT_TO_VIDEO, "text"},
		{API_IMAGE_TO_VIDEO, "a picture"},
		{API_MULTI_IMAGE_TO_VIDEO, "several pictures"},
		{API_ALMIGHTY, "pictures, videos and sounds together"},
	};

	for (size_t i = 0; i < array_length(abilities); i++)
		if (api_mode_kind(abilities[i].mode) == reading->model->kind &&
			has_mode(reading, abilities[i].mode))
			buf_addf(text, "%sfrom %s", text->length ? ", " : "", abilities[i].words);
}

/* The complaint about the first input of this role or, without any, about the lack of inputs. */
static int complain_mode(struct prompt_reading *reading, const struct prompt_ref *ref)
{
	const char *key = reading->model->spec->key;
	const char *kind = reading->model->kind == API_IMAGE ? "pictures" : "videos";
	CLEANUP(buf_finish) struct buf abilities;

	buf_init(&abilities, 1024);
	if (!ref)
		return prompt_reading_error(reading, 0,
			"%s makes %s only from pictures: add a line 'image: URL or path'", key,
			kind);
	describe(reading, &abilities);
	if (!buf_ok(&abilities))
		return -ENOMEM;
	return prompt_reading_error(reading, ref->line, "%s: %s makes %s %s only; remove the line",
		role_names[ref->role], key, kind, abilities.data);
}

/* Is this ref the one too many of its sort? */
static int check_count(struct prompt_reading *reading, bool (*is_sort)(enum prompt_ref_role),
	const char *sort, size_t limit, const char *advice)
{
	size_t count = 0;
	int line = 0;

	for (size_t i = 0; i < reading->ref_count; i++)
		if (is_sort(reading->refs[i].role) && ++count == limit + 1)
			line = reading->refs[i].line;
	if (count <= limit)
		return 0;
	return prompt_reading_error(reading, line,
		"%zu %ss: %s takes at most %zu here; remove some%s", count, sort,
		reading->model->spec->key, limit, advice);
}

static bool is_video(enum prompt_ref_role role)
{
	return role == REF_VIDEO;
}

static bool is_audio(enum prompt_ref_role role)
{
	return role == REF_AUDIO;
}

static bool is_any(enum prompt_ref_role role)
{
	return true;
}

static int check_almighty(struct prompt_reading *reading)
{
	int r = check_count(reading, is_image, "image", MEDIA_ALMIGHTY_IMAGES_MAX, "");
	if (r == 0)
		r = check_count(reading, is_video, "video", MEDIA_ALMIGHTY_VIDEOS_MAX, "");
	if (r == 0)
		r = check_count(reading, is_audio, "audio ref", MEDIA_ALMIGHTY_AUDIOS_MAX, "");
	if (r == 0)
		r = check_count(reading, is_any, "reference input", MEDIA_ALMIGHTY_ALL_MAX, "");
	if (r == 0 && reading->ref_count == count_role(reading, REF_AUDIO))
		r = prompt_reading_error(reading, reading->refs[0].line,
			"audio ref: never alone; add a line 'image: URL or path' or 'video: URL or "
			"path'");
	return r;
}

/* Image directory. */
static int choose_image(struct prompt_reading *reading, bool allow_unknown, enum api_mode *ret_mode)
{
	size_t images = count_images(reading);
	int limit = reading->model->spec->modes[API_IMAGE_TO_IMAGE].upload_limit;
	const char *advice = "";

	for (size_t i = 0; i < reading->ref_count; i++) {
		if (reading->refs[i].role == REF_IMAGE || reading->refs[i].role == REF_FIRST_FRAME)
			continue;
		return prompt_reading_error(reading, reading->refs[i].line,
			"%s: %s makes pictures here, and only videos take one; remove the line",
			role_names[reading->refs[i].role], reading->model->spec->key);
	}
	*ret_mode = images ? API_IMAGE_TO_IMAGE : API_TEXT_TO_IMAGE;
	if (!has_mode(reading, *ret_mode))
		return complain_mode(reading, images ? &reading->refs[0] : NULL);
	if (limit == API_UNSET) {
		limit = allow_unknown ? SETTING_IMAGES_MAX : MEDIA_UNKNOWN_IMAGES_MAX;
		advice = ", or raise image_limit in its [model] section";
	}
	return check_count(reading, is_image, "image", (size_t)limit, advice);
}

static int add_warning(char **warning, char *text)
{
	char *both = NULL;

	if (!text)
		return -ENOMEM;
	if (!*warning) {
		*warning = text;
		return 0;
	}
	int r = asprintf(&both, "%s; %s", *warning, text);
	free(text);
	if (r < 0)
		return -ENOMEM;
	free(*warning);
	*warning = both;
	return 0;
}

/* The endpoint takes one image; the service's own client sends the first and says nothing. */
static int keep_first(struct prompt_reading *reading, char **ret_warning)
{
	CLEANUP_FREE char *shown = message_quote(reading->refs[0].value);
	char *text;

	if (!shown)
		return -ENOMEM;
	if (asprintf(&text, "%s takes one picture: only '%s' (line %d) is sent, %zu left out",
		    reading->model->spec->key, shown, reading->refs[0].line,
		    reading->ref_count - 1) < 0)
		text = NULL;
	for (size_t i = 1; i < reading->ref_count; i++)
		free(reading->refs[i].value);
	reading->ref_count = 1;
	return add_warning(ret_warning, text);
}

/* Video directory, with several images and nothing else. */
static int choose_multi(struct prompt_reading *reading, enum api_mode *ret_mode, char **ret_warning)
{
	const struct model_spec *spec = reading->model->spec;
	int limit = spec->modes[API_MULTI_IMAGE_TO_VIDEO].upload_limit;
	char *text;

	if (limit == API_UNSET)
		limit = MEDIA_MULTI_IMAGES_MAX;
	if (has_mode(reading, API_MULTI_IMAGE_TO_VIDEO) && limit >= 2) {
		if (count_images(reading) > (size_t)limit && has_mode(reading, API_ALMIGHTY)) {
			*ret_mode = API_ALMIGHTY;
			return check_almighty(reading);
		}
		*ret_mode = API_MULTI_IMAGE_TO_VIDEO;
		if (count_role(reading, REF_LAST_FRAME) && spec->first_last_frame == 0) {
			if (asprintf(&text,
				    "%s knows no first and last frame: sent as pictures to go by",
				    spec->key) < 0)
				text = NULL;
			int r = add_warning(ret_warning, text);
			if (r < 0)
				return r;
		}
		return check_count(reading, is_image, "image", (size_t)limit, "");
	}
	if (has_mode(reading, API_IMAGE_TO_VIDEO)) {
		*ret_mode = API_IMAGE_TO_VIDEO;
		return keep_first(reading, ret_warning);
	}
	*ret_mode = API_ALMIGHTY;
	return has_mode(reading, API_ALMIGHTY) ? check_almighty(reading)
					       : complain_mode(reading, &reading->refs[0]);
}

static int choose_video(struct prompt_reading *reading, enum api_mode *ret_mode, char **ret_warning)
{
	size_t images = count_images(reading);

	if (images < reading->ref_count) {
		*ret_mode = API_ALMIGHTY;
		return has_mode(reading, API_ALMIGHTY)
			       ? check_almighty(reading)
			       : complain_mode(reading, &reading->refs[images]);
	}
	if (images > 0 && count_role(reading, REF_LAST_FRAME) && images == 1)
		return prompt_reading_error(reading, reading->refs[0].line,
			"last frame: needs a first one; add a line 'first frame: URL or path'");
	if (images > 1)
		return choose_multi(reading, ret_mode, ret_warning);
	if (images == 0) {
		*ret_mode = API_TEXT_TO_VIDEO;
		return has_mode(reading, *ret_mode) ? 0 : complain_mode(reading, NULL);
	}
	*ret_mode = API_IMAGE_TO_VIDEO;
	if (!has_mode(reading, *ret_mode))
		*ret_mode = API_ALMIGHTY;
	if (!has_mode(reading, *ret_mode))
		*ret_mode = API_MULTI_IMAGE_TO_VIDEO;
	return has_mode(reading, *ret_mode) ? 0 : complain_mode(reading, &reading->refs[0]);
}

int prompt_choose_mode(struct prompt_reading *reading, bool allow_unknown, enum api_mode *ret_mode,
	char **ret_warning)
{
	order_refs(reading);
	return reading->model->kind == API_IMAGE ? choose_image(reading, allow_unknown, ret_mode)
						 : choose_video(reading, ret_mode, ret_warning);
}
