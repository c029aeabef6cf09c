/* SPDX-License-Identifier: MIT */
#pragma once
/* util: allocation that ends the program instead of failing, clocks, hashes, a string map.
 *
 * The sandbox is a throw-away process: where memory is out there is nothing useful left to do, so
 * the x functions print a line and abort. Everything sized by a client is bounded by the caller.
 *
 * Threads: pure functions, except strmap, which its owner locks. */
#include <stddef.h>
#include <stdint.h>

void *xcalloc(size_t count, size_t size);
void *xrealloc(void *memory, size_t size);
char *xstrdup(const char *text);
char *xformat(const char *format, ...) __attribute__((format(printf, 1, 2)));

double util_monotonic(void); /* seconds, not touched by clock changes */
double util_wall(void);      /* seconds since 1970 */
void util_random(void *buffer, size_t size);

uint64_t util_mix(uint64_t value); /* a bijection whose output bits look random */
uint64_t util_hash(const void *data, size_t size, uint64_t seed);
uint64_t util_hash_text(const char *text, uint64_t seed);

size_t util_utf8_length(const char *text); /* code points; text is valid UTF-8 */

/* A decimal number, nothing before or after it. 0 or -EINVAL. */
int util_parse_number(const char *text, double min, double max, double *ret);

/* Bytes that grow up to a limit. */
struct bytes {
	unsigned char *data; /* owned */
	size_t size, space;
};

/* 0, or -EFBIG where the bytes would exceed `limit`: nothing is appended then. */
int bytes_append(struct bytes *bytes, const void *data, size_t size, size_t limit);
void bytes_finish(struct bytes *bytes);

/* Text keys (copied) to values (borrowed). Keys are never removed. */
struct strmap;
struct strmap *strmap_create(void);
void strmap_destroy(struct strmap *map, void (*free_value)(void *)); /* both may be NULL */
void *strmap_get(const struct strmap *map, const char *key);         /* NULL: absent */
void strmap_set(struct strmap *map, const char *key, void *value);
/* A counter under this key, 0 when first asked for; stays valid as long as the map. */
uint64_t *strmap_counter(struct strmap *map, const char *key);
void strmap_each(const struct strmap *map, void (*visit)(const char *key, void *value, void *arg),
	void *arg);
