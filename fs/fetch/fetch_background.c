/* SPDX-License-Identifier: MIT */
/* Fetching in the background: one file after the other, each in one stream. */
#include <errno.h>
#include <stdlib.h>

#include "fs/fetch/fetch_private.h"

struct background {
	struct list link; /* fetches.waiting */
	int64_t ino;
	struct fetch *fetch; /* while it is under way; a user of it */
};

static void end_background(struct fetches *fetches)
{
	struct background *background = fetches->background;

	if (background == NULL)
		return;
	int64_t ino = background->ino;
	fetches->background = NULL;
	background->fetch->background = NULL;
	fetch_close(background->fetch);
	free(background);
	fetches->steps->background_ended(fetches, ino);
}

void fetch_background_next(void *arg)
{
	struct fetches *fetches = arg;

	end_background(fetches);
	while (fetches->background == NULL && !list_empty(&fetches->waiting)) {
		struct background *background =
			list_entry(fetches->waiting.next, struct background, link);
		list_remove(&background->link);
		int r = fetch_open(fetches, background->ino, &background->fetch);
		if (r == 0)
			r = fetch_load(background->fetch);
		if (r < 0) {
			int64_t ino = background->ino;
			if (background->fetch != NULL)
				fetch_close(background->fetch);
			free(background);
			fetches->steps->background_ended(fetches, ino);
			continue;
		}
		fetches->background = background;
		background->fetch->background = background;
		fetch_pump(background->fetch);
	}
}

void fetch_background_drop(struct fetch *fetch)
{
	struct fetches *fetches = fetch->fetches;

	if (fetch->background == NULL)
		return;
	end_background(fetches);
	loop_timer_arm(fetches->next, 0);
}

void fetch_background_stop(struct fetches *fetches, int64_t ino)
{
	struct list *item, *after;

	if (fetches->background != NULL && fetches->background->ino == ino) {
		struct fetch *fetch = fetches->background->fetch;
		if (list_empty(&fetch->reads))
			fetch_stop_long(fetch);
		fetch_background_drop(fetch);
		return;
	}
	list_for_each_safe(item, after, &fetches->waiting)
	{
		struct background *background = list_entry(item, struct background, link);
		if (background->ino != ino)
			continue;
		list_remove(item);
		free(background);
		fetches->steps->background_ended(fetches, ino);
		return;
	}
}

int fetch_in_background(struct fetches *fetches, int64_t ino)
{
	struct background *background = calloc(1, sizeof(*background));

	if (background == NULL)
		return -ENOMEM;
	background->ino = ino;
	list_append(&fetches->waiting, &background->link);
	if (fetches->background == NULL)
		loop_timer_arm(fetches->next, 0);
	return 0;
}

void fetch_background_end(struct fetches *fetches)
{
	struct list *item, *after;

	free(fetches->background);
	fetches->background = NULL;
	list_for_each_safe(item, after, &fetches->waiting)
	{
		list_remove(item);
		free(list_entry(item, struct background, link));
	}
}
