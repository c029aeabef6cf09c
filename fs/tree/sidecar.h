/* SPDX-License-Identifier: MIT */
#pragma once
/* sidecar: X.json beside a result X.EXT (`sidecar = yes`): what was asked for and what was answered, as one JSON object. Made of the job
 * and never stored; its number is the result's with TREE_STATUS_BIT, which no result has otherwise. A file of the user's of that name
 * is shown instead. Of several results with one stem (a song, its words, its cover) the first of media_type() has it. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/store/nodes.h"

struct tree;

/* Whose is this name? 1, 0: nobody's, or an error. */
int sidecar_find(struct tree *tree, int64_t dir, const char *name, struct node *ret_result);
/* The name of a result's own; false: it has none. */
bool sidecar_name(struct tree *tree, const struct node *node, char name[256]);
int sidecar_text(struct tree *tree, const struct node *result, char **ret_text, size_t *ret_length); /* the caller frees */
/* For who knows names and numbers: is this name one? What is that of this result called; false: it has none. */
bool sidecar_is(struct tree *tree, uint64_t parent, const char *name);
bool sidecar_of(struct tree *tree, uint64_t parent, const char *name, char sidecar[256]);
int sidecar_text_of(struct tree *tree, uint64_t ino, char **ret_text, size_t *ret_length);
/* Does somebody write such a text, or the beginning of one, as a copy or a restore does? */
bool sidecar_is_copy(const char *text, size_t length);
