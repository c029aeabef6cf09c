/* SPDX-License-Identifier: MIT */
#pragma once
/* status_size: how long the text of X.status is. `ls -l` asks for it twice: in the listing, and by name. While nothing changes in
 * the ledger, and nothing is told of, the text of a job that has ended is not made a second time for that. And who opens it has
 * looked it up just before: what was made for its size then is what is read. */
#include <stddef.h>

#include "fs/store/nodes.h"

struct status_sizes;
struct tree;
struct tree_needs;

struct status_sizes *status_sizes_create(const struct tree_needs *needs); /* NULL: out of memory */
void status_sizes_destroy(struct status_sizes *sizes); /* NULL is fine */
/* Errors: those of status_format(). */
int status_size(struct tree *tree, const struct node *prompt, size_t *ret_length);
/* Its text, for who opens it. Errors: those of status_format(). The caller frees it. */
int status_opened(struct tree *tree, const struct node *prompt, char **ret_text, size_t *ret_length);
