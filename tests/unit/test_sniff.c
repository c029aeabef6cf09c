/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fs/media/sniff.h"

#define TYPE(bytes) sniff_type("" bytes, sizeof(bytes) - 1)

static void test_sniff_knows_each_format(void **state)
{
	assert_string_equal(TYPE("\x89PNG\r\n\x1a\n...."), "png");
	assert_string_equal(TYPE("\xff\xd8\xff\xe0"), "jpg");
	assert_string_equal(TYPE("RIFF\x10\x20\x30\x40WEBPVP8 "), "webp");
	assert_string_equal(TYPE("RIFF\x10\x20\x30\x40WAVEfmt "), "wav");
	assert_string_equal(TYPE("GIF89a"), "gif");
	assert_string_equal(TYPE("\0\0\0\x1c"
				 "ftypavif"),
		"avif");
	assert_string_equal(TYPE("\0\0\0\x1c"
				 "ftypisom"),
		"mp4");
	assert_string_equal(TYPE("\0\0\0\x14"
				 "ftypqt  "),
		"mov");
	assert_string_equal(TYPE("\0\0\0\x08"
				 "wide\0\0\1\0mdat"),
		"mov");
	assert_string_equal(TYPE("\0\0\0\x1c"
				 "ftypM4A "),
		"m4a");
	assert_string_equal(TYPE("\0\0\0\x18"
				 "ftypheic"),
		"heic");
	assert_string_equal(TYPE("\xff\xe3\x18"), "mp3");
	assert_string_equal(TYPE("\x1a\x45\xdf\xa3"), "webm");
	assert_string_equal(TYPE("ID3\x04"), "mp3");
	assert_string_equal(TYPE("\xff\xfb\x90"), "mp3");
	assert_string_equal(TYPE("<svg xmlns='...'>"), "svg");
	assert_string_equal(TYPE("\xef\xbb\xbf <?xml version='1.0'?>\n<!-- c --><svg>"), "svg");
}

static void test_sniff_tells_an_error_page_from_a_picture(void **state)
{
	assert_string_equal(TYPE("<!DOCTYPE html><html>"), "html");
	assert_string_equal(TYPE("\n\n<HTML><body>"), "html");
	/* one that speaks of svg is a page all the same */
	assert_string_equal(TYPE("<html><svg></svg>"), "html");
}

static void test_sniff_says_when_it_does_not_know(void **state)
{
	assert_null(TYPE(""));
	assert_null(TYPE("\x89PN"));
	assert_null(TYPE("<?xml version='1.0'?><note/>"));
	assert_null(TYPE("{\"status\": 0}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sniff_knows_each_format),
		cmocka_unit_test(test_sniff_tells_an_error_page_from_a_picture),
		cmocka_unit_test(test_sniff_says_when_it_does_not_know),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
