/* SPDX-License-Identifier: MIT */
#include "fs/base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_map_puts_gets_replaces(void **state)
{
	int a, b;
	struct map *map = map_create();
	assert_null(map_get(map, 0));
	assert_null(map_any(map, NULL));
	assert_null(map_remove(map, 1));
	assert_int_equal(map_put(map, 0, &a), 0);
	assert_int_equal(map_put(map, UINT64_MAX, &b), 0);
	assert_ptr_equal(map_get(map, 0), &a);
	assert_ptr_equal(map_get(map, UINT64_MAX), &b);
	assert_int_equal(map_put(map, 0, &b), 0);
	assert_int_equal(map_count(map), 2);
	assert_ptr_equal(map_remove(map, 0), &b);
	assert_null(map_get(map, 0));
	uint64_t key = 5;
	assert_ptr_equal(map_any(map, &key), &b);
	assert_true(key == UINT64_MAX);
	map_destroy(map);
	map_destroy(NULL);
}

static void count_entry(void *arg, uint64_t key, void *value)
{
	size_t *sums = arg;
	sums[0]++;
	sums[1] += (size_t)key;
	assert_non_null(value);
}

/* A random walk against an array, with few keys so that they collide and come back. */
static void test_map_agrees_with_an_array(void **state)
{
	enum { KEYS = 512, STEPS = 200000 };
	static char values[KEYS];
	void *model[KEYS] = {NULL};
	size_t count = 0;
	uint32_t random = 12345;
	struct map *map = map_create();
	for (int step = 0; step < STEPS; step++) {
		random = random * 1664525 + 1013904223;
		size_t i = random >> 16 & (KEYS - 1);
		/* keys with equal low bits, as pointers and inode numbers have */
		uint64_t key = (uint64_t)i << 40;
		bool put = (random >> 28) < (step < STEPS / 2 ? 10 : 5);
		if (put) {
			assert_int_equal(map_put(map, key, &values[i]), 0);
			count += model[i] == NULL;
			model[i] = &values[i];
		} else {
			assert_ptr_equal(map_remove(map, key), model[i]);
			count -= model[i] != NULL;
			model[i] = NULL;
		}
		assert_int_equal(map_count(map), count);
		size_t probe = random >> 7 & (KEYS - 1);
		assert_ptr_equal(map_get(map, (uint64_t)probe << 40), model[probe]);
	}
	size_t sums[2] = {0, 0};
	map_each(map, count_entry, sums);
	assert_int_equal(sums[0], count);
	for (size_t i = 0; i < KEYS; i++)
		assert_ptr_equal(map_get(map, (uint64_t)i << 40), model[i]);
	uint64_t key;
	while (map_any(map, &key) != NULL)
		assert_non_null(map_remove(map, key));
	assert_int_equal(map_count(map), 0);
	map_destroy(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_map_puts_gets_replaces),
		cmocka_unit_test(test_map_agrees_with_an_array),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
