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
#include "fs/base/log.h"
#include "fs/fetch/fetch.h"
#include "fs/job/changes.h"
#include "fs/job/lease.h"
#include "fs/job/writers.h"
#include "fs/prompt/prompt_name.h"
#include "fs/store/cache.h"
#include "fs/store/jobs.h"
#include "fs/store/places.h"
#include "fs/store/removed.h"
#include "fs/tree/draft.h"
#include "fs/tree/sidecar.h"
#include "fs/tree/status_sheet.h"

/* But for shadows. */
static int check_name_in(
	struct tree *tree, uint64_t parent, const char *name, struct node *ret_dir)
{
	if (strlen(name) > 255)
		return -ENAMETOOLONG;
	if ((parent & VIEW_BIT) != 0)
		return -EPERM;
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
	return 0;
}

/* Tools' directories have none. */
static bool is_shadow(struct tree *tree, const struct node *dir, const char *name)
{
	int64_t top;

	return place_is_shadow_name(name) && place_has_prompts(tree->needs.store, dir->ino, &top);
}

int tree_check_new_name(
	struct tree *tree, uint64_t parent, const char *name, struct node *ret_dir)
{
	int r = check_name_in(tree, parent, name, ret_dir);

	if (r < 0 || !is_shadow(tree, ret_dir, name))
		return r;
	log_info("tree: '%s' refused: names in .status and .wait belong to weryaifs", name);
	return -EPERM;
}

/* Was there a prompt at this place, which is being put back? */
static int remembers(struct tree *tree, int64_t dir, const char *name)
{
	CLEANUP_FREE char *path = NULL;
	int64_t place, job;
	char stem[256];

	snprintf(stem, sizeof(stem), "%.*s", (int)(strrchr(name, '.') - name), name);
	int r = place_of(tree->needs.store, dir, stem, &path);
	if (r == 0)
		r = places_find(tree->needs.store, path, &place, &job);
	return r == -ENOENT ? -EPERM : r;
}

