/* SPDX-License-Identifier: MIT */
#pragma once
/* status_sheet: what status.h says, of a file that is a table of prompts. */
#include <stdbool.h>

#include "fs/tree/status.h"

/* Is it known as a table, so that it has a status? */
bool sheet_is(struct tree *tree, const struct node *node);
/* After the commit: with the table its status is gone. */
void sheet_tell_gone(struct tree *tree, const struct node *node);
int sheet_format(struct tree *tree, const struct node *node, char **ret_text, size_t *ret_length);
int sheet_progress(struct tree *tree, const struct node *node, enum status_progress *ret_progress);
/* Nothing, where its rows have lines of their own. */
int sheet_line(struct tree *tree, const struct node *node, int64_t dir, struct buf *text);
