/* SPDX-License-Identifier: MIT */
#pragma once
/* witness: how much this account had sent when it was last looked at, told by a file outside of what a backup of the account puts
 * back: in its cache directory. A ledger that knows of less than its witness is an older copy of itself, although its file has
 * the same number, birth and mounts. Where the file is missing, or is that of another account, nothing is said.
 *
 * Each submission is counted in its own transaction (store_count_sent()); the file follows after the commit (store_note_sent()). Those
 * two are in store.h; what is here is seen by fs/store alone. */
#include <stdbool.h>

struct store;

/* Inside a transaction, when the store is opened. Was more sent than the ledger knows of? */
int witness_compare(struct store *store, bool *ret_behind);
void witness_write(struct store *store); /* a failure is logged: nothing is lost but a warning */
