/* SPDX-License-Identifier: MIT */
#include "fs/account/submit.h"

#include <errno.h>

#include "fs/input/inputs.h"
#include "fs/job/job_table.h"
#include "fs/job/place.h"
#include "fs/queue/queue.h"
#include "fs/store/nodes.h"
#include "fs/tree/tree.h"

/* -ENOENT: this job is none that a person can let go on. */
static int let_go_on(const struct submit_needs *needs, int64_t id)
{
	int r = queue_release(needs->queue, id);

	/* what was made and paid for is not made once more */
	if (r == -ENOENT)
		return queue_fetch_again(needs->queue, id);
	if (r <= 0)
		return r;
	struct job *job = job_table_find(needs->jobs, id);
	return job == NULL ? -ENOENT : inputs_adopt(needs->inputs, job);
}

int submit_prompt(const struct submit_needs *needs, uint64_t prompt_ino)
{
	struct node node;
	int r = nodes_get(needs->store, TREE_NODE(prompt_ino), &node);

	if (r < 0)
		return r;
	if (!place_is_prompt(&node))
		return -EINVAL;
	inputs_retry(needs->inputs);
	/* what is settled here and now may turn out to be on its way already: one more of it was not asked for */
	if (node.draft != DRAFT_NONE) {
		r = tree_examine(needs->tree, node.ino, false);
		if (r == 0)
			r = nodes_get(needs->store, node.ino, &node);
		if (r < 0)
			return r;
	}
	if (node.job != 0) {
		r = let_go_on(needs, node.job);
		if (r != -ENOENT)
			return r;
	}
	r = tree_examine(needs->tree, node.ino, true);
	if (r == 0)
		queue_go_on(needs->queue);
	return r;
}
