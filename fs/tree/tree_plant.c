/* SPDX-License-Identifier: MIT */
/* The directories that are always there. */
#include <errno.h>
#include <string.h>

#include "fs/base/clock.h"
#include "fs/model/model.h"
#include "fs/tree/tree_private.h"

static int add_dir(const struct tree_needs *needs, int64_t ino, int64_t parent, const char *name,
	enum node_kind kind)
{
	struct node node = {.ino = ino,
		.parent = parent,
		.kind = kind,
		.mode = S_IFDIR | 0755,
		.uid = needs->uid,
		.gid = needs->gid};

	node.atime = node.mtime = node.ctime = clock_wall_ns();
	node.name_length = strlen(name);
	memcpy(node.name, name, node.name_length + 1);
	return nodes_add(needs->store, &node);
}

static int ensure_dir(const struct tree_needs *needs, int64_t ino, int64_t parent, const char *name,
	enum node_kind kind)
{
	struct node node;
	int r = ino != 0 ? nodes_get(needs->store, ino, &node)
			 : nodes_find(needs->store, parent, name, &node);

	return r == -ENOENT ? add_dir(needs, ino, parent, name, kind) : r;
}

static int ensure_all(struct store *store, void *arg)
{
	const struct tree_needs *needs = arg;
	const struct model_table *models = *needs->models;
	int r = ensure_dir(needs, TREE_ROOT, 0, "", NODE_DIR);

	if (r == 0)
		r = ensure_dir(needs, TREE_ABOUT, TREE_ROOT, ".weryaifs", NODE_DIR);
	if (r == 0)
		r = ensure_dir(needs, TREE_LOST, TREE_ABOUT, "lost+found", NODE_DIR);
	for (size_t i = 0; i < model_table_count(models) && r == 0; i++)
		r = ensure_dir(needs, 0, TREE_ROOT, model_table_at(models, i)->dir, NODE_MODEL);
	return r;
}

/* The fixed directories and one for each model; those of models that are gone stay (tree_look.c hides empty ones). */
int plant(const struct tree_needs *needs)
{
	return store_run(needs->store, false, ensure_all, (void *)needs);
}
