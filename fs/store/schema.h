/* SPDX-License-Identifier: MIT */
#pragma once
/* schema: the tables of the account's database, as the steps by which they came to be. Its version is
 * `PRAGMA user_version`. Seen by fs/store alone. */
#include <stdint.h>

int64_t schema_version(void); /* what this program writes */
/* The SQL that leads from `version` - 1 to `version`; 0 is an empty database. */
const char *schema_step(int64_t version);
