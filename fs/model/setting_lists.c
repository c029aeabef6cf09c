/* SPDX-License-Identifier: MIT */
#include "fs/model/setting_lists.h"

#include "fs/base/cleanup.h"

#define NUMBER_MAX 4 /* where the catalogue says nothing: API reference 3.2 and 3.7 */

#define ALMIGHTY_PROMPT_MAX 500 /* code points, API reference 3.7 */
#define DURATION_DEFAULT 5      /* s, API reference 11.4 */

/* The limits of almighty-reference-to-video are the endpoint's, whatever the model (API reference 3.7, 11.3). */
static const struct strlist *almighty_list(enum setting setting)
{
	static char *ratios[] = {(char *)"1:1", (char *)"9:16", (char *)"16:9"};
	static char *resolutions[] = {(char *)"480p", (char *)"720p"};
	static char *durations[] = {(char *)"5", (char *)"6", (char *)"7", (char *)"8", (char *)"9",
		(char *)"10", (char *)"11", (char *)"12", (char *)"13", (char *)"14", (char *)"15"};
	static const struct strlist lists[] = {{ratios, array_length(ratios)},
		{resolutions, array_length(resolutions)}, {durations, array_length(durations)}};

	return setting == SETTING_RATIO        ? &lists[0]
	       : setting == SETTING_RESOLUTION ? &lists[1]
					       : &lists[2];
}

const struct strlist *setting_mode_list(const struct mode_spec *mode, enum setting setting)
{
	if (!mode->present)
		return NULL;
	if (setting == SETTING_RATIO)
		return mode->ratios_known ? &mode->ratios : NULL;
	if (setting == SETTING_RESOLUTION)
		return mode->resolutions_known ? &mode->resolutions : NULL;
	return mode->durations_known ? &mode->durations : NULL;
}

const struct strlist *setting_listed(
	const struct model_spec *spec, enum api_mode mode, enum setting setting)
{
	const struct strlist *list = setting_mode_list(&spec->modes[mode], setting);

	return !list && mode == API_ALMIGHTY ? almighty_list(setting) : list;
}

const struct strlist *setting_suggested(
	const struct model_spec *spec, enum api_mode mode, enum setting setting)
{
	const struct strlist *list = setting_listed(spec, mode, setting);

	if (!list && mode == API_IMAGE_TO_IMAGE && setting == SETTING_RATIO)
		return setting_mode_list(&spec->modes[API_TEXT_TO_IMAGE], setting);
	if (list || (mode != API_MULTI_IMAGE_TO_VIDEO && mode != API_FIRST_LAST))
		return list;
	list = setting_mode_list(&spec->modes[API_IMAGE_TO_VIDEO], setting);
	return list ? list : setting_mode_list(&spec->modes[API_TEXT_TO_VIDEO], setting);
}

void setting_number_range(
	const struct model_spec *spec, enum api_mode mode, int *ret_min, int *ret_max)
{
	/* The catalogue's range is about images wherever a model makes any. */
	bool about_this = api_mode_kind(mode) == API_IMAGE || !model_spec_has_kind(spec, API_IMAGE);

	*ret_min = about_this && spec->number_min != API_UNSET ? spec->number_min : 1;
	*ret_max = about_this && spec->number_max != API_UNSET ? spec->number_max : NUMBER_MAX;
}
