/* SPDX-License-Identifier: MIT */
/* Which endpoint a prompt goes to (API reference 3.2-3.7, 3.15). A wish is fulfilled whole or refused (design 1.2): each endpoint
 * says which of the inputs it would take, and the one is chosen that takes all. */
#include "fs/prompt/prompt_reading.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/message.h"
#include "fs/media/media.h"

#define OTHERS_MAX 9 /* models that a message names */

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

/* The inputs of a prompt, in that order. */
struct inputs {
	const struct prompt_ref *refs;
	size_t count;
	size_t pictures; /* "first frame" is another word for "image" */
	size_t last, videos, sounds;
};

/* What one endpoint would take of them. */
struct fit {
	enum api_mode mode;
	bool takes[SETTING_REFS_MAX];
	size_t count;
};

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

static struct inputs count_inputs(const struct prompt_reading *reading)
{
	struct inputs inputs = {.refs = reading->refs, .count = reading->ref_count};

	for (size_t i = 0; i < inputs.count; i++) {
		enum prompt_ref_role role = inputs.refs[i].role;
		inputs.pictures += role == REF_IMAGE || role == REF_FIRST_FRAME;
		inputs.last += role == REF_LAST_FRAME;
		inputs.videos += role == REF_VIDEO;
		inputs.sounds += role == REF_AUDIO;
	}
	return inputs;
}

