/* SPDX-License-Identifier: MIT */
/* What is sent when nobody says (API reference 3.11 and 11): as the service's own client fills it in. */
#include "fs/model/setting_lists.h"

#include "fs/base/cleanup.h"

#define ALMIGHTY_PROMPT_MAX 500 /* code points, API reference 3.7 */
#define DURATION_DEFAULT 5      /* s, API reference 11.4 */

/* The word of the list that the service's own client prefers, else its first one. */
static int apply_preferred(char **field, const struct strlist *list, const char *preferred)
{
	if (!list || list->count == 0)
		return 0;
	return setting_set_text(
		field, preferred && strlist_has(list, preferred) ? preferred : list->items[0]);
}

static void apply_default_duration(
	const struct model_spec *spec, enum api_mode mode, struct api_request *request)
{
	const struct strlist *list = setting_suggested(spec, mode, SETTING_DURATION);
	bool own = list != NULL;
	int64_t seconds;

	if (api_mode_kind(mode) != API_VIDEO || (own && list->count == 0))
		return;
	/* nothing is known of this mode: five seconds, but for a model whose other mode has no such length */
	if (!own)
		list = setting_mode_list(&spec->modes[API_IMAGE_TO_VIDEO], SETTING_DURATION);
	if (!list || list->count == 0 || (!own && strlist_has(list, "5")) ||
		str_to_int(list->items[0], 1, INT32_MAX, &seconds) < 0)
		seconds = DURATION_DEFAULT;
	request->duration = (int)seconds;
}

int setting_apply_default(const struct model_spec *spec, enum api_mode mode, enum setting setting,
	struct api_request *request)
{
	bool video = api_mode_kind(mode) == API_VIDEO;
	int min, max;

	switch (setting) {
	case SETTING_RATIO:
		if (mode == API_ALMIGHTY)
			return 0;
		return apply_preferred(&request->aspect_ratio,
			setting_suggested(spec, mode, setting), video ? "16:9" : NULL);
	case SETTING_RESOLUTION:
		if (mode == API_ALMIGHTY)
			return 0;
		return apply_preferred(&request->resolution, setting_suggested(spec, mode, setting),
			video ? "720p" : "1k");
	case SETTING_NUMBER:
		setting_number_range(spec, mode, &min, &max);
		if (min > 1)
			request->number = min;
		return 0;
	case SETTING_DURATION:
		apply_default_duration(spec, mode, request);
		return 0;
	default:
		return 0;
	}
}

int setting_prompt_limit(const struct model_spec *spec, enum api_mode mode)
{
	if (spec->modes[mode].prompt_limit != API_UNSET)
		return spec->modes[mode].prompt_limit;
	return mode == API_ALMIGHTY ? ALMIGHTY_PROMPT_MAX : spec->prompt_limit;
}
