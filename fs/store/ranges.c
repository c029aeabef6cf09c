/* SPDX-License-Identifier: MIT */
#include "fs/store/ranges.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

void ranges_finish(struct ranges *ranges)
{
	free(ranges->items);
	memset(ranges, 0, sizeof(*ranges));
}

/* The first piece that ends at or after `offset`. */
static size_t first_touching(const struct ranges *ranges, int64_t offset)
{
	size_t low = 0, high = ranges->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (ranges->items[middle].end < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int ranges_add(struct ranges *ranges, int64_t start, int64_t end)
{
	assert(start >= 0 && start <= end);
	if (start == end)
		return 0;
	size_t first = first_touching(ranges, start), last = first;
	while (last < ranges->count && ranges->items[last].start <= end) {
		if (ranges->items[last].start < start)
			start = ranges->items[last].start;
		if (ranges->items[last].end > end)
			end = ranges->items[last].end;
		last++;
	}
	if (first == last) {
		if (ranges->count == RANGES_MAX)
			return -EFBIG;
		if (ranges->count == ranges->capacity) {
			size_t capacity = ranges->capacity == 0 ? 8 : ranges->capacity * 2;
			void *items = reallocarray(ranges->items, capacity, sizeof(struct range));
			if (items == NULL)
				return -ENOMEM;
			ranges->items = items;
			ranges->capacity = capacity;
		}
		memmove(&ranges->items[first + 1], &ranges->items[first],
			(ranges->count - first) * sizeof(struct range));
		ranges->count++;
	} else {
		memmove(&ranges->items[first + 1], &ranges->items[last],
			(ranges->count - last) * sizeof(struct range));
		ranges->count -= last - first - 1;
	}
	ranges->items[first] = (struct range){start, end};
	return 0;
}

int64_t ranges_run_end(const struct ranges *ranges, int64_t offset)
{
	size_t i = first_touching(ranges, offset + 1);

	if (i < ranges->count && ranges->items[i].start <= offset)
		return ranges->items[i].end;
	return offset;
}

int64_t ranges_next_start(const struct ranges *ranges, int64_t offset)
{
	size_t i = first_touching(ranges, offset + 1);

	return i < ranges->count ? ranges->items[i].start : INT64_MAX;
}

bool ranges_has(const struct ranges *ranges, int64_t start, int64_t end)
{
	return start >= end || ranges_run_end(ranges, start) >= end;
}

int64_t ranges_end(const struct ranges *ranges)
{
	return ranges->count == 0 ? 0 : ranges->items[ranges->count - 1].end;
}

int64_t ranges_total(const struct ranges *ranges)
{
	int64_t total = 0;

	for (size_t i = 0; i < ranges->count; i++)
		total += ranges->items[i].end - ranges->items[i].start;
	return total;
}

int ranges_decode(struct ranges *ranges, const void *data, size_t length)
{
	struct ranges decoded = {0};
	struct range item;
	int64_t end = -1;

	if (length % sizeof(item) != 0 || length / sizeof(item) > RANGES_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < length; i += sizeof(item)) {
		memcpy(&item, (const char *)data + i, sizeof(item));
		int r = item.start <= end || item.start >= item.end
				? -EBADMSG
				: ranges_add(&decoded, item.start, item.end);
		if (r < 0) {
			ranges_finish(&decoded);
			return r;
		}
		end = item.end;
	}
	*ranges = decoded;
	return 0;
}
