/* SPDX-License-Identifier: MIT */
#include "fs/fetch/blocks.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fs/base/compat.h"

#define FIRST_POPULATED ((size_t)64 * 1024)
#define SPARE_MAX                                                                                  \
	32 /* free blocks that are kept: getting new memory takes longer than filling it */

struct block_pool {
	struct list used;  /* block.age */
	struct list spare; /* block.age, owned */
	size_t used_count, spare_count;
};

/* All at once: a fault for each page takes longer than filling it. Where the kernel cannot (Linux before 5.14) they
 * come one by one. */
static void populate(struct block *block, size_t length)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = (uintptr_t)block,
		  end = (uintptr_t)(block->data + length);

	start -= start % page;
	madvise((void *)start, end - start, MADV_POPULATE_WRITE);
}

static struct block *block_new(size_t populated)
{
	struct block *block = malloc(sizeof(*block));

	if (block == NULL)
		return NULL;
	list_init(&block->age);
	populate(block, populated);
	return block;
}

int block_pool_create(struct block_pool **ret_pool)
{
	struct block_pool *pool = calloc(1, sizeof(*pool));

	if (pool == NULL)
		return -ENOMEM;
	list_init(&pool->used);
	list_init(&pool->spare);
	/* the first reader does not wait for memory */
	struct block *block = block_new(FIRST_POPULATED);
	if (block == NULL) {
		free(pool);
		return -ENOMEM;
	}
	list_append(&pool->spare, &block->age);
	pool->spare_count = 1;
	*ret_pool = pool;
	return 0;
}

void block_pool_destroy(struct block_pool *pool)
{
	if (pool == NULL)
		return;
	assert(list_empty(&pool->used));
	while (!list_empty(&pool->spare)) {
		struct block *block = list_entry(pool->spare.next, struct block, age);
		list_remove(&block->age);
		free(block);
	}
	free(pool);
}

static void block_drop(struct block_pool *pool, struct block *block)
{
	list_remove(&block->link);
	if (block->holds > 0)
		return;
	list_remove(&block->age);
	pool->used_count--;
	if (pool->spare_count < SPARE_MAX) {
		list_append(&pool->spare, &block->age);
		pool->spare_count++;
	} else {
		free(block);
	}
}

static void drop_oldest(struct block_pool *pool)
{
	struct list *item;

	list_for_each(item, &pool->used)
	{
		struct block *block = list_entry(item, struct block, age);
		if (!block->filling && block->holds == 0) {
			block_drop(pool, block);
			return;
		}
	}
}

struct block *block_take(struct block_pool *pool, struct list *list, int64_t start, int64_t end)
{
	int64_t limit = (start / BLOCK_BYTES + 1) * BLOCK_BYTES;
	struct block *block;

	assert(start >= 0 && start < end);
	if (limit > end)
		limit = end;
	if (pool->used_count >= BLOCKS_MAX)
		drop_oldest(pool);
	if (!list_empty(&pool->spare)) {
		/* the last one in is the one that is still in the processor's cache */
		block = list_entry(pool->spare.prev, struct block, age);
		list_remove(&block->age);
		pool->spare_count--;
	} else {
		block = block_new((size_t)(limit - start));
		if (block == NULL)
			return NULL;
	}
	list_init(&block->link);
	block->start = start;
	block->length = 0;
	block->room = (size_t)(limit - start);
	block->filling = true;
	block->holds = 0;
	block->pool = pool;
	block->fetch = NULL;
	list_append(list, &block->link);
	list_append(&pool->used, &block->age);
	pool->used_count++;
	return block;
}

void block_fill_done(struct block_pool *pool, struct block *block)
{
	block->filling = false;
	if (block->length == 0)
		block_drop(pool, block);
}

static struct block *find(const struct list *list, int64_t offset)
{
	const struct list *item;

	/* from the newest on: readers mostly want what has just come */
	for (item = list->prev; item != list; item = item->prev) {
		struct block *block = list_entry(item, struct block, link);
		if (offset >= block->start && offset < block->start + (int64_t)block->length)
			return block;
	}
	return NULL;
}

struct block *block_find(struct block_pool *pool, struct list *list, int64_t offset)
{
	struct block *block = find(list, offset);

	if (block != NULL) {
		list_remove(&block->age);
		list_append(&pool->used, &block->age);
	}
	return block;
}

void block_hold(struct block *block)
{
	block->holds++;
}

void block_release(struct block *block)
{
	/* it was dropped from its list while it was held: now it can go */
	if (--block->holds == 0 && list_empty(&block->link))
		block_drop(block->pool, block);
}

size_t block_length_at(const struct list *list, int64_t offset)
{
	const struct block *block = find(list, offset);

	return block == NULL ? 0 : block->length - (size_t)(offset - block->start);
}

int64_t block_next_start(const struct list *list, int64_t offset)
{
	int64_t next = INT64_MAX;
	const struct list *item;

	list_for_each(item, list)
	{
		const struct block *block = list_entry(item, struct block, link);
		if (block->length > 0 && block->start > offset && block->start < next)
			next = block->start;
	}
	return next;
}

void block_drop_between(struct block_pool *pool, struct list *list, int64_t start, int64_t end)
{
	struct list *item, *after;

	list_for_each_safe(item, after, list)
	{
		struct block *block = list_entry(item, struct block, link);
		if (!block->filling && block->holds == 0 && block->start >= start &&
			block->start + (int64_t)block->length <= end)
			block_drop(pool, block);
	}
}

void block_drop_all(struct block_pool *pool, struct list *list)
{
	while (!list_empty(list)) {
		struct block *block = list_entry(list->next, struct block, link);
		block->fetch = NULL;
		block_drop(pool, block);
	}
}
