/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "fs/store/ranges.h"

static void assert_sane(const struct ranges *ranges)
{
	for (size_t i = 0; i < ranges->count; i++) {
		assert_true(ranges->items[i].start < ranges->items[i].end);
		/* disjoint, and not even touching */
		if (i > 0)
			assert_true(ranges->items[i - 1].end < ranges->items[i].start);
	}
}

static void test_ranges_touching_pieces_become_one(void **state)
{
	struct ranges ranges = {0};

	assert_int_equal(ranges_add(&ranges, 10, 20), 0);
	assert_int_equal(ranges_add(&ranges, 30, 40), 0);
	assert_int_equal(ranges.count, 2);
	assert_int_equal(ranges_add(&ranges, 20, 30), 0);
	assert_int_equal(ranges.count, 1);
	assert_int_equal(ranges_run_end(&ranges, 10), 40);
	assert_int_equal(ranges_run_end(&ranges, 40), 40);
	assert_int_equal(ranges_run_end(&ranges, 9), 9);
	assert_int_equal(ranges_next_start(&ranges, 0), 10);
	assert_int_equal(ranges_next_start(&ranges, 40), INT64_MAX);
	assert_true(ranges_has(&ranges, 10, 40));
	assert_false(ranges_has(&ranges, 10, 41));
	assert_int_equal(ranges_total(&ranges), 30);
	ranges_finish(&ranges);
}

#define SPACE 200

static void test_ranges_agree_with_a_bitmap(void **state)
{
	for (unsigned seed = 1; seed <= 50; seed++) {
		struct ranges ranges = {0};
		bool model[SPACE] = {false};
		unsigned random = seed;
		for (int step = 0; step < 40; step++) {
			random = random * 1103515245 + 12345;
			int64_t start = (random >> 16) % SPACE;
			random = random * 1103515245 + 12345;
			int64_t end = start + (random >> 16) % (unsigned)(SPACE - start);
			assert_int_equal(ranges_add(&ranges, start, end), 0);
			for (int64_t i = start; i < end; i++)
				model[i] = true;
			assert_sane(&ranges);
			int64_t total = 0;
			for (int64_t i = 0; i < SPACE; i++) {
				int64_t run = i;
				while (run < SPACE && model[run])
					run++;
				assert_int_equal(ranges_run_end(&ranges, i), run);
				total += model[i];
			}
			assert_int_equal(ranges_total(&ranges), total);
		}
		ranges_finish(&ranges);
	}
}

static void test_ranges_decode_takes_what_was_stored_and_nothing_else(void **state)
{
	struct range good[] = {{0, 5}, {7, 9}};
	struct range touching[] = {{0, 5}, {5, 9}}, unsorted[] = {{7, 9}, {0, 5}},
		     empty[] = {{3, 3}}, negative[] = {{-2, 3}};
	struct ranges ranges = {0};

	assert_int_equal(ranges_decode(&ranges, good, sizeof(good)), 0);
	assert_int_equal(ranges.count, 2);
	ranges_finish(&ranges);
	assert_int_equal(ranges_decode(&ranges, good, sizeof(good) - 1), -EBADMSG);
	assert_int_equal(ranges_decode(&ranges, touching, sizeof(touching)), -EBADMSG);
	assert_int_equal(ranges_decode(&ranges, unsorted, sizeof(unsorted)), -EBADMSG);
	assert_int_equal(ranges_decode(&ranges, empty, sizeof(empty)), -EBADMSG);
	assert_int_equal(ranges_decode(&ranges, negative, sizeof(negative)), -EBADMSG);
	assert_int_equal(ranges.count, 0);
	assert_int_equal(ranges_decode(&ranges, NULL, 0), 0);
}

static void test_ranges_have_a_ceiling(void **state)
{
	struct ranges ranges = {0};

	for (int64_t i = 0; i < RANGES_MAX; i++)
		assert_int_equal(ranges_add(&ranges, 2 * i, 2 * i + 1), 0);
	assert_int_equal(ranges_add(&ranges, 2 * RANGES_MAX, 2 * RANGES_MAX + 1), -EFBIG);
	/* filling a gap is still possible */
	assert_int_equal(ranges_add(&ranges, 1, 2), 0);
	assert_int_equal(ranges.count, RANGES_MAX - 1);
	ranges_finish(&ranges);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges_touching_pieces_become_one),
		cmocka_unit_test(test_ranges_agree_with_a_bitmap),
		cmocka_unit_test(test_ranges_decode_takes_what_was_stored_and_nothing_else),
		cmocka_unit_test(test_ranges_have_a_ceiling),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
