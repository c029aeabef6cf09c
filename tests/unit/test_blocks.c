/* SPDX-License-Identifier: MIT */
#include "fs/fetch/blocks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct block *fill(
	struct block_pool *pool, struct list *list, int64_t start, size_t length, char with)
{
	struct block *block = block_take(pool, list, start, start + (int64_t)length);

	memset(block->data, with, block->room);
	block->length = block->room;
	block_fill_done(pool, block);
	return block;
}

static void test_blocks_end_at_multiples(void **state)
{
	struct block_pool *pool;
	struct list list;

	list_init(&list);
	assert_int_equal(block_pool_create(&pool), 0);
	assert_int_equal(block_take(pool, &list, 0, INT64_MAX)->room, BLOCK_BYTES);
	assert_int_equal(block_take(pool, &list, BLOCK_BYTES - 10, INT64_MAX)->room, 10);
	assert_int_equal(block_take(pool, &list, 5, 25)->room, 20);
	block_drop_all(pool, &list);
	block_pool_destroy(pool);
}

static void test_blocks_are_found_by_their_bytes(void **state)
{
	struct block_pool *pool;
	struct list list;

	list_init(&list);
	assert_int_equal(block_pool_create(&pool), 0);
	fill(pool, &list, 1000, 100, 'a');
	fill(pool, &list, 2000, 100, 'b');
	assert_null(block_find(pool, &list, 999));
	assert_null(block_find(pool, &list, 1100));
	assert_int_equal(block_find(pool, &list, 1099)->data[99], 'a');
	assert_int_equal(block_length_at(&list, 2050), 50);
	assert_int_equal(block_length_at(&list, 1500), 0);
	assert_true(block_next_start(&list, 0) == 1000);
	assert_true(block_next_start(&list, 1500) == 2000);
	assert_true(block_next_start(&list, 2000) == INT64_MAX);
	block_drop_between(pool, &list, 1050, 2050);
	assert_non_null(block_find(pool, &list, 1000));
	assert_non_null(block_find(pool, &list, 2000));
	block_drop_between(pool, &list, 1000, 1100);
	assert_null(block_find(pool, &list, 1000));
	assert_non_null(block_find(pool, &list, 2000));
	block_drop_all(pool, &list);
	block_pool_destroy(pool);
}

/* The memory is bounded, and what was not looked at for the longest time goes. */
static void test_blocks_go_in_the_order_of_their_use(void **state)
{
	struct block_pool *pool;
	struct list list;

	list_init(&list);
	assert_int_equal(block_pool_create(&pool), 0);
	for (int64_t i = 0; i < BLOCKS_MAX; i++)
		fill(pool, &list, i * BLOCK_BYTES, 10, 'a');
	assert_non_null(block_find(pool, &list, 0));
	fill(pool, &list, BLOCKS_MAX * (int64_t)BLOCK_BYTES, 10, 'a');
	assert_non_null(block_find(pool, &list, 0));
	assert_null(block_find(pool, &list, BLOCK_BYTES));
	block_drop_all(pool, &list);
	block_pool_destroy(pool);
}

/* Bytes that another thread looks at stay, whatever becomes of their list. */
static void test_blocks_that_are_held_stay(void **state)
{
	struct block_pool *pool;
	struct list list;

	list_init(&list);
	assert_int_equal(block_pool_create(&pool), 0);
	struct block *block = fill(pool, &list, 0, BLOCK_BYTES, 'h');
	block_hold(block);
	for (int64_t i = 1; i < 2 * BLOCKS_MAX; i++)
		fill(pool, &list, i * BLOCK_BYTES, 10, 'a');
	assert_ptr_equal(block_find(pool, &list, 0), block);
	block_drop_between(pool, &list, 0, INT64_MAX);
	assert_ptr_equal(block_find(pool, &list, 0), block);
	block_drop_all(pool, &list);
	fill(pool, &list, 0, BLOCK_BYTES, 'x');
	assert_int_equal(block->data[BLOCK_BYTES - 1], 'h');
	block_release(block);
	block_drop_all(pool, &list);
	block_pool_destroy(pool);
}

#define TEST(name) cmocka_unit_test(test_blocks_##name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(end_at_multiples),
		TEST(are_found_by_their_bytes),
		TEST(go_in_the_order_of_their_use),
		TEST(that_are_held_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
