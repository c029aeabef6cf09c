/* SPDX-License-Identifier: MIT */
#pragma once
/* prompt_fill: from the lines of a prompt to a request: the endpoint, the words, and each setting from whoever says it first: the prompt, the
 * nearest .defaults, the configuration, the catalogue. */
#include "fs/prompt/prompt_reading.h"

/* Of a model. 0 or -ENOMEM; complaints go into the reading. */
int prompt_fill(struct prompt_reading *reading, const struct prompt_options *options, struct prompt *prompt);

/* The words of the prompt, trimmed: what stands free, or "prompt:"; complains where it is both. Points into the reading. */
int prompt_fill_words(struct prompt_reading *reading, const char **ret_text, size_t *ret_length);

/* What the files of defaults say together; of a tool also its fields, as items of `ret_tool`. Both to be finished by the caller, also
 * after an error. */
int prompt_defaults_read(struct prompt_reading *reading, const struct prompt_options *options,
	struct model_defaults *ret_values, struct tool_request *ret_tool);
