/* SPDX-License-Identifier: MIT */
#pragma once
/* prompt_probe: prompts read with a small catalogue (gen_catalogue.h), or with the built-in one, for the tests of fs/prompt. */
#include "fs/prompt/prompt.h"

#define ESCAPE "begin the line with \\ to make it prompt text"

extern struct model_table *table;   /* the small one, and a tool POSTER */
extern struct model_table *builtin; /* config/models.json and config/tools.json */

int load(void **state); /* both; for cmocka_run_group_tests() */
int unload(void **state);
/* The small catalogue with a configuration on top. */
struct model_table *create(const struct model_param *params, size_t count);

/* The prompt is right; to be finished by the caller. */
struct prompt parse_with(const struct model_table *from, const char *dir, const struct prompt_options *options,
	const char *text);
struct prompt parse(const char *dir, const char *text);
/* The file is refused with exactly these sentences. */
void assert_refused_bytes(const struct model_table *from, const char *dir, const char *text, size_t length,
	const char *sentences);
void assert_refused(const char *dir, const char *text, const char *sentences);
/* The file is refused with a sentence that has this in it. */
void assert_refused_about(const struct model_table *from, const char *dir, const char *text, const char *part);
void assert_blank(const char *text);
/* The file is all prose: sent as it is, nothing set but the model's own ratio. */
void assert_prose(const char *text);
