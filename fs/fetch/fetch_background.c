/* SPDX-License-Identifier: MIT */
/* Fetching in the background: one file after the other, each in one stream. */
#include <errno.h>
#include <stdlib.h>

#include "fs/fetch/fetch_private.h"

struct background {
	struct list link; /* results.waiting */
	int64_t ino;
	struct result *result; /* while it is under way; a user of it */
};

void result_background_done(struct result *result)
{
	loop_timer_arm(result->results->next, 0);
}

static void end_background(struct results *results)
{
	struct background *background = results->background;

	if (background == NULL)
		return;
	results->background = NULL;
	background->result->background = NULL;
	result_close(background->result);
	free(background);
}

void results_fetch_next(void *arg)
{
	struct results *results = arg;

	end_background(results);
	while (results->background == NULL && !list_empty(&results->waiting)) {
		struct background *background =
			list_entry(results->waiting.next, struct background, link);
		list_remove(&background->link);
		int r = result_open(results, background->ino, &background->result);
		if (r == 0)
			r = result_load(background->result);
		if (r < 0) {
			if (background->result != NULL)
				result_close(background->result);
			free(background);
			continue;
		}
		results->background = background;
		background->result->background = background;
		result_pump(background->result);
	}
}

void result_background_drop(struct result *result)
{
	struct results *results = result->results;

	if (result->background == NULL)
		return;
	end_background(results);
	loop_timer_arm(results->next, 0);
}

int results_fetch(struct results *results, int64_t ino)
{
	struct background *background = calloc(1, sizeof(*background));

	if (background == NULL)
		return -ENOMEM;
	background->ino = ino;
	list_append(&results->waiting, &background->link);
	if (results->background == NULL)
		loop_timer_arm(results->next, 0);
	return 0;
}

void results_fetch_end(struct results *results)
{
	struct list *item, *after;

	free(results->background);
	results->background = NULL;
	list_for_each_safe(item, after, &results->waiting)
	{
		list_remove(item);
		free(list_entry(item, struct background, link));
	}
}
