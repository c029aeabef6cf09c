/* SPDX-License-Identifier: MIT */
#pragma once
/* ranges: which bytes of a file are present, as sorted, disjoint, non-adjacent [start, end). Pure.
 * Errors: -ENOMEM; -EFBIG beyond RANGES_MAX pieces; -EBADMSG from ranges_decode(). */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RANGES_MAX 65536

struct range {
	int64_t start, end;
};

struct ranges { /* zeroed memory is the empty set */
	struct range *items; /* owned */
	size_t count, capacity;
};

void ranges_finish(struct ranges *ranges);
int ranges_add(struct ranges *ranges, int64_t start, int64_t end);
/* The end of the run that contains `offset`, or `offset` when that byte is absent. */
int64_t ranges_run_end(const struct ranges *ranges, int64_t offset);
/* The start of the first run after `offset`, when `offset` itself is absent; INT64_MAX none. */
int64_t ranges_next_start(const struct ranges *ranges, int64_t offset);
bool ranges_has(const struct ranges *ranges, int64_t start, int64_t end);
int64_t ranges_end(const struct ranges *ranges); /* of the last one; 0 none */
int64_t ranges_total(const struct ranges *ranges);
/* The items as stored: host byte order, checked when read again. */
int ranges_decode(struct ranges *ranges, const void *data, size_t length);
