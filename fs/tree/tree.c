/* SPDX-License-Identifier: MIT */
/* Looking: names, attributes, listings, open files. What changes names is in tree_change.c, what changes attributes in
 * tree_set.c. */
#include "fs/tree/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/tree/draft.h"
#include "fs/account/account_private.h"
#include "fs/prompt/prompt.h"
#include "fs/tree/status.h"
#include "fs/tree/tree_private.h"

#define STATUS_SUFFIX ".status"
#define WAIT_SUFFIX ".wait"
#define MODEL_NAME ".model"
#define QUIET_MAX_MS 1000
#define QUIET_LATE_MS 200 /* until the kernel has taken an answer */
#define PROMISE_STEP_MS 16

static bool has_suffix(const char *name, const char *suffix)
{
	size_t length = strlen(name), tail = strlen(suffix);

	return length > tail && strcmp(name + length - tail, suffix) == 0;
}

bool tree_is_shadow_name(const char *name)
{
	return has_suffix(name, STATUS_SUFFIX) || has_suffix(name, WAIT_SUFFIX);
}

bool tree_is_prompt(const struct node *node)
{
	return node->kind == NODE_FILE && node->parent != 0 && node->parent != (int64_t)TREE_LOST &&
	       prompt_is_name(node->name);
}

int tree_top(struct gen *gen, int64_t ino, int64_t *ret_top)
{
	struct node node;

	for (;;) {
		int r = nodes_get(gen->store, ino, &node);
		if (r < 0)
			return r;
		if (node.parent == (int64_t)TREE_ROOT || node.parent == 0) {
			*ret_top = ino;
			return 0;
		}
		ino = node.parent;
	}
}

static void stat_common(const struct node *node, struct stat *st)
{
	st->st_mode = node->mode;
	st->st_uid = node->uid;
	st->st_gid = node->gid;
	st->st_nlink = node->parent == 0 && node->ino != (int64_t)TREE_ROOT ? 0 : 1;
	st->st_ino = (ino_t)node->ino;
	st->st_blksize = 4096;
}

static int stat_file(struct gen *gen, const struct node *node, struct stat *st)
{
	struct stat data;
	int r = store_data_stat(gen->store, node->ino, &data);

	/* removed while open: the bytes live on behind the open file alone */
	if (r == -ENOENT && node->parent == 0)
		return 0;
	if (r < 0)
		return r == -ENOENT ? -EIO : r;
	st->st_size = data.st_size;
	st->st_blocks = data.st_blocks;
	st->st_atim = data.st_atim;
	st->st_mtim = data.st_mtim;
	st->st_ctim = data.st_ctim;
	return 0;
}

int tree_entry_of(struct gen *gen, const struct node *node, struct tree_entry *ret_entry)
{
	struct tree_entry entry = {.ino = (uint64_t)node->ino};
	int64_t count;
	int r;

	stat_common(node, &entry.st);
	if (node->kind == NODE_FILE) {
		entry.kind = TREE_FILE;
		r = stat_file(gen, node, &entry.st);
		if (r < 0)
			return r;
	} else {
		entry.st.st_atim = tree_time(node->atime);
		entry.st.st_mtim = tree_time(node->mtime);
		entry.st.st_ctim = tree_time(node->ctime);
	}
	if (node->kind == NODE_RESULT) {
		entry.kind = TREE_RESULT;
		entry.st.st_size = node->size;
		entry.st.st_blocks = (node->size + 511) / 512;
	} else if (node->kind != NODE_FILE) {
		entry.kind = TREE_DIR;
		r = nodes_count(gen->store, node->ino, true, &count);
		if (r < 0)
			return r;
		entry.st.st_nlink = entry.st.st_nlink == 0 ? 0 : (nlink_t)count + 2;
		entry.st.st_size = 4096;
		entry.st.st_blocks = 8;
	}
	*ret_entry = entry;
	return 0;
}

static int shadow_entry(
	struct gen *gen, const struct node *prompt, uint64_t bit, struct tree_entry *ret_entry)
{
	struct tree_entry entry;
	size_t length = 0;
	int r = tree_entry_of(gen, prompt, &entry);

