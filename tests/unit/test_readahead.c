/* SPDX-License-Identifier: MIT */
#include "fs/fetch/readahead.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define KIB 1024
#define MIB (1024 * KIB)

static void test_readahead_a_look_costs_little(void **state)
{
	struct readahead readahead = {0};

	assert_int_equal(readahead_note(&readahead, 0, 16 * KIB).target, READAHEAD_FIRST);
	/* far away from it: a seek */
	struct readahead_plan plan = readahead_note(&readahead, 500 * MIB, 4 * KIB);
	assert_int_equal(plan.run, 0);
	assert_int_equal(plan.target, 500 * MIB + READAHEAD_SEEK);
}

static void test_readahead_grows_in_sequence_up_to_its_limit(void **state)
{
	struct readahead readahead = {0};
	int64_t before = 0;

	for (int64_t offset = 0; offset < 64 * MIB; offset += 128 * KIB) {
		struct readahead_plan plan = readahead_note(&readahead, offset, 128 * KIB);
		int64_t ahead = plan.target - (offset + 128 * KIB);
		assert_int_equal(plan.run, offset);
		assert_true(ahead >= before || offset == 128 * KIB);
		assert_true(ahead <= READAHEAD_MAX);
		before = ahead;
	}
	assert_int_equal(before, READAHEAD_MAX);
	/* a seek begins anew */
	assert_int_equal(readahead_note(&readahead, 900 * MIB, 4 * KIB).run, 0);
}

static void test_readahead_takes_reads_a_little_out_of_order(void **state)
{
	struct readahead readahead = {0};

	readahead_note(&readahead, 0, 512 * KIB);
	readahead_note(&readahead, 512 * KIB, 512 * KIB);
	assert_true(readahead_note(&readahead, 1280 * KIB, 128 * KIB).run > 0);
	assert_true(readahead_note(&readahead, 1024 * KIB, 128 * KIB).run > 0);
}

static void test_readahead_knows_several_readers(void **state)
{
	struct readahead readahead = {0};

	for (int64_t step = 0; step < 8; step++)
		for (int64_t reader = 0; reader < 4; reader++)
			assert_int_equal(readahead_note(&readahead,
						 reader * 200 * MIB + step * 64 * KIB, 64 * KIB)
						 .run,
				step * 64 * KIB);
}

#define TEST(name) cmocka_unit_test(test_readahead_##name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_look_costs_little),
		TEST(grows_in_sequence_up_to_its_limit),
		TEST(takes_reads_a_little_out_of_order),
		TEST(knows_several_readers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
