/* SPDX-License-Identifier: MIT */
#pragma once
/* prompt_value: values as people write them, made into the form that fs/model/setting.h and fs/api/tool.h check, where only one
 * thing can be meant: "16x9" is 16:9, "8 seconds" is 8, quotes around a value are no part of it. What cannot be made into
 * the form stays as it is, for the checks to complain about. Pure. */
#include "fs/model/setting.h"

enum prompt_value_kind {
	VALUE_TEXT, /* as it is */
	VALUE_WORD,
	VALUE_RATIO,
	VALUE_COUNT,
	VALUE_SECONDS,
	VALUE_RESOLUTION,
	VALUE_FLAG,
	VALUE_COLOUR,
	VALUE_SIZE,
	VALUE_POINT,
	VALUE_PLACE, /* a URL or a path: nothing but what is around it is taken off */
};

enum prompt_value_kind prompt_value_of_setting(enum setting setting);
enum prompt_value_kind prompt_value_of_field(const struct tool_field *field);

/* Caller frees. NULL: no memory. */
char *prompt_value_tidy(enum prompt_value_kind kind, const char *value, size_t length);

/* Does this look like an address, or like the path of a picture, a film or a sound? Prose does not. */
bool prompt_value_is_place(const char *value);
bool prompt_value_is_url(const char *value); /* begins with http:// or https:// */
/* Digits, one of these, digits, and nothing else: "16:9", "1024x768". */
bool prompt_value_is_pair(const char *value, const char *between);
bool prompt_value_is_number(const char *value); /* "7", "7.5", "-1" */
