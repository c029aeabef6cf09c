/* SPDX-License-Identifier: MIT */
#include "fs/base/str.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_str_int(void **state)
{
	static const struct {
		const char *text;
		int64_t min, max;
		int result;
		int64_t value;
	} cases[] = {
		{"0", 0, 10, 0, 0},
		{"10", 0, 10, 0, 10},
		{"-5", -10, 10, 0, -5},
		{"007", 0, 10, 0, 7},
		{"9223372036854775807", 0, INT64_MAX, 0, INT64_MAX},
		{"-9223372036854775808", INT64_MIN, 0, 0, INT64_MIN},
		{"9223372036854775808", 0, INT64_MAX, -ERANGE, 0},
		{"-9223372036854775809", INT64_MIN, 0, -ERANGE, 0},
		{"99999999999999999999999", 0, INT64_MAX, -ERANGE, 0},
		{"99999999999999999999999x", 0, INT64_MAX, -EINVAL, 0},
		{"11", 0, 10, -ERANGE, 0},
		{"-1", 0, 10, -ERANGE, 0},
		{"", 0, 10, -EINVAL, 0},
		{"-", 0, 10, -EINVAL, 0},
		{"--1", -10, 10, -EINVAL, 0},
		{"+1", 0, 10, -EINVAL, 0},
		{" 1", 0, 10, -EINVAL, 0},
		{"1 ", 0, 10, -EINVAL, 0},
		{"0x1", 0, 10, -EINVAL, 0},
		{"1.0", 0, 10, -EINVAL, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t value = 77;
		int r = str_to_int(cases[i].text, cases[i].min, cases[i].max, &value);
		assert_int_equal(r, cases[i].result);
		assert_true(value == (r == 0 ? cases[i].value : 77));
	}
}

static void test_str_ms(void **state)
{
	static const struct {
		const char *text;
		int result;
		int64_t value;
	} cases[] = {
		{"0", 0, 0},
		{"1", 0, 1000},
		{"0.3", 0, 300},
		{".5", 0, 500},
		{"1.2345", 0, 1234},
		{"0.0009", 0, 0},
		{"86400", 0, 86400000},
		{"315360000", 0, 315360000000},
		{"", -EINVAL, 0},
		{".", -EINVAL, 0},
		{"1.", -EINVAL, 0},
		{"1,5", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"1s", -EINVAL, 0},
		{"1e3", -EINVAL, 0},
		{"400000000", -ERANGE, 0},
		{"99999999999999999999999999999999", -ERANGE, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t value = 77;
		int r = str_to_ms(cases[i].text, &value);
		assert_int_equal(r, cases[i].result);
		assert_true(value == (r == 0 ? cases[i].value : 77));
	}
}

static void test_str_bytes(void **state)
{
	static const struct {
		const char *text;
		int result;
		uint64_t value;
	} cases[] = {
		{"0", 0, 0},
		{"512", 0, 512},
		{"1k", 0, 1024},
		{"10G", 0, 10ULL << 30},
		{"3M", 0, 3ULL << 20},
		{"2T", 0, 2ULL << 40},
		{"18446744073709551615", 0, UINT64_MAX},
		{"18446744073709551616", -ERANGE, 0},
		{"16777216T", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"G", -EINVAL, 0},
		{"1KB", -EINVAL, 0},
		{"1 K", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"1.5G", -EINVAL, 0},
		{"1P", -EINVAL, 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t value = 77;
		int r = str_to_bytes(cases[i].text, &value);
		assert_int_equal(r, cases[i].result);
		assert_true(value == (r == 0 ? cases[i].value : 77));
	}
}

static void test_str_bool(void **state)
{
	static const char *const yes[] = {"yes", "TRUE", "On", "1"};
	static const char *const no[] = {"no", "False", "OFF", "0"};
	static const char *const neither[] = {"", "2", "y", "yess", "tru", " yes", "01"};
	for (size_t i = 0; i < 4; i++) {
		bool value = false;
		assert_int_equal(str_to_bool(yes[i], &value), 0);
		assert_true(value);
		assert_int_equal(str_to_bool(no[i], &value), 0);
		assert_false(value);
	}
	for (size_t i = 0; i < sizeof(neither) / sizeof(neither[0]); i++) {
		bool value = true;
		assert_int_equal(str_to_bool(neither[i], &value), -EINVAL);
		assert_true(value);
	}
}

static void test_str_utf8(void **state)
{
	static const char *const good[] = {"", "plain", "\xc3\xa4", "\xe2\x82\xac",
		"\xf0\x9f\x98\x80", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf",
		"\xee\x80\x80"};
	static const char *const bad[] = {"\x80", "\xc3", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf",
		"\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
		"\xe2\x82", "\xe2\x28\xa1", "a\xf0\x9f\x98"};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(str_is_utf8(good[i], strlen(good[i])));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(str_is_utf8(bad[i], strlen(bad[i])));
	assert_false(str_is_utf8("a\0b", 3));
	const char *text = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80";
	assert_int_equal(str_utf8_count(text, strlen(text)), 4);
}

static void test_str_trim(void **state)
{
	const char *text = " \t\r\n a b \n";
	size_t length = strlen(text);
	str_trim(&text, &length);
	assert_int_equal(length, 3);
	assert_memory_equal(text, "a b", 3);
	text = " \n ";
	length = 3;
	str_trim(&text, &length);
	assert_int_equal(length, 0);
}

static void test_str_distance(void **state)
{
	assert_int_equal(str_distance("", ""), 0);
	assert_int_equal(str_distance("seed", "SEED"), 0);
	assert_int_equal(str_distance("", "abc"), 3);
	assert_int_equal(str_distance("duration", "duraiton"), 1);
	assert_int_equal(str_distance("kitten", "sitting"), 3);
	assert_int_equal(str_distance("ca", "abc"), 3);
	char long_text[66];
	memset(long_text, 'a', 65);
	long_text[65] = '\0';
	assert_true(str_distance(long_text, "a") == SIZE_MAX);
	assert_int_equal(str_distance(long_text + 1, "a"), 63);
}

static void test_str_list(void **state)
{
	struct strlist list = {0}, copy = {0};
	char *joined = strlist_join(&list, ",");
	assert_string_equal(joined, "");
	free(joined);
	for (int i = 0; i < 9; i++) {
		char text[2] = {(char)('A' + i), '\0'};
		assert_int_equal(strlist_add(&list, text), 0);
	}
	assert_int_equal(strlist_addn(&list, "Hello world", 5), 0);
	assert_int_equal(list.count, 10);
	assert_true(strlist_has(&list, "Hello"));
	assert_false(strlist_has(&list, "hello"));
	assert_string_equal(strlist_find(&list, "hELLO"), "Hello");
	assert_null(strlist_find(&list, "Hell"));
	assert_int_equal(strlist_copy(&copy, &list), 0);
	strlist_finish(&list);
	joined = strlist_join(&copy, ", ");
	assert_string_equal(joined, "A, B, C, D, E, F, G, H, I, Hello");
	free(joined);
	strlist_finish(&copy);
	assert_int_equal(copy.count, 0);
	strlist_finish(&copy);
}

static void check_printable(const char *data, size_t length, size_t max, const char *wanted)
{
	char *text = str_printable(data, length, max);
	assert_non_null(text);
	assert_string_equal(text, wanted);
	assert_true(strlen(text) <= max);
	free(text);
}

static void test_str_printable(void **state)
{
	check_printable("plain", 5, 100, "plain");
	check_printable("plain", 5, 5, "plain");
	check_printable("a\nb\0c\x1b[1m\x7f", 10, 100, "a?b?c?[1m?");
	check_printable("x\xff\xc3", 3, 100, "x??");
	check_printable("\xc2\x9b", 2, 100, "?");
	check_printable("\xc2\xa0", 2, 100, "\xc2\xa0");
	check_printable("abcdefgh", 8, 6, "abc…");
	check_printable("ab\xe2\x82\xac\xe2\x82\xac", 8, 7, "ab…");
	check_printable("abc", 3, 2, "ab");
	check_printable("", 0, 0, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_str_int),
		cmocka_unit_test(test_str_ms),
		cmocka_unit_test(test_str_bytes),
		cmocka_unit_test(test_str_bool),
		cmocka_unit_test(test_str_utf8),
		cmocka_unit_test(test_str_trim),
		cmocka_unit_test(test_str_distance),
		cmocka_unit_test(test_str_list),
		cmocka_unit_test(test_str_printable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
