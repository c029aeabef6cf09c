/* SPDX-License-Identifier: MIT */
#include "fs/job/place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/account/account_private.h"
#include "fs/tree/tree.h"

#define DEPTH_MAX 4096 /* directories above a name: more is a damaged tree */

static int go_up(struct gen *gen, int64_t *dir)
{
	struct node node;

	if (*dir == (int64_t)TREE_ROOT)
		return -EXDEV;
	int r = nodes_get(gen->store, *dir, &node);
	if (r == 0)
		*dir = node.parent == 0 ? (int64_t)TREE_ROOT : node.parent;
	return r;
}

static int go_down(struct gen *gen, int64_t *dir, const char *name)
{
	struct node node;
	int r = nodes_find(gen->store, *dir, name, &node);

	if (r < 0)
		return r;
	if (node.kind != NODE_DIR && node.kind != NODE_MODEL)
		return -ENOTDIR;
	*dir = node.ino;
	return 0;
}

static int step(struct gen *gen, int64_t *dir, const char *name)
{
	if (name[0] == '\0' || strcmp(name, ".") == 0)
		return 0;
	return strcmp(name, "..") == 0 ? go_up(gen, dir) : go_down(gen, dir, name);
}

int path_walk(struct gen *gen, int64_t dir, const char *path, int64_t *ret_dir, char ret_name[256])
{
	char name[256];
	int r = 0;

	if (*path == '/')
		dir = (int64_t)TREE_ROOT;
	for (const char *next = path;; path = next + 1) {
		next = strchrnul(path, '/');
		size_t length = (size_t)(next - path);
		if (length > 255)
			return -ENAMETOOLONG;
		memcpy(name, path, length);
		name[length] = '\0';
		if (*next == '\0')
			break;
		r = step(gen, &dir, name);
		if (r < 0)
			return r;
	}
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
		r = step(gen, &dir, name);
		name[0] = '\0';
	}
	*ret_dir = dir;
	memcpy(ret_name, name, sizeof(name));
	return r;
}

int path_of(struct gen *gen, const struct node *node, char **ret_path)
{
	struct node at = *node;
	CLEANUP_FREE char *path = strdup("");

	for (int depth = 0; path != NULL && depth < DEPTH_MAX; depth++) {
		char *longer;
		if (asprintf(&longer, "/%s%s", at.name, path) < 0)
			longer = NULL;
		free(path);
		path = longer;
		if (at.parent == (int64_t)TREE_ROOT || at.parent == 0)
			break;
		int r = nodes_get(gen->store, at.parent, &at);
		if (r < 0)
			return r;
	}
	if (path == NULL)
		return -ENOMEM;
	*ret_path = steal(&path);
	return 0;
}
