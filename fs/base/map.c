/* SPDX-License-Identifier: MIT */
#include "fs/base/map.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { MAP_FIRST = 16 };

struct slot {
	uint64_t key;
	void *value; /* NULL: the slot is free */
};

struct map {
	struct slot *slots; /* owned */
	size_t size;        /* a power of two */
	size_t count;
	size_t any; /* where map_any() found something last: who empties a map does not begin anew each time */
};

/* The finalizer of MurmurHash3: keys are often consecutive, slots should not be. */
static size_t map_hash(uint64_t key)
{
	key ^= key >> 33;
	key *= 0xff51afd7ed558ccdULL;
	key ^= key >> 33;
	key *= 0xc4ceb9fe1a85ec53ULL;
	key ^= key >> 33;
	return (size_t)key;
}

struct map *map_create(void)
{
	struct map *map = calloc(1, sizeof(*map));
	if (map == NULL)
		return NULL;
	map->size = MAP_FIRST;
	map->slots = calloc(map->size, sizeof(*map->slots));
	if (map->slots == NULL) {
		free(map);
		return NULL;
	}
	return map;
}

void map_destroy(struct map *map)
{
	if (map == NULL)
		return;
	free(map->slots);
	free(map);
}

/* The key's slot, or the free one where it would go. There is always a free one. */
static struct slot *map_slot(const struct slot *slots, size_t size, uint64_t key)
{
	size_t i = map_hash(key) & (size - 1);
	while (slots[i].value != NULL && slots[i].key != key)
		i = (i + 1) & (size - 1);
	return (struct slot *)&slots[i];
}

void *map_get(const struct map *map, uint64_t key)
{
	return map_slot(map->slots, map->size, key)->value;
}

static int map_grow(struct map *map)
{
	size_t size = map->size * 2;
	struct slot *slots = calloc(size, sizeof(*slots));
	if (slots == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < map->size; i++) {
		if (map->slots[i].value != NULL)
			*map_slot(slots, size, map->slots[i].key) = map->slots[i];
	}
	free(map->slots);
	map->slots = slots;
	map->size = size;
	return 0;
}

int map_put(struct map *map, uint64_t key, void *value)
{
	assert(value != NULL);
	struct slot *slot = map_slot(map->slots, map->size, key);
	if (slot->value == NULL) {
		if (map->count + 1 > map->size / 4 * 3) {
			int r = map_grow(map);
			if (r < 0)
				return r;
			slot = map_slot(map->slots, map->size, key);
		}
		map->count++;
	}
	*slot = (struct slot){.key = key, .value = value};
	return 0;
}

/* Closes the gap, so that no search ends early at it and no tombstones pile up. */
static void map_close_gap(struct map *map, size_t gap)
{
	size_t mask = map->size - 1;
	for (size_t i = (gap + 1) & mask; map->slots[i].value != NULL; i = (i + 1) & mask) {
		size_t home = map_hash(map->slots[i].key) & mask;
		if (((i - home) & mask) >= ((i - gap) & mask)) {
			map->slots[gap] = map->slots[i];
			gap = i;
		}
	}
	map->slots[gap].value = NULL;
}

void *map_remove(struct map *map, uint64_t key)
{
	struct slot *slot = map_slot(map->slots, map->size, key);
	void *value = slot->value;
	if (value == NULL)
		return NULL;
	map_close_gap(map, (size_t)(slot - map->slots));
	map->count--;
	return value;
}

size_t map_count(const struct map *map)
{
	return map->count;
}

void *map_any(struct map *map, uint64_t *ret_key)
{
	if (map->count == 0)
		return NULL;
	size_t i = map->any & (map->size - 1);
	while (map->slots[i].value == NULL)
		i = (i + 1) & (map->size - 1);
	map->any = i;
	if (ret_key != NULL)
		*ret_key = map->slots[i].key;
	return map->slots[i].value;
}

void map_each(const struct map *map, void (*visit)(void *arg, uint64_t key, void *value), void *arg)
{
	for (size_t i = 0; i < map->size; i++) {
		if (map->slots[i].value != NULL)
			visit(arg, map->slots[i].key, map->slots[i].value);
	}
}
