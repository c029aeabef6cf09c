/* SPDX-License-Identifier: MIT */
#pragma once
/* ids: a list of numbers, of inodes or jobs, that is noted in one go and worked through afterwards. Starts as {0}. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct ids {
	int64_t *items; /* owned */
	size_t count;
};

/* 0 or -ENOMEM. */
static inline int ids_add(struct ids *ids, int64_t id)
{
	int64_t *more = reallocarray(ids->items, ids->count + 1, sizeof(*more));

	if (more == NULL)
		return -ENOMEM;
	more[ids->count++] = id;
	ids->items = more;
	return 0;
}

/* The same as a callback: `arg` is the list. */
static inline int ids_note(void *arg, int64_t id)
{
	return ids_add(arg, id);
}

static inline void ids_finish(struct ids *ids)
{
	free(ids->items);
}
