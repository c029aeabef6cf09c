/* SPDX-License-Identifier: MIT */
#include "fs/base/buf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_sane(const struct buf *buf)
{
	assert_non_null(buf->data);
	assert_int_equal(buf->data[buf->length], '\0');
	assert_true(buf->length <= buf->ceiling);
	assert_true(buf->capacity == 0 || buf->length < buf->capacity);
	assert_true(buf->capacity <= buf->ceiling + 1);
}

static void test_buf_grows_byte_by_byte(void **state)
{
	struct buf buf;
	buf_init(&buf, 1000);
	assert_sane(&buf);
	for (int i = 0; i < 1000; i++) {
		char c = (char)('a' + i % 26);
		assert_int_equal(buf_add(&buf, &c, 1), 0);
		assert_sane(&buf);
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(buf.data[i], 'a' + i % 26);
	assert_true(buf_ok(&buf));
	buf_finish(&buf);
	assert_int_equal(buf.length, 0);
	assert_sane(&buf);
}

static void test_buf_ceiling_keeps_contents(void **state)
{
	struct buf buf;
	buf_init(&buf, 5);
	assert_int_equal(buf_adds(&buf, "hello"), 0);
	assert_int_equal(buf_adds(&buf, "!"), -EFBIG);
	assert_int_equal(buf_addf(&buf, "%d", 1), -EFBIG);
	assert_int_equal(buf_add(&buf, "x", SIZE_MAX), -EFBIG);
	assert_string_equal(buf.data, "hello");
	assert_sane(&buf);
	assert_int_equal(buf_add(&buf, NULL, 0), 0);
	assert_false(buf_ok(&buf));
	assert_int_equal(buf.failed, -EFBIG);
	assert_null(buf_steal(&buf));
	assert_int_equal(buf.length, 0);
	assert_int_equal(buf.failed, -EFBIG);
	buf_clear(&buf);
	assert_true(buf_ok(&buf));
	assert_int_equal(buf_adds(&buf, "again"), 0);
	assert_sane(&buf);
	buf_finish(&buf);
}

static void test_buf_formats(void **state)
{
	struct buf buf;
	buf_init(&buf, 4096);
	for (int i = 0; i < 200; i++) {
		assert_int_equal(buf_addf(&buf, "%03d;", i), 0);
		assert_sane(&buf);
	}
	assert_int_equal(buf.length, 800);
	assert_memory_equal(buf.data + 396, "099;100;", 8);
	buf_finish(&buf);
}

static void test_buf_steal_hands_over(void **state)
{
	struct buf buf;
	buf_init(&buf, 10);
	char *empty = buf_steal(&buf);
	assert_string_equal(empty, "");
	free(empty);
	buf_adds(&buf, "text");
	char *text = buf_steal(&buf);
	assert_string_equal(text, "text");
	free(text);
	assert_sane(&buf);
	assert_int_equal(buf.ceiling, 10);
	buf_adds(&buf, "more");
	assert_string_equal(buf.data, "more");
	buf_finish(&buf);
}

static void test_buf_binary_and_zeroed(void **state)
{
	struct buf zeroed = {0};
	buf_finish(&zeroed);
	assert_sane(&zeroed);
	assert_int_equal(buf_add(&zeroed, "", 1), -EFBIG);

	struct buf buf;
	buf_init(&buf, SIZE_MAX);
	assert_int_equal(buf_add(&buf, "a\0b", 3), 0);
	assert_int_equal(buf.length, 3);
	assert_memory_equal(buf.data, "a\0b", 4);
	buf_finish(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buf_grows_byte_by_byte),
		cmocka_unit_test(test_buf_ceiling_keeps_contents),
		cmocka_unit_test(test_buf_formats),
		cmocka_unit_test(test_buf_steal_hands_over),
		cmocka_unit_test(test_buf_binary_and_zeroed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
