/* SPDX-License-Identifier: MIT */
#pragma once
/* waiting: jobs whose inputs are not all there (design 1.4). Looks at them again whenever something has changed, fixes
 * the request when the last one is there, and tells circles.
 *
 * A job whose input is missing or has failed is INVALID, but stays open in the ledger: it goes on by itself when that
 * changes. What it waits for is found anew each time, so that nothing but the prompt's own text has to be remembered. */
#include <stdbool.h>

#include "fs/job/job.h"

struct gen;
struct waiting;

int waiting_create(struct gen *gen, struct waiting **ret_waiting);
void waiting_destroy(struct waiting *waiting); /* NULL is fine */
/* Something that a job may wait for has changed. Cheap; the looking is done from the loop, many changes at once. */
void waiting_recheck(struct gen *gen);
/* A job of the queue in WAITING, or INVALID and open. 0, or -ENOMEM: it stays as it is until the next mount. */
int waiting_adopt(struct gen *gen, struct job *job);
void inputs_destroy(struct inputs *inputs); /* NULL is fine */
