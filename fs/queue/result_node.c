/* SPDX-License-Identifier: MIT */
#include "fs/queue/result_node.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "fs/base/log.h"
#include "fs/store/nodes.h"
#include "fs/store/removed.h"
#include "fs/store/store.h"

/* One that its user has removed has its bytes in the cache still: it gets its inode back, and is what it was. */
static void find_removed(struct store *store, const struct job *job, const struct result_record *result, int64_t *ret_ino,
	int64_t *ret_size)
{
	int r = removed_find(store, job->record.id, result->seq, ret_ino, ret_size);

	if (r < 0 && r != -ENOENT)
		log_errno(LOG_LEVEL_WARNING, r, "job %" PRId64 ": the cache is not asked for result %" PRId64, job->record.id,
			result->seq + 1);
}

static int add_node(struct store *store, void *arg)
{
	return nodes_add(store, arg);
}

int result_node_reserve(const struct queue_needs *needs, const struct job *job, struct result_record *result)
{
	struct node node = {.kind = NODE_RESULT,
		.mode = S_IFREG | 0644,
		.uid = needs->uid,
		.gid = needs->gid,
		.job = job->record.id};
	int64_t size = -1;

	find_removed(needs->store, job, result, &node.ino, &size);
	int r = store_run(needs->store, false, add_node, &node);
	if (r < 0)
		return r;
	result->ino = node.ino;
	result->size = size;
	return 0;
}
