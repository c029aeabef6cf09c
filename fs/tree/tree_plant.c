/* SPDX-License-Identifier: MIT */
/* The directories that are always there. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/clock.h"
#include "fs/job/changes.h"
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

static int ensure_dir(const struct tree_needs *needs, int64_t ino, int64_t parent, const char *name)
{
	struct node node;
	int r = nodes_get(needs->store, ino, &node);

	return r == -ENOENT ? add_dir(needs, ino, parent, name, NODE_DIR) : r;
}

struct planting {
	const struct tree_needs *needs; /* borrowed */
	bool *is_new;			/* owned; one for each model */
};

static int ensure_all(struct store *store, void *arg)
{
	const struct planting *planting = arg;
	const struct tree_needs *needs = planting->needs;
	const struct model_table *models = *needs->models;
	bool any = false;
	int r = ensure_dir(needs, TREE_ROOT, 0, "");

	if (r == 0)
		r = ensure_dir(needs, TREE_ABOUT, TREE_ROOT, ".weryaifs");
	if (r == 0)
		r = ensure_dir(needs, TREE_LOST, TREE_ABOUT, "lost+found");
	for (size_t i = 0; i < model_table_count(models) && r >= 0; i++) {
		const char *dir = model_table_at(models, i)->dir;
		struct node node;
		r = nodes_find(store, TREE_ROOT, dir, &node);
		planting->is_new[i] = r == -ENOENT;
		if (r == -ENOENT)
			r = add_dir(needs, 0, TREE_ROOT, dir, NODE_MODEL);
		any = any || planting->is_new[i];
	}
	return r == 0 && any ? nodes_touch(store, TREE_ROOT, clock_wall_ns()) : r;
}

/* The fixed directories and one for each model; those of models that are gone stay (tree_look.c hides empty ones). */
int plant(const struct tree_needs *needs)
{
	const struct model_table *models = *needs->models;
	struct planting planting = {.needs = needs};

	planting.is_new = calloc(model_table_count(models) + 1, sizeof(*planting.is_new));
	int r = planting.is_new == NULL ? -ENOMEM
					: store_run(needs->store, false, ensure_all, &planting);
	for (size_t i = 0; i < model_table_count(models) && r == 0; i++)
		if (planting.is_new[i])
			changes_tell_name(needs->changes, CHANGES_DIRECTORY_MADE, TREE_ROOT,
				model_table_at(models, i)->dir);
	free(planting.is_new);
	return r;
}
