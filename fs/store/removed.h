/* SPDX-License-Identifier: MIT */
#pragma once
/* removed: results that their users have removed, and whose bytes are whole in the cache. They stay there, so that whoever asks for them again
 * has them whatever the service still has; after a day they are the first to go (design 1.5).
 *
 * A row is there from the removal until the result has a file again or its bytes go (cache.h). The inode number is that of the file, which
 * gets it back, since the cache knows the bytes by it. What such a result was is told by results_find_removed(). Changes run inside the
 * caller's transaction. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

/* The file of this result is removed now. */
int removed_note(struct store *store, int64_t ino, int64_t now);
/* May its bytes go with the inode? Not those that are whole, of a result that may be asked for again. */
int removed_is_kept(struct store *store, int64_t ino, bool *ret_kept);
/* What this result was when it was removed: whole in the cache, and nobody has it open any more. -ENOENT: it is not there. */
int removed_find(struct store *store, int64_t job, int64_t seq, int64_t *ret_ino, int64_t *ret_size);
/* Those that were removed before this time and that nobody has open, the first ones first, `max` at most. */
int removed_list(struct store *store, int64_t before, int64_t *ret_inos, size_t max, size_t *ret_count);
