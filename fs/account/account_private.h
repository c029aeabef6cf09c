/* SPDX-License-Identifier: MIT */
#pragma once
/* account_private: what the rooms from fetch to account still share. */
#include "fs/base/list.h"
#include "fs/base/map.h"
#include "fs/account/account.h"

struct gen {
	struct loop *loop;		 /* borrowed, like the next four */
	struct store *store;
	struct http *http;
	struct api_client *api;
	const struct model_table *models;
	struct gen_options options;
	struct gen_events events;
	void *events_arg;
	struct credits *credits; /* owned, like the rest */
	struct drafts *drafts;
	struct queue *queue;
	struct results *results;
	struct uploads *uploads;
	struct probes *probes;
	struct waiting *waiting;
	struct live *live; /* NULL: the models stay as they are */
	struct map *promised; /* directory -> until when its results keep their names (tree.c) */
	struct map *nameless; /* inode -> itself: no name, but the kernel still knows it */
	int64_t started;      /* monotonic ms */
	struct list watches;  /* status_watch.link */
	struct list changed;  /* status_change.link: to be told at the end of this turn */
};

/* Makes the directories that are missing. */
int gen_plant(struct gen *gen);
