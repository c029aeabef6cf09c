/* SPDX-License-Identifier: MIT */
/* Changing names and attributes: each function is one transaction, and what it means for prompts and their jobs is
 * part of that transaction. A job belongs to a place (directory and name): a prompt that moves takes its jobs along, one
 * that goes leaves them there, and a file that comes to the same place takes them up again. That is how an editor which
 * saves by rename, or by removing and making anew, keeps what was sent. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/gen/draft.h"
#include "fs/gen/gen_private.h"
#include "fs/gen/prompt.h"
#include "fs/gen/queue.h"
#include "fs/gen/status.h"
#include "fs/gen/tree_private.h"
#include "fs/gen/waiting.h"
#include "fs/store/cache.h"
#include "fs/store/jobs.h"

/* What is to be done once the transaction is committed. */
struct aftermath {
	struct after {
		int64_t cancelled; /* a job whose rows are gone; 0 none */
		int64_t settle;    /* a prompt to be examined; 0 none */
		int64_t changed;   /* a prompt whose status reads differently; 0 none */
	} * items;                 /* owned */
	size_t count, capacity;
};

static int aftermath_add(
	struct aftermath *aftermath, int64_t cancelled, int64_t settle, int64_t changed)
{
	if (aftermath->count == aftermath->capacity) {
		size_t capacity = aftermath->capacity == 0 ? 4 : aftermath->capacity * 2;
		void *items = reallocarray(aftermath->items, capacity, sizeof(*aftermath->items));
		if (items == NULL)
			return -ENOMEM;
		aftermath->items = items;
		aftermath->capacity = capacity;
	}
	aftermath->items[aftermath->count++] = (struct after){cancelled, settle, changed};
	return 0;
}

static int aftermath_finish(struct gen *gen, struct aftermath *aftermath, int result)
{
	for (size_t i = 0; i < aftermath->count && result >= 0; i++) {
		struct after *after = &aftermath->items[i];
		if (after->cancelled != 0)
			queue_drop(gen->queue, after->cancelled);
		if (after->settle != 0)
			draft_settle(gen->drafts, after->settle);
		if (after->changed != 0)
			status_moved(gen, after->changed);
	}
	free(aftermath->items);
	waiting_recheck(gen);
	return result;
}

static void stem_of(const char *name, char stem[256])
{
	snprintf(stem, 256, "%.*s", (int)(strlen(name) - strlen(".txt")), name);
}

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

/* The prompt leaves its place: what was not sent is cancelled. */
static int leave_place(struct gen *gen, const struct node *node, struct aftermath *aftermath)
{
	int64_t cancelled = 0;
	int r = 0;

	if (node->job != 0 && queue_can_cancel(gen->queue, node->job)) {
		cancelled = node->job;
		r = jobs_remove(gen->store, node->job);
	}
	if (r == 0)
		r = jobs_detach(gen->store, node->ino);
	if (r == 0)
		r = nodes_set_job(gen->store, node->ino, 0);
	if (r == 0)
		r = draft_mark(gen->drafts, node->ino, false);
	return r < 0 ? r : aftermath_add(aftermath, cancelled, 0, node->ino);
}

/* A file comes to a place as a prompt. */
static int take_place(
	struct gen *gen, int64_t ino, int64_t parent, const char *name, struct aftermath *aftermath)
{
	char stem[256];
	int64_t job;

	stem_of(name, stem);
	int r = jobs_find_slot(gen->store, parent, stem, &job);
	if (r == 0) {
		r = jobs_adopt(gen->store, parent, stem, ino);
	} else if (r == -ENOENT) {
		job = 0;
		r = 0;
	}
	if (r == 0)
		r = nodes_set_job(gen->store, ino, job);
	if (r == 0)
		r = draft_mark(gen->drafts, ino, true);
	return r < 0 ? r : aftermath_add(aftermath, 0, ino, ino);
}

/* A file changes its place; `node` is as it was before. */
static int move_file(struct gen *gen, const struct node *node, int64_t parent, const char *name,
	bool same_model, struct aftermath *aftermath)
{
	bool was = tree_is_prompt(node), is = prompt_is_name(name);
	char stem[256];
	int r = 0;

	if (was && is && same_model) {
		stem_of(name, stem);
		r = jobs_move(gen->store, node->ino, parent, stem);
		return r < 0 ? r : aftermath_add(aftermath, 0, 0, node->ino);
	}
	if (was)
		r = leave_place(gen, node, aftermath);
	if (r == 0 && is)
		r = take_place(gen, node->ino, parent, name, aftermath);
	return r;
}

struct below {
	struct node *nodes; /* owned */
	size_t count;
};

static int collect_prompt(void *arg, const struct node *node)
{
	struct below *below = arg;

	if (!tree_is_prompt(node))
		return 0;
	void *more = reallocarray(below->nodes, below->count + 1, sizeof(*below->nodes));
	if (more == NULL)
		return -ENOMEM;
	below->nodes = more;
	below->nodes[below->count++] = *node;
	return 0;
}

/* Every prompt below a directory that has come to another model is a new prompt for that model. */
static int move_dir_to_model(struct gen *gen, int64_t dir, struct aftermath *aftermath)
{
	struct below below = {0};
	int r = nodes_list_below(gen->store, dir, collect_prompt, &below);

	for (size_t i = 0; i < below.count && r == 0; i++) {
		struct node *node = &below.nodes[i];
		r = leave_place(gen, node, aftermath);
		if (r == 0)
			r = take_place(gen, node->ino, node->parent, node->name, aftermath);
	}
	free(below.nodes);
	return r;
}

