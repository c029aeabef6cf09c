/* SPDX-License-Identifier: MIT */
#pragma once
/* live: the models in force follow the live registry: asked for at the start, in the background, and from time to time.
 * Where it is not there, what was in force stays; at the start that is what it said last, kept in the account (known.h). */
#include "fs/account/account.h"

struct live;

int live_create(struct gen *gen, const struct gen_registry *registry, struct live **ret_live);
void live_destroy(struct live *live); /* NULL is fine */
