/* SPDX-License-Identifier: MIT */
/* Making and removing names: each function is one transaction, and what it means for prompts and their jobs (tree_place.c) is
 * part of that transaction. rename(2) is in tree_rename.c. */
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
#include "fs/prompt/prompt_name.h"
#include "fs/store/cache.h"
#include "fs/store/jobs.h"
#include "fs/tree/draft.h"
#include "fs/tree/status_sheet.h"

int tree_check_new_name(
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

int tree_touch_parents(struct tree *tree, int64_t parent, int64_t other)
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
		r = tree_touch_parents(tree, dir->ino, dir->ino);
	*ret_node = node;
	return r;
}

void tree_tell_status(struct tree *tree, int64_t dir, const char *name, enum changes_name what)
{
	char stem[256], status[256 + sizeof(PLACE_STATUS)];

	place_stem(name, stem);
	snprintf(status, sizeof(status), "%s" PLACE_STATUS, stem);
	changes_tell_name(tree->needs.changes, what, dir, status);
}

int tree_create(struct tree *tree, uint64_t parent, const char *name, mode_t mode,
	const struct tree_owner *owner, struct tree_entry *ret_entry, int *ret_fd)
{
	struct tree_aftermath aftermath = {0};
	struct node dir, node = {0};
	bool prompt = false;
	int fd = -1;
	int r = tree_check_new_name(tree, parent, name, &dir);

	if (r < 0)
		return r;
	r = store_begin(tree->needs.store, false);
	if (r == 0)
		r = add_node(tree, &dir, name, NODE_FILE, S_IFREG | (mode & 07777), owner, &node);
	if (r == 0) {
		fd = descriptors_spare(
			store_data_open(tree->needs.store, node.ino, O_RDWR | O_CREAT | O_TRUNC));
		r = fd < 0 ? fd : draft_open(tree->drafts, &node);
		prompt = r == 0 && place_is_prompt(tree->needs.store, &node);
		if (prompt)
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
	if (r == 0 && prompt)
		tree_tell_status(tree, node.parent, node.name, CHANGES_STATUS_MADE);
	return tree_aftermath_finish(tree, &aftermath, r);
}

int tree_mkdir(struct tree *tree, uint64_t parent, const char *name, mode_t mode,
	const struct tree_owner *owner, struct tree_entry *ret_entry)
{
	struct node dir, node;
	int r = tree_check_new_name(tree, parent, name, &dir);

	if (r < 0)
		return r;
	r = store_begin(tree->needs.store, false);
	if (r == 0)
		r = add_node(tree, &dir, name, NODE_DIR, S_IFDIR | (mode & 07777), owner, &node);
	r = store_end(tree->needs.store, r);
	return r < 0 ? r : tree_entry_of(tree, &node, ret_entry);
}

int tree_drop_name(struct tree *tree, const struct node *node, struct tree_aftermath *aftermath)
{
	int r = 0;

	if (place_is_prompt(tree->needs.store, node))
		r = tree_leave_place(tree, node, aftermath);
	else if (place_is_table(tree->needs.store, node))
		r = tree_leave_table(tree, node->ino, aftermath);
	else if (node->kind == NODE_RESULT)
		r = results_forget_ino(tree->needs.store, node->ino);
	if (r == 0)
		r = nodes_set_name(tree->needs.store, node->ino, 0, NULL);
	return r;
}

void tree_note_nameless(struct tree *tree, int64_t ino)
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
		/* it is still there: who has seen it go sees it come again */
		if (r == 1 && bit == TREE_STATUS_BIT)
			changes_tell_name(
				tree->needs.changes, CHANGES_STATUS_MADE, node.parent, name);
		return r < 0 ? r : (r == 1 ? 0 : -ENOENT);
	}
	if (r < 0)
		return r;
	if (node.kind == NODE_DIR || node.kind == NODE_MODEL)
		return -EISDIR;
	bool prompt = place_is_prompt(tree->needs.store, &node), table = sheet_is(tree, &node);
	r = store_begin(tree->needs.store, false);
	if (r == 0)
		r = tree_drop_name(tree, &node, &aftermath);
	if (r == 0)
		r = tree_touch_parents(tree, node.parent, node.parent);
	r = store_end(tree->needs.store, r);
	if (r == 0) {
		tree_note_nameless(tree, node.ino);
		tree_touch_ctime(tree, &node);
		changes_tell_moved(tree->needs.changes, node.ino);
		if (prompt)
			tree_tell_status(tree, node.parent, node.name, CHANGES_STATUS_GONE);
		if (table)
			sheet_tell_gone(tree, &node);
	}
	return tree_aftermath_finish(tree, &aftermath, r);
}

int tree_check_empty_dir(struct tree *tree, const struct node *node)
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
		r = tree_check_empty_dir(tree, &node);
	if (r < 0)
		return r;
	r = store_begin(tree->needs.store, false);
	if (r == 0)
		r = nodes_set_name(tree->needs.store, node.ino, 0, NULL);
	if (r == 0)
		r = tree_touch_parents(tree, node.parent, node.parent);
	r = store_end(tree->needs.store, r);
	if (r == 0)
		tree_note_nameless(tree, node.ino);
	return r;
}

void tree_forget_all(struct tree *tree)
{
	uint64_t ino;

	while (map_any(tree->nameless, &ino) != NULL)
		tree_forget(tree, ino);
}
