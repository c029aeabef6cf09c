/* SPDX-License-Identifier: MIT */
#pragma once
/* setting_lists: where setting_fit and setting_default find the values that a model lists. NULL: the catalogue says nothing about them; an
 * empty list: the field must not be sent. */
#include "fs/model/setting.h"

/* Of ratio, resolution or duration, as one mode of the catalogue has them. */
const struct strlist *setting_mode_list(const struct mode_spec *mode, enum setting setting);
/* What is right in this mode: nothing else is sent. */
const struct strlist *setting_listed(const struct model_spec *spec, enum api_mode mode, enum setting setting);
/* What may be chosen from: where the endpoints for several pictures say nothing, what one picture may have, then what a text
 * may (API reference 11.2); and the service's own client sends each picture's ratio, so where image-to-image says nothing, what
 * a text may have. No reason to refuse anything. */
const struct strlist *setting_suggested(const struct model_spec *spec, enum api_mode mode, enum setting setting);
/* How many results. */
void setting_number_range(const struct model_spec *spec, enum api_mode mode, int *ret_min, int *ret_max);
