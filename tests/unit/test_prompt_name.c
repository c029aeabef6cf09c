/* SPDX-License-Identifier: MIT */
/* Which names and places are those of prompts (design 1.1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "fs/prompt/prompt_name.h"

static void test_names_of_prompts(void **state)
{
	static const char *const prompts[] = {"a.txt", "my fox.png.txt", "fox_1.txt",
		"fox_BACKUP.txt", "fox_BACKUP_x1.txt", "BACKUP_1.txt", "_LOCAL_1.txt",
		"conflicted copy.txt", "the conflicted copy (old).txt", "(conflicted copy).txt",
		"sync-conflict-1.txt", "fox_backup_12.txt", "CVS.txt", "fox (1).txt", "fox#.txt",
		"4711.txt", "fox (copy).txt"};

	for (size_t i = 0; i < array_length(prompts); i++)
		assert_true(prompt_is_name(prompts[i]));
}

static void test_names_of_others(void **state)
{
	static const char *const others[] = {"", "txt", ".txt", ".a.txt", "~a.txt", "#a.txt#",
		"#a.txt", "a.TXT", "a.txt~", "a.txt.swp", "a.md", "a.txt.sync-conflict-1",
		"fox.sync-conflict-20240131-095959-ABCDEFG.txt", "fox_BACKUP_4711.txt",
		"fox_BASE_4711.txt", "fox_LOCAL_4711.txt", "fox_REMOTE_4711.txt",
		"fox (conflicted copy 2024-01-31).txt", "fox (conflicted copy).txt",
		"fox (Ann's conflicted copy 2024-01-31).txt"};

	for (size_t i = 0; i < array_length(others); i++)
		assert_false(prompt_is_name(others[i]));
}

static void test_places(void **state)
{
	static const char *const others[] = {".git", ".hg", ".svn", ".stfolder", ".stversions",
		".rsync-partial", ".Trash-1000", ".", "CVS", "lost+found", "@eaDir", "#recycle"};
	static const char *const places[] = {
		"posters", "cvs", "a.b", "recycle", "#1", "@home", "lost", "FLUX"};

	for (size_t i = 0; i < array_length(others); i++)
		assert_false(prompt_is_place(others[i]));
	for (size_t i = 0; i < array_length(places); i++)
		assert_true(prompt_is_place(places[i]));
}

static void test_names_too_long(void **state)
{
	char name[300];

	memset(name, 'x', sizeof(name));
	strcpy(name + 248, ".txt"); /* "….status" has 255 bytes */
	assert_true(prompt_is_name(name));
	assert_false(prompt_name_is_too_long(name));
	memset(name + 248, 'x', 4);
	strcpy(name + 249, ".txt");
	assert_true(prompt_name_is_too_long(name));
	/* what is no prompt has no status */
	name[0] = '.';
	assert_false(prompt_name_is_too_long(name));
	assert_false(prompt_name_is_too_long("a.txt"));
	assert_false(prompt_name_is_too_long(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_of_prompts),
		cmocka_unit_test(test_names_of_others),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_names_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
