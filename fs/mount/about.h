/* SPDX-License-Identifier: MIT */
#pragma once
/* about: the files of .weryaifs, and two at the root, which are about the mount: names, attributes, texts. They are listed and looked up
 * before the tree's own lost+found; nothing about them can be changed. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/report/gallery.h"
#include "fs/tree/tree.h"

struct account;

enum {
	ABOUT_ROOT_README = 14, /* README.txt and MODELS.txt at the root */
	ABOUT_ROOT_MODELS,
	ABOUT_README,
	ABOUT_MODELS,
	ABOUT_BALANCE,
	ABOUT_STATS,
	ABOUT_STATS_PROM,
	ABOUT_LOG,
	ABOUT_WAIT,
	ABOUT_GALLERY,
	ABOUT_EVENTS,
	ABOUT_SPEND,
	ABOUT_SPEND_CSV,
	ABOUT_END,
	ABOUT_OLDER = 100 /* and the number of a page: older pages of the gallery */
}; /* inode numbers */

static inline bool about_is(uint64_t ino)
{
	return (ino >= ABOUT_ROOT_README && ino < ABOUT_END) ||
	       (ino > ABOUT_OLDER && ino <= ABOUT_OLDER + GALLERY_PAGES_MAX);
}

/* Is it at the root, not in .weryaifs? */
static inline bool about_is_at_root(uint64_t ino)
{
	return ino == ABOUT_ROOT_README || ino == ABOUT_ROOT_MODELS;
}

/* The number of a name in this directory; 0: there is none. */
uint64_t about_find(uint64_t parent, const char *name);
const char *about_name(uint64_t ino);
/* Is it listed? What blocks who reads it is not, so that `grep -r` and `tar` come to an end. */
bool about_is_listed(uint64_t ino);
/* Looks like a status file to the cache: kind TREE_STATUS. */
int about_get(struct account *account, uint64_t ino, struct tree_entry *ret_entry);
/* The size of a balance: that of the latest which is known, 0 none. And the text of one that has just been heard: who was told
 * `told` waits for so many bytes, so what it has become shorter by is line ends; caller frees. Its length, or negative. */
size_t about_balance_length(const struct account *account);
int about_balance_text(double credits, size_t told, char **ret_text);
/* The text as it is now; caller frees. Not for ABOUT_BALANCE, which the service has to be asked for (file_balance.c).
 * -ENOMEM. */
int about_text(struct account *account, uint64_t ino, char **ret_text, size_t *ret_length);

extern const char about_readme[], about_root_readme[];
