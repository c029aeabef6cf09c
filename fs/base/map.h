/* SPDX-License-Identifier: MIT */
#pragma once
/* map: uint64_t key to pointer, open hashing over a power-of-two table. Values are borrowed. */
#include <stddef.h>
#include <stdint.h>

struct map;

struct map *map_create(void); /* NULL when out of memory */
void map_destroy(struct map *map);
void *map_get(const struct map *map, uint64_t key); /* NULL when absent */
/* Adds or replaces; value must not be NULL. -ENOMEM. */
int map_put(struct map *map, uint64_t key, void *value);
void *map_remove(struct map *map, uint64_t key); /* the value that was there, or NULL */
size_t map_count(const struct map *map);
/* Any entry, or NULL when the map is empty: for tearing down. */
void *map_any(struct map *map, uint64_t *ret_key);
/* Calls visit for every entry; visit must not change the map. */
void map_each(const struct map *map, void (*visit)(void *arg, uint64_t key, void *value), void *arg);