	if (r == 0 && bit == TREE_STATUS_BIT) {
		CLEANUP_FREE char *text = NULL;
		r = status_format(gen, prompt, &text, &length);
	}
	if (r < 0)
		return r;
	entry.ino |= bit;
	entry.kind = bit == TREE_STATUS_BIT ? TREE_STATUS : TREE_WAIT;
	entry.st.st_ino = entry.ino;
	entry.st.st_mode = S_IFREG | (bit == TREE_STATUS_BIT ? 0644 : 0444);
	entry.st.st_size = (off_t)length;
	entry.st.st_blocks = (entry.st.st_size + 511) / 512;
	*ret_entry = entry;
	return 0;
}

int tree_shadow(struct gen *gen, int64_t parent, const char *name, struct node *ret_prompt,
	uint64_t *ret_bit)
{
	size_t stem = strlen(name);
	char prompt[256];
	uint64_t bit;

	if (has_suffix(name, STATUS_SUFFIX)) {
		stem -= strlen(STATUS_SUFFIX);
		bit = TREE_STATUS_BIT;
	} else if (has_suffix(name, WAIT_SUFFIX)) {
		stem -= strlen(WAIT_SUFFIX);
		bit = TREE_WAIT_BIT;
	} else {
		return 0;
	}
	if (stem + strlen(".txt") >= sizeof(prompt))
		return 0;
	snprintf(prompt, sizeof(prompt), "%.*s.txt", (int)stem, name);
	int r = nodes_find(gen->store, parent, prompt, ret_prompt);
	if (r == -ENOENT || (r == 0 && !tree_is_prompt(ret_prompt)))
		return 0;
	if (r < 0)
		return r;
	*ret_bit = bit;
	return 1;
}

static int model_entry(struct gen *gen, int64_t dir, struct tree_entry *ret_entry)
{
	CLEANUP_FREE char *text = NULL;
	struct node node;
	size_t length;
	int r = nodes_get(gen->store, dir, &node);

	if (r == 0 && node.kind != NODE_MODEL)
		r = -ENOENT;
	if (r == 0)
		r = gen_model_text(gen, (uint64_t)dir, &text, &length);
	if (r == 0)
		r = tree_entry_of(gen, &node, ret_entry);
	if (r < 0)
		return r;
	ret_entry->ino |= TREE_MODEL_BIT;
	ret_entry->kind = TREE_MODEL;
	ret_entry->st.st_ino = ret_entry->ino;
	ret_entry->st.st_mode = S_IFREG | 0444;
	ret_entry->st.st_nlink = 1;
	ret_entry->st.st_size = (off_t)length;
	ret_entry->st.st_blocks = (ret_entry->st.st_size + 511) / 512;
	return 0;
}

/* A model that is gone from the catalogue stays visible as long as it holds files. */
static bool is_hidden(struct gen *gen, const struct node *node)
{
	int64_t count = 0;

	return node->kind == NODE_MODEL && model_table_find(gen->models, node->name) == NULL &&
	       nodes_count(gen->store, node->ino, false, &count) == 0 && count == 0;
}

int tree_lookup(struct gen *gen, uint64_t parent, const char *name, struct tree_entry *ret_entry)
{
	struct node node;
	uint64_t bit;

	if (strlen(name) > 255)
		return -ENAMETOOLONG;
	int r = nodes_find(gen->store, TREE_NODE(parent), name, &node);
	if (r == 0)
		return is_hidden(gen, &node) ? -ENOENT : tree_entry_of(gen, &node, ret_entry);
	if (r != -ENOENT)
		return r;
	if (strcmp(name, MODEL_NAME) == 0)
		return model_entry(gen, TREE_NODE(parent), ret_entry);
	r = tree_shadow(gen, TREE_NODE(parent), name, &node, &bit);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return shadow_entry(gen, &node, bit, ret_entry);
}

int tree_get(struct gen *gen, uint64_t ino, struct tree_entry *ret_entry)
{
	uint64_t bit = ino & TREE_BITS;
	struct node node;

	if (bit == TREE_MODEL_BIT)
		return model_entry(gen, TREE_NODE(ino), ret_entry);
	int r = nodes_get(gen->store, TREE_NODE(ino), &node);

	if (r < 0)
		return r;
	return bit != 0 ? shadow_entry(gen, &node, bit, ret_entry)
			: tree_entry_of(gen, &node, ret_entry);
}

