/* SPDX-License-Identifier: MIT */
#include "fs/queue/bring_back.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/job/place.h"
#include "fs/store/jobs.h"
#include "fs/store/nodes.h"
#include "fs/store/store.h"
#include "fs/queue/twin.h"

#define NS_PER_MS 1000000
#define QUIET_MAX_MS 60000 /* after the last change of a prompt; then what is still copied is not waited for */

/* How many of them have a name, and how many of those have to be named anew. */
static int count(struct store *store, const struct result_record *results, size_t all, int64_t dir,
	const char *stem, size_t *ret_there, size_t *ret_renamed)
{
	struct node node;

	*ret_there = *ret_renamed = 0;
	for (size_t i = 0; i < all; i++) {
		int r = results[i].ino == 0 ? -ENOENT : nodes_get(store, results[i].ino, &node);
		if (r < 0 && r != -ENOENT)
			return r;
		if (r == -ENOENT || node.parent == 0)
			continue;
		++*ret_there;
		if (node.parent == (int64_t)TREE_LOST ||
			(node.parent == dir && place_is_backup_name(node.name, stem)))
			++*ret_renamed;
	}
	return 0;
}

/* Which of them are files that lie here already. */
static size_t find_twins(struct store *store, const struct result_record *results, size_t all,
	int64_t dir, const char *stem, bool *is_twin)
{
	struct twin twin;
	size_t found = 0;

	for (size_t i = 0; i < all; i++) {
		is_twin[i] = twin_find(store, &results[i], all, dir, stem, &twin) == 0;
		found += is_twin[i];
	}
	return found;
}

/* All that have no file are fetched; where some were put back as files, those alone: the others were taken away before. */
static int want_again(struct store *store, struct result_record *results, size_t all, int64_t dir,
	const char *stem)
{
	CLEANUP_FREE bool *is_twin = calloc(all, sizeof(*is_twin));
	int r = 0;

	if (is_twin == NULL)
		return -ENOMEM;
	size_t twins = find_twins(store, results, all, dir, stem, is_twin);
	for (size_t i = 0; i < all && r == 0; i++) {
		results[i].ino = 0;
		if (twins == 0 || is_twin[i])
			results[i].size = -1;
		r = results_save(store, &results[i]);
	}
	return r;
}

int bring_back(struct store *store, int64_t job, int64_t dir, const char *stem)
{
	struct job_record record = {0};
	struct result_record *results = NULL;
	size_t all = 0, there = 0, renamed = 0;
	int r = jobs_get(store, job, &record);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (record.state != JOB_SUCCESS)
		goto end;
	r = results_get(store, job, &results, &all);
	if (r == 0)
		r = count(store, results, all, dir, stem, &there, &renamed);
	if (r < 0 || all == 0 || (there > 0 && renamed == 0))
		goto end;
	if (there == 0)
		r = want_again(store, results, all, dir, stem);
	record.state = JOB_FETCHING;
	if (r == 0)
		r = jobs_save(store, &record);
end:
	job_record_finish(&record);
	result_records_finish(results, all);
	return r;
}

int bring_back_wait_ms(
	struct store *store, int64_t job, const struct node *prompt, int64_t settle_ms, int64_t *ret_wait)
{
	struct job_record record = {0};
	struct result_record *results = NULL;
	size_t all = 0, there = 0, renamed = 0;
	struct node dir;
	struct stat text;
	int64_t now = clock_wall_ms();
	int r = jobs_get(store, job, &record);

	*ret_wait = 0;
	if (r == 0 && record.state == JOB_SUCCESS)
		r = results_get(store, job, &results, &all);
	if (r == 0)
		r = count(store, results, all, prompt->parent, record.place.stem, &there, &renamed);
	if (r == 0 && all > 0 && there == 0)
		r = nodes_get(store, prompt->parent, &dir);
	if (r == 0 && all > 0 && there == 0)
		r = store_data_stat(store, prompt->ino, &text);
	if (r == 0 && all > 0 && now - text.st_ctim.tv_sec * INT64_C(1000) > QUIET_MAX_MS)
		there = all;
	int64_t quiet = r == 0 && all > 0 && there == 0 ? now - dir.mtime / NS_PER_MS : settle_ms;
	/* the clock was set back, or the directory has the time of a backup */
	if (quiet >= 0 && quiet < settle_ms)
		*ret_wait = settle_ms - quiet;
	job_record_finish(&record);
	result_records_finish(results, all);
	return r == -ENOENT ? 0 : r;
}
