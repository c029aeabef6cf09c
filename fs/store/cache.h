/* SPDX-License-Identifier: MIT */
#pragma once
/* cache: the bytes of results on disk: one sparse file an inode, and which of its bytes are present.
 *
 * Invariant: the map never claims a byte that is not in the file: data is written before the map, and a map that was
 * saved in an earlier boot of the machine counts only when it was saved as synced (cache_sync_all() at a clean end),
 * since the kernel may have lost the data with the power.
 * Ownership: a cache_file belongs to its opener. Maps are saved together by cache_flush(), also those of files that were
 * closed meanwhile: what a crash loses of them is fetched again.
 * A cache that cannot be opened, was removed or has something else in it, holds nothing: writing to it fails, all else goes on.
 * Errors: those of store.h; -EIO a file that was changed behind our back. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;
struct cache_file;

/* SQL is parsed when it is first used: not while the first reader waits. */
int cache_prepare(struct store *store);
/* Makes no file yet: that comes with the first byte. Does not look at the disk either: what was removed there is found missing when
 * it is read. After that has happened once, somebody has emptied the cache: then each is looked at before it counts as here. */
int cache_file_open(struct store *store, int64_t ino, struct cache_file **ret_file);
void cache_file_close(struct cache_file *file); /* NULL is fine */
/* Looks at the disk: where the bytes are not there any more, none is present. */
void cache_file_check(struct cache_file *file);
/* Data, then the map in memory. After an error the range counts as absent. */
int cache_file_write(struct cache_file *file, int64_t offset, const void *data, size_t length);
/* Exactly `length` bytes, all present (assert), or an error. */
int cache_file_read(struct cache_file *file, int64_t offset, void *data, size_t length);
/* The same without waiting. -EAGAIN: they do not lie in memory: cache_io.h. */
int cache_file_read_now(struct cache_file *file, int64_t offset, void *data, size_t length);
/* Writing by somebody else, on cache_file_fd(): what is held stays open; then these bytes are in the file. */
void cache_file_hold(struct cache_file *file);
void cache_file_release(struct cache_file *file);
int cache_file_note(struct cache_file *file, int64_t offset, size_t length);
/* As ranges.h. */
int64_t cache_file_run_end(struct cache_file *file, int64_t offset);
int64_t cache_file_next_start(const struct cache_file *file, int64_t offset);
int cache_file_fd(struct cache_file *file); /* borrowed; or a negative errno where there is no making it */
/* It is being read. */
void cache_file_touch(struct cache_file *file);
/* Makes all maps survive the process. Runs its own transaction. */
int cache_flush(struct store *store);
/* Forgets every byte, in memory: what was read back is not to be trusted. */
void cache_file_forget(struct cache_file *file);
/* Forgets every byte: the file at the other end turned out to be a different one. */
int cache_file_reset(struct cache_file *file);
/* The result is gone: removes file and map. Runs inside the caller's transaction. */
int cache_remove(struct store *store, int64_t ino);
/* Where a walk over the cache is: behind this file. Starts as {0}. */
struct cache_place {
	int64_t used, ino;
};

#define CACHE_EVICT_MAX 16

/* 0 to go on, > 0 to stop. */
typedef int (*cache_visit)(void *arg, int64_t ino, int64_t bytes);

/* Cached files from the one not read for the longest time on, behind `place`, which moves along. */
int cache_list(struct store *store, struct cache_place *place, cache_visit visit, void *arg);
/* Forgets the bytes of files that are not open, CACHE_EVICT_MAX at most. Runs its own transaction. */
int cache_evict(struct store *store, const int64_t *inos, size_t count);
int cache_total(struct store *store, int64_t *ret_bytes);
/* At a clean end: waits for the disk, two seconds at most, and marks the maps of what has reached it as synced. The
 * rest is as safe as before: a power loss in this boot means fetching it again. */
int cache_sync_all(struct store *store);
