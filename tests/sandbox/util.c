/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/util.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static void *need(void *memory)
{
	if (!memory) {
		fputs("weryaifs-sandbox: out of memory\n", stderr);
		abort();
	}
	return memory;
}

void *xcalloc(size_t count, size_t size)
{
	return need(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *memory, size_t size)
{
	return need(realloc(memory, size ? size : 1));
}

char *xstrdup(const char *text)
{
	return need(strdup(text));
}

char *xformat(const char *format, ...)
{
	char *text = NULL;
	va_list list;

	va_start(list, format);
	if (vasprintf(&text, format, list) < 0)
		text = NULL;
	va_end(list);
	return need(text);
}

static double clock_seconds(clockid_t id)
{
	struct timespec time = {0};

	if (clock_gettime(id, &time) < 0)
		abort();
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double util_monotonic(void)
{
	return clock_seconds(CLOCK_MONOTONIC);
}

double util_wall(void)
{
	return clock_seconds(CLOCK_REALTIME);
}

void util_random(void *buffer, size_t size)
{
	unsigned char *at = buffer;

	while (size) {
		ssize_t got = getrandom(at, size, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			abort();
		at += got;
		size -= (size_t)got;
	}
}

/* splitmix64's finisher (Steele, Lea, Flood 2014). */
uint64_t util_mix(uint64_t value)
{
	value += 0x9e3779b97f4a7c15ULL;
	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
	value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
	return value ^ (value >> 31);
}

uint64_t util_hash(const void *data, size_t size, uint64_t seed)
{
	const unsigned char *at = data;
	uint64_t hash = 0xcbf29ce484222325ULL ^ util_mix(seed);

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ at[i]) * 0x100000001b3ULL;
	return util_mix(hash);
}

uint64_t util_hash_text(const char *text, uint64_t seed)
{
	return util_hash(text, strlen(text), seed);
}

size_t util_utf8_length(const char *text)
{
	size_t length = 0;

	for (; *text; text++)
		length += ((unsigned char)*text & 0xc0) != 0x80;
	return length;
}

int util_parse_number(const char *text, double min, double max, double *ret)
{
	char *end = NULL;
	double value;

	if (!*text || !strchr("-+.0123456789", *text))
		return -EINVAL;
	value = strtod(text, &end);
	if (*end || !isfinite(value) || value < min || value > max)
		return -EINVAL;
	*ret = value;
	return 0;
}

int bytes_append(struct bytes *bytes, const void *data, size_t size, size_t limit)
{
	if (size > limit || bytes->size > limit - size)
		return -EFBIG;
	if (bytes->size + size > bytes->space) {
		size_t space = bytes->space ? bytes->space : 4096;

		while (space < bytes->size + size)
			space *= 2;
		bytes->data = xrealloc(bytes->data, space);
		bytes->space = space;
	}
	if (size)
		memcpy(bytes->data + bytes->size, data, size);
	bytes->size += size;
	return 0;
}

void bytes_finish(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){0};
}

struct strmap_entry {
	struct strmap_entry *next;
	void *value;
	char key[];
};

struct strmap {
	struct strmap_entry **bucket;
	size_t buckets, count;
};

struct strmap *strmap_create(void)
{
	struct strmap *map = xcalloc(1, sizeof(*map));

	map->buckets = 64;
	map->bucket = xcalloc(map->buckets, sizeof(struct strmap_entry *));
	return map;
}

void strmap_destroy(struct strmap *map, void (*free_value)(void *))
{
	if (!map)
		return;
	for (size_t i = 0; i < map->buckets; i++) {
		struct strmap_entry *next;

		for (struct strmap_entry *entry = map->bucket[i]; entry; entry = next) {
			next = entry->next;
			if (free_value)
				free_value(entry->value);
			free(entry);
		}
	}
	free(map->bucket);
	free(map);
}

static struct strmap_entry **strmap_slot(const struct strmap *map, const char *key)
{
	struct strmap_entry **slot = &map->bucket[util_hash_text(key, 0) & (map->buckets - 1)];

	while (*slot && strcmp((*slot)->key, key) != 0)
		slot = &(*slot)->next;
	return slot;
}

static void strmap_grow(struct strmap *map)
{
	struct strmap wider = {.buckets = map->buckets * 4, .count = map->count};

	wider.bucket = xcalloc(wider.buckets, sizeof(struct strmap_entry *));
	for (size_t i = 0; i < map->buckets; i++) {
		struct strmap_entry *next;

		for (struct strmap_entry *entry = map->bucket[i]; entry; entry = next) {
			struct strmap_entry **slot = strmap_slot(&wider, entry->key);

			next = entry->next;
			entry->next = NULL;
			*slot = entry;
		}
	}
	free(map->bucket);
	*map = wider;
}

void *strmap_get(const struct strmap *map, const char *key)
{
	struct strmap_entry *entry = *strmap_slot(map, key);

	return entry ? entry->value : NULL;
}

void strmap_set(struct strmap *map, const char *key, void *value)
{
	struct strmap_entry **slot = strmap_slot(map, key);

	if (!*slot) {
		size_t size = strlen(key) + 1;

		*slot = xcalloc(1, sizeof(struct strmap_entry) + size);
		memcpy((*slot)->key, key, size);
		map->count++;
	}
	(*slot)->value = value;
	if (map->count > 2 * map->buckets)
		strmap_grow(map);
}

uint64_t *strmap_counter(struct strmap *map, const char *key)
{
	uint64_t *counter = strmap_get(map, key);

	if (!counter) {
		counter = xcalloc(1, sizeof(*counter));
		strmap_set(map, key, counter);
	}
	return counter;
}

void strmap_each(
	const struct strmap *map, void (*visit)(const char *key, void *value, void *arg), void *arg)
{
	for (size_t i = 0; i < map->buckets; i++)
		for (struct strmap_entry *entry = map->bucket[i]; entry; entry = entry->next)
			visit(entry->key, entry->value, arg);
}
