/* SPDX-License-Identifier: MIT */
#pragma once
/* key_trial: is the key refused? Asked once, when a mount starts, by a question that costs nothing, so that the command line
 * can say it and not the first prompt. */
#include <stdint.h>

struct api_client;
struct key_trial;
struct loop;

#define KEY_TRIAL_MS 2000 /* longer than that nobody waits for the answer */

/* `done` runs once, not from inside this function: refusal is a sentence (valid during the callback), or NULL where the key
 * was not refused or nobody knows. */
int key_trial_start(struct loop *loop, struct api_client *api,
	void (*done)(void *arg, const char *refusal), void *arg, struct key_trial **ret_trial);
void key_trial_destroy(struct key_trial *trial); /* NULL is fine; not from inside `done` */
