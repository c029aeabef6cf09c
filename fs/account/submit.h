/* SPDX-License-Identifier: MIT */
#pragma once
/* submit: what `echo submit > X.status` means: lets through what is held, fetches again what was made and could not be
 * fetched, or sends the prompt (again). */
#include <stdint.h>

struct inputs;
struct job_table;
struct queue;
struct store;
struct tree;

struct submit_needs { /* all borrowed */
	struct store *store;
	struct job_table *jobs;
	struct queue *queue;
	struct inputs *inputs;
	struct tree *tree;
};

/* -EINVAL: nothing in it to send. -EBUSY: somebody writes to it, or it is on its way already. -ENOENT: it is gone. */
int submit_prompt(const struct submit_needs *needs, uint64_t prompt_ino);
