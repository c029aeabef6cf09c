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
#include "fs/fetch/fetch_private.h"
#include "fs/tree/status.h"

#define TROUBLES_MAX 1024 /* results; the trouble of others is in the log alone */

static void tell(struct result *result)
{
	struct gen *gen = result->results->gen;
	struct job_record record;

	if (jobs_get(gen->store, result->record.job, &record) < 0)
		return;
	status_changed(gen, record.ino);
	job_record_finish(&record);
}

static void remember(struct result *result, const char *why)
{
	struct map *troubles = result->results->troubles;
	const char *before = map_get(troubles, (uint64_t)result->ino);
	CLEANUP_FREE char *copy = strdup(why);

	if (copy == NULL || (before != NULL && strcmp(before, why) == 0) ||
		(before == NULL && map_count(troubles) >= TROUBLES_MAX))
		return;
	results_trouble_drop(result->results, result->ino);
	if (map_put(troubles, (uint64_t)result->ino, copy) < 0)
		return;
	copy = NULL;
	tell(result);
}

void result_trouble(struct result *result, const char *why)
{
	log_warning("result: inode %" PRId64 " could not be fetched: %s", result->ino, why);
	remember(result, why);
}

void result_trouble_over(struct result *result)
{
	if (results_trouble(result->results, result->ino) == NULL)
		return;
	results_trouble_drop(result->results, result->ino);
	tell(result);
}

const char *results_trouble(const struct results *results, int64_t ino)
{
	return map_get(results->troubles, (uint64_t)ino);
}

void results_trouble_drop(struct results *results, int64_t ino)
{
	free(map_remove(results->troubles, (uint64_t)ino));
}

void results_trouble_end(struct results *results)
{
	uint64_t ino;

	while (results->troubles != NULL && map_any(results->troubles, &ino) != NULL)
		results_trouble_drop(results, (int64_t)ino);
	map_destroy(results->troubles);
}
