/* SPDX-License-Identifier: MIT */
#pragma once
/* caption: does a text describe a picture, film or sound that lies beside it, as in a data set (design 1.1)? Then it is no wish. */
#include <stdbool.h>

#include "fs/store/nodes.h"

struct store;

/* Is there a file of the user's with the prompt's stem that is no result of this account? */
int caption_is(struct store *store, const struct node *prompt, bool *ret_caption);
