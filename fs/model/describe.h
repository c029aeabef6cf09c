/* SPDX-License-Identifier: MIT */
#pragma once
/* describe: what a directory makes and takes, in words, with an example: the text of its .model. */
#include "fs/model/model.h"

/* model NULL: the service no longer has it. `note`: lines about it that are worth knowing first; NULL none. Caller frees.
 * -ENOMEM. */
int describe_model(const char *dir, const struct model *model, const char *note, char **ret_text);
