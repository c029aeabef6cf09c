/* SPDX-License-Identifier: MIT */
/* Why results could not be fetched when they were last read, for the status of their prompts. In memory only: who reads
 * after another mount finds out anew. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/base/map.h"
#include "fs/fetch/fetch_private.h"

#define TROUBLES_MAX 1024 /* results; the trouble of others is in the log alone */

static void tell(const struct fetch *fetch)
{
	const struct fetch_needs *needs = &fetch->fetches->needs;

	needs->trouble(needs->arg, fetch->record.job);
}

static void remember(struct fetch *fetch, const char *why)
{
	struct map *troubles = fetch->fetches->troubles;
	const char *before = map_get(troubles, (uint64_t)fetch->ino);
	CLEANUP_FREE char *copy = strdup(why);

	if (copy == NULL || (before != NULL && strcmp(before, why) == 0) ||
		(before == NULL && map_count(troubles) >= TROUBLES_MAX))
		return;
	fetch_trouble_drop(fetch->fetches, fetch->ino);
	if (map_put(troubles, (uint64_t)fetch->ino, copy) < 0)
		return;
	copy = NULL;
	tell(fetch);
}

void fetch_trouble(struct fetch *fetch, const char *why)
{
	log_warning("result: inode %" PRId64 " could not be fetched: %s", fetch->ino, why);
	remember(fetch, why);
}

void fetch_trouble_over(struct fetch *fetch)
{
	if (fetch_trouble_of(fetch->fetches, fetch->ino) == NULL)
		return;
	fetch_trouble_drop(fetch->fetches, fetch->ino);
	tell(fetch);
}

const char *fetch_trouble_of(const struct fetches *fetches, int64_t ino)
{
	return map_get(fetches->troubles, (uint64_t)ino);
}

void fetch_trouble_drop(struct fetches *fetches, int64_t ino)
{
	free(map_remove(fetches->troubles, (uint64_t)ino));
}

void fetch_trouble_end(struct fetches *fetches)
{
	uint64_t ino;

	while (fetches->troubles != NULL && map_any(fetches->troubles, &ino) != NULL)
		fetch_trouble_drop(fetches, (int64_t)ino);
	map_destroy(fetches->troubles);
}
