/* SPDX-License-Identifier: MIT */
/* Tables of prompts (design 1.6): each row is bought once, whatever becomes of the table, and wherever a kill comes. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/store/store.h"
#include "fs/tree/tree.h"
#include "tests/unit/own_disk.h"
#include "tests/unit/own_http.h"
#include "tests/unit/world.h"

#define TABLE "FLUX/sets.csv"
#define MINUTE_MS (INT64_C(60) * 1000)

/* Copies wait for a while, as they do outside of tests. */
static int setup(void **state)
{
	int r = world_setup(state);

	if (r != 0)
		return r;
	world_end();
	world.options.copies_ms = 10000;
	world.options.submit_gap_ms = 10;
	world_begin();
	return 0;
}

static void assert_posts(size_t count)
{
	world_wait(10 * MINUTE_MS);
	assert_int_equal(own_http_count("POST /v1/generation/"), count);
}

static void assert_table(const char *state)
{
	char status[256] = "";
	CLEANUP_FREE char *text = NULL;
	size_t length;

	assert_int_equal(tree_status_text(account_tree(world.account), world_ino(TABLE), &text, &length), 0);
	sscanf(text, "state: %255s", status);
	if (strcmp(status, state) != 0)
		fail_msg("the table is not %s but: %s", state, text);
}

static void assert_table_says(const char *words)
{
	CLEANUP_FREE char *text = NULL;
	size_t length;

	assert_int_equal(tree_status_text(account_tree(world.account), world_ino(TABLE), &text, &length), 0);
	if (strstr(text, words) == NULL)
		fail_msg("the table does not say '%s' but: %s", words, text);
}

/* "a b c": rows n1 to n3 with these words. */
static void save_rows(const char *words)
{
	CLEANUP(buf_finish) struct buf text;
	CLEANUP_FREE char *copy = strdup(words);
	char *save;
	int row = 1;

	buf_init(&text, 65536);
	buf_adds(&text, "name,prompt\n");
	for (const char *word = strtok_r(copy, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save))
		buf_addf(&text, "n%d,%s\n", row++, word);
	world_save(TABLE, text.data);
}

/* Each row's file says what the row does. */
static void assert_rows(const char *words)
{
	CLEANUP_FREE char *copy = strdup(words);
	char *save, path[64], said[64];
	int row = 1;

	for (const char *word = strtok_r(copy, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save)) {
		snprintf(path, sizeof(path), "FLUX/sets/n%d.txt", row++);
		int fd = store_data_open(world.store, (int64_t)world_ino(path), O_RDONLY);
		if (fd < 0)
			fail_msg("%s: %s", path, strerror(-fd));
		ssize_t length = read(fd, said, sizeof(said) - 1);
		close(fd);
		said[length > 0 ? length - 1 : 0] = '\0';
		assert_string_equal(said, word);
		world_assert_state(path, "SUCCESS");
	}
}

static void test_tables_rows_are_bought_once(void **state)
{
	save_rows("a b c");
	assert_posts(3);
	assert_rows("a b c");
	assert_table("SUCCESS");
	save_rows("a b c");
	assert_posts(3);
	save_rows("a x c d");
	assert_posts(5);
	assert_rows("a x c d");
	/* a removed row leaves its prompt */
	save_rows("a x");
	assert_posts(5);
	assert_rows("a x c d");
	assert_table("SUCCESS");
}

static void test_tables_a_text_takes_its_prompt_along(void **state)
{
	save_rows("a b c d e");
	assert_posts(5);
	/* one before all others, two that change places, a circle */
	save_rows("z a b c d e");
	assert_posts(6);
	assert_rows("z a b c d e");
	save_rows("a z b c d e");
	assert_posts(6);
	assert_rows("a z b c d e");
	save_rows("z b c d e a");
	assert_posts(6);
	assert_rows("z b c d e a");
	/* onto a prompt whose row is gone */
	save_rows("e z");
	assert_posts(6);
	assert_rows("e z");
	/* and what was left comes back */
	save_rows("e z b c d a");
	assert_posts(6);
	assert_rows("e z b c d a");
}

/* The disk refuses from the nth write on, then the daemon dies. */
static void test_tables_killed_anywhere(void **state)
{
	static const char *const rows[] = {"a b c d", "z a b c d e", "e z b a c y"};
	static const size_t posts[] = {4, 6, 7};

	for (int spare = 0; spare < 150; spare += 4) {
		for (size_t i = 0; i < array_length(rows); i++) {
			save_rows(rows[i]);
			own_disk_spare(spare);
			own_disk_fail_writes("state", ENOSPC);
			world_wait(1100);
			own_disk_reset();
			world_kill();
			world_wait(10 * MINUTE_MS);
			assert_rows(rows[i]);
			assert_int_equal(own_http_count("POST /v1/generation/"), posts[i]);
		}
		assert_int_equal(world_teardown(state), 0);
		assert_int_equal(setup(state), 0);
		own_http_reset();
	}
}

