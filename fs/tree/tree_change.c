/* SPDX-License-Identifier: MIT */
/* Changing names: each function is one transaction, and what it means for prompts and their jobs (tree_place.c) is part of
 * that transaction. */
#include "fs/tree/tree_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/compat.h"
#include "fs/base/descriptors.h"
#include "fs/base/log.h"
#include "fs/fetch/fetch.h"
#include "fs/job/changes.h"
#include "fs/job/lease.h"
#include "fs/prompt/prompt_name.h"
#include "fs/store/cache.h"
#include "fs/store/jobs.h"
#include "fs/store/places.h"
#include "fs/tree/draft.h"

/* May a new name appear in this directory? */
static int check_new_name(
	struct tree *tree, uint64_t parent, const char *name, struct node *ret_dir)
{
	if (strlen(name) > 255)
		return -ENAMETOOLONG;
	int r = nodes_get(tree->needs.store, TREE_NODE(parent), ret_dir);
	if (r < 0)
		return r;
	if (ret_dir->kind != NODE_DIR && ret_dir->kind != NODE_MODEL)
		return -ENOTDIR;
	if (parent < TREE_FIRST_FREE) {
		log_info("tree: '%s' refused: files live in the models' directories", name);
		return -EPERM;
	}
	if (ret_dir->parent == 0)
		return -ENOENT; /* removed while somebody stands in it */
	if (ret_dir->kind == NODE_MODEL && strcmp(name, PLACE_MODEL) == 0)
		return -EPERM;
	if (strcmp(name, PLACE_WAIT) == 0 || strcmp(name, PLACE_GALLERY) == 0)
		return -EPERM; /* those are made for each directory */
	/* nothing is paid for without a status */
	int64_t top;
	if (prompt_name_is_too_long(name) &&
		place_has_prompts(tree->needs.store, ret_dir->ino, &top))
		return -ENAMETOOLONG;
	if (place_is_shadow_name(name)) {
		log_info("tree: '%s' refused: names in .status and .wait belong to weryaifs", name);
		return -EPERM;
	}
	return 0;
}

static int touch_parents(struct tree *tree, int64_t parent, int64_t other)
{
	int64_t now = clock_wall_ns();
	int r = nodes_touch(tree->needs.store, parent, now);

	return r < 0 || other == parent ? r : nodes_touch(tree->needs.store, other, now);
}

static void inherit_group(const struct node *dir, struct node *node)
{
	if ((dir->mode & S_ISGID) == 0)
		return;
	node->gid = dir->gid;
	if (S_ISDIR(node->mode))
		node->mode |= S_ISGID;
}

static int add_node(struct tree *tree, const struct node *dir, const char *name,
	enum node_kind kind, mode_t mode, const struct tree_owner *owner, struct node *ret_node)
{
	struct node node = {.parent = dir->ino,
		.kind = kind,
		.mode = mode,
		.uid = owner->uid,
		.gid = owner->gid};

	node.atime = node.mtime = node.ctime = clock_wall_ns();
	node.name_length = strlen(name);
	memcpy(node.name, name, node.name_length + 1);
	inherit_group(dir, &node);
	int r = nodes_add(tree->needs.store, &node);
	if (r == 0)
		r = touch_parents(tree, dir->ino, dir->ino);
	*ret_node = node;
	return r;
}

