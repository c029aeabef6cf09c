/* SPDX-License-Identifier: MIT */
/* Changing attributes: sizes, modes, owners, times. */
#include "fs/tree/tree_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/tree/draft.h"

/* What is told of a status at the end of a turn of the loop was recorded in it. */
#define SAME_CHANGE_NS INT64_C(50000000)

int tree_touch_ctime(struct tree *tree, struct node *node)
{
	if (node->kind != NODE_FILE) {
		node->ctime = clock_wall_ns();
		return nodes_set_attributes(tree->needs.store, node);
	}
	CLEANUP_CLOSE int fd = store_data_open(tree->needs.store, node->ino, O_RDONLY);
	return fd < 0 ? fd : (fchmod(fd, 0600) < 0 ? -errno : 0);
}

static int set_size(struct tree *tree, const struct node *node, off_t size)
{
	CLEANUP_CLOSE int fd = store_data_open(tree->needs.store, node->ino, O_RDWR);

	if (fd < 0)
		return fd;
	int r = draft_open(tree->drafts, node);
	if (r < 0)
		return r;
	r = draft_will_write(tree->drafts, node->ino, DRAFT_NOBODY);
	if (r == 0 && ftruncate(fd, size) < 0)
		r = -errno;
	draft_close(tree->drafts, node->ino);
	return r;
}

static int set_file_times(struct tree *tree, int64_t ino, const struct stat *st, unsigned what)
{
	const struct timespec omit = {.tv_nsec = UTIME_OMIT};
	struct timespec times[2] = {(what & TREE_SET_ATIME) != 0 ? st->st_atim : omit,
		(what & TREE_SET_MTIME) != 0 ? st->st_mtim : omit};
	CLEANUP_CLOSE int fd = store_data_open(tree->needs.store, ino, O_RDONLY);

	return fd < 0 ? fd : (futimens(fd, times) < 0 ? -errno : 0);
}

static int write_attributes(struct store *store, void *arg)
{
	return nodes_set_attributes(store, arg);
}

static int set_attributes(
	struct tree *tree, struct node *node, const struct stat *st, unsigned what)
{
	int r = 0;

	if ((what & TREE_SET_MODE) != 0)
		node->mode = (node->mode & S_IFMT) | (st->st_mode & 07777);
	if ((what & TREE_SET_UID) != 0)
		node->uid = st->st_uid;
	if ((what & TREE_SET_GID) != 0)
		node->gid = st->st_gid;
	if (node->kind == NODE_FILE && (what & (TREE_SET_ATIME | TREE_SET_MTIME)) != 0)
		r = set_file_times(tree, node->ino, st, what);
	else if ((what & TREE_SET_ATIME) != 0)
		node->atime = clock_to_ns(&st->st_atim);
	if (node->kind != NODE_FILE && (what & TREE_SET_MTIME) != 0)
		node->mtime = clock_to_ns(&st->st_mtim);
	if (r == 0 && (node->kind != NODE_FILE ||
			      (what & (TREE_SET_MODE | TREE_SET_UID | TREE_SET_GID)) != 0)) {
		r = store_run(tree->needs.store, false, write_attributes, node);
	}
	/* one that is nameless and closed by others may have lost its bytes already */
	if (r == 0) {
		r = tree_touch_ctime(tree, node);
		if (r == -ENOENT && node->parent == 0)
			r = 0;
	}
	return r;
}

static int touch(struct store *store, void *arg)
{
	const struct node *node = arg;

	return nodes_touch(store, node->ino, clock_wall_ns());
}

void tree_status_changed(struct tree *tree, uint64_t prompt_ino)
{
	struct node node;
	int r = nodes_get(tree->needs.store, TREE_NODE(prompt_ino), &node);

	if (r < 0 || clock_wall_ns() - node.mtime < SAME_CHANGE_NS)
		return;
	r = store_run(tree->needs.store, false, touch, &node);
	if (r < 0)
		log_errno(LOG_LEVEL_WARNING, r, "tree: '%s': the time of its status is an old one",
			node.name);
}

int tree_set(struct tree *tree, uint64_t ino, const struct stat *st, unsigned what,
	struct tree_entry *ret_entry)
{
	struct node node;
	int r = 0;

	if ((ino & TREE_BITS) != 0)
		return tree_get(tree, ino, ret_entry);
	r = nodes_get(tree->needs.store, TREE_NODE(ino), &node);
	if (r == 0 && (what & TREE_SET_SIZE) != 0) {
		if (node.kind == NODE_RESULT)
			r = -EPERM;
		else
			r = node.kind == NODE_FILE ? set_size(tree, &node, st->st_size) : -EISDIR;
	}
	if (r == 0 && (what & ~(unsigned)TREE_SET_SIZE) != 0)
		r = set_attributes(tree, &node, st, what);
	return r < 0 ? r : tree_get(tree, ino, ret_entry);
}
