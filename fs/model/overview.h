/* SPDX-License-Identifier: MIT */
#pragma once
/* overview: all directories on a page, a line each: what makes pictures, what videos, what tools there are, and what each takes.
 * The text of MODELS.txt. And the kind of a directory for file managers: the text of its .directory. */
#include "fs/model/model.h"

/* Caller frees. -ENOMEM. */
int overview_format(const struct model_table *table, char **ret_text);
/* model NULL: the service no longer has it. Caller frees. -ENOMEM. */
int overview_icon(const struct model *model, char **ret_text);
