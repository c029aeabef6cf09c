/* SPDX-License-Identifier: MIT */
#include "fs/model/merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"

static const struct model_spec *find(const struct model_list *list, const char *key)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].key, key) == 0)
			return &list->items[i];
	return NULL;
}

static int take_list(struct strlist *to, bool *known, const struct strlist *from, bool from_known)
{
	struct strlist copy = {0};

	/* silence is no statement */
	if (!from_known)
		return 0;
	int r = strlist_copy(&copy, from);
	if (r < 0)
		return r;
	strlist_finish(to);
	*to = copy;
	*known = true;
	return 0;
}

static int take_mode(struct mode_spec *to, const struct mode_spec *live)
{
	int r = take_list(&to->ratios, &to->ratios_known, &live->ratios, live->ratios_known);

	if (r == 0)
		r = take_list(&to->resolutions, &to->resolutions_known, &live->resolutions,
			live->resolutions_known);
	if (r == 0)
		r = take_list(&to->durations, &to->durations_known, &live->durations,
			live->durations_known);
	if (live->negative != API_UNSET)
		to->negative = live->negative;
	if (live->upload_limit != API_UNSET)
		to->upload_limit = live->upload_limit;
	to->present = true;
	to->unlisted = live->unlisted;
	return r;
}

/* Endpoints that are in no list of the registry (API reference 3.11). */
static bool is_never_listed(unsigned mode)
{
	return mode == API_ALMIGHTY || mode == API_FIRST_LAST;
}

/* What the registry says of one kind; NULL: it does not name the model. */
static int take_kind(struct model_spec *to, enum api_kind kind, const struct model_spec *live)
{
	int r = 0;

	for (unsigned mode = 0; mode < API_MODE_COUNT && r == 0; mode++) {
		if (api_mode_kind((enum api_mode)mode) != kind || is_never_listed(mode))
			continue;
		if (live != NULL && live->modes[mode].present)
			r = take_mode(&to->modes[mode], &live->modes[mode]);
		else
			to->modes[mode].unlisted = to->modes[mode].present;
	}
	return r;
}

static int take_name(struct model_spec *to, const struct model_spec *live)
{
	char *name = strdup(live->name);

	if (name == NULL)
		return -ENOMEM;
	free(to->name);
	to->name = name;
	return 0;
}

static int take_rest(struct model_spec *to, const struct model_spec *live)
{
	if (live->number_min != API_UNSET) {
		to->number_min = live->number_min;
		to->number_max = live->number_max;
	}
	if (live->audio != API_UNSET)
		to->audio = live->audio;
	if (live->first_last_frame != API_UNSET)
		to->first_last_frame = live->first_last_frame;
	/* the registry says 2000 of all, also of those that take more (API reference 9, 25) */
	if (live->prompt_limit != REGISTRY_DEFAULT_PROMPT)
		to->prompt_limit = live->prompt_limit;
	return take_name(to, live);
}

static bool has_mode(const struct model_spec *spec)
{
	return model_spec_has_kind(spec, API_IMAGE) || model_spec_has_kind(spec, API_VIDEO);
}

static int merge_one(const struct model_spec *builtin, const struct model_spec *image,
	const struct model_spec *video, struct model_spec *ret_spec)
{
	struct model_spec spec;
	int r = model_spec_copy(&spec, builtin);

	if (r < 0)
		return r;
	r = take_kind(&spec, API_IMAGE, image);
	if (r == 0)
		r = take_kind(&spec, API_VIDEO, video);
	if (r == 0 && video != NULL)
		r = take_rest(&spec, video);
	if (r == 0 && image != NULL)
		r = take_rest(&spec, image);
	if (r < 0)
		model_spec_finish(&spec);
	else
		*ret_spec = spec;
	return r;
}

static int add(struct model_list *list, const struct model_spec *base,
	const struct model_spec *image, const struct model_spec *video)
{
	int r = merge_one(base, image, video, &list->items[list->count]);

	if (r < 0)
		return r;
	if (has_mode(&list->items[list->count]))
		list->count++;
	else
		model_spec_finish(&list->items[list->count]);
	return 0;
}

/* A model that the catalogue does not know: all that is known is what the registry says. */
static int add_new(
	struct model_list *list, const struct model_spec *image, const struct model_spec *video)
{
	struct model_spec blank;

	model_spec_init(&blank);
	blank.key = image != NULL ? image->key : video->key;
	blank.name = blank.key;
	return add(list, &blank, image, video);
}

int merge_models(const struct model_list *builtin, const struct model_list *images,
	const struct model_list *videos, struct model_list *ret_list)
{
	struct model_list list = {0};
	int r = tool_list_copy(&list.tools, &builtin->tools);

	list.items =
		calloc(builtin->count + images->count + videos->count + 1, sizeof(*list.items));
	if (list.items == NULL)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < builtin->count; i++) {
		const struct model_spec *spec = &builtin->items[i];
		r = add(&list, spec, find(images, spec->key), find(videos, spec->key));
	}
	for (size_t i = 0; r == 0 && i < images->count; i++)
		if (find(builtin, images->items[i].key) == NULL)
			r = add_new(&list, &images->items[i], find(videos, images->items[i].key));
	for (size_t i = 0; r == 0 && i < videos->count; i++)
		if (find(builtin, videos->items[i].key) == NULL &&
			find(images, videos->items[i].key) == NULL)
			r = add_new(&list, NULL, &videos->items[i]);
	if (r < 0)
		model_list_finish(&list);
	else
		*ret_list = list;
	return r;
}

int merge_keep(struct model_list *list, const struct model_list *earlier)
{
	size_t room = list->count + earlier->count;

	if (room > REGISTRY_MAX_MODELS)
		room = list->count > REGISTRY_MAX_MODELS ? list->count : REGISTRY_MAX_MODELS;
	struct model_spec *items = reallocarray(list->items, room + 1, sizeof(*items));
	if (items == NULL)
		return -ENOMEM;
	list->items = items;
	for (size_t i = 0; i < earlier->count && list->count < room; i++) {
		struct model_spec *spec = &list->items[list->count];
		if (find(list, earlier->items[i].key) != NULL)
			continue;
		int r = model_spec_copy(spec, &earlier->items[i]);
		if (r < 0)
			return r;
		for (unsigned mode = 0; mode < API_MODE_COUNT; mode++)
			spec->modes[mode].unlisted = spec->modes[mode].present;
		list->count++;
	}
	return 0;
}