/* rename(2) changes st_ctime of what is renamed; a data file's is changed by any chmod(2) of it. */
static int touch_ctime(struct gen *gen, struct node *node)
{
	if (node->kind != NODE_FILE) {
		node->ctime = gen_now_ns();
		return nodes_set_attributes(gen->store, node);
	}
	CLEANUP_CLOSE int fd = store_data_open(gen->store, node->ino, O_RDONLY);
	return fd < 0 ? fd : (fchmod(fd, 0600) < 0 ? -errno : 0);
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
	struct aftermath aftermath = {0};
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
			r = take_place(gen, node.ino, node.parent, node.name, &aftermath);
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
	return aftermath_finish(gen, &aftermath, r);
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
static int drop_name(struct gen *gen, const struct node *node, struct aftermath *aftermath)
{
	int r = 0;

	if (tree_is_prompt(node))
		r = leave_place(gen, node, aftermath);
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
	struct aftermath aftermath = {0};
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
		touch_ctime(gen, &node);
		status_moved(gen, node.ino);
	}
	return aftermath_finish(gen, &aftermath, r);
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
	bool same_model, struct aftermath *aftermath)
{
	int r = nodes_set_name(gen->store, node->ino, dir->ino, name);

	if (r == 0 && node->kind == NODE_FILE)
		r = move_file(gen, node, dir->ino, name, same_model, aftermath);
	else if (r == 0 && node->kind == NODE_DIR && !same_model)
		r = move_dir_to_model(gen, node->ino, aftermath);
	return r < 0 ? r : touch_ctime(gen, node);
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
	const char *name, bool same_model, struct aftermath *aftermath)
{
	int r = 0;

	if (target != NULL)
		r = drop_name(gen, target, aftermath);
	return r < 0 ? r : place_node(gen, node, dir, name, same_model, aftermath);
}

/* Who leaves a prompt's place goes first, so that who comes finds what was sent from there. */
static int exchange(struct gen *gen, struct node *node, struct node *target,
	const struct node *old_dir, const struct node *dir, bool same_model,
	struct aftermath *aftermath)
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
	struct aftermath aftermath = {0};
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
	return aftermath_finish(gen, &aftermath, r);
}

static int set_size(struct gen *gen, const struct node *node, off_t size)
{
	CLEANUP_CLOSE int fd = store_data_open(gen->store, node->ino, O_RDWR);

	if (fd < 0)
		return fd;
	int r = draft_open(gen->drafts, node);
	if (r < 0)
		return r;
	r = draft_will_write(gen->drafts, node->ino);
	if (r == 0 && ftruncate(fd, size) < 0)
		r = -errno;
	draft_close(gen->drafts, node->ino);
	return r;
}

static int set_file_times(struct gen *gen, int64_t ino, const struct stat *st, unsigned what)
{
	const struct timespec omit = {.tv_nsec = UTIME_OMIT};
	struct timespec times[2] = {(what & TREE_SET_ATIME) != 0 ? st->st_atim : omit,
		(what & TREE_SET_MTIME) != 0 ? st->st_mtim : omit};
	CLEANUP_CLOSE int fd = store_data_open(gen->store, ino, O_RDONLY);

	return fd < 0 ? fd : (futimens(fd, times) < 0 ? -errno : 0);
}

static int set_attributes(struct gen *gen, struct node *node, const struct stat *st, unsigned what)
{
	int r = 0;

	if ((what & TREE_SET_MODE) != 0)
		node->mode = (node->mode & S_IFMT) | (st->st_mode & 07777);
	if ((what & TREE_SET_UID) != 0)
		node->uid = st->st_uid;
	if ((what & TREE_SET_GID) != 0)
		node->gid = st->st_gid;
	if ((what & TREE_SET_ATIME) != 0)
		node->atime = tree_ns(&st->st_atim);
	if ((what & TREE_SET_MTIME) != 0)
		node->mtime = tree_ns(&st->st_mtim);
	if (node->kind == NODE_FILE && (what & (TREE_SET_ATIME | TREE_SET_MTIME)) != 0)
		r = set_file_times(gen, node->ino, st, what);
	if (r == 0 && (node->kind != NODE_FILE ||
			      (what & (TREE_SET_MODE | TREE_SET_UID | TREE_SET_GID)) != 0)) {
		r = store_begin(gen->store, false);
		if (r == 0)
			r = nodes_set_attributes(gen->store, node);
		r = store_end(gen->store, r);
	}
	/* one that is nameless and closed by others may have lost its bytes already */
	if (r == 0) {
		r = touch_ctime(gen, node);
		if (r == -ENOENT && node->parent == 0)
			r = 0;
	}
	return r;
}

int tree_set(struct gen *gen, uint64_t ino, const struct stat *st, unsigned what,
	struct tree_entry *ret_entry)
{
	struct node node;
	int r = 0;

	if ((ino & TREE_BITS) != 0)
		return tree_get(gen, ino, ret_entry);
	r = nodes_get(gen->store, TREE_NODE(ino), &node);
	if (r == 0 && (what & TREE_SET_SIZE) != 0) {
		if (node.kind == NODE_RESULT)
			r = -EPERM;
		else
			r = node.kind == NODE_FILE ? set_size(gen, &node, st->st_size) : -EISDIR;
	}
	if (r == 0 && (what & ~(unsigned)TREE_SET_SIZE) != 0)
		r = set_attributes(gen, &node, st, what);
	return r < 0 ? r : tree_get(gen, ino, ret_entry);
}

void tree_forget(struct gen *gen, uint64_t ino)
{
	int64_t node = TREE_NODE(ino);

	if (map_remove(gen->nameless, (uint64_t)node) == NULL)
		return;
	draft_forget(gen->drafts, node);
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
