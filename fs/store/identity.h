/* SPDX-License-Identifier: MIT */
#pragma once
/* identity: is this the ledger that was here at the last mount, or a copy of it, or one that was put back from a backup?
 * A copy must not send what the original has sent since (design part 3). Told apart by the machine, by number and
 * birth of the database file, by a count of mounts that the database and the lock file both keep, and by what was sent, which
 * is told by a file that no backup of the state puts back (witness.h). Seen by
 * fs/store alone. */
#include "fs/store/store_private.h"

/* After the database is open. Sets store->hold_up_to. */
int identity_check(struct store *store);
