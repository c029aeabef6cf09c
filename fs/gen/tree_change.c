/* SPDX-License-Identifier: MIT */
/* Changing names: each function is one transaction, and what it means for prompts and their jobs (tree_place.c) is part of
 * that transaction. */
#include "fs/gen/tree_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/gen/draft.h"
#include "fs/gen/gen_private.h"
#include "fs/gen/result.h"
#include "fs/gen/status.h"
#include "fs/store/cache.h"
#include "fs/store/jobs.h"

/* May a new name appear in this directory? */
static int check_new_name(struct gen *gen, uint64_t parent, const char *name, struct node *ret_dir)
{
	if (strlen(name) > 255)
		return -ENAMETOOLONG;
	int r = nodes_get(gen->store, TREE_NODE(parent), ret_dir);
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
	if (ret_dir->kind == NODE_MODEL && strcmp(name, ".model") == 0)
		return -EPERM;
	if (tree_is_shadow_name(name)) {
		log_info("tree: '%s' refused: names in .status and .wait belong to weryaifs", name);
		return -EPERM;
	}
	return 0;
}

static int touch_parents(struct gen *gen, int64_t parent, int64_t other)
{
	int64_t now = gen_now_ns();
	int r = nodes_touch(gen->store, parent, now);

	return r < 0 || other == parent ? r : nodes_touch(gen->store, other, now);
}

static void inherit_group(const struct node *dir, struct node *node)
{
	if ((dir->mode & S_ISGID) == 0)
		return;
	node->gid = dir->gid;
	if (S_ISDIR(node->mode))
		node->mode |= S_ISGID;
}

static int add_node(struct gen *gen, const struct node *dir, const char *name, enum node_kind kind,
	mode_t mode, const struct tree_owner *owner, struct node *ret_node)
{
	struct node node = {.parent = dir->ino,
		.kind = kind,
		.mode = mode,
		.uid = owner->uid,
		.gid = owner->gid};

	node.atime = node.mtime = node.ctime = gen_now_ns();
	node.name_length = strlen(name);
	memcpy(node.name, name, node.name_length + 1);
	inherit_group(dir, &node);
	int r = nodes_add(gen->store, &node);
	if (r == 0)
		r = touch_parents(gen, dir->ino, dir->ino);
	*ret_node = node;
	return r;
}

int tree_create(struct gen *gen, uint64_t parent, const char *name, mode_t mode,
	const struct tree_owner *owner, struct tree_entry *ret_entry, int *ret_fd)
{
	struct tree_aftermath aftermath = {0};
	struct node dir, node = {0};
	int fd = -1;
	int r = check_new_name(gen, parent, name, &dir);

	if (r < 0)
		return r;
	r = store_begin(gen->store, false);
	if (r == 0)
		r = add_node(gen, &dir, name, NODE_FILE, S_IFREG | (mode & 07777), owner, &node);
	if (r == 0) {
		fd = store_data_open(gen->store, node.ino, O_RDWR | O_CREAT | O_TRUNC);
		r = fd < 0 ? fd : draft_open(gen->drafts, &node);
		if (r == 0 && tree_is_prompt(&node))
			r = tree_take_place(gen, node.ino, node.parent, node.name, &aftermath);
	}
	r = store_end(gen->store, r);
	if (r == 0)
		r = tree_entry_of(gen, &node, ret_entry);
	if (r < 0 && node.ino != 0) {
		draft_forget(gen->drafts, node.ino);
		cleanup_closep(&fd);
		store_data_remove(gen->store, node.ino);
	}
	if (r == 0)
		*ret_fd = fd;
	return tree_aftermath_finish(gen, &aftermath, r);
}

int tree_mkdir(struct gen *gen, uint64_t parent, const char *name, mode_t mode,
	const struct tree_owner *owner, struct tree_entry *ret_entry)
{
	struct node dir, node;
	int r = check_new_name(gen, parent, name, &dir);

	if (r < 0)
		return r;
	r = store_begin(gen->store, false);
	if (r == 0)
		r = add_node(gen, &dir, name, NODE_DIR, S_IFDIR | (mode & 07777), owner, &node);
	r = store_end(gen->store, r);
	return r < 0 ? r : tree_entry_of(gen, &node, ret_entry);
}

