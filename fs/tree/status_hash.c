/* SPDX-License-Identifier: MIT */
#include "fs/tree/status_hash.h"

#include <string.h>

/* FNV-1a */
uintptr_t status_hash(const char *text, size_t length)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	const char *end = text + length;

	while (text < end) {
		const char *line = text, *stop = memchr(text, '\n', (size_t)(end - text));
		text = stop == NULL ? end : stop + 1;
		if (strncmp(line, "elapsed:", strlen("elapsed:")) == 0)
			continue;
		for (; line < text; line++)
			hash = (hash ^ (unsigned char)*line) * UINT64_C(1099511628211);
	}
	return (uintptr_t)hash | 1;
}
