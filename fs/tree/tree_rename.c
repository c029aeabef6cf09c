/* SPDX-License-Identifier: MIT */
/* rename(2), with and without RENAME_EXCHANGE: one transaction. What it means for prompts and their jobs (tree_place.c) is part
 * of that transaction. */
#include "fs/tree/sidecar.h"
#include "fs/tree/tree_private.h"

#include <errno.h>
#include <stdio.h>

#include "fs/base/cleanup.h"
#include "fs/base/compat.h"
#include "fs/job/lease.h"
#include "fs/prompt/prompt_name.h"
#include "fs/store/places.h"

/* One rename(2). */
struct renaming {
	struct tree *tree;               /* borrowed */
	struct node node, old_dir, dir;
	const char *name;                /* the new one */
	struct node target;              /* what has it now */
	bool exists;                     /* the target */
	struct tree_dir was, target_was; /* where they were, if they are directories */
	bool exchanges;                  /* RENAME_EXCHANGE */
	struct tree_aftermath aftermath;
};

static void renaming_finish(struct renaming *renaming)
{
	tree_dir_finish(&renaming->was);
	tree_dir_finish(&renaming->target_was);
}

static int look_up(struct renaming *renaming, uint64_t parent, uint64_t new_parent)
{
	struct tree *tree = renaming->tree;
	const struct node *node = &renaming->node;

	if (node->kind == NODE_MODEL || node->ino < (int64_t)TREE_FIRST_FREE)
		return -EPERM;
	int r = tree_check_new_name(tree, new_parent, renaming->name, &renaming->dir);
	if (r == 0)
		r = nodes_get(tree->needs.store, TREE_NODE(parent), &renaming->old_dir);
	if (r == 0)
		r = tree_dir_look(tree, node, &renaming->was);
	if (r < 0)
		return r;
	r = nodes_find(tree->needs.store, renaming->dir.ino, renaming->name, &renaming->target);
	renaming->exists = r == 0;
	if (r == 0)
		r = tree_dir_look(tree, &renaming->target, &renaming->target_was);
	return r == -ENOENT ? 0 : r;
}

/* May the node take the place of what has the name now? */
static int check_target(const struct renaming *renaming, unsigned flags)
{
	const struct node *target = &renaming->target;
	bool is_dir = renaming->node.kind == NODE_DIR,
	     onto_dir = target->kind == NODE_DIR || target->kind == NODE_MODEL;

	if (!renaming->exists)
		return renaming->exchanges ? -ENOENT : 0;
	if ((flags & RENAME_NOREPLACE) != 0)
		return -EEXIST;
	if (renaming->exchanges)
		return target->kind == NODE_MODEL || place_is_shadow_name(renaming->node.name)
			       ? -EPERM
			       : 0;
	if (is_dir && !onto_dir)
		return -ENOTDIR;
	if (!is_dir && onto_dir)
		return -EISDIR;
	return onto_dir ? tree_check_empty_dir(renaming->tree, target) : 0;
}

static int place_node(struct renaming *renaming, struct node *node, const struct tree_dir *was,
	const struct node *dir, const char *name)
{
	struct tree *tree = renaming->tree;
	int r = nodes_set_name(tree->needs.store, node->ino, dir->ino, name);

	if (r == 0 && node->kind == NODE_FILE)
		r = tree_move_file(tree, node, dir->ino, name, &renaming->aftermath);
	else if (r == 0 && node->kind == NODE_DIR)
		r = tree_move_dir(tree, node, was, &renaming->aftermath);
	return r < 0 ? r : tree_touch_ctime(tree, node);
}

static int place_new(struct renaming *renaming)
{
	return place_node(renaming, &renaming->node, &renaming->was, &renaming->dir, renaming->name);
}

static int place_old(struct renaming *renaming)
{
	return place_node(renaming, &renaming->target, &renaming->target_was, &renaming->old_dir,
		renaming->node.name);
}

static int replace(struct renaming *renaming)
{
	int r = renaming->exists ? tree_drop_name(renaming->tree, &renaming->target,
					   &renaming->aftermath)
				 : 0;

	return r < 0 ? r : place_new(renaming);
}

static int exchange_names(struct renaming *renaming)
{
	struct node *node = &renaming->node, *target = &renaming->target;
	struct tree *tree = renaming->tree;
	int r = nodes_set_name(tree->needs.store, target->ino, 0, NULL);

	if (r == 0)
		r = nodes_set_name(tree->needs.store, node->ino, renaming->dir.ino, renaming->name);
	if (r == 0)
		r = nodes_set_name(
			tree->needs.store, target->ino, renaming->old_dir.ino, node->name);
	if (r == 0)
		r = tree_touch_ctime(tree, node);
	return r < 0 ? r : tree_touch_ctime(tree, target);
}

/* Two prompts, or two directories of prompts, of one model: their places change their paths. */
static int exchange_places(struct renaming *renaming, bool files)
{
	struct tree *tree = renaming->tree;
	int r = exchange_names(renaming);

	if (r < 0)
		return r;
	return files ? tree_exchange_files(tree, &renaming->node, &renaming->target, &renaming->aftermath)
		     : places_exchange_below(
			       tree->needs.store, renaming->was.path, renaming->target_was.path);
}

/* The prompt that leaves a place is dealt with before the file that comes there, which then finds the jobs that were sent
 * from that place. */
