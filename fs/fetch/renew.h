/* SPDX-License-Identifier: MIT */
#pragma once
/* renew: asks the service again where the results of a finished job are, and records the new addresses (API reference
 * 6: how long an address lives is not published). Costs nothing and submits nothing. */
#include <stdint.h>

struct gen;
struct renewal;

/* `done` runs once, from the loop, with 0 (the result rows are new) or a negative errno; then the renewal is gone.
 * -ENOENT: no such job or no tasks. */
int renew_start(struct gen *gen, int64_t job, void (*done)(void *arg, int result), void *arg,
	struct renewal **ret_renewal);
void renew_cancel(struct renewal *renewal); /* NULL is fine */
