/* SPDX-License-Identifier: MIT */
/* The tree as a whole, and its open files. What is where is in tree_look.c, what changes names in tree_change.c, what
 * changes attributes in tree_set.c. */
#include "fs/tree/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "fs/base/ids.h"
#include "fs/base/log.h"
#include "fs/fetch/fetch.h"
#include "fs/job/lease.h"
#include "fs/store/cache.h"
#include "fs/store/removed.h"
#include "fs/tree/draft.h"
#include "fs/tree/status.h"
#include "fs/tree/status_size.h"
#include "fs/tree/tree_private.h"

int tree_plant(struct tree *tree)
{
	return plant(&tree->needs);
}

static int remove_node(struct store *store, void *arg)
{
	const int64_t *ino = arg;
	bool kept;
	int r = removed_is_kept(store, *ino, &kept);

	if (r == 0 && !kept)
		r = cache_remove(store, *ino);
	return r < 0 ? r : nodes_remove(store, *ino);
}

void tree_forget(struct tree *tree, uint64_t ino)
{
	int64_t node = TREE_NODE(ino);

	bool dropped = lease_forgotten(tree->needs.leases, node);
	if (map_remove(tree->nameless, (uint64_t)node) == NULL && !dropped)
		return;
	draft_forget(tree->drafts, node);
	fetch_forget(tree->needs.fetches, node);
	int r = store_run(tree->needs.store, false, remove_node, &node);
	if (r == 0)
		r = store_data_remove(tree->needs.store, node);
	if (r < 0)
		log_errno(LOG_LEVEL_WARNING, r, "tree: inode %lld goes at the next mount",
			(long long)node);
}

static int note_nameless(void *arg, const struct node *node)
{
	return ids_add(arg, node->ino);
}

/* What the last mount had removed while it was still in use; in one that goes on it may be in use. */
static int sweep(struct tree *tree)
{
	struct ids nameless = {0};
	int r = nodes_list_nameless(tree->needs.store, note_nameless, &nameless);

	for (size_t i = 0; i < nameless.count && r == 0; i++) {
		r = map_put(tree->nameless, (uint64_t)nameless.items[i], tree);
		if (r == 0 && !tree->needs.resumes)
			tree_forget(tree, (uint64_t)nameless.items[i]);
	}
	ids_finish(&nameless);
	return r < 0 ? r : store_data_sweep(tree->needs.store, tree->needs.resumes);
}

int tree_start(const struct tree_needs *needs, struct tree **ret_tree)
{
	struct tree *tree = calloc(1, sizeof(*tree));

	if (tree == NULL)
		return -ENOMEM;
	tree->needs = *needs;
	tree->nameless = map_create();
	tree->sizes = status_sizes_create(needs);
	int r = tree->nameless == NULL || tree->sizes == NULL ? -ENOMEM : drafts_create(&tree->needs, &tree->drafts);
	if (r == 0)
		r = tree_plant(tree);
	if (r == 0)
		r = sweep(tree);
	if (r < 0) {
		tree_destroy(tree);
		return r;
	}
	*ret_tree = tree;
	return 0;
}

int tree_resume(struct tree *tree)
{
	return drafts_resume(tree->drafts);
}

void tree_destroy(struct tree *tree)
{
	if (tree == NULL)
		return;
	drafts_destroy(tree->drafts);
	status_sizes_destroy(tree->sizes);
	map_destroy(tree->nameless);
	tree_hints_finish(tree);
	free(tree);
}

int tree_submit(struct tree *tree, int64_t ino)
{
	return draft_submit(tree->drafts, ino);
}

int tree_fd(struct tree *tree, uint64_t ino)
{
	return store_data_fd(tree->needs.store, TREE_NODE(ino));
}

int tree_open(struct tree *tree, uint64_t ino, int flags)
{
	bool writes = (flags & O_ACCMODE) != O_RDONLY;
	struct node node;
	int r = nodes_get(tree->needs.store, TREE_NODE(ino), &node);

	if (r < 0)
		return r;
	if (node.kind != NODE_FILE)
		return -EISDIR;
	r = tree_fd(tree, ino);
	if (r < 0 || !writes)
		return r < 0 ? r : 0;
	r = draft_open(tree->drafts, &node);
	if (r < 0 || (flags & O_TRUNC) == 0)
		return r;
	r = draft_will_write(tree->drafts, node.ino, DRAFT_NOBODY);
	int fd = r < 0 ? r : tree_fd(tree, ino);
	r = fd < 0 ? fd : ftruncate(fd, 0) < 0 ? -errno : 0;
	if (r < 0)
		draft_close(tree->drafts, node.ino);
	return r;
}

int tree_reopen(struct tree *tree, uint64_t ino, int flags)
{
	int r = tree_open(tree, ino, flags & ~O_TRUNC);

	if (r == 0 && (flags & O_ACCMODE) != O_RDONLY)
		draft_opened_before(tree->drafts, TREE_NODE(ino));
	return r;
}

void tree_close(struct tree *tree, uint64_t ino, int flags)
{
	if ((flags & O_ACCMODE) != O_RDONLY)
		draft_close(tree->drafts, TREE_NODE(ino));
}

int tree_will_write(struct tree *tree, uint64_t ino, pid_t writer)
{
	return draft_will_write(tree->drafts, TREE_NODE(ino), writer);
}

bool tree_is_prompt_written(struct tree *tree, uint64_t ino)
{
	return draft_is_written(tree->drafts, TREE_NODE(ino));
}

pid_t tree_writer(struct tree *tree, uint64_t ino)
{
	return draft_writer(tree->drafts, TREE_NODE(ino));
}

void tree_cut_short(struct tree *tree, uint64_t ino, pid_t writer)
{
	draft_cut_short(tree->drafts, TREE_NODE(ino), writer);
}

void tree_write_failed(struct tree *tree, uint64_t ino)
{
	draft_write_failed(tree->drafts, TREE_NODE(ino));
}

int tree_fsync(struct tree *tree, int fd)
{
	if (fd >= 0 && fsync(fd) < 0)
		return -errno;
	int r = store_data_sync(tree->needs.store);
	return r < 0 ? r : store_sync(tree->needs.store);
}

int tree_statvfs(struct tree *tree, struct statvfs *ret_statvfs)
{
	int r = store_statvfs(tree->needs.store, ret_statvfs);

	if (r == 0)
		ret_statvfs->f_namemax = 255;
	return r;
}

int64_t tree_quiet_ms(struct tree *tree, uint64_t dir)
{
	return lease_give_ms(tree->needs.leases, TREE_NODE(dir));
}

int tree_quiet_before(struct tree *tree, uint64_t dir, int64_t until_ms)
{
	return lease_given_before(tree->needs.leases, TREE_NODE(dir), until_ms);
}
