/* SPDX-License-Identifier: MIT */
#pragma once
/* callback: tells the webhooks of tasks that they have ended: one POST a task, with the answer that a question about it
 * would get (API reference 8). To this machine alone, http://127.A.B.C or http://localhost, so that no test and no
 * trial ever talks to the outside; a webhook elsewhere is never called.
 *
 * Threads: any; the calls are made by a thread of its own, one after the other. */
#include "tests/sandbox/request.h"

struct callbacks;
struct callbacks *callbacks_create(struct sandbox *sandbox);
/* What was not called yet never is. NULL is fine. */
void callbacks_destroy(struct callbacks *callbacks);

/* To be called when the task has ended; nothing where it has no webhook. */
void callbacks_add(struct callbacks *callbacks, const struct task *task);