int tree_parent(struct gen *gen, uint64_t ino, uint64_t *ret_parent)
{
	struct node node;
	int r = nodes_get(gen->store, TREE_NODE(ino), &node);

	if (r == 0)
		*ret_parent = node.parent == 0 ? TREE_ROOT : (uint64_t)node.parent;
	return r;
}

static int prepend(char **path, const char *name, size_t length, const char *suffix)
{
	char *longer = NULL;

	if (asprintf(&longer, "%.*s%s%s%s", (int)length, name, suffix, **path != '\0' ? "/" : "",
		    *path) < 0)
		return -ENOMEM;
	free(*path);
	*path = longer;
	return 0;
}

int tree_path(struct gen *gen, uint64_t ino, char **ret_path)
{
	CLEANUP_FREE char *path = strdup("");
	bool is_status = (ino & TREE_STATUS_BIT) != 0;
	struct node node;
	int r = path == NULL ? -ENOMEM : nodes_get(gen->store, TREE_NODE(ino), &node);

	if (r == 0 && is_status) {
		r = tree_is_prompt(&node)
			    ? prepend(&path, node.name, node.name_length - strlen(".txt"),
				      STATUS_SUFFIX)
			    : -ENOENT;
		if (r == 0)
			r = nodes_get(gen->store, node.parent, &node);
	}
	while (r == 0 && node.ino != (int64_t)TREE_ROOT) {
		r = node.parent == 0 ? -ENOENT : prepend(&path, node.name, node.name_length, "");
		if (r == 0)
			r = nodes_get(gen->store, node.parent, &node);
	}
	if (r == 0)
		*ret_path = steal(&path);
	return r;
}

struct listing {
	struct gen *gen;
	struct node *nodes; /* owned */
	size_t count;
};

#define LIST_BATCH 256

static int collect(void *arg, const struct node *node)
{
	struct listing *listing = arg;

	listing->nodes[listing->count++] = *node;
	return listing->count == LIST_BATCH;
}

/* A shadow's cookie is its prompt's, doubled; the prompt's own comes after it: `rm -r` meets the shadow first, while it
 * still has its prompt. */
static int emit_node(struct gen *gen, const struct node *node, uint64_t cookie,
	int (*emit)(void *arg, const char *name, const struct tree_entry *entry, uint64_t next),
	void *arg)
{
	uint64_t shadow_cookie = (uint64_t)node->ino * 2;
	struct tree_entry entry;
	char name[256 + 8];
	int r;

	if (is_hidden(gen, node))
		return 0;
	if (cookie < shadow_cookie && tree_is_prompt(node)) {
		size_t stem = node->name_length - strlen(".txt");
		snprintf(name, sizeof(name), "%.*s" STATUS_SUFFIX, (int)stem, node->name);
		/* a name too long to be looked up is not listed */
		r = strlen(name) > 255 ? -ENAMETOOLONG
				       : shadow_entry(gen, node, TREE_STATUS_BIT, &entry);
		if (r == 0) {
			r = emit(arg, name, &entry, shadow_cookie);
			if (r != 0)
				return r;
		}
	}
	r = tree_entry_of(gen, node, &entry);
	if (r < 0) {
		log_errno(LOG_LEVEL_ERROR, r, "tree: inode %lld is left out of the listing",
			(long long)node->ino);
		return 0;
	}
	return emit(arg, node->name, &entry, shadow_cookie + 1);
}

int tree_list(struct gen *gen, uint64_t dir, uint64_t cookie,
	int (*emit)(void *arg, const char *name, const struct tree_entry *entry, uint64_t next),
	void *arg)
{
	struct listing listing = {.gen = gen};
	/* cookie 2n: the shadow of n was emitted, n itself is next; 2n + 1: n was emitted */
	int64_t after = (int64_t)(cookie / 2) - (cookie != 0 && cookie % 2 == 0 ? 1 : 0);
	int r;

	/* a copy, because emitting looks things up in the same store */
	listing.nodes = malloc(LIST_BATCH * sizeof(*listing.nodes));
	if (listing.nodes == NULL)
		return -ENOMEM;
	do {
		listing.count = 0;
		r = nodes_list(gen->store, TREE_NODE(dir), after, collect, &listing);
		for (size_t i = 0; i < listing.count && r == 0; i++)
			r = emit_node(gen, &listing.nodes[i], cookie, emit, arg);
		if (listing.count > 0)
			after = listing.nodes[listing.count - 1].ino;
	} while (r == 0 && listing.count == LIST_BATCH);
	free(listing.nodes);
	return r < 0 ? r : 0;
}