/* Takes as many of these as there is room for. */
static void take(struct fit *fit, const struct inputs *inputs, size_t pictures, size_t last,
	size_t videos, size_t sounds)
{
	for (size_t i = 0; i < inputs->count; i++) {
		enum prompt_ref_role role = inputs->refs[i].role;
		size_t *room = role == REF_LAST_FRAME ? &last
			       : role == REF_VIDEO    ? &videos
			       : role == REF_AUDIO    ? &sounds
						      : &pictures;
		if (*room == 0)
			continue;
		(*room)--;
		fit->takes[i] = true;
		fit->count++;
	}
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Pictures that image-to-image takes. */
static size_t image_limit(const struct model *model, bool allow_unknown)
{
	int limit = model->spec->modes[API_IMAGE_TO_IMAGE].upload_limit;

	if (limit != API_UNSET)
		return (size_t)limit;
	return allow_unknown ? SETTING_IMAGES_MAX : MEDIA_UNKNOWN_IMAGES_MAX;
}

static size_t multi_limit(const struct model *model)
{
	int limit = model->spec->modes[API_MULTI_IMAGE_TO_VIDEO].upload_limit;

	return limit == API_UNSET ? MEDIA_MULTI_IMAGES_MAX : (size_t)limit;
}

static void take_almighty(struct fit *fit, const struct inputs *inputs)
{
	size_t room = MEDIA_ALMIGHTY_ALL_MAX;
	size_t pictures = smaller(inputs->pictures, MEDIA_ALMIGHTY_IMAGES_MAX);
	size_t videos = smaller(inputs->videos, MEDIA_ALMIGHTY_VIDEOS_MAX);

	room -= pictures + videos;
	/* sounds are never alone */
	size_t sounds = pictures + videos > 0
				? smaller(smaller(inputs->sounds, MEDIA_ALMIGHTY_AUDIOS_MAX), room)
				: 0;
	take(fit, inputs, pictures, 0, videos, sounds);
}

/* False: the model does not have this endpoint, or it needs other inputs. */
static bool fit_mode(const struct model *model, bool allow_unknown, enum api_mode mode,
	const struct inputs *inputs, struct fit *fit)
{
	size_t limit;

	*fit = (struct fit){.mode = mode};
	if (!model->spec->modes[mode].present || api_mode_kind(mode) != model->kind)
		return false;
	switch (mode) {
	case API_TEXT_TO_IMAGE:
	case API_TEXT_TO_VIDEO:
		return true;
	case API_IMAGE_TO_IMAGE:
		take(fit, inputs, image_limit(model, allow_unknown), 0, 0, 0);
		break;
	case API_IMAGE_TO_VIDEO:
		take(fit, inputs, 1, 0, 0, 0);
		break;
	case API_FIRST_LAST:
		if (inputs->pictures > 0 && inputs->last > 0)
			take(fit, inputs, 1, 1, 0, 0);
		break;
	case API_MULTI_IMAGE_TO_VIDEO:
		limit = multi_limit(model);
		/* the older way to say first and last: the order of the pictures */
		if (model->spec->first_last_frame == 1 && inputs->last > 0 && limit >= 2)
			take(fit, inputs, limit - 1, 1, 0, 0);
		else
			take(fit, inputs, limit, 0, 0, 0);
		break;
	case API_ALMIGHTY:
		take_almighty(fit, inputs);
		break;
	default:
		return false;
	}
	return fit->count > 0;
}

/* The endpoint that takes most; of several that take the same, the first in this order. False: there is none. */
static bool find_best(const struct model *model, bool allow_unknown, const struct inputs *inputs,
	struct fit *ret_fit)
{
	/* one picture is less of a series than a picture to go by */
	bool series = inputs->count != 1;
	const enum api_mode order[] = {API_TEXT_TO_IMAGE, API_IMAGE_TO_IMAGE, API_TEXT_TO_VIDEO, API_IMAGE_TO_VIDEO, API_FIRST_LAST,
		series ? API_MULTI_IMAGE_TO_VIDEO : API_ALMIGHTY, series ? API_ALMIGHTY : API_MULTI_IMAGE_TO_VIDEO};
	bool found = false;
	struct fit fit;

	for (size_t i = 0; i < array_length(order); i++) {
		if (!fit_mode(model, allow_unknown, order[i], inputs, &fit) ||
			(found && fit.count <= ret_fit->count))
			continue;
		*ret_fit = fit;
		found = true;
	}
	return found;
}

/* "text, a picture": what a directory goes by. */
static void describe(const struct model *model, struct buf *text)
{
	static const struct {
		enum api_mode mode;
		const char *words;
	} abilities[] = {
		{API_TEXT_TO_IMAGE, "text"},
		{API_IMAGE_TO_IMAGE, "pictures"},
		{API_TEXT_TO_VIDEO, "text"},
		{API_IMAGE_TO_VIDEO, "a picture"},
		{API_FIRST_LAST, "a first and a last frame"},
		{API_MULTI_IMAGE_TO_VIDEO, "several pictures"},
		{API_ALMIGHTY, "pictures, videos and sounds together"},
	};

	for (size_t i = 0; i < array_length(abilities); i++)
		if (api_mode_kind(abilities[i].mode) == model->kind &&
			model->spec->modes[abilities[i].mode].present)
			buf_addf(text, "%sfrom %s", text->length ? ", " : "", abilities[i].words);
}

/* "; these take all of it: A, B", or nothing. */
static void list_others(
	const struct prompt_reading *reading, const struct inputs *inputs, struct buf *text)
{
	size_t count = 0;

	for (size_t i = 0; reading->models && i < model_table_count(reading->models); i++) {
		const struct model *other = model_table_at(reading->models, i);
		struct fit fit;
		if (other->tool || other->kind != reading->model->kind ||
			!find_best(other, false, inputs, &fit) || fit.count < inputs->count)
			continue;
		if (count++ < OTHERS_MAX)
			buf_addf(text, "%s%s",
				count > 1 ? ", " : "; these take all of it: ", other->dir);
	}
	if (count > OTHERS_MAX)
		buf_addf(text, " and %zu more", count - OTHERS_MAX);
}

static const char *plural_of(const struct model *model)
{
	return model->kind == API_IMAGE ? "pictures" : "videos";
}

/* "first frame" is another word for "image". */
static enum prompt_ref_role sort_of(enum prompt_ref_role role)
{
	return role == REF_FIRST_FRAME ? REF_IMAGE : role;
}

/* The first input that would be left out. */
static int complain_part(struct prompt_reading *reading, bool allow_unknown,
	const struct inputs *inputs, const struct fit *fit)
{
	const struct model *model = reading->model;
	CLEANUP(buf_finish) struct buf abilities, others;
	const struct prompt_ref *ref = NULL;
	size_t of_sort = 0, taken = 0;

	buf_init(&abilities, 1024);
	buf_init(&others, 16 * 1024);
	for (size_t i = 0; i < inputs->count && !ref; i++)
		if (!fit->takes[i])
			ref = &inputs->refs[i];
	for (size_t i = 0; i < inputs->count; i++) {
		bool same = sort_of(inputs->refs[i].role) == sort_of(ref->role);
		of_sort += same;
		taken += same && fit->takes[i];
	}
	describe(model, &abilities);
	list_others(reading, inputs, &others);
	if (!buf_ok(&abilities) || !buf_ok(&others))
		return -ENOMEM;
	bool raise = model->kind == API_IMAGE && taken > 0 && !allow_unknown &&
		     model->spec->modes[API_IMAGE_TO_IMAGE].upload_limit == API_UNSET;
	if (taken > 0)
		return prompt_reading_error(reading, ref->line,
			"%zu %ss: %s takes at most %zu here%s%s; remove some, or write 'fallback: "
			"yes' to go without",
			of_sort, role_names[sort_of(ref->role)], model->spec->key, taken,
			raise ? " (more with image_limit in its [model] section)" : "",
			others.data);
	return prompt_reading_error(reading, ref->line,
		"%s: %s makes %s %s only%s; remove the line, or write 'fallback: yes' to go "
		"without",
		role_names[ref->role], model->spec->key, plural_of(model), abilities.data,
		others.data);
}

/* What no directory could do. 1: it has been complained about. */
static int check_wish(struct prompt_reading *reading, const struct inputs *inputs)
{
	int r = 0;

	if (reading->model->kind == API_IMAGE)
		return 0;
	if (inputs->last > 0 && inputs->pictures == 0)
		r = prompt_reading_error(reading, inputs->refs[0].line,
			"last frame: needs a first one; add a line 'first frame: URL or path'");
	else if (inputs->sounds > 0 && inputs->sounds == inputs->count)
		r = prompt_reading_error(reading, inputs->refs[0].line,
			"audio ref: never alone; add a line 'image: URL or path' or 'video: URL or "
			"path'");
	else
		return 0;
	return r < 0 ? r : 1;
}

/* Takes out of the prompt what the endpoint does not take, and says so. */
static int leave_out(struct prompt_reading *reading, const struct fit *fit)
{
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; i < reading->ref_count; i++) {
		struct prompt_ref *ref = &reading->refs[i];
		CLEANUP_FREE char *text = NULL;
		if (fit->takes[i] || r < 0) {
			reading->refs[kept++] = *ref;
			continue;
		}
		int length = asprintf(&text, "%s: %s", role_names[ref->role], ref->value);
		if (length < 0) {
			text = NULL;
			r = -ENOMEM;
		} else {
			r = prompt_reading_leave_out(reading, ref->line, text, (size_t)length);
		}
		free(ref->value);
	}
	reading->ref_count = kept;
	return r;
}

int prompt_choose_mode(struct prompt_reading *reading, bool allow_unknown, enum api_mode *ret_mode)
{
	struct fit fit = {0};

	order_refs(reading);
	struct inputs inputs = count_inputs(reading);
	bool found = find_best(reading->model, allow_unknown, &inputs, &fit);
	if (found && fit.count == inputs.count) {
		*ret_mode = fit.mode;
		return 0;
	}
	bool whole = !reading->fallback || !found;
	int r = whole ? check_wish(reading, &inputs) : 0;
	if (r != 0)
		return r < 0 ? r : 0;
	if (inputs.count == 0)
		return prompt_reading_error(reading, 0,
			"%s makes %s only from pictures: add a line 'image: URL or path'",
			reading->model->spec->key, plural_of(reading->model));
	if (whole)
		return complain_part(reading, allow_unknown, &inputs, &fit);
	*ret_mode = fit.mode;
	return leave_out(reading, &fit);
}
