/* SPDX-License-Identifier: MIT */
#include "fs/tree/status_hash.h"

#include <string.h>

#include "fs/base/hash.h"

uintptr_t status_hash(const char *text, size_t length)
{
	uint64_t hash = HASH_START;
	const char *end = text + length;

	while (text < end) {
		const char *line = text, *stop = memchr(text, '\n', (size_t)(end - text));
		text = stop == NULL ? end : stop + 1;
		if (strncmp(line, "elapsed:", strlen("elapsed:")) == 0 ||
			strncmp(line, "queue:", strlen("queue:")) == 0)
			continue;
		hash = hash_add(hash, line, (size_t)(text - line));
	}
	return (uintptr_t)hash | 1;
}
