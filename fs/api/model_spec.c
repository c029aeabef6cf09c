/* SPDX-License-Identifier: MIT */
#include "fs/api/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void model_spec_init(struct model_spec *spec)
{
	*spec = (struct model_spec){
		.number_min = API_UNSET,
		.number_max = API_UNSET,
		.audio = API_UNSET,
		.web_search = API_UNSET,
		.first_last_frame = API_UNSET,
		.prompt_limit = REGISTRY_DEFAULT_PROMPT,
	};
	for (size_t i = 0; i < API_MODE_COUNT; i++) {
		spec->modes[i].negative = API_UNSET;
		spec->modes[i].upload_limit = API_UNSET;
		spec->modes[i].prompt_limit = API_UNSET;
	}
}

void model_spec_finish(struct model_spec *spec)
{
	free(spec->key);
	free(spec->name);
	for (size_t i = 0; i < API_MODE_COUNT; i++) {
		strlist_finish(&spec->modes[i].ratios);
		strlist_finish(&spec->modes[i].resolutions);
		strlist_finish(&spec->modes[i].durations);
	}
	strlist_finish(&spec->qualities);
	model_spec_init(spec);
}

void model_list_finish(struct model_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		model_spec_finish(&list->items[i]);
	free(list->items);
	tool_list_finish(&list->tools);
	*list = (struct model_list){0};
}

int model_spec_copy(struct model_spec *to, const struct model_spec *from)
{
	struct model_spec copy = *from;
	int r;

	copy.key = from->key ? strdup(from->key) : NULL;
	copy.name = from->name ? strdup(from->name) : NULL;
	copy.qualities = (struct strlist){0};
	r = (from->key && !copy.key) || (from->name && !copy.name) ? -ENOMEM : 0;
	for (size_t i = 0; i < API_MODE_COUNT; i++) {
		const struct mode_spec *source = &from->modes[i];
		struct mode_spec *mode = &copy.modes[i];

		mode->ratios = mode->resolutions = mode->durations = (struct strlist){0};
		if (r == 0)
			r = strlist_copy(&mode->ratios, &source->ratios);
		if (r == 0)
			r = strlist_copy(&mode->resolutions, &source->resolutions);
		if (r == 0)
			r = strlist_copy(&mode->durations, &source->durations);
	}
	if (r == 0)
		r = strlist_copy(&copy.qualities, &from->qualities);
	if (r < 0)
		model_spec_finish(&copy);
	else
		*to = copy;
	return r;
}

bool model_spec_has_kind(const struct model_spec *spec, enum api_kind kind)
{
	for (size_t i = 0; i < API_MODE_COUNT; i++)
		if (spec->modes[i].present && api_mode_kind((enum api_mode)i) == kind)
			return true;
	return false;
}
