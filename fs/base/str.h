/* SPDX-License-Identifier: MIT */
#pragma once
/* str: bounded helpers for text from outside. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A list of strings; zeroed memory is an empty list. */
struct strlist {
	char **items; /* owned */
	size_t count;
};

int strlist_add(struct strlist *list, const char *string); /* copies; -ENOMEM */
int strlist_addn(struct strlist *list, const char *string, size_t length);
bool strlist_has(const struct strlist *list, const char *string);
/* Case-insensitive look-up; the list's own spelling or NULL. */
const char *strlist_find(const struct strlist *list, const char *string);
int strlist_copy(struct strlist *to, const struct strlist *from);
char *strlist_join(const struct strlist *list, const char *separator); /* caller frees; NULL: -ENOMEM */
void strlist_finish(struct strlist *list);

/* RFC 3629, no surrogates, no overlong forms, NUL counts as invalid. */
bool str_is_utf8(const char *data, size_t length);
/* Length of the code point at `data`, 0 when there is no valid one. */
size_t str_utf8_next(const char *data, size_t length);
/* Code points of valid UTF-8. */
size_t str_utf8_count(const char *data, size_t length);
/* Trims white space (blank, tab, CR, LF) at both ends, in place of the arguments. */
void str_trim(const char **data, size_t *length);
/* Damerau-Levenshtein (optimal string alignment) distance, case-insensitive; more than 64 bytes: SIZE_MAX. */
size_t str_distance(const char *a, const char *b);
/* 0 or -EINVAL/-ERANGE: the whole string is a decimal integer within [min, max]. */
int str_to_int(const char *string, int64_t min, int64_t max, int64_t *ret_value);
/* Seconds with decimals ("0.3", "1", ".5") to milliseconds, >= 0 and at most ten years. */
int str_to_ms(const char *string, int64_t *ret_ms);
/* yes/no, true/false, on/off, 1/0 in any case. */
int str_to_bool(const char *string, bool *ret_value);
/* Bytes with an optional K M G T (powers of 1024), as "10G". */
int str_to_bytes(const char *string, uint64_t *ret_bytes);
/* Puts another name in front of a path, which the caller frees: paths may be longer than PATH_MAX, as who stands in a directory makes more below
 * it. -ENOMEM. */
int str_prepend_name(char **path, const char *name, size_t length, const char *suffix);
/* A copy for logs and status lines, as text_filter() leaves it, at most `max` bytes (cut at a code point, "…" appended when cut). Caller frees; NULL when out of memory. */
char *str_printable(const char *data, size_t length, size_t max);
