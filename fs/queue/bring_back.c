/* SPDX-License-Identifier: MIT */
#include "fs/queue/bring_back.h"

#include <errno.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/job/place.h"
#include "fs/store/jobs.h"
#include "fs/store/nodes.h"

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
	for (size_t i = 0; i < all && r == 0 && there == 0; i++) {
		results[i].ino = 0;
		results[i].size = -1;
		r = results_save(store, &results[i]);
	}
	record.state = JOB_FETCHING;
	if (r == 0)
		r = jobs_save(store, &record);
end:
	job_record_finish(&record);
	result_records_finish(results, all);
	return r;
}
