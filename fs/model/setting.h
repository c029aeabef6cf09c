/* SPDX-License-Identifier: MIT */
#pragma once
/* setting: the settings of a generation, the same for prompt lines and configuration: how a value is written,
 * whether a model takes it in a mode, and what is sent when nobody says. Pure.
 *
 * A message is one sentence that names setting, wrong value and right ones, without a place: the caller puts
 * "line 2: " or "FILE:12: " in front, and frees it. Messages come with -EINVAL only. */
#include "fs/model/model.h"

#define SETTING_REFS_MAX 30 /* reference inputs of one prompt: those of video-merge */
#define SETTING_IMAGES_MAX 16 /* pictures of one prompt, where no list says how many */
#define SETTING_NEGATIVE_MAX 1000 /* code points, API reference 3.2 */

enum setting {
	SETTING_RATIO,
	SETTING_NEGATIVE,
	SETTING_NUMBER,
	SETTING_RESOLUTION,
	SETTING_QUALITY,
	SETTING_DURATION,
	SETTING_AUDIO,
	SETTING_WEB_SEARCH,
	SETTING_WEBHOOK,
	SETTING_CALLER,
	SETTING_COUNT
};

const char *setting_name(enum setting setting); /* "ratio", "web search", … */
/* By name, any case; '-', '_' and blank are the same. -ENOENT. */
int setting_find(const char *name, enum setting *ret_setting);

void setting_values_init(struct model_defaults *values); /* nothing set */
void setting_values_finish(struct model_defaults *values);
bool setting_is_set(const struct model_defaults *values, enum setting setting);
/* Copies one setting over, if `from` has it. -ENOMEM. */
int setting_copy(
	struct model_defaults *to, const struct model_defaults *from, enum setting setting);
/* Replaces an owned string by a copy of value. -ENOMEM. */
int setting_set_text(char **field, const char *value);
/* Reads a trimmed value, without regard to any model. -EINVAL, -ENOMEM; `to` is unchanged then. */
int setting_parse(
	struct model_defaults *to, enum setting setting, const char *value, char **ret_message);

/* Who says so: what was asked for in the prompt is sent where no list is known; a configured value is for the models that are
 * known to take it; and with `unknown = allow` anything goes that is not known to be refused. */
enum setting_source { SETTING_CONFIGURED, SETTING_ASKED, SETTING_ANYTHING };

/* Puts a set value into the request, in the catalogue's spelling, if the model takes it in this mode. */
int setting_apply(const struct model_spec *spec, enum api_mode mode, enum setting setting,
	const struct model_defaults *values, enum setting_source source, struct api_request *request,
	char **ret_message);
/* What is sent when nobody says (API reference 11): a ratio, a resolution and a duration where some are listed, the model's
 * least number if that is above one; otherwise nothing. */
int setting_apply_default(const struct model_spec *spec, enum api_mode mode, enum setting setting,
	struct api_request *request);
/* Code points of the prompt that this mode takes. */
int setting_prompt_limit(const struct model_spec *spec, enum api_mode mode);
/* For configuration: 0 if any mode of this kind takes the value; else the first such mode's complaint. */
int setting_check(const struct model_spec *spec, enum api_kind kind, enum setting setting,
	const struct model_defaults *values, char **ret_message);
/* Does the catalogue list values, or say yes, for any mode of this kind? */
bool setting_is_known(const struct model_spec *spec, enum api_kind kind, enum setting setting);
