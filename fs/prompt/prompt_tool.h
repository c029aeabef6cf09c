/* SPDX-License-Identifier: MIT */
#pragma once
/* prompt_tool: reads the prompt file of a tool's directory: `key: value` lines for the tool's fields (fs/api/tool.h), and
 * the rest as text, where it takes one. For prompt_parse(), whose errors it has. */
#include "fs/prompt/prompt.h"

/* -ENODATA: blank. -EINVAL with sentences in *ret_message. */
int prompt_tool_parse(const struct model *model, const struct prompt_options *options, const char *text,
	size_t length, struct prompt *ret_prompt, char **ret_message);
