/* SPDX-License-Identifier: MIT */
#pragma once
/* As much of cmocka as the pure unit tests use: Debian has none that is linked against musl. A check that fails ends the program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct CMUnitTest {
	const char *name;
	void (*test)(void **state);
	int (*set_up)(void **state), (*tear_down)(void **state);
};

#define cmocka_unit_test(function) {#function, function, NULL, NULL}
#define cmocka_unit_test_setup_teardown(function, set_up, tear_down) {#function, function, set_up, tear_down}

static inline void musl_check(int holds, const char *what, const char *file, int line)
{
	if (holds)
		return;
	fprintf(stderr, "%s:%d: %s\n", file, line, what);
	exit(EXIT_FAILURE);
}

#define MUSL_CHECK(holds, what) musl_check(holds, what, __FILE__, __LINE__)
#define assert_true(value) MUSL_CHECK(!!(value), #value)
#define assert_false(value) MUSL_CHECK(!(value), "not " #value)
#define assert_null(value) MUSL_CHECK((value) == NULL, #value " is NULL")
#define assert_non_null(value) MUSL_CHECK((value) != NULL, #value " is not NULL")
#define assert_int_equal(a, b) MUSL_CHECK((uintmax_t)(a) == (uintmax_t)(b), #a " == " #b)
#define assert_int_not_equal(a, b) MUSL_CHECK((uintmax_t)(a) != (uintmax_t)(b), #a " != " #b)
#define assert_ptr_equal(a, b) MUSL_CHECK((const void *)(a) == (const void *)(b), #a " == " #b)
#define assert_ptr_not_equal(a, b) MUSL_CHECK((const void *)(a) != (const void *)(b), #a " != " #b)
#define assert_string_equal(a, b) MUSL_CHECK(strcmp(a, b) == 0, #a " is " #b)
#define assert_string_not_equal(a, b) MUSL_CHECK(strcmp(a, b) != 0, #a " is not " #b)
#define assert_memory_equal(a, b, size) MUSL_CHECK(memcmp(a, b, size) == 0, #a " is " #b)
#define assert_in_range(value, least, most) MUSL_CHECK((value) >= (least) && (value) <= (most), #value)
#define fail() MUSL_CHECK(0, "fail()")
#define skip() return /* in the test itself alone */
#define fail_msg(...) (fprintf(stderr, __VA_ARGS__), fputc('\n', stderr), fail())
#define print_error(...) fprintf(stderr, __VA_ARGS__)
#define print_message(...) fprintf(stderr, __VA_ARGS__)

static inline int musl_run(const struct CMUnitTest *tests, size_t count, int (*set_up)(void **), int (*tear_down)(void **))
{
	void *group = NULL;

	if (set_up != NULL)
		MUSL_CHECK(set_up(&group) == 0, "the group");
	for (size_t i = 0; i < count; i++) {
		void *state = group;

		if (tests[i].set_up != NULL)
			MUSL_CHECK(tests[i].set_up(&state) == 0, tests[i].name);
		tests[i].test(&state);
		if (tests[i].tear_down != NULL)
			MUSL_CHECK(tests[i].tear_down(&state) == 0, tests[i].name);
	}
	return tear_down != NULL ? tear_down(&group) : 0;
}

#define cmocka_run_group_tests(tests, set_up, tear_down) \
	musl_run(tests, sizeof(tests) / sizeof((tests)[0]), set_up, tear_down)
