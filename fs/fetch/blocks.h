/* SPDX-License-Identifier: MIT */
#pragma once
/* blocks: bytes of results that have just come, in memory, until they were read: what is read while it arrives needs no
 * disk. One pool for all results bounds the memory: beyond it the block that was not looked at for the longest time goes,
 * whose bytes are on disk, or are fetched again.
 *
 * Ownership: blocks belong to the pool; one that is being filled stays until block_fill_done(). */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/base/list.h"
#include "fs/store/cache_io.h"

struct fetch;

#define BLOCK_BYTES (512 * 1024) /* the kernel's reads, which are aligned like these, lie in one */
#define BLOCKS_MAX 48            /* of all results; those being filled may be more */

struct block {
	struct list link; /* of the result's list */
	struct list age;  /* block_pool.used, the oldest first, or block_pool.spare */
	int64_t start;
	size_t length, room;
	bool filling;
	unsigned holds;        /* by those who read its bytes on another thread */
	struct cache_io io;    /* its way to disk, or from there, like the next two */
	struct fetch *fetch; /* borrowed; NULL: closed meanwhile */
	struct block_pool *pool;
	char data[BLOCK_BYTES];
};

struct block_pool;

int block_pool_create(struct block_pool **ret_pool);
void block_pool_destroy(struct block_pool *pool); /* NULL is fine; every list must be empty */
/* A new block for [start, end) at most, in `list`; it ends where multiples of BLOCK_BYTES are. NULL: out of memory. */
struct block *block_take(struct block_pool *pool, struct list *list, int64_t start, int64_t end);
/* It is full, or will not be any more. */
void block_fill_done(struct block_pool *pool, struct block *block);
/* The block with the byte at `offset`, borrowed until the next call unless it is held; NULL: it is not here. */
struct block *block_find(struct block_pool *pool, struct list *list, int64_t offset);
/* Its bytes stay until block_release(). */
void block_hold(struct block *block);
void block_release(struct block *block);
/* The same without counting as a look. 0: none. */
size_t block_length_at(const struct list *list, int64_t offset);
/* The start of the first block behind offset; INT64_MAX none. */
int64_t block_next_start(const struct list *list, int64_t offset);
/* What lies whole within [start, end) has been read. */
void block_drop_between(struct block_pool *pool, struct list *list, int64_t start, int64_t end);
/* Those that are held go with the last hold. */
void block_drop_all(struct block_pool *pool, struct list *list);
