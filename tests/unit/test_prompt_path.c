/* SPDX-License-Identifier: MIT */
/* Which paths a reference may stand for, as people paste it (design 1.4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "fs/prompt/prompt_path.h"

/* The candidates, one behind the other. */
static void assert_paths(const char *value, const char *want)
{
	static const char *const mounts[] = {"/home/ann/ai", "/mnt/ai"};
	CLEANUP(strlist_finish) struct strlist paths = {0};

	assert_int_equal(prompt_path_candidates(value, mounts, array_length(mounts), &paths), 0);
	CLEANUP_FREE char *joined = strlist_join(&paths, " | ");
	assert_string_equal(joined, want);
}

static void test_paths_as_pasted(void **state)
{
	assert_paths("fox.png", "fox.png");
	assert_paths("../FLUX/a b.png", "../FLUX/a b.png");
	assert_paths("/FLUX/fox.png", "/FLUX/fox.png");
	assert_paths("a%20b.png", "a%20b.png | a b.png");
	assert_paths("100%.png", "100%.png");
	assert_paths("a%00b.png", "a%00b.png");
	assert_paths("a%ffb.png", "a%ffb.png");
	assert_paths("a\\ b.png", "a\\ b.png | a b.png");
	assert_paths("/home/ann/ai/FLUX/fox.png", "/home/ann/ai/FLUX/fox.png | /FLUX/fox.png");
	assert_paths("/mnt/ai/FLUX/a%20b.png", "/mnt/ai/FLUX/a%20b.png | /FLUX/a%20b.png | "
					       "/mnt/ai/FLUX/a b.png | /FLUX/a b.png");
	assert_paths("file:///home/ann/ai/FLUX/a%20b.png",
		"/home/ann/ai/FLUX/a b.png | /FLUX/a b.png | /home/ann/ai/FLUX/a%20b.png | "
		"/FLUX/a%20b.png");
	assert_paths("file://localhost/mnt/ai/x.png", "/mnt/ai/x.png | /x.png");
	assert_paths("FILE:///mnt/ai/x.png", "/mnt/ai/x.png | /x.png");
	/* of another machine; and places whose names only begin alike */
	assert_paths("file://server/mnt/ai/x.png", "file://server/mnt/ai/x.png");
	assert_paths("/mnt/ai2/x.png", "/mnt/ai2/x.png");
	assert_paths("/mnt/ai", "/mnt/ai");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths_as_pasted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
