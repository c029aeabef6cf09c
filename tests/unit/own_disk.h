/* SPDX-License-Identifier: MIT */
#pragma once
/* own_disk: a disk of the test's own: fails when it is told to, and tells what was synced. It takes the place of the calls
 * of libc in the whole program, SQLite included, so that nothing needs to know of it. Also keeps the one record of
 * what has happened in which order: "sync data/1001", "sync weryaifs.db-wal", "POST …" (own_http). */
#include <stdbool.h>

void own_disk_reset(void);
/* From now on writes to, or syncs of, files whose path ends in `suffix` (or contains it) fail with this errno; 0: no more. */
void own_disk_fail_writes(const char *part, int error);
void own_disk_fail_syncs(const char *part, int error);
/* So many writes, or syncs, are let through first. */
void own_disk_spare(int count);
/* Reads, or writes, of files whose path contains it do not come back until NULL is said. */
void own_disk_hang_reads(const char *part);
void own_disk_hang_writes(const char *part);
/* No room for the database until the reserve was given up. */
void own_disk_fill(void);

/* One line of the record. */
void record(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *recorded(void); /* all lines so far, each with its line feed */
void record_clear(void);
/* Both were recorded, and the last `first` before the first `then`. */
bool recorded_before(const char *first, const char *then);
