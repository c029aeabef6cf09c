/* SPDX-License-Identifier: MIT */
#pragma once
/* path: the paths that prompts write (design 1.4): relative to the prompt's directory, or from the mount's root where
 * they begin with '/'. Walks the names of the tree and nothing else: no file of the host can be meant. */
#include <stdint.h>

#include "fs/store/nodes.h"

struct gen;

/* All but the last name: the directory and the name in it, which need not exist; name "" is the directory itself.
 * -ENOENT: a directory on the way is missing, -ENOTDIR, -EXDEV: it leaves the mount, -ENAMETOOLONG. */
int path_walk(struct gen *gen, int64_t dir, const char *path, int64_t *ret_dir, char ret_name[256]);
/* "/FLUX/posters/fox.txt"; caller frees. */
int path_of(struct gen *gen, const struct node *node, char **ret_path);
