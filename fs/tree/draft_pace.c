/* SPDX-License-Identifier: MIT */
#include "fs/tree/draft_pace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/hash.h"
#include "fs/base/map.h"
#include "fs/job/job.h"
#include "fs/job/place.h"
#include "fs/store/jobs.h"
#include "fs/store/places.h"
#include "fs/tree/tree.h"

#define FORGET_MS 60000 /* of quiet */
#define KNOWN_MAX 4096  /* places that are remembered */

struct pace {
	const struct tree_needs *needs; /* borrowed */
	struct map *by_place;           /* hash of the path -> struct saves, owned */
	size_t count;
};

struct saves {
	unsigned doubled;
	int64_t last; /* monotonic ms */
};

struct pace *pace_create(const struct tree_needs *needs)
{
	struct pace *pace = calloc(1, sizeof(*pace));

	if (pace == NULL)
		return NULL;
	pace->needs = needs;
	pace->by_place = map_create();
	if (pace->by_place == NULL) {
		free(pace);
		return NULL;
	}
	return pace;
}

static void forget_all(struct pace *pace)
{
	struct saves *saves;
	uint64_t key;

	while ((saves = map_any(pace->by_place, &key)) != NULL) {
		map_remove(pace->by_place, key);
		free(saves);
	}
	pace->count = 0;
}

void pace_destroy(struct pace *pace)
{
	if (pace == NULL)
		return;
	forget_all(pace);
	map_destroy(pace->by_place);
	free(pace);
}

/* Two places that share a number share their patience. */
static uint64_t key_of(const char *path)
{
	return hash_add(HASH_START, path, strlen(path)) | 1;
}

/* Has the last job of this prompt ended, or is there none? */
static bool is_final(struct store *store, const struct node *node, int64_t last)
{
	struct job_record record = {0};
	int64_t id = node->job != 0 ? node->job : last;

	if (id == 0 || jobs_get(store, id, &record) < 0)
		return true;
	bool final = job_state_is_final(record.state) || record.state == JOB_HELD;
	job_record_finish(&record);
	return final;
}

static struct saves *find(struct pace *pace, uint64_t key)
{
	struct saves *saves = map_get(pace->by_place, key);

	if (saves != NULL)
		return saves;
	if (pace->count >= KNOWN_MAX)
		forget_all(pace);
	saves = calloc(1, sizeof(*saves));
	if (saves == NULL || map_put(pace->by_place, key, saves) < 0) {
		free(saves);
		return NULL;
	}
	pace->count++;
	return saves;
}

/* The place's path, and what it asked for last. */
static int find_place(
	struct store *store, const struct node *node, char **ret_path, int64_t *ret_last)
{
	char stem[256];
	int64_t place;

	*ret_last = 0;
	place_stem(node->name, stem);
	int r = place_of(store, node->parent, stem, ret_path);
	if (r == 0)
		places_find(store, *ret_path, &place, ret_last);
	return r;
}

int64_t pace_wait_ms(struct pace *pace, int64_t ino, char **ret_note)
{
	const struct tree_needs *needs = pace->needs;
	int64_t wait = needs->settle_ms, now = clock_mono_ms(), last;
	CLEANUP_FREE char *path = NULL;
	struct node node;

	if (nodes_get(needs->store, ino, &node) < 0 || !place_is_prompt(needs->store, &node) ||
		find_place(needs->store, &node, &path, &last) < 0)
		return wait;
	uint64_t key = key_of(path);
	if (is_final(needs->store, &node, last)) {
		struct saves *old = map_remove(pace->by_place, key);
		pace->count -= old != NULL;
		free(old);
		return wait;
	}
	struct saves *saves = find(pace, key);
	if (saves == NULL)
		return wait;
	if (saves->last != 0 && now - saves->last > FORGET_MS)
		saves->doubled = 0;
	saves->last = now;
	if (saves->doubled < 16)
		saves->doubled++;
	for (unsigned i = 0; i < saves->doubled && wait < needs->settle_max_ms; i++)
		wait *= 2;
	if (wait > needs->settle_max_ms)
		wait = needs->settle_max_ms > needs->settle_ms ? needs->settle_max_ms
							       : needs->settle_ms;
	if (asprintf(ret_note,
		    "it is being thought about: saved again while its last job goes on, so this "
		    "text waits "
		    "for %lld s without a change; at once: echo submit into this file",
		    (long long)((wait + 999) / 1000)) < 0)
		*ret_note = NULL;
	return wait;
}
