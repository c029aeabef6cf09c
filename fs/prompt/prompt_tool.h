/* SPDX-License-Identifier: MIT */
#pragma once
/* prompt_tool: from the lines of a tool's prompt to its request: what it needs, and what goes beside any request. The lines are read
 * by the reader of all prompts (prompt_reading.h), with the tool's fields as keys. */
#include "fs/prompt/prompt_reading.h"

/* 0 or -ENOMEM; complaints go into the reading. */
int prompt_tool_fill(struct prompt_reading *reading, const struct prompt_options *options, struct prompt *prompt);
