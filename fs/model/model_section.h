/* SPDX-License-Identifier: MIT */
#pragma once
/* model_section: the keys of a [model KEY] section that say what a model is (not what it gets by default):
 * name, modes, ratios, resolutions, durations, qualities, numbers, prompt_limit, image_limit, has_audio,
 * has_negative, has_web_search. Lists are separated by commas or blanks; "none" is the empty list. */
#include "fs/model/model.h"

bool model_section_is_key(const char *key);
/* Changes spec. Lists and limits apply to all modes, absent ones too.
 * -EINVAL with a sentence without a place, -ENOMEM. */
int model_section_apply(
	struct model_spec *spec, const char *key, const char *value, char **ret_message);
/* "name, modes, …"; for messages. */
const char *model_section_keys(void);