static void test_tables_of_many_rows_are_asked_about(void **state)
{
	CLEANUP(buf_finish) struct buf words;

	buf_init(&words, 65536);
	for (int i = 0; i < 60; i++)
		buf_addf(&words, "w%d ", i);
	save_rows(words.data);
	assert_posts(0);
	assert_table("HELD");
	assert_false(world_exists("FLUX/sets"));
	/* a remount asks again, and so does another save */
	world_remount();
	save_rows(words.data);
	assert_posts(0);
	assert_table("HELD");
	assert_int_equal(world_submit(TABLE), 0);
	assert_posts(60);
	assert_table("SUCCESS");
	/* a few new ones are no reason to ask */
	buf_adds(&words, "new");
	save_rows(words.data);
	assert_posts(61);
	assert_int_equal(world_retry(TABLE), 0);
	assert_int_equal(world_submit(TABLE), 0);
	assert_posts(61);
}

static void test_tables_other_hands_are_left_alone(void **state)
{
	assert_int_equal(world_mkdir("FLUX/sets"), 0);
	world_save("FLUX/sets/n1.txt", "mine\n");
	assert_posts(1);
	save_rows("a b c d");
	assert_posts(4);
	assert_table("INVALID");
	assert_table_says("line 2, n1: there is a file of this name");
	world_save("FLUX/sets/n2.txt", "edited\n");
	assert_int_equal(world_remove("FLUX/sets/n3.txt"), 0);
	assert_int_equal(world_rename("FLUX/sets/n4.txt", "FLUX/mine.txt"), 0);
	assert_posts(5);
	assert_true(strstr(world_status("FLUX/sets/n2.txt", "note"), "edited by hand") != NULL);
	save_rows("a x c d e");
	assert_posts(6);
	assert_table_says("line 3, n2: its prompt was edited by hand");
	assert_table_says("line 4, n3: its prompt was removed");
	assert_false(world_exists("FLUX/sets/n3.txt"));
	assert_false(world_exists("FLUX/sets/n4.txt"));
	/* it says again what its row does */
	save_rows("a edited c d e");
	assert_posts(6);
	assert_string_equal(world_status("FLUX/sets/n2.txt", "note"), "");
}

static void test_tables_faulty_rows_cost_nothing(void **state)
{
	world_save(TABLE, "name,ratio,prompt,number\nfox,17:3,a fox,\nowl,,an owl,2\n,,x,\nnothing,,,\n");
	assert_posts(1);
	assert_table("INVALID");
	assert_table_says("line 2, fox: line 1: ratio '17:3'");
	assert_table_says("line 4: it has no name");
	assert_table_says("line 5, nothing: it says nothing");
	assert_false(world_exists("FLUX/sets/fox.txt"));
	/* what is no table has no status, and takes none away from prompts */
	world_save("FLUX/prices.csv", "name,price\nfox,3\n");
	assert_posts(1);
	assert_false(world_exists("FLUX/prices.csv.status"));
	assert_int_equal(world_submit("FLUX/prices.csv"), -EINVAL);
	world_save(TABLE, "name,price\nfox,3\n");
	assert_posts(1);
	assert_false(world_exists("FLUX/sets.csv.status"));
	assert_true(world_exists("FLUX/sets/owl.txt"));
}

static void test_tables_saved_by_rename_and_renamed(void **state)
{
	save_rows("a b");
	assert_posts(2);
	/* as LibreOffice: another file comes to the name */
	world_save("FLUX/lu123.tmp", "name,prompt\nn1,a\nn2,c\n");
	assert_int_equal(world_rename("FLUX/lu123.tmp", TABLE), 0);
	assert_posts(3);
	assert_rows("a c");
	/* the table itself gets another name: no prompt is bought again */
	assert_int_equal(world_rename(TABLE, "FLUX/others.csv"), 0);
	assert_posts(3);
	assert_true(world_exists("FLUX/others/n1.txt"));
	assert_false(world_exists("FLUX/sets"));
	/* as an editor that keeps the old one */
	assert_int_equal(world_rename("FLUX/others.csv", "FLUX/others.old.csv"), 0);
	world_save("FLUX/others.csv", "name,prompt\nn1,a\nn2,c\nn3,d\n");
	world_wait(5000);
	assert_true(world_exists("FLUX/others/n3.txt"));
	/* a model that is no more changes nothing */
	assert_int_equal(world_remove("FLUX/others.csv"), 0);
	assert_true(world_exists("FLUX/others/n1.txt"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_tables_rows_are_bought_once, setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_tables_a_text_takes_its_prompt_along, setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_tables_killed_anywhere, setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_tables_of_many_rows_are_asked_about, setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_tables_other_hands_are_left_alone, setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_tables_faulty_rows_cost_nothing, setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_tables_saved_by_rename_and_renamed, setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
