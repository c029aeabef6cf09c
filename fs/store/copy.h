/* SPDX-License-Identifier: MIT */
#pragma once
/* copy: two older copies of the ledger beside it, weryaifs.db.1 and .2, since what was bought stands nowhere else. One a day,
 * made while the mount works: some pages at a time (https://www.sqlite.org/backup.html), read whole and put on the disk by a thread.
 * So the database is looked at every day, as a mount that begins does not: damage is said, and the copies stay. One that is
 * put back is an account that was put back: identity.h holds what may have been sent since.
 *
 * Thread: loop thread only. Errors are logged, and tried again an hour later. */
#include <stdint.h>

struct ledger_copy;
struct loop;
struct store;
struct worker;

/* `worker`: one of its own, a large ledger takes minutes. */
int ledger_copy_create(
	struct loop *loop, struct worker *worker, struct store *store, struct ledger_copy **ret_copy);
/* Before the store and the worker; one that is not complete is dropped. NULL is fine. */
void ledger_copy_destroy(struct ledger_copy *copy);
/* How old the newest copy is, in ms; -1: there is none. */
int64_t ledger_copy_age(const struct store *store);
