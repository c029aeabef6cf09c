/* SPDX-License-Identifier: MIT */
#pragma once
/* place: what names and numbers mean before anybody looks at a job: the numbers of the fixed directories, which names are
 * those of prompts, of their shadows and of their results, and the paths that prompts write (design 1.4). Walks the names
 * of the tree and nothing else: no file of the host can be meant. Reads only. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/store/nodes.h"

/* Inode numbers are those of the store's nodes, stable over mounts and never used again; a prompt's shadows have the
 * prompt's number with a high bit set. */
#define TREE_ROOT UINT64_C(1)
#define TREE_ABOUT UINT64_C(2) /* .weryaifs */
#define TREE_LOST UINT64_C(3)  /* .weryaifs/lost+found */
#define TREE_FIRST_FREE UINT64_C(1000) /* numbers below are for fixed files */
#define TREE_STATUS_BIT (UINT64_C(1) << 62)
#define TREE_WAIT_BIT (UINT64_C(1) << 61)
#define TREE_MODEL_BIT (UINT64_C(1) << 59) /* the .model of a model's directory: found, never listed */
#define TREE_GALLERY_BIT (UINT64_C(1) << 58) /* the .gallery.html of a directory: found, never listed */
#define TREE_ICON_BIT (UINT64_C(1) << 57) /* the .directory of a model's directory: found, never listed */
#define VIEW_BIT (UINT64_C(1) << 56) /* of what is below by-date, by-state and by-model (fs/report/views.h); no node's */
#define TREE_BITS (TREE_STATUS_BIT | TREE_WAIT_BIT | TREE_MODEL_BIT | TREE_GALLERY_BIT | TREE_ICON_BIT)
_Static_assert((TREE_BITS & VIEW_BIT) == 0, "a number is of one kind");
#define TREE_NODE(ino) ((int64_t)((ino) & ~TREE_BITS))

#define PLACE_PROMPT ".txt"
#define PLACE_STATUS ".status"
#define PLACE_WAIT ".wait"
#define PLACE_SIDECAR ".json" /* of a result, where they are wished for; else any file's */
#define PLACE_MODEL ".model"
#define PLACE_ICON ".directory"
#define PLACE_GALLERY ".gallery.html"

/* Is this node a prompt: a file with a prompt's name, below a model's directory, and in none that belongs to a tool? */
bool place_is_prompt(struct store *store, const struct node *node);
/* May this node be a table of prompts (fs/prompt/prompt_table.h), by its name and place? What it says decides. */
bool place_is_table(struct store *store, const struct node *node);
/* Is it looked at when it has settled: one of the two? */
bool place_is_examined(struct store *store, const struct node *node);
/* Are prompts in this directory ones? *ret_top: the model's directory. */
bool place_has_prompts(struct store *store, int64_t dir, int64_t *ret_top);
/* "fox" of "fox.txt", which has to be a prompt's name. */
void place_stem(const char *name, char stem[256]);
/* "fox.status", in the quotes that a shell needs, for a line that a person pastes. */
#define PLACE_WORD 320
void place_status_word(const char *stem, char word[PLACE_WORD]);
bool place_has_suffix(const char *name, const char *suffix);
/* Would this name be that of a shadow? */
bool place_is_shadow_name(const char *name);
/* Is this a name that results of STEM are given, STEM.EXT, STEM-N.EXT or STEM.N.EXT? Else a person has chosen it. */
bool place_is_result_name(const char *name, const char *stem, size_t length);

/* Is this a numbered backup of such a result, STEM.~1~.EXT? */
bool place_is_backup_name(const char *name, const char *stem);

/* The directory under the root that holds `ino`: a model's, or TREE_ABOUT. */
int place_top(struct store *store, int64_t ino, int64_t *ret_top);
/* All but the last name: the directory and the name in it, which need not exist; name "" is the directory itself.
 * -ENOENT: a directory on the way is missing, -ENOTDIR, -EXDEV: it leaves the mount, -ENAMETOOLONG. */
int place_walk(
	struct store *store, int64_t dir, const char *path, int64_t *ret_dir, char ret_name[256]);
/* The path of the place (fs/store/places.h) of a prompt: "/FLUX/posters/fox". The caller frees. */
int place_of(struct store *store, int64_t dir, const char *stem, char **ret_path);
/* "/FLUX/posters/fox.txt"; caller frees. */
int place_path(struct store *store, const struct node *node, char **ret_path);
