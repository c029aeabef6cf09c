/* SPDX-License-Identifier: MIT */
#pragma once
/* liveness: does an address still give its file? How long addresses live is not published (API reference 6), and a request
 * with a dead one is refused. Asks for one byte; what was found holds for some minutes. */
#include <stdint.h>

#include "fs/input/inputs.h"

struct liveness;

/* `needs` is borrowed. `changed` runs when an address is known that was being asked about. */
int liveness_create(const struct inputs_needs *needs, void (*changed)(void *arg), void *arg,
	struct liveness **ret_liveness);
void liveness_destroy(struct liveness *liveness); /* NULL is fine */
/* 1: it does, as far as can be told. 0: being asked; `changed` runs when it is known. -ESTALE: it does not.
 * -ENOMEM. job != 0: the task of that job is asked for a new address before -ESTALE is said, and its result rows may
 * change meanwhile. */
int liveness_ask(struct liveness *liveness, const char *url, int64_t job);
