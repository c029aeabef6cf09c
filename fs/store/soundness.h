/* SPDX-License-Identifier: MIT */
#pragma once
/* soundness: how far the database may be believed without reading it whole, which takes some seconds for each gigabyte. A process that
 * dies takes no page along, a machine that dies may. What was left is noted in the lock file, behind the count of mounts.
 * Seen by fs/store alone. */
#include "fs/store/db.h"

struct store;

/* *ret_untouched: it and data/ are as a mount has left them when it ended. */
enum db_reading soundness_of(const struct store *store, bool *ret_untouched);
/* Before the first change of a mount, so that no change is older than this. 0 or a negative errno. */
int soundness_opened(const struct store *store);
/* When the database is closed: nothing is written any more. */
void soundness_closed(const struct store *store);
/* Damage was seen: the next mount reads all of it, and refuses it if that is so. */
void soundness_doubted(struct store *store);
