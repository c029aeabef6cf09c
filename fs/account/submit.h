/* SPDX-License-Identifier: MIT */
#pragma once
/* submit: what a person writes into X.status: `submit` sends the prompt, whatever was bought before; `retry` repairs what has
 * failed and leaves the rest. Into the status of a table of prompts, too. */
#include <stdint.h>

struct inputs;
struct job_table;
struct queue;
struct store;
struct tables;
struct tree;

struct submit_needs { /* all borrowed */
	struct store *store;
	struct job_table *jobs;
	struct queue *queue;
	struct inputs *inputs;
	struct tree *tree;
	struct tables *tables;
};

/* Buys, always. -EINVAL: nothing in it to send. -EBUSY: somebody writes to it, or a job of it is on its way already. -ENOENT: it
 * is gone. */
int submit_prompt(const struct submit_needs *needs, uint64_t prompt_ino);
/* Sends what has FAILED or is held by the spending guard, and fetches what could not be fetched; of all others nothing, which is no
 * error: so it can be said to a whole directory. */
int submit_retry(const struct submit_needs *needs, uint64_t prompt_ino);
