/* SPDX-License-Identifier: MIT */
#pragma once
/* tool_section: the keys of a [model KEY] section that declares a tool: endpoint, fields, makes, answer, then, one_of, name.
 *
 * endpoint = image-sharpen
 * fields = img_url:image! strength:integer style:soft|hard note:text
 * makes = image
 *
 * A field is NAME:TYPE, with '!' where it is needed; TYPE is one of fs/api/tool.h, or the words to choose from. */
#include <stdbool.h>

#include "fs/api/tool.h"

bool tool_section_is_key(const char *key);
/* -EINVAL with a sentence without a place, -ENOMEM. */
int tool_section_apply(struct tool_spec *tool, const char *key, const char *value, char **ret_message);
const char *tool_section_keys(void); /* for messages */
