/* SPDX-License-Identifier: MIT */
/* What a change of names means for prompts and their jobs. A job belongs to a place (directory and name): a prompt that
 * moves takes its jobs along, one that goes leaves them there, and a file that comes to the same place takes them up again.
 * That is how an editor which saves by rename, or by removing and making anew, keeps what was sent. */
#include "fs/tree/tree_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/job/changes.h"
#include "fs/job/place.h"
#include "fs/prompt/prompt_name.h"
#include "fs/queue/queue.h"
#include "fs/store/jobs.h"
#include "fs/tree/draft.h"

static int aftermath_add(struct tree_aftermath *aftermath, struct after after)
{
	if (aftermath->count == aftermath->capacity) {
		size_t capacity = aftermath->capacity == 0 ? 4 : aftermath->capacity * 2;
		void *items = reallocarray(aftermath->items, capacity, sizeof(*aftermath->items));
		if (items == NULL)
			return -ENOMEM;
		aftermath->items = items;
		aftermath->capacity = capacity;
	}
	aftermath->items[aftermath->count++] = after;
	return 0;
}

int tree_aftermath_finish(struct tree *tree, struct tree_aftermath *aftermath, int result)
{
	for (size_t i = 0; i < aftermath->count && result >= 0; i++) {
		struct after *after = &aftermath->items[i];
		if (after->cancelled != 0)
			queue_drop(tree->needs.queue, after->cancelled);
		if (after->left != 0)
			draft_marked(tree->drafts, after->left, false);
		if (after->settle != 0) {
			draft_marked(tree->drafts, after->settle, true);
			draft_settle(tree->drafts, after->settle);
		}
		if (after->changed != 0)
			changes_tell_moved(tree->needs.changes, after->changed);
	}
	free(aftermath->items);
	changes_tell_other(tree->needs.changes);
	return result;
}

int tree_leave_place(struct tree *tree, const struct node *node, struct tree_aftermath *aftermath)
{
	int64_t cancelled = 0;
	int r = 0;

	if (node->job != 0 && queue_can_cancel(tree->needs.queue, node->job)) {
		cancelled = node->job;
		r = jobs_remove(tree->needs.store, node->job);
	}
	if (r == 0)
		r = jobs_detach(tree->needs.store, node->ino);
	if (r == 0)
		r = nodes_set_job(tree->needs.store, node->ino, 0);
	if (r == 0)
		r = draft_mark(tree->drafts, node->ino, false);
	struct after after = {.cancelled = cancelled, .left = node->ino, .changed = node->ino};
	return r < 0 ? r : aftermath_add(aftermath, after);
}

int tree_take_place(struct tree *tree, int64_t ino, int64_t parent, const char *name,
	struct tree_aftermath *aftermath)
{
	char stem[256];
	int64_t job;

	place_stem(name, stem);
	int r = jobs_find_slot(tree->needs.store, parent, stem, &job);
	if (r == 0) {
		r = jobs_adopt(tree->needs.store, parent, stem, ino);
	} else if (r == -ENOENT) {
		job = 0;
		r = 0;
	}
	if (r == 0)
		r = nodes_set_job(tree->needs.store, ino, job);
	if (r == 0)
		r = draft_mark(tree->drafts, ino, true);
	struct after after = {.settle = ino, .changed = ino};
	return r < 0 ? r : aftermath_add(aftermath, after);
}

int tree_move_file(struct tree *tree, const struct node *node, int64_t parent, const char *name,
	bool same_model, struct tree_aftermath *aftermath)
{
	bool was = place_is_prompt(node), is = prompt_is_name(name);
	char stem[256];
	int r = 0;

	if (was && is && same_model) {
		place_stem(name, stem);
		r = jobs_move(tree->needs.store, node->ino, parent, stem);
		struct after after = {.changed = node->ino};
		return r < 0 ? r : aftermath_add(aftermath, after);
	}
	if (was)
		r = tree_leave_place(tree, node, aftermath);
	if (r == 0 && is)
		r = tree_take_place(tree, node->ino, parent, name, aftermath);
	return r;
}

struct below {
	struct node *nodes; /* owned */
	size_t count;
};

static int collect_prompt(void *arg, const struct node *node)
{
	struct below *below = arg;

	if (!place_is_prompt(node))
		return 0;
	void *more = reallocarray(below->nodes, below->count + 1, sizeof(*below->nodes));
	if (more == NULL)
		return -ENOMEM;
	below->nodes = more;
	below->nodes[below->count++] = *node;
	return 0;
}

int tree_move_dir(struct tree *tree, int64_t dir, struct tree_aftermath *aftermath)
{
	struct below below = {0};
	int r = nodes_list_below(tree->needs.store, dir, collect_prompt, &below);

	for (size_t i = 0; i < below.count && r == 0; i++) {
		struct node *node = &below.nodes[i];
		r = tree_leave_place(tree, node, aftermath);
		if (r == 0)
			r = tree_take_place(tree, node->ino, node->parent, node->name, aftermath);
	}
	free(below.nodes);
	return r;
}
