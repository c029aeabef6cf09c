/* SPDX-License-Identifier: MIT */
#pragma once
/* defaults: the files .defaults above a prompt (design 1.6), read as they are now. What they say is for fs/prompt/prompt.h. */
#include "fs/prompt/prompt.h"

#define DEFAULTS_NAME ".defaults"
#define DEFAULTS_MAX 16 /* files; directories further up are not asked */

struct store;

struct defaults {
	struct prompt_defaults items[DEFAULTS_MAX]; /* the nearest first; texts and paths are owned */
	size_t count;
};

/* Those of `dir` and of the directories above it. 0, -ENOMEM, or an error of the disk; to be finished then, too. */
int defaults_read(struct store *store, int64_t dir, struct defaults *ret_defaults);
void defaults_finish(struct defaults *defaults);
/* What a prompt below them is parsed with. */
void defaults_use(const struct defaults *defaults, struct prompt_options *options);