int tree_takes_shadow(struct tree *tree, uint64_t parent, const char *name, bool exclusive)
{
	struct node dir;
	int r = check_name_in(tree, parent, name, &dir);

	if (r == 0 && !is_shadow(tree, &dir, name))
		r = -EPERM;
	return r < 0 || exclusive ? r : remembers(tree, dir.ino, name);
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

/* A file or a directory that is made. */
struct making {
	struct tree *tree;
	struct node dir, node; /* node.ino is 0 until it has a row */
	bool is_prompt;
	struct tree_aftermath aftermath;
};

static void describe(struct making *making, const char *name, enum node_kind kind, mode_t mode,
	const struct tree_owner *owner)
{
	struct node *node = &making->node;

	*node = (struct node){.parent = making->dir.ino,
		.kind = kind,
		.mode = mode,
		.uid = owner->uid,
		.gid = owner->gid,
		.name_length = strlen(name)};
	node->atime = node->mtime = node->ctime = clock_wall_ns();
	memcpy(node->name, name, node->name_length + 1);
	inherit_group(&making->dir, node);
}

static int write_node(struct store *store, void *arg)
{
	struct making *making = arg;
	int r = nodes_add(store, &making->node);

	return r < 0 ? r : tree_touch_parents(making->tree, making->dir.ino, making->dir.ino);
}

static int write_file(struct store *store, void *arg)
{
	struct making *making = arg;
	struct node *node = &making->node;
	int r = write_node(store, making);

	if (r < 0)
		return r;
	r = store_data_make(store, node->ino);
	if (r < 0)
		return r;
	r = draft_open(making->tree->drafts, node);
	if (r < 0)
		return r;
	making->is_prompt = place_is_prompt(store, node);
	return making->is_prompt ? tree_take_place(making->tree, node->ino, node->parent, node->name,
					   &making->aftermath)
				 : 0;
}

void tree_tell_status(struct tree *tree, int64_t dir, const char *name, enum changes_name what)
{
	char stem[256], status[256 + sizeof(PLACE_STATUS)];

	place_stem(name, stem);
	snprintf(status, sizeof(status), "%s" PLACE_STATUS, stem);
	changes_tell_name(tree->needs.changes, what, dir, status);
}

int tree_create(struct tree *tree, uint64_t parent, const char *name, mode_t mode,
	const struct tree_owner *owner, struct tree_entry *ret_entry)
{
	struct making making = {.tree = tree};
	const struct node *node = &making.node;
	int r = tree_check_new_name(tree, parent, name, &making.dir);

	if (r < 0)
		return r;
	describe(&making, name, NODE_FILE, S_IFREG | (mode & 07777), owner);
	r = store_run(tree->needs.store, false, write_file, &making);
	if (r == 0)
		r = tree_entry_of(tree, node, ret_entry);
	if (r < 0 && node->ino != 0) {
		draft_forget(tree->drafts, node->ino);
		store_data_remove(tree->needs.store, node->ino);
	}
	if (r == 0 && making.is_prompt)
		tree_tell_status(tree, node->parent, node->name, CHANGES_STATUS_MADE);
	else if (r == 0)
		tree_hint(tree, node->parent, node->name);
	return tree_aftermath_finish(tree, &making.aftermath, r);
}

/* At the root there are the models', and what desktops throw away. */
static int check_new_dir(struct tree *tree, uint64_t parent, const char *name, struct node *ret_dir)
{
	if (parent == TREE_ROOT && prompt_is_trash(name))
		return nodes_get(tree->needs.store, (int64_t)TREE_ROOT, ret_dir);
	return tree_check_new_name(tree, parent, name, ret_dir);
}

int tree_mkdir(struct tree *tree, uint64_t parent, const char *name, mode_t mode,
	const struct tree_owner *owner, struct tree_entry *ret_entry)
{
	struct making making = {.tree = tree};
	int r = check_new_dir(tree, parent, name, &making.dir);

	if (r < 0)
		return r;
	describe(&making, name, NODE_DIR, S_IFDIR | (mode & 07777), owner);
	r = store_run(tree->needs.store, false, write_node, &making);
	return r < 0 ? r : tree_entry_of(tree, &making.node, ret_entry);
}

static int forget_result(struct store *store, int64_t ino)
{
	int r = removed_note(store, ino, clock_wall_ms());

	return r < 0 ? r : results_forget_ino(store, ino);
}

int tree_drop_name(struct tree *tree, const struct node *node, struct tree_aftermath *aftermath)
{
	int r = 0;

	if (place_is_prompt(tree->needs.store, node))
		r = tree_leave_place(tree, node, aftermath);
	else if (place_is_table(tree->needs.store, node))
		r = tree_leave_table(tree, node->ino, aftermath);
	else if (node->kind == NODE_RESULT)
		r = forget_result(tree->needs.store, node->ino);
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

struct removing {
	struct tree *tree;
	struct node node;
	struct tree_aftermath aftermath;
};

static int write_removal(struct store *store, void *arg)
{
	struct removing *removing = arg;
	int64_t parent = removing->node.parent;
	int r = tree_drop_name(removing->tree, &removing->node, &removing->aftermath);

	return r < 0 ? r : tree_touch_parents(removing->tree, parent, parent);
}

/* It stays: who has seen it go sees it come again. */
static int unlink_shadow(struct tree *tree, int64_t parent, const char *name)
{
	struct node prompt;
	uint64_t bit;
	int r = tree_shadow(tree, parent, name, &prompt, &bit);

	if (r == 0)
		return sidecar_find(tree, parent, name, &prompt) == 1 ? 0 : -ENOENT;
	if (r < 0)
		return r;
	if (bit == TREE_STATUS_BIT)
		changes_tell_name(tree->needs.changes, CHANGES_STATUS_MADE, prompt.parent, name);
	return 0;
}

int tree_unlink(struct tree *tree, uint64_t parent, const char *name)
{
	struct removing removing = {.tree = tree};
	struct node *node = &removing.node;
	int r = nodes_find(tree->needs.store, TREE_NODE(parent), name, node);

	if (r == -ENOENT)
		return unlink_shadow(tree, TREE_NODE(parent), name);
	if (r < 0)
		return r;
	if (node->kind == NODE_DIR || node->kind == NODE_MODEL)
		return -EISDIR;
	bool prompt = place_is_prompt(tree->needs.store, node), table = sheet_is(tree, node);
	r = store_run(tree->needs.store, false, write_removal, &removing);
	if (r == 0) {
		tree_note_nameless(tree, node->ino);
		tree_touch_ctime(tree, node);
		changes_tell_moved(tree->needs.changes, node->ino);
	}
	if (r == 0 && prompt)
		tree_tell_status(tree, node->parent, node->name, CHANGES_STATUS_GONE);
	if (r == 0 && table)
		sheet_tell_gone(tree, node);
	return tree_aftermath_finish(tree, &removing.aftermath, r);
}

int tree_drop(struct tree *tree, uint64_t parent, const char *name)
{
	struct node node;
	int r = nodes_find(tree->needs.store, TREE_NODE(parent), name, &node);

	if (r == 0)
		r = tree_unlink(tree, parent, name);
	return r < 0 ? r : lease_drop(tree->needs.leases, node.ino);
}

bool tree_is_dropped(const struct tree *tree, uint64_t ino)
{
	/* who has it open still, and only he, may ask by number */
	return lease_is_dropped(tree->needs.leases, (int64_t)ino) &&
	       !writers_any(tree->needs.writers, (int64_t)ino);
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
	struct removing removing = {.tree = tree};
	int r = nodes_find(tree->needs.store, TREE_NODE(parent), name, &removing.node);

	if (r == 0)
		r = tree_check_empty_dir(tree, &removing.node);
	if (r == 0) /* a directory is no prompt: nothing comes after it */
		r = store_run(tree->needs.store, false, write_removal, &removing);
	if (r == 0)
		tree_note_nameless(tree, removing.node.ino);
	return r;
}

void tree_forget_all(struct tree *tree)
{
	uint64_t ino;

	while (map_any(tree->nameless, &ino) != NULL)
		tree_forget(tree, ino);
}
