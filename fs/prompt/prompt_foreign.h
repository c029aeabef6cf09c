/* SPDX-License-Identifier: MIT */
#pragma once
/* prompt_foreign: parameters of other tools in a prompt: "seed: 42", "Steps: 20, Sampler: Euler a", "--ar 16:9". Sent as words they
 * would cost and do nothing. Seen only where the value is of the parameter's kind: "seed: of doubt" is prose. Pure. */
#include <stddef.h>

#include "fs/model/model.h"

#define PROMPT_HAS_SHAPE "write 'ratio: 16:9', and 'resolution: 2k' where the model has resolutions"

/* Is `folded` (prompt_key_fold) with this trimmed value a parameter of another tool? 1 and a sentence in *ret_message (caller
 * frees); 0: no. -ENOMEM. `models` may be NULL. */
int prompt_foreign_key(const struct model *model, const struct model_table *models, const char *folded,
	const char *value, size_t length, char **ret_message);
/* The same of a line without a colon that is nothing but name and value: "seed 42". */
int prompt_foreign_words(const struct model *model, const struct model_table *models, const char *line,
	size_t length, char **ret_message);
/* The same of an option anywhere in a line: "--v 6", "<lora:name:0.8>". */
int prompt_foreign_option(const char *line, size_t length, char **ret_message);

/* For the two parts of this: says what was found, and what to write in its place (`here`; NULL: there is nothing). 1 or -ENOMEM. */
int prompt_foreign_complain(const char *what, const char *between, const char *value, const char *here,
	char **ret_message);
