/* SPDX-License-Identifier: MIT */
#pragma once
/* gallery: the page of what was made in the whole mount, or in one directory and below: results, and prompts that failed.
 *
 * A page shows so many of them, newest first, that making it keeps nobody waiting; older ones are on further pages of the mount's
 * gallery: each goes on behind the last item of the one before it as that was last made, so that who turns the pages misses none and sees
 * none twice; one whose forerunner was not made since the mount, or begins elsewhere now, counts from the newest. The page that was made last is kept until something changes in the ledger, so that its size, which is asked first, is
 * that of the text that is then read.
 * Ownership: store and tree are borrowed. Loop thread only. */
#include <stddef.h>
#include <stdint.h>

struct galleries;
struct store;
struct tree;

#define GALLERY_PAGES_MAX 800

int galleries_create(struct store *store, struct tree *tree, struct galleries **ret_galleries);
void galleries_destroy(struct galleries *galleries); /* NULL is fine */
/* dir 0: the whole mount, page 1 the newest; links are as from .weryaifs, else from the directory. The text belongs to the galleries, until
 * the next call. -ENOENT: there is nothing on this page. */
int galleries_page(
	struct galleries *galleries, int64_t dir, unsigned page, const char **ret_text, size_t *ret_length);