int tree_create(struct tree *tree, uint64_t parent, const char *name, mode_t mode,
	const struct tree_owner *owner, struct tree_entry *ret_entry, int *ret_fd)
{
	struct tree_aftermath aftermath = {0};
	struct node dir, node = {0};
	int fd = -1;
	int r = check_new_name(tree, parent, name, &dir);

	if (r < 0)
		return r;
	r = store_begin(tree->needs.store, false);
	if (r == 0)
		r = add_node(tree, &dir, name, NODE_FILE, S_IFREG | (mode & 07777), owner, &node);
	if (r == 0) {
		fd = descriptors_spare(
			store_data_open(tree->needs.store, node.ino, O_RDWR | O_CREAT | O_TRUNC));
		r = fd < 0 ? fd : draft_open(tree->drafts, &node);
		if (r == 0 && place_is_prompt(tree->needs.store, &node))
			r = tree_take_place(tree, node.ino, node.parent, node.name, &aftermath);
	}
	r = store_end(tree->needs.store, r);
	if (r == 0)
		r = tree_entry_of(tree, &node, ret_entry);
	if (r < 0 && node.ino != 0) {
		draft_forget(tree->drafts, node.ino);
		cleanup_closep(&fd);
		store_data_remove(tree->needs.store, node.ino);
	}
	if (r == 0)
		*ret_fd = fd;
	return tree_aftermath_finish(tree, &aftermath, r);
}

int tree_mkdir(struct tree *tree, uint64_t parent, const char *name, mode_t mode,
	const struct tree_owner *owner, struct tree_entry *ret_entry)
{
	struct node dir, node;
	int r = check_new_name(tree, parent, name, &dir);

	if (r < 0)
		return r;
	r = store_begin(tree->needs.store, false);
	if (r == 0)
		r = add_node(tree, &dir, name, NODE_DIR, S_IFDIR | (mode & 07777), owner, &node);
	r = store_end(tree->needs.store, r);
	return r < 0 ? r : tree_entry_of(tree, &node, ret_entry);
}

/* Takes the name away; the rest goes when the kernel has forgotten the inode. */
static int drop_name(struct tree *tree, const struct node *node, struct tree_aftermath *aftermath)
{
	int r = 0;

	if (place_is_prompt(tree->needs.store, node))
		r = tree_leave_place(tree, node, aftermath);
	else if (node->kind == NODE_RESULT)
		r = results_forget_ino(tree->needs.store, node->ino);
	if (r == 0)
		r = nodes_set_name(tree->needs.store, node->ino, 0, NULL);
	return r;
}

/* After the commit. Without memory the inode is removed at the next mount. */
static void note_nameless(struct tree *tree, int64_t ino)
{
	if (map_put(tree->nameless, (uint64_t)ino, tree) < 0)
		log_warning(
			"tree: out of memory: inode %lld goes at the next mount", (long long)ino);
}

int tree_unlink(struct tree *tree, uint64_t parent, const char *name)
{
	struct tree_aftermath aftermath = {0};
	struct node node;
	uint64_t bit;
	int r = nodes_find(tree->needs.store, TREE_NODE(parent), name, &node);

	if (r == -ENOENT) {
		r = tree_shadow(tree, TREE_NODE(parent), name, &node, &bit);
		return r < 0 ? r : (r == 1 ? 0 : -ENOENT);
	}
	if (r < 0)
		return r;
	if (node.kind == NODE_DIR || node.kind == NODE_MODEL)
		return -EISDIR;
	r = store_begin(tree->needs.store, false);
	if (r == 0)
		r = drop_name(tree, &node, &aftermath);
	if (r == 0)
		r = touch_parents(tree, node.parent, node.parent);
	r = store_end(tree->needs.store, r);
	if (r == 0) {
		note_nameless(tree, node.ino);
		tree_touch_ctime(tree, &node);
		changes_tell_moved(tree->needs.changes, node.ino);
	}
	return tree_aftermath_finish(tree, &aftermath, r);
}

static int check_empty_dir(struct tree *tree, const struct node *node)
{
	int64_t count;

	if (node->kind == NODE_MODEL || node->ino < (int64_t)TREE_FIRST_FREE)
		return -EPERM;
	if (node->kind != NODE_DIR)
		return -ENOTDIR;
	int r = nodes_count(tree->needs.store, node->ino, false, &count);
	return r < 0 ? r : (count > 0 ? -ENOTEMPTY : 0);
}