/* Takes the name away; the rest goes when the kernel has forgotten the inode. */
static int drop_name(struct gen *gen, const struct node *node, struct tree_aftermath *aftermath)
{
	int r = 0;

	if (tree_is_prompt(node))
		r = tree_leave_place(gen, node, aftermath);
	else if (node->kind == NODE_RESULT)
		r = results_forget_ino(gen->store, node->ino);
	if (r == 0)
		r = nodes_set_name(gen->store, node->ino, 0, NULL);
	return r;
}

/* After the commit. Without memory the inode is removed at the next mount. */
static void note_nameless(struct gen *gen, int64_t ino)
{
	if (map_put(gen->nameless, (uint64_t)ino, gen) < 0)
		log_warning(
			"tree: out of memory: inode %lld goes at the next mount", (long long)ino);
}

int tree_unlink(struct gen *gen, uint64_t parent, const char *name)
{
	struct tree_aftermath aftermath = {0};
	struct node node;
	uint64_t bit;
	int r = nodes_find(gen->store, TREE_NODE(parent), name, &node);

	if (r == -ENOENT) {
		r = tree_shadow(gen, TREE_NODE(parent), name, &node, &bit);
		return r < 0 ? r : (r == 1 ? 0 : -ENOENT);
	}
	if (r < 0)
		return r;
	if (node.kind == NODE_DIR || node.kind == NODE_MODEL)
		return -EISDIR;
	r = store_begin(gen->store, false);
	if (r == 0)
		r = drop_name(gen, &node, &aftermath);
	if (r == 0)
		r = touch_parents(gen, node.parent, node.parent);
	r = store_end(gen->store, r);
	if (r == 0) {
		note_nameless(gen, node.ino);
		tree_touch_ctime(gen, &node);
		status_moved(gen, node.ino);
	}
	return tree_aftermath_finish(gen, &aftermath, r);
}

static int check_empty_dir(struct gen *gen, const struct node *node)
{
	int64_t count;

	if (node->kind == NODE_MODEL || node->ino < (int64_t)TREE_FIRST_FREE)
		return -EPERM;
	if (node->kind != NODE_DIR)
		return -ENOTDIR;
	int r = nodes_count(gen->store, node->ino, false, &count);
	return r < 0 ? r : (count > 0 ? -ENOTEMPTY : 0);
}

int tree_rmdir(struct gen *gen, uint64_t parent, const char *name)
{
	struct node node;
	int r = nodes_find(gen->store, TREE_NODE(parent), name, &node);

	if (r == 0)
		r = check_empty_dir(gen, &node);
	if (r < 0)
		return r;
	r = store_begin(gen->store, false);
	if (r == 0)
		r = nodes_set_name(gen->store, node.ino, 0, NULL);
	if (r == 0)
		r = touch_parents(gen, node.parent, node.parent);
	r = store_end(gen->store, r);
	if (r == 0)
		note_nameless(gen, node.ino);
	return r;
}

static int place_node(struct gen *gen, struct node *node, const struct node *dir, const char *name,
	bool same_model, struct tree_aftermath *aftermath)
{
	int r = nodes_set_name(gen->store, node->ino, dir->ino, name);

	if (r == 0 && node->kind == NODE_FILE)
		r = tree_move_file(gen, node, dir->ino, name, same_model, aftermath);
	else if (r == 0 && node->kind == NODE_DIR && !same_model)
		r = tree_move_dir(gen, node->ino, aftermath);
	return r < 0 ? r : tree_touch_ctime(gen, node);
}

/* May `node` replace `target`? rename(2). */
static int check_target(struct gen *gen, const struct node *node, const struct node *target)
{
	bool is_dir = node->kind == NODE_DIR,
	     onto_dir = target->kind == NODE_DIR || target->kind == NODE_MODEL;

	if (is_dir && !onto_dir)
		return -ENOTDIR;
	if (!is_dir && onto_dir)
		return -EISDIR;
	return onto_dir ? check_empty_dir(gen, target) : 0;
}

static int replace(struct gen *gen, struct node *node, struct node *target, const struct node *dir,
	const char *name, bool same_model, struct tree_aftermath *aftermath)
{
	int r = 0;

	if (target != NULL)
		r = drop_name(gen, target, aftermath);
	return r < 0 ? r : place_node(gen, node, dir, name, same_model, aftermath);
}

/* Who leaves a prompt's place goes first, so that who comes finds what was sent from there. */
static int exchange(struct gen *gen, struct node *node, struct node *target,
	const struct node *old_dir, const struct node *dir, bool same_model,
	struct tree_aftermath *aftermath)
{
	int r = nodes_set_name(gen->store, target->ino, 0, NULL);

