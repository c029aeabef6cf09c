/* SPDX-License-Identifier: MIT */
#pragma once
/* status: a prompt's job in words: the text of X.status, the lines of X.wait, the user.weryai.* attributes. Reads only. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/store/nodes.h"

struct buf;
struct tree;

enum status_progress {
	STATUS_IDLE, /* nothing was asked for: an empty file, a dry run */
	STATUS_OPEN, /* somebody is writing it */
	STATUS_RUNS, /* comes to an end by itself */
	STATUS_SUCCEEDED,
	STATUS_FAILED /* without results, or it waits for a person */
};

/* `key: value` lines, `state:` first (design 1.3); caller frees. */
int status_format(struct tree *tree, const struct node *prompt, char **ret_text, size_t *ret_length);
/* Names of the results as they are called now, one a line. -EAGAIN: not final yet; -EIO: ended without results, or only a person can
 * make it go on. */
int status_wait_text(
	struct tree *tree, const struct node *prompt, char **ret_text, size_t *ret_length);
/* One attribute without its "user.weryai." prefix; caller frees. -ENODATA: does not apply. */
int status_attribute(struct tree *tree, const struct node *node, const char *name, char **ret_value);
/* Calls visit for each attribute that applies, full name. */
int status_attributes(struct tree *tree, const struct node *node,
	int (*visit)(void *arg, const char *name), void *arg);
/* Is this a prompt, or a table of prompts, or one that may be: something may come of it? */
bool status_is_of(struct tree *tree, const struct node *node);
/* What will come of this prompt, as things are now. */
int status_progress(struct tree *tree, const struct node *prompt, enum status_progress *ret_progress);
/* Adds one line: STATE<TAB>prompt<TAB>result..., by their paths from the directory `dir`, which is above it. */
int status_line(struct tree *tree, const struct node *prompt, int64_t dir, struct buf *text);