/* In the map's values: steps of time, and never NULL. */
static int promise(struct gen *gen, int64_t dir, int64_t until_ms)
{
	return map_put(gen->promised, (uint64_t)dir,
		(void *)(uintptr_t)(until_ms / PROMISE_STEP_MS + 1));
}

static int64_t promised(const struct gen *gen, int64_t dir)
{
	return (int64_t)(uintptr_t)map_get(gen->promised, (uint64_t)dir) * PROMISE_STEP_MS;
}

int64_t tree_quiet_ms(struct gen *gen, uint64_t dir)
{
	int64_t settle = gen->options.settle_ms;
	bool busy = true;
	int r = nodes_is_busy(gen->store, TREE_NODE(dir), &busy);

	if (r < 0)
		log_errno(LOG_LEVEL_ERROR, r, "tree: what is going on in inode %llu",
			(unsigned long long)dir);
	if (r < 0 || busy)
		return 0;
	int64_t quiet = settle < QUIET_MAX_MS ? settle : QUIET_MAX_MS;
	return quiet > 0 && promise(gen, TREE_NODE(dir), clock_mono_ms() + quiet) < 0 ? 0 : quiet;
}

int64_t tree_promised_ms(struct gen *gen, int64_t dir)
{
	int64_t left = promised(gen, dir) + QUIET_LATE_MS - clock_mono_ms();

	if (left <= 0)
		map_remove(gen->promised, (uint64_t)dir);
	return left > 0 ? left : 0;
}

int tree_promise_moved(struct gen *gen, int64_t old_dir, int64_t dir)
{
	int64_t until = promised(gen, old_dir);

	return until > promised(gen, dir) ? promise(gen, dir, until) : 0;
}

int tree_open(struct gen *gen, uint64_t ino, int flags, int *ret_fd)
{
	bool writes = (flags & O_ACCMODE) != O_RDONLY;
	struct node node;
	int r = nodes_get(gen->store, TREE_NODE(ino), &node);

	if (r < 0)
		return r;
	if (node.kind != NODE_FILE)
		return -EISDIR;
	/* the kernel decides about appending, and reads of ours may serve write-only files */
	int fd = store_data_open(gen->store, node.ino, writes ? O_RDWR : O_RDONLY);
	if (fd < 0)
		return fd;
	if (writes) {
		r = draft_open(gen->drafts, &node);
		if (r == 0 && (flags & O_TRUNC) != 0) {
			r = draft_will_write(gen->drafts, node.ino);
			if (r == 0 && ftruncate(fd, 0) < 0)
				r = -errno;
			if (r < 0)
				draft_close(gen->drafts, node.ino);
		}
		if (r < 0) {
			close(fd);
			return r;
		}
	}
	*ret_fd = fd;
	return 0;
}

void tree_close(struct gen *gen, uint64_t ino, int flags)
{
	if ((flags & O_ACCMODE) != O_RDONLY)
		draft_close(gen->drafts, TREE_NODE(ino));
}

int tree_will_write(struct gen *gen, uint64_t ino)
{
	return draft_will_write(gen->drafts, TREE_NODE(ino));
}

void tree_write_failed(struct gen *gen, uint64_t ino)
{
	draft_write_failed(gen->drafts, TREE_NODE(ino));
}

int tree_fsync(struct gen *gen, int fd)
{
	if (fd >= 0 && fsync(fd) < 0)
		return -errno;
	int r = store_data_sync(gen->store);
	return r < 0 ? r : store_sync(gen->store);
}

int tree_statvfs(struct gen *gen, struct statvfs *ret_statvfs)
{
	int r = store_statvfs(gen->store, ret_statvfs);

	if (r == 0)
		ret_statvfs->f_namemax = 255;
	return r;
}
