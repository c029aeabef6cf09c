/* SPDX-License-Identifier: MIT */
#pragma once
/* tree_private: what tree.c, tree_change.c and tree_xattr.c share. */
#include "fs/gen/tree.h"
#include "fs/store/nodes.h"

struct gen;

#define NS_PER_S INT64_C(1000000000)

static inline struct timespec tree_time(int64_t ns)
{
	return (struct timespec){.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
}

static inline int64_t tree_ns(const struct timespec *time)
{
	return (int64_t)time->tv_sec * NS_PER_S + time->tv_nsec;
}

int tree_entry_of(struct gen *gen, const struct node *node, struct tree_entry *ret_entry);
/* The node of a shadow name ("X.status", "X.wait") when its prompt is there: 1 and the bit, else 0, or an error. */
int tree_shadow(struct gen *gen, int64_t parent, const char *name, struct node *ret_prompt, uint64_t *ret_bit);
/* Is this node a prompt: a file with a prompt's name (it is in a model's directory, since files are nowhere else)? */
bool tree_is_prompt(const struct node *node);
/* The directory under the root that holds `ino`: a model's, or TREE_ABOUT. */
int tree_top(struct gen *gen, int64_t ino, int64_t *ret_top);