int tree_rmdir(struct tree *tree, uint64_t parent, const char *name)
{
	struct node node;
	int r = nodes_find(tree->needs.store, TREE_NODE(parent), name, &node);

	if (r == 0)
		r = check_empty_dir(tree, &node);
	if (r < 0)
		return r;
	r = store_begin(tree->needs.store, false);
	if (r == 0)
		r = nodes_set_name(tree->needs.store, node.ino, 0, NULL);
	if (r == 0)
		r = touch_parents(tree, node.parent, node.parent);
	r = store_end(tree->needs.store, r);
	if (r == 0)
		note_nameless(tree, node.ino);
	return r;
}

/* One rename(2). */
struct renaming {
	struct node node, old_dir, dir;
	const char *name;                /* the new one */
	struct node target;              /* what has it now */
	bool exists;                     /* the target */
	struct tree_dir was, target_was; /* where they were, if they are directories */
};

static void renaming_finish(struct renaming *renaming)
{
	tree_dir_finish(&renaming->was);
	tree_dir_finish(&renaming->target_was);
}

static int look_up(
	struct tree *tree, uint64_t parent, uint64_t new_parent, struct renaming *renaming)
{
	const struct node *node = &renaming->node;

	if (node->kind == NODE_MODEL || node->ino < (int64_t)TREE_FIRST_FREE)
		return -EPERM;
	int r = check_new_name(tree, new_parent, renaming->name, &renaming->dir);
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
static int check_target(struct tree *tree, const struct renaming *renaming, unsigned flags)
{
	const struct node *target = &renaming->target;
	bool is_dir = renaming->node.kind == NODE_DIR,
	     onto_dir = target->kind == NODE_DIR || target->kind == NODE_MODEL;

	if (!renaming->exists)
		return (flags & RENAME_EXCHANGE) != 0 ? -ENOENT : 0;
	if ((flags & RENAME_NOREPLACE) != 0)
		return -EEXIST;
	if ((flags & RENAME_EXCHANGE) != 0)
		return target->kind == NODE_MODEL || place_is_shadow_name(renaming->node.name)
			       ? -EPERM
			       : 0;
	if (is_dir && !onto_dir)
		return -ENOTDIR;
	if (!is_dir && onto_dir)
		return -EISDIR;
	return onto_dir ? check_empty_dir(tree, target) : 0;
}

static int place_node(struct tree *tree, struct node *node, const struct tree_dir *was,
	const struct node *dir, const char *name, struct tree_aftermath *aftermath)
{
	int r = nodes_set_name(tree->needs.store, node->ino, dir->ino, name);

	if (r == 0 && node->kind == NODE_FILE)
		r = tree_move_file(tree, node, dir->ino, name, aftermath);
	else if (r == 0 && node->kind == NODE_DIR)
		r = tree_move_dir(tree, node, was, aftermath);
	return r < 0 ? r : tree_touch_ctime(tree, node);
}

static int place_new(struct tree *tree, struct renaming *renaming, struct tree_aftermath *aftermath)
{
	return place_node(
		tree, &renaming->node, &renaming->was, &renaming->dir, renaming->name, aftermath);
}

static int place_old(struct tree *tree, struct renaming *renaming, struct tree_aftermath *aftermath)
{
	return place_node(tree, &renaming->target, &renaming->target_was, &renaming->old_dir,
		renaming->node.name, aftermath);
}

static int replace(struct tree *tree, struct renaming *renaming, struct tree_aftermath *aftermath)
{
	int r = renaming->exists ? drop_name(tree, &renaming->target, aftermath) : 0;

	return r < 0 ? r : place_new(tree, renaming, aftermath);
}

static int exchange_names(struct tree *tree, struct renaming *renaming)
{
	struct node *node = &renaming->node, *target = &renaming->target;
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

/* Two prompts, or two directories of prompts, of one model: their places change their paths. 0: they are not. */
static int exchange_places(
	struct tree *tree, struct renaming *renaming, struct tree_aftermath *aftermath)
{
	const struct tree_dir *was = &renaming->was, *target_was = &renaming->target_was;
	bool files = tree_are_siblings(tree, &renaming->node, &renaming->target);
	bool dirs = was->has_prompts && target_was->has_prompts && was->top == target_was->top;

	if (!files && !dirs)
		return 0;
	int r = exchange_names(tree, renaming);
	if (r == 0 && files)
		r = tree_exchange_files(tree, &renaming->node, &renaming->target, aftermath);
	else if (r == 0)
		r = places_exchange_below(tree->needs.store, was->path, target_was->path);
	return r < 0 ? r : 1;
}

/* The prompt that leaves a place is dealt with before the file that comes there, which then finds the jobs that were sent
 * from that place. */
static int exchange(struct tree *tree, struct renaming *renaming, struct tree_aftermath *aftermath)
{
	bool old_first = place_is_prompt(tree->needs.store, &renaming->target);
	int r = exchange_places(tree, renaming, aftermath);

	if (r != 0)
		return r < 0 ? r : 0;
	r = nodes_set_name(tree->needs.store, renaming->target.ino, 0, NULL);
	if (r == 0)
		r = nodes_set_name(tree->needs.store, renaming->node.ino, 0, NULL);
	if (r == 0)
		r = old_first ? place_old(tree, renaming, aftermath)
			      : place_new(tree, renaming, aftermath);
	if (r == 0)
		r = old_first ? place_new(tree, renaming, aftermath)
			      : place_old(tree, renaming, aftermath);
	return r;
}

/* `mv X.* dir/` moves the shadow, too: it follows its prompt by itself. It never replaces a file. */
static int move_shadow(struct tree *tree, uint64_t parent, const char *name, uint64_t new_parent,
	const char *new_name, unsigned flags)
{
	struct node prompt, target;
	uint64_t bit;
	int r = tree_shadow(tree, TREE_NODE(parent), name, &prompt, &bit);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	r = nodes_find(tree->needs.store, TREE_NODE(new_parent), new_name, &target);
	if (r == 0 || (flags & RENAME_EXCHANGE) != 0)
		return -EPERM;
	return r == -ENOENT ? 0 : r;
}

int tree_rename(struct tree *tree, uint64_t parent, const char *name, uint64_t new_parent,
	const char *new_name, unsigned flags)
{
	struct tree_aftermath aftermath = {0};
	CLEANUP(renaming_finish) struct renaming renaming = {.name = new_name};
	bool exchanges = (flags & RENAME_EXCHANGE) != 0;

	if ((flags & ~(unsigned)(RENAME_NOREPLACE | RENAME_EXCHANGE)) != 0)
		return -EINVAL;
	int r = nodes_find(tree->needs.store, TREE_NODE(parent), name, &renaming.node);
	if (r == -ENOENT)
		return move_shadow(tree, parent, name, new_parent, new_name, flags);
	if (r == 0)
		r = look_up(tree, parent, new_parent, &renaming);
	if (r < 0)
		return r;
	if (renaming.exists && renaming.target.ino == renaming.node.ino)
		return 0;
	r = check_target(tree, &renaming, flags);
	if (r < 0)
		return r;
	r = store_begin(tree->needs.store, false);
	if (r == 0)
		r = exchanges ? exchange(tree, &renaming, &aftermath)
			      : replace(tree, &renaming, &aftermath);
	if (r == 0)
		r = touch_parents(tree, renaming.old_dir.ino, renaming.dir.ino);
	/* the kernel takes its time along with a name that it knows */
	if (r == 0)
		r = lease_moved(tree->needs.leases, renaming.old_dir.ino, renaming.dir.ino);
	if (r == 0 && exchanges)
		r = lease_moved(tree->needs.leases, renaming.dir.ino, renaming.old_dir.ino);
	r = store_end(tree->needs.store, r);
	if (r == 0 && renaming.exists && !exchanges)
		note_nameless(tree, renaming.target.ino);
	return tree_aftermath_finish(tree, &aftermath, r);
}

void tree_forget_all(struct tree *tree)
{
	uint64_t ino;

	while (map_any(tree->nameless, &ino) != NULL)
		tree_forget(tree, ino);
}
