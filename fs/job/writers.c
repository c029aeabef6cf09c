/* SPDX-License-Identifier: MIT */
#include "fs/job/writers.h"

#include <assert.h>
#include <stdlib.h>

#include "fs/base/map.h"

struct writers {
	struct map *counts; /* inode -> the count itself */
};

struct writers *writers_create(void)
{
	struct writers *writers = calloc(1, sizeof(*writers));

	if (writers == NULL)
		return NULL;
	writers->counts = map_create();
	if (writers->counts == NULL) {
		free(writers);
		return NULL;
	}
	return writers;
}

void writers_destroy(struct writers *writers)
{
	if (writers == NULL)
		return;
	map_destroy(writers->counts);
	free(writers);
}

static uintptr_t count_of(const struct writers *writers, int64_t ino)
{
	return (uintptr_t)map_get(writers->counts, (uint64_t)ino);
}

int writers_add(struct writers *writers, int64_t ino)
{
	return map_put(writers->counts, (uint64_t)ino, (void *)(count_of(writers, ino) + 1));
}

void writers_remove(struct writers *writers, int64_t ino)
{
	uintptr_t count = count_of(writers, ino);

	assert(count > 0);
	if (count == 1)
		map_remove(writers->counts, (uint64_t)ino);
	else /* cannot fail: the key is there */
		map_put(writers->counts, (uint64_t)ino, (void *)(count - 1));
}

bool writers_any(const struct writers *writers, int64_t ino)
{
	return count_of(writers, ino) > 0;
}

void writers_forget(struct writers *writers, int64_t ino)
{
	map_remove(writers->counts, (uint64_t)ino);
}
