/* SPDX-License-Identifier: MIT */
#include "fs/account/submit.h"

#include <errno.h>

#include "fs/input/inputs.h"
#include "fs/job/job_table.h"
#include "fs/job/place.h"
#include "fs/queue/queue.h"
#include "fs/store/nodes.h"
#include "fs/store/wishes.h"
#include "fs/table/tables.h"
#include "fs/tree/tree.h"

static int find_prompt(const struct submit_needs *needs, uint64_t prompt_ino, struct node *ret_node,
	bool *ret_running)
{
	int r = nodes_get(needs->store, TREE_NODE(prompt_ino), ret_node);

	if (r < 0)
		return r;
	if (!place_is_prompt(needs->store, ret_node))
		return -EINVAL;
	return jobs_is_running(needs->store, ret_node->ino, ret_running);
}

/* Of a job that was not sent yet. -ENOENT: this one is none. */
static int release(const struct submit_needs *needs, int64_t id)
{
	int r = queue_release(needs->queue, id);

	if (r <= 0)
		return r;
	struct job *job = job_table_find(needs->jobs, id);
	return job == NULL ? -ENOENT : inputs_adopt(needs->inputs, job);
}

int submit_prompt(const struct submit_needs *needs, uint64_t prompt_ino)
{
	struct node node;
	bool running = false;

	if (tables_is(needs->tables, TREE_NODE(prompt_ino)))
		return tables_submit(needs->tables, TREE_NODE(prompt_ino));
	int r = find_prompt(needs, prompt_ino, &node, &running);
	if (r < 0)
		return r;
	if (running)
		return -EBUSY;
	inputs_retry(needs->inputs);
	if (node.draft == DRAFT_NONE && node.job != 0) {
		r = release(needs, node.job);
		if (r != -ENOENT)
			return r;
	}
	r = tree_submit(needs->tree, node.ino);
	if (r == 0)
		queue_go_on(needs->queue);
	return r;
}

/* Is it held by what a person need not look at one by one? */
static bool is_guarded(const struct submit_needs *needs, int64_t id)
{
	struct wish_record wish;

	if (wishes_get(needs->store, id, &wish) < 0)
		return false;
	bool guarded = wish.state == JOB_HELD && wish.hold == HOLD_GUARD;
	wish_record_finish(&wish);
	return guarded;
}

static int get_state(const struct submit_needs *needs, int64_t id, enum job_state *ret_state)
{
	struct job_record record;
	int r = jobs_get(needs->store, id, &record);

	if (r < 0)
		return r;
	*ret_state = record.state;
	job_record_finish(&record);
	return 0;
}

int submit_retry(const struct submit_needs *needs, uint64_t prompt_ino)
{
	struct node node;
	enum job_state state;
	bool running = false;

	if (tables_is(needs->tables, TREE_NODE(prompt_ino)))
		return 0;
	int r = find_prompt(needs, prompt_ino, &node, &running);
	if (r < 0 || node.draft != DRAFT_NONE || node.job == 0)
		return r;
	if (running) {
		queue_step_again(needs->queue, node.job);
		return 0;
	}
	r = get_state(needs, node.job, &state);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (state == JOB_HELD)
		return is_guarded(needs, node.job) ? release(needs, node.job) : 0;
	if (state != JOB_SUCCESS && state != JOB_FAILED)
		return 0;
	/* what was made and paid for is not made once more */
	r = queue_fetch_again(needs->queue, node.job);
	if (r != -ENOENT)
		return r;
	if (state != JOB_FAILED)
		return 0;
	inputs_retry(needs->inputs);
	return tree_submit(needs->tree, node.ino);
}