	if (r == 0)
		r = nodes_set_name(gen->store, node->ino, 0, NULL);
	if (r == 0 && tree_is_prompt(target)) {
		r = place_node(gen, target, old_dir, node->name, same_model, aftermath);
		return r < 0 ? r : place_node(gen, node, dir, target->name, same_model, aftermath);
	}
	if (r == 0)
		r = place_node(gen, node, dir, target->name, same_model, aftermath);
	return r < 0 ? r : place_node(gen, target, old_dir, node->name, same_model, aftermath);
}

/* `mv X.* dir/` moves the shadow, too: it follows its prompt by itself. It never replaces a file. */
static int move_shadow(struct gen *gen, uint64_t new_parent, const char *new_name, unsigned flags)
{
	struct node target;
	int r = nodes_find(gen->store, TREE_NODE(new_parent), new_name, &target);

	if (r == 0 || (flags & RENAME_EXCHANGE) != 0)
		return -EPERM;
	return r == -ENOENT ? 0 : r;
}

int tree_rename(struct gen *gen, uint64_t parent, const char *name, uint64_t new_parent,
	const char *new_name, unsigned flags)
{
	struct tree_aftermath aftermath = {0};
	struct node node, target, old_dir, dir;
	int64_t old_top, new_top;
	uint64_t bit;

	if ((flags & ~(unsigned)(RENAME_NOREPLACE | RENAME_EXCHANGE)) != 0)
		return -EINVAL;
	int r = nodes_find(gen->store, TREE_NODE(parent), name, &node);
	if (r == -ENOENT) {
		r = tree_shadow(gen, TREE_NODE(parent), name, &node, &bit);
		if (r <= 0)
			return r < 0 ? r : -ENOENT;
		return move_shadow(gen, new_parent, new_name, flags);
	}
	if (r == 0 && (node.kind == NODE_MODEL || node.ino < (int64_t)TREE_FIRST_FREE))
		r = -EPERM;
	if (r == 0)
		r = check_new_name(gen, new_parent, new_name, &dir);
	if (r == 0)
		r = nodes_get(gen->store, TREE_NODE(parent), &old_dir);
	if (r == 0)
		r = tree_top(gen, old_dir.ino, &old_top);
	if (r == 0)
		r = tree_top(gen, dir.ino, &new_top);
	if (r < 0)
		return r;
	r = nodes_find(gen->store, dir.ino, new_name, &target);
	if (r < 0 && r != -ENOENT)
		return r;
	bool exists = r == 0;
	if (exists && target.ino == node.ino)
		return 0;
	if (exists && (flags & RENAME_NOREPLACE) != 0)
		return -EEXIST;
	if (!exists && (flags & RENAME_EXCHANGE) != 0)
		return -ENOENT;
	if (exists && (flags & RENAME_EXCHANGE) == 0) {
		r = check_target(gen, &node, &target);
		if (r < 0)
			return r;
	}
	if (exists && (flags & RENAME_EXCHANGE) != 0 &&
		(target.kind == NODE_MODEL || tree_is_shadow_name(node.name)))
		return -EPERM;

	r = store_begin(gen->store, false);
	if (r == 0 && (flags & RENAME_EXCHANGE) != 0)
		r = exchange(gen, &node, &target, &old_dir, &dir, old_top == new_top, &aftermath);
	else if (r == 0)
		r = replace(gen, &node, exists ? &target : NULL, &dir, new_name, old_top == new_top,
			&aftermath);
	if (r == 0)
		r = touch_parents(gen, old_dir.ino, dir.ino);
	r = store_end(gen->store, r);
	if (r == 0 && exists && (flags & RENAME_EXCHANGE) == 0)
		note_nameless(gen, target.ino);
	return tree_aftermath_finish(gen, &aftermath, r);
}

void tree_forget(struct gen *gen, uint64_t ino)
{
	int64_t node = TREE_NODE(ino);

	if (map_remove(gen->nameless, (uint64_t)node) == NULL)
		return;
	draft_forget(gen->drafts, node);
	results_forget(gen->results, node);
	int r = store_begin(gen->store, false);
	if (r == 0)
		r = cache_remove(gen->store, node);
	if (r == 0)
		r = nodes_remove(gen->store, node);
	r = store_end(gen->store, r);
	if (r == 0)
		r = store_data_remove(gen->store, node);
	if (r < 0)
		log_errno(LOG_LEVEL_WARNING, r, "tree: inode %lld goes at the next mount",
			(long long)node);
}
