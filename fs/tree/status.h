/* SPDX-License-Identifier: MIT */
#pragma once
/* status: a prompt's job in words: the text of X.status, the lines of X.wait, the user.weryai.* attributes. Reads only. */
#include <stddef.h>
#include <stdint.h>

#include "fs/store/nodes.h"

struct tree;

/* `key: value` lines, `state:` first (design 1.3); caller frees. */
int status_format(struct tree *tree, const struct node *prompt, char **ret_text, size_t *ret_length);
/* Names of the results as they are called now, one a line. -EAGAIN: not final yet; -EIO: ended without results. */
int status_wait_text(
	struct tree *tree, const struct node *prompt, char **ret_text, size_t *ret_length);
/* One attribute without its "user.weryai." prefix; caller frees. -ENODATA: does not apply. */
int status_attribute(struct tree *tree, const struct node *node, const char *name, char **ret_value);
/* Calls visit for each attribute that applies, full name. */
int status_attributes(struct tree *tree, const struct node *node,
	int (*visit)(void *arg, const char *name), void *arg);
