/* SPDX-License-Identifier: MIT */
#include "fs/base/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check(const void *data, size_t length, size_t step, const char *want)
{
	struct sha256 sha;
	char text[SHA256_TEXT];

	sha256_init(&sha);
	for (size_t at = 0; at < length; at += step)
		sha256_add(&sha, (const char *)data + at,
			length - at < step ? length - at : step);
	sha256_finish(&sha, text);
	assert_string_equal(text, want);
}

/* The examples of FIPS 180-4 (NIST, SHA256.pdf), and the empty message. */
static void test_sha256_agrees_with_the_published_examples(void **state)
{
	static const char two[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	char *million = malloc(1000000);

	assert_non_null(million);
	memset(million, 'a', 1000000);
	check("", 0, 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	check("abc", 3, 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	for (size_t step = 1; step <= sizeof(two); step++)
		check(two, strlen(two), step,
			"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	for (size_t step = 63; step <= 65; step++)
		check(million, 1000000, step,
			"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	check(million, 1000000, 1000000,
		"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(million);
}

/* As sha256sum(1) has them. */
static void test_sha256_pads_at_every_length(void **state)
{
	char text[120];

	memset(text, 'x', sizeof(text));
	check(text, 55, 55, "d5e285683cd4efc02d021a5c62014694958901005d6f71e89e0989fac77e4072");
	check(text, 56, 7, "04c26261370ee7541549d16dee320c723e3fd14671e66a099afe0a377c16888e");
	check(text, 63, 8, "75220b47218278e656f2013bb8f0c455a25eaf01e86c64924e9d48d89776d6f2");
	check(text, 64, 9, "7ce100971f64e7001e8fe5a51973ecdfe1ced42befe7ee8d5fd6219506b5393c");
	check(text, 65, 10, "9537c5fdf120482f7d58d25e9ed583f52c02b4e304ea814db1633ad565aed7e9");
	check(text, 119, 64, "000b48d4edf0fa7bee3c6236ecd2785baa5db4eeb8bb54341b029e0d9fa5fb0c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256_agrees_with_the_published_examples),
		cmocka_unit_test(test_sha256_pads_at_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
