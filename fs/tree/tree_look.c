/* SPDX-License-Identifier: MIT */
/* Looking: names, attributes, listings. */
#include "fs/tree/tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/job/model_refusal.h"
#include "fs/model/describe.h"
#include "fs/model/model.h"
#include "fs/model/overview.h"
#include "fs/prompt/prompt_name.h"
#include "fs/tree/sidecar.h"
#include "fs/tree/status.h"
#include "fs/tree/status_size.h"
#include "fs/tree/status_sheet.h"
#include "fs/tree/tree_private.h"

static void stat_common(const struct node *node, struct stat *st)
{
	st->st_mode = node->mode;
	st->st_uid = node->uid;
	st->st_gid = node->gid;
	st->st_nlink = node->parent == 0 && node->ino != (int64_t)TREE_ROOT ? 0 : 1;
	st->st_ino = (ino_t)node->ino;
	st->st_blksize = 4096;
}

static int stat_file(struct tree *tree, const struct node *node, struct stat *st)
{
	struct stat data;
	int r = store_data_stat(tree->needs.store, node->ino, &data);

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

int tree_entry_of(struct tree *tree, const struct node *node, struct tree_entry *ret_entry)
{
	struct tree_entry entry = {.ino = (uint64_t)node->ino};
	int64_t count;
	int r;

	stat_common(node, &entry.st);
	if (node->kind == NODE_FILE) {
		entry.kind = TREE_FILE;
		r = stat_file(tree, node, &entry.st);
		if (r < 0)
			return r;
	} else {
		entry.st.st_atim = clock_from_ns(node->atime);
		entry.st.st_mtim = clock_from_ns(node->mtime);
		entry.st.st_ctim = clock_from_ns(node->ctime);
	}
	if (node->kind == NODE_RESULT) {
		entry.kind = TREE_RESULT;
		entry.st.st_size = node->size;
		entry.st.st_blocks = (node->size + 511) / 512;
	} else if (node->kind != NODE_FILE) {
		entry.kind = TREE_DIR;
		r = nodes_count(tree->needs.store, node->ino, true, &count);
		if (r < 0)
			return r;
		entry.st.st_nlink = entry.st.st_nlink == 0 ? 0 : (nlink_t)count + 2;
		entry.st.st_size = 4096;
		entry.st.st_blocks = 8;
	}
	*ret_entry = entry;
	return 0;
}

/* Its length is that of its text, its times are the prompt's in the ledger: the prompt's own bytes are not asked about. */
static int shadow_entry(
	struct tree *tree, const struct node *prompt, uint64_t bit, struct tree_entry *ret_entry)
{
	struct tree_entry entry = {.ino = (uint64_t)prompt->ino};
	size_t length = 0;
	CLEANUP_FREE char *text = NULL;
	bool sidecar = prompt->kind == NODE_RESULT;
	int r = 0;

	if (sidecar)
		r = sidecar_text(tree, prompt, &text, &length);
	else if (bit == TREE_STATUS_BIT)
		r = status_size(tree, prompt, &length);
	/* what trusts sizes (sshfs, NFS) reads no more than that: true as soon as the text is known */
	else if (status_wait_text(tree, prompt, &text, &length) < 0)
		length = 0;
	if (r < 0)
		return r;
	stat_common(prompt, &entry.st);
	entry.st.st_atim = entry.st.st_mtim = entry.st.st_ctim = clock_from_ns(prompt->mtime);
	tree_entry_make(&entry, entry.ino | bit,
		sidecar                ? TREE_SIDECAR
		: bit == TREE_STATUS_BIT ? TREE_STATUS
					 : TREE_WAIT,
		length);
	*ret_entry = entry;
	return 0;
}

/* The table of "sets.csv.status". */
static int table_shadow(
	struct tree *tree, int64_t parent, const char *name, size_t length, struct node *ret_table)
{
	char file[256];

	snprintf(file, sizeof(file), "%.*s", (int)length, name);
	if (!prompt_is_table_name(file))
		return 0;
	int r = nodes_find(tree->needs.store, parent, file, ret_table);
	return r == 0 ? sheet_is(tree, ret_table) : (r == -ENOENT ? 0 : r);
}

int tree_shadow(struct tree *tree, int64_t parent, const char *name, struct node *ret_prompt,
	uint64_t *ret_bit)
{
	size_t stem = strlen(name);
	char prompt[256];
	uint64_t bit;

	if (place_has_suffix(name, PLACE_STATUS)) {
		stem -= strlen(PLACE_STATUS);
		bit = TREE_STATUS_BIT;
	} else if (place_has_suffix(name, PLACE_WAIT)) {
		stem -= strlen(PLACE_WAIT);
		bit = TREE_WAIT_BIT;
	} else {
		return 0;
	}
	if (stem + strlen(PLACE_PROMPT) >= sizeof(prompt))
		return 0;
	if (bit == TREE_STATUS_BIT) {
		int found = table_shadow(tree, parent, name, stem, ret_prompt);
		*ret_bit = bit;
		if (found != 0)
			return found;
	}
	snprintf(prompt, sizeof(prompt), "%.*s.txt", (int)stem, name);
	int r = nodes_find(tree->needs.store, parent, prompt, ret_prompt);
	if (r == -ENOENT || (r == 0 && !place_is_prompt(tree->needs.store, ret_prompt)))
		return 0;
	if (r < 0)
		return r;
	*ret_bit = bit;
	return 1;
}

int tree_model_text(struct tree *tree, uint64_t ino, char **ret_text, size_t *ret_length)
{
	CLEANUP_FREE char *refusals = NULL;
	struct node node;
	int r = nodes_get(tree->needs.store, TREE_NODE(ino), &node);

	if (r < 0)
		return r;
	const struct model *model = model_table_find(*tree->needs.models, node.name);
	if ((ino & TREE_ICON_BIT) != 0)
		r = overview_icon(model, ret_text);
	else
		r = model_refusal_tell(tree->needs.store, node.name, model, &refusals);
	if (r == 0 && (ino & TREE_ICON_BIT) == 0)
		r = describe_model(node.name, model, refusals, ret_text);
	if (r == 0)
		*ret_length = strlen(*ret_text);
	return r;
}

static int model_entry(
	struct tree *tree, int64_t dir, uint64_t bit, struct tree_entry *ret_entry)
{
	CLEANUP_FREE char *text = NULL;
	struct node node;
	size_t length;
	int r = nodes_get(tree->needs.store, dir, &node);

	if (r == 0 && node.kind != NODE_MODEL)
		r = -ENOENT;
	if (r == 0)
		r = tree_model_text(tree, (uint64_t)dir | bit, &text, &length);
	if (r == 0)
		r = tree_entry_of(tree, &node, ret_entry);
	if (r < 0)
		return r;
	tree_entry_make(ret_entry, (uint64_t)dir | bit, TREE_MODEL, length);
	return 0;
}

/* DIR/.wait: its text is not there before its end. */
static int wait_below_entry(struct tree *tree, int64_t dir, struct tree_entry *ret_entry)
{
	struct node node;
	int r = nodes_get(tree->needs.store, dir, &node);

	if (r < 0)
		return r;
	if (node.kind != NODE_DIR && node.kind != NODE_MODEL)
		return -ENOENT;
	r = tree_entry_of(tree, &node, ret_entry);
	if (r < 0)
		return r;
	tree_entry_make(ret_entry, (uint64_t)dir | TREE_WAIT_BIT, TREE_WAIT_BELOW, 0);
	return 0;
}

/* A model that is gone from the catalogue stays visible as long as it holds files. */
static bool is_hidden(struct tree *tree, const struct node *node)
{
	int64_t count = 0;

	return node->kind == NODE_MODEL &&
	       model_table_find(*tree->needs.models, node->name) == NULL &&
	       nodes_count(tree->needs.store, node->ino, false, &count) == 0 && count == 0;
}

int tree_lookup(struct tree *tree, uint64_t parent, const char *name, struct tree_entry *ret_entry)
{
	struct node node;
	uint64_t bit;

	if (strlen(name) > 255)
		return -ENAMETOOLONG;
	int r = nodes_find(tree->needs.store, TREE_NODE(parent), name, &node);
	if (r == 0)
		return is_hidden(tree, &node) ? -ENOENT : tree_entry_of(tree, &node, ret_entry);
	if (r != -ENOENT)
		return r;
	if (strcmp(name, PLACE_MODEL) == 0)
		return model_entry(tree, TREE_NODE(parent), TREE_MODEL_BIT, ret_entry);
	if (strcmp(name, PLACE_ICON) == 0)
		return model_entry(tree, TREE_NODE(parent), TREE_ICON_BIT, ret_entry);
	if (strcmp(name, PLACE_WAIT) == 0 && (parent == TREE_ROOT || parent >= TREE_FIRST_FREE))
		return wait_below_entry(tree, TREE_NODE(parent), ret_entry);
	r = tree_shadow(tree, TREE_NODE(parent), name, &node, &bit);
	if (r == 0) {
		r = sidecar_find(tree, TREE_NODE(parent), name, &node);
		bit = TREE_STATUS_BIT;
	}
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return shadow_entry(tree, &node, bit, ret_entry);
}

int tree_get(struct tree *tree, uint64_t ino, struct tree_entry *ret_entry)
{
	uint64_t bit = ino & TREE_BITS;
	struct node node;

	if (bit == TREE_MODEL_BIT || bit == TREE_ICON_BIT)
		return model_entry(tree, TREE_NODE(ino), bit, ret_entry);
	int r = nodes_get(tree->needs.store, TREE_NODE(ino), &node);

	if (r < 0)
		return r;
	if (bit == TREE_WAIT_BIT && node.kind != NODE_FILE)
		return wait_below_entry(tree, node.ino, ret_entry);
	return bit != 0 ? shadow_entry(tree, &node, bit, ret_entry)
			: tree_entry_of(tree, &node, ret_entry);
}

int tree_parent(struct tree *tree, uint64_t ino, uint64_t *ret_parent)
{
	struct node node;
	int r = nodes_get(tree->needs.store, TREE_NODE(ino), &node);

	if (r == 0)
		*ret_parent = node.parent == 0 ? TREE_ROOT : (uint64_t)node.parent;
	return r;
}

struct listing {
	struct tree *tree;
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
static int emit_node(struct tree *tree, const struct node *node, uint64_t cookie,
	int (*emit)(void *arg, const char *name, const struct tree_entry *entry, uint64_t next),
	void *arg)
{
	uint64_t shadow_cookie = (uint64_t)node->ino * 2;
	struct tree_entry entry;
	char name[256 + 8];
	int r;

	if (is_hidden(tree, node))
		return 0;
	size_t stem = cookie < shadow_cookie ? tree_status_stem(tree, node) : 0;
	bool shadow = stem > 0;
	if (shadow)
		snprintf(name, sizeof(name), "%.*s" PLACE_STATUS, (int)stem, node->name);
	else if (cookie < shadow_cookie)
		shadow = sidecar_name(tree, node, name);
	if (shadow) {
		/* a name too long to be looked up is not listed */
		r = strlen(name) > 255 ? -ENAMETOOLONG
				       : shadow_entry(tree, node, TREE_STATUS_BIT, &entry);
		if (r == 0) {
			r = emit(arg, name, &entry, shadow_cookie);
			if (r != 0)
				return r;
		}
	}
	r = tree_entry_of(tree, node, &entry);
	if (r < 0) {
		log_errno(LOG_LEVEL_ERROR, r, "tree: inode %lld is left out of the listing",
			(long long)node->ino);
		return 0;
	}
	return emit(arg, node->name, &entry, shadow_cookie + 1);
}

int tree_list(struct tree *tree, uint64_t dir, uint64_t cookie,
	int (*emit)(void *arg, const char *name, const struct tree_entry *entry, uint64_t next),
	void *arg)
{
	struct listing listing = {.tree = tree};
	/* cookie 2n: the shadow of n was emitted, n itself is next; 2n + 1: n was emitted */
	int64_t after = (int64_t)(cookie / 2) - (cookie != 0 && cookie % 2 == 0 ? 1 : 0);
	int r;

	/* a copy, because emitting looks things up in the same store */
	listing.nodes = malloc(LIST_BATCH * sizeof(*listing.nodes));
	if (listing.nodes == NULL)
		return -ENOMEM;
	do {
		listing.count = 0;
		r = nodes_list(tree->needs.store, TREE_NODE(dir), after, collect, &listing);
		for (size_t i = 0; i < listing.count && r == 0; i++)
			r = emit_node(tree, &listing.nodes[i], cookie, emit, arg);
		if (listing.count > 0)
			after = listing.nodes[listing.count - 1].ino;
	} while (r == 0 && listing.count == LIST_BATCH);
	free(listing.nodes);
	return r < 0 ? r : 0;
}

int tree_status_text(struct tree *tree, uint64_t prompt_ino, char **ret_text, size_t *ret_length)
{
	struct node node;
	int r = nodes_get(tree->needs.store, TREE_NODE(prompt_ino), &node);

	return r < 0 ? r : status_format(tree, &node, ret_text, ret_length);
}

int tree_status_opened(struct tree *tree, uint64_t prompt_ino, char **ret_text, size_t *ret_length)
{
	struct node node;
	int r = nodes_get(tree->needs.store, TREE_NODE(prompt_ino), &node);

	return r < 0 ? r : status_opened(tree, &node, ret_text, ret_length);
}

int tree_wait_text(struct tree *tree, uint64_t prompt_ino, char **ret_text, size_t *ret_length)
{
	struct node node;
	int r = nodes_get(tree->needs.store, TREE_NODE(prompt_ino), &node);

	if (r == 0 && !place_is_prompt(tree->needs.store, &node))
		r = -EIO; /* removed, or no prompt any more: there is no end to wait for */
	return r < 0 ? r : status_wait_text(tree, &node, ret_text, ret_length);
}
