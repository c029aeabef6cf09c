/* SPDX-License-Identifier: MIT */
#pragma once
/* renew: asks the service again where the results of a finished job are, and records the new addresses (API reference
 * 6: how long an address lives is not published). Costs nothing and submits nothing. */
#include <stdbool.h>
#include <stdint.h>

#include "fs/store/jobs.h"

struct api_client;
struct renewal;
struct store;

/* The address of a result that the service has told; one that is not fetched is RESULT_REFUSED, else *kind stays. */
const char *result_address(const char *told, enum result_kind *kind);
/* Does this HTTP status say that the address is dead? Then a new one is to be asked for. */
bool renew_is_due(int status);

/* `done` runs once, from the loop, with 0 (the result rows are new) or a negative errno; then the renewal is gone.
 * -ENOENT: no such job or no tasks. */
int renew_start(struct store *store, struct api_client *api, int64_t job, void (*done)(void *arg, int result), void *arg,
	struct renewal **ret_renewal);
void renew_cancel(struct renewal *renewal); /* NULL is fine */
