/* SPDX-License-Identifier: MIT */
#include "fs/base/backoff.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_backoff_doubles_to_its_maximum(void **state)
{
	const struct backoff backoff = {.first_ms = 1000, .max_ms = 60000};
	static const int64_t wanted[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(backoff_wait_ms(&backoff, i + 1, -1, 99), wanted[i]);
	assert_int_equal(backoff_wait_ms(&backoff, UINT_MAX, -1, 0), 60000);
	assert_int_equal(backoff_wait_ms(&backoff, 0, -1, 0), 1000);
	const struct backoff huge = {.first_ms = 3, .max_ms = INT64_MAX};
	assert_true(backoff_wait_ms(&huge, 200, -1, 0) == INT64_MAX);
	const struct backoff flat = {.first_ms = 5000, .max_ms = 1000};
	assert_int_equal(backoff_wait_ms(&flat, 1, -1, 0), 1000);
}

static void test_backoff_jitter_stays_within_bounds(void **state)
{
	const struct backoff backoff = {.first_ms = 1000, .max_ms = 8000, .jitter_percent = 25};
	assert_int_equal(backoff_wait_ms(&backoff, 1, -1, 0), 750);
	assert_in_range(backoff_wait_ms(&backoff, 1, -1, UINT32_MAX), 1249, 1250);
	assert_in_range(backoff_wait_ms(&backoff, 9, -1, UINT32_MAX / 2), 7998, 8000);
	const struct backoff wild = {.first_ms = 1000, .max_ms = 8000, .jitter_percent = 500};
	assert_int_equal(backoff_wait_ms(&wild, 1, -1, 0), 0);
}

static void test_backoff_respects_the_server(void **state)
{
	const struct backoff backoff = {.first_ms = 1000, .max_ms = 8000};
	assert_int_equal(backoff_wait_ms(&backoff, 1, 0, 0), 1000);
	assert_int_equal(backoff_wait_ms(&backoff, 1, 30000, 0), 30000);
	assert_int_equal(backoff_wait_ms(&backoff, 4, 5000, 0), 8000);
	assert_int_equal(backoff_wait_ms(&backoff, 1, 24 * 3600 * 1000, 0), 3600 * 1000);
	/* years are no answer */
	assert_int_equal(backoff_wait_ms(&backoff, 1, INT64_MAX, 0), backoff_wait_ms(&backoff, 1, -1, 0));
}

static void test_backoff_random_varies(void **state)
{
	uint32_t first = backoff_random();
	int same = 0;
	for (int i = 0; i < 8; i++)
		same += backoff_random() == first;
	assert_true(same < 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backoff_doubles_to_its_maximum),
		cmocka_unit_test(test_backoff_jitter_stays_within_bounds),
		cmocka_unit_test(test_backoff_respects_the_server),
		cmocka_unit_test(test_backoff_random_varies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
