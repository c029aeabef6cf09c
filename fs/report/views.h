/* SPDX-License-Identifier: MIT */
#pragma once
/* views: what was made by its day, by its model, and prompts by their state (design 1.6): directories below .weryaifs whose entries are
 * symbolic links to the files. Nothing of them is stored: a directory is a number with VIEW_BIT, a link is that of its file, and a
 * listing asks an index of the store for some hundreds at a time.
 *
 *   by-date/2026/11/27/fox.1234.png -> ../../../../../FLUX/fox.png      by-state/FAILED/fox.1233.txt      by-model/FLUX/fox.1234.png
 *
 * The number in a name is the file's, so that each is another one. Ownership: needs are borrowed. Reads only. */
#include <stdbool.h>
#include <stdint.h>

#include "fs/tree/tree.h"

struct views_needs {
	struct store *store;
	struct tree *tree;
};

static inline bool views_is(uint64_t ino)
{
	return (ino & VIEW_BIT) != 0;
}

/* In TREE_ABOUT or in a view. -ENOENT. */
int views_lookup(const struct views_needs *needs, uint64_t parent, const char *name, struct tree_entry *ret_entry);
int views_get(const struct views_needs *needs, uint64_t ino, struct tree_entry *ret_entry);
uint64_t views_parent(uint64_t ino);
/* As tree_list(); of TREE_ABOUT it lists the three views. */
int views_list(const struct views_needs *needs, uint64_t dir, uint64_t cookie,
	int (*emit)(void *arg, const char *name, const struct tree_entry *entry, uint64_t next), void *arg);
/* Where a link leads; the caller frees. -EINVAL: it is none. */
int views_target(const struct views_needs *needs, uint64_t ino, char **ret_target);