static int exchange(struct renaming *renaming)
{
	const struct tree_dir *was = &renaming->was, *target_was = &renaming->target_was;
	struct store *store = renaming->tree->needs.store;
	bool files = tree_are_siblings(renaming->tree, &renaming->node, &renaming->target);
	bool dirs = was->has_prompts && target_was->has_prompts && was->top == target_was->top;
	bool old_first = place_is_prompt(store, &renaming->target);

	if (files || dirs)
		return exchange_places(renaming, files);
	int r = nodes_set_name(store, renaming->target.ino, 0, NULL);
	if (r == 0)
		r = nodes_set_name(store, renaming->node.ino, 0, NULL);
	if (r == 0)
		r = old_first ? place_old(renaming) : place_new(renaming);
	if (r < 0)
		return r;
	return old_first ? place_new(renaming) : place_old(renaming);
}

/* The kernel takes its time along with a name that it knows. */
static int move_leases(const struct renaming *renaming)
{
	struct leases *leases = renaming->tree->needs.leases;
	int r = lease_moved(leases, renaming->old_dir.ino, renaming->dir.ino);

	return r < 0 || !renaming->exchanges
		       ? r
		       : lease_moved(leases, renaming->dir.ino, renaming->old_dir.ino);
}

static int write_renaming(struct store *store, void *arg)
{
	struct renaming *renaming = arg;
	int r = renaming->exchanges ? exchange(renaming) : replace(renaming);

	if (r == 0)
		r = tree_touch_parents(renaming->tree, renaming->old_dir.ino, renaming->dir.ino);
	return r < 0 ? r : move_leases(renaming);
}

static bool has_status(struct tree *tree, const struct node *dir, const char *name)
{
	struct node node;

	return prompt_is_name(name) && nodes_find(tree->needs.store, dir->ino, name, &node) == 0 &&
	       place_is_prompt(tree->needs.store, &node);
}

static void tell_difference(
	struct tree *tree, const struct node *dir, const char *name, bool had_status)
{
	bool has = has_status(tree, dir, name);

	if (has != had_status)
		tree_tell_status(tree, dir->ino, name,
			has ? CHANGES_STATUS_MADE : CHANGES_STATUS_GONE);
}

/* Where the shadow was it still is; where it has been moved to there is one only if its prompt is there. */
static void tell_shadow_moved(struct tree *tree, const struct node *prompt, const char *name,
	int64_t new_dir, const char *new_name)
{
	struct node other;
	uint64_t bit;

	changes_tell_name(tree->needs.changes, CHANGES_STATUS_MADE, prompt->parent, name);
	if (tree_shadow(tree, new_dir, new_name, &other, &bit) == 0)
		changes_tell_name(tree->needs.changes, CHANGES_STATUS_GONE, new_dir, new_name);
}

/* `mv X.* dir/` moves the shadow, too: it follows its prompt by itself. It never replaces a file. */
static int move_shadow(struct tree *tree, uint64_t parent, const char *name, uint64_t new_parent,
	const char *new_name, unsigned flags)
{
	struct node prompt, target;
	uint64_t bit;
	int r = tree_shadow(tree, TREE_NODE(parent), name, &prompt, &bit);

	if (r == 0) {
		r = sidecar_find(tree, TREE_NODE(parent), name, &prompt);
		bit = 0; /* nobody is told of those */
	}
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	r = nodes_find(tree->needs.store, TREE_NODE(new_parent), new_name, &target);
	if (r == 0 || (flags & RENAME_EXCHANGE) != 0)
		return -EPERM;
	if (r != -ENOENT)
		return r;
	if (bit == TREE_STATUS_BIT)
		tell_shadow_moved(tree, &prompt, name, TREE_NODE(new_parent), new_name);
	return 0;
}

int tree_rename(struct tree *tree, uint64_t parent, const char *name, uint64_t new_parent,
	const char *new_name, unsigned flags)
{
	CLEANUP(renaming_finish) struct renaming renaming = {
		.tree = tree, .name = new_name, .exchanges = (flags & RENAME_EXCHANGE) != 0};

	if ((flags & ~(unsigned)(RENAME_NOREPLACE | RENAME_EXCHANGE)) != 0)
		return -EINVAL;
	int r = nodes_find(tree->needs.store, TREE_NODE(parent), name, &renaming.node);
	if (r == -ENOENT)
		return move_shadow(tree, parent, name, new_parent, new_name, flags);
	if (r == 0)
		r = look_up(&renaming, parent, new_parent);
	if (r < 0)
		return r;
	if (renaming.exists && renaming.target.ino == renaming.node.ino)
		return 0;
	r = check_target(&renaming, flags);
	if (r < 0)
		return r;
	bool was_prompt = has_status(tree, &renaming.old_dir, name);
	bool replaces_prompt = has_status(tree, &renaming.dir, new_name);
	r = store_run(tree->needs.store, false, write_renaming, &renaming);
	if (r == 0 && renaming.exists && !renaming.exchanges)
		tree_note_nameless(tree, renaming.target.ino);
	if (r == 0) {
		tell_difference(tree, &renaming.old_dir, name, was_prompt);
		tell_difference(tree, &renaming.dir, new_name, replaces_prompt);
		if (renaming.node.kind == NODE_FILE)
			tree_hint(tree, renaming.dir.ino, new_name);
	}
	return tree_aftermath_finish(tree, &renaming.aftermath, r);
}
