/* SPDX-License-Identifier: MIT */
/* The names that results get: beside their prompt, and nothing of what is there is lost. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fs/job/changes.h"
#include "fs/tree/tree.h"
#include "tests/unit/own_disk.h"
#include "tests/unit/own_http.h"
#include "tests/unit/world.h"

#define FOX "FLUX/fox.txt"
#define HOUR_MS (INT64_C(3600) * 1000)

static char told[1024];

static void on_appeared(void *arg, uint64_t dir, uint64_t ino, const char *name)
{
	snprintf(told + strlen(told), sizeof(told) - strlen(told), "+%s ", name);
}

static void on_backed_up(void *arg, uint64_t dir, uint64_t ino, const char *old, const char *name)
{
	snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s>%s ", old, name);
}

static void listen_to_events(void)
{
	static const struct changes_events events = {
		.result_appeared = on_appeared, .result_backed_up = on_backed_up};
	static struct changes_listener listener;

	told[0] = '\0';
	changes_unlisten(&listener);
	changes_listen(account_changes(world.account), &listener, &events, NULL);
}

static void make(const char *text)
{
	size_t before = own_http_count("POST");

	world_save(FOX, text);
	world_wait(HOUR_MS);
	assert_int_equal(own_http_count("POST"), before + 1);
	world_assert_state(FOX, "SUCCESS");
}

static void test_publish_older_results_become_backups(void **state)
{
	listen_to_events();
	make("a fox\n");
	assert_string_equal(told, "+fox.png ");
	listen_to_events();
	make("a red fox\n");
	/* the older one makes room first */
	assert_true(strncmp(told, "fox.png>", 8) == 0);
	assert_non_null(strstr(told, " +fox.png "));
	make("a blue fox\n");
	assert_int_equal(world_pictures("FLUX", "fox"), 3);
}

static void test_publish_leaves_what_a_person_has_named(void **state)
{
	make("a fox\n");
	assert_int_equal(world_rename("FLUX/fox.png", "FLUX/best.png"), 0);
	make("a red fox\n");
	assert_string_equal(world_list("FLUX"), "best.png fox.png fox.status fox.txt");
}

/* FLUX/fox-2.txt is there, a dry run: its result would be fox-2.png. */
static void test_publish_leaves_the_name_of_another_prompts_result(void **state)
{
	world_save("FLUX/fox-2.txt", "another fox\ndry run: yes\n");
	own_http_pictures(100, 3);
	make("a fox\n");
	assert_string_equal(world_status(FOX, "results"), "fox-1.png, fox.2.png, fox-3.png");
	own_http_pictures(100, 1);
	assert_int_equal(world_submit("FLUX/fox-2.txt"), 0);
	world_wait(HOUR_MS);
	assert_string_equal(world_status("FLUX/fox-2.txt", "results"), "fox-2.png");
	/* all of its own make room for what comes next, and come back when they are asked for again */
	own_http_pictures(100, 3);
	make("a red fox\n");
	assert_string_equal(world_status(FOX, "results"), "fox-1.png, fox.2.png, fox-3.png");
	assert_true(world_exists("FLUX/fox.2.~1~.png"));
	assert_true(world_exists("FLUX/fox-2.png"));
	world_save(FOX, "a fox\n");
	world_wait(HOUR_MS);
	assert_string_equal(world_status(FOX, "results"), "fox-1.png, fox.2.png, fox-3.png");
	assert_int_equal(own_http_count("POST"), 3);
}

static void test_publish_takes_no_name_that_is_taken(void **state)
{
	world_save("FLUX/fox.png", "a picture of mine, which is not the service's\n");
	/* it may be the picture's caption */
	world_save(FOX, "a fox\n");
	world_wait(HOUR_MS);
	world_assert_state(FOX, "HELD");
	assert_int_equal(own_http_count("POST"), 0);
	assert_int_equal(world_submit(FOX), 0);
	world_wait(HOUR_MS);
	assert_string_equal(world_list("FLUX"), "fox-1.png fox.png fox.status fox.txt");
}

static void test_publish_several_have_numbers(void **state)
{
	own_http_pictures(100, 3);
	make("a fox\n");
	assert_string_equal(world_list("FLUX"), "fox-1.png fox-2.png fox-3.png fox.status fox.txt");
	make("a red fox\n");
	assert_int_equal(world_pictures("FLUX", "fox"), 6);
}

static void test_publish_long_stem_is_cut_at_a_character(void **state)
{
	char path[300] = "FLUX/", name[256] = "";

	/* "é" has two bytes; as long as a name with .status may be */
	for (int i = 0; i < 122; i++)
		strcat(name, "é");
	strcat(path, name);
	strcat(path, "x.txt");
	world_save(path, "a fox\n");
	world_wait(HOUR_MS);
	assert_int_equal(own_http_count("POST"), 1);
	const char *list = world_list("FLUX");
	assert_non_null(strstr(list, "é.png"));
}

static void test_publish_without_its_prompt_is_lost_and_found(void **state)
{
	own_http_state("processing");
	for (int i = 0; i < 2; i++) {
		world_save(FOX, i == 0 ? "a fox\n" : "a red fox\n");
		world_wait(10000);
		assert_int_equal(world_remove(FOX), 0);
	}
	own_http_state("succeed");
	world_wait(HOUR_MS);
	assert_int_equal(
		world_pictures(".weryaifs/lost+found", "fox"), (int)own_http_count("POST"));
}

static void test_publish_beside_a_prompt_that_has_moved(void **state)
{
	own_http_state("processing");
	world_save(FOX, "a fox\n");
	world_wait(10000);
	assert_int_equal(world_mkdir("FLUX/deep"), 0);
	assert_int_equal(world_rename(FOX, "FLUX/deep/owl.txt"), 0);
	own_http_state("succeed");
	world_wait(HOUR_MS);
	assert_string_equal(world_list("FLUX/deep"), "owl.png owl.status owl.txt");
}

/* For a second the kernel may keep the names of results: who would take one waits for so long. */
static void test_publish_waits_for_names_that_the_kernel_keeps(void **state)
{
	static const struct own_answer words = {.status = 200,
		.body = "{\"status\":200,\"data\":{\"words\":\"a red fox in the snow, at dawn\"}}"};
	struct tree *tree = account_tree(world.account);
	uint64_t dir = world_ino("WORDS/");

	own_http_next_many("POST", words, 2);
	world_save("WORDS/fox.txt", "a fox\n");
	/* the directory is busy: nothing is promised */
	assert_int_equal(tree_quiet_ms(tree, dir), 0);
	world_wait(10000);
	world_assert_state("WORDS/fox.txt", "SUCCESS");
	assert_int_equal(tree_quiet_ms(tree, dir), 1000);
	assert_int_equal(world_submit("WORDS/fox.txt"), 0);
	world_wait(1000);
	assert_int_equal(own_http_count("POST"), 2);
	world_assert_state("WORDS/fox.txt", "PROCESSING");
	assert_string_equal(world_list("WORDS"), "fox.status fox.text fox.txt");
	world_wait(300);
	world_assert_state("WORDS/fox.txt", "SUCCESS");
	assert_string_not_equal(world_list("WORDS"), "fox.status fox.text fox.txt");
}

static void test_publish_is_one_durable_step(void **state)
{
	own_http_pictures(100, 2);
	own_http_next("GET /T1-1.png", (struct own_answer){.hold = true});
	world_save(FOX, "a fox\n");
	world_wait(10000);
	record_clear();
	own_http_release((struct own_answer){.status = 200,
		.body = "GIF89a, or what else may be of more than thirty-two bytes"});
	world_settle();
	world_wait(1);
	assert_non_null(strstr(recorded(), "sync state/weryaifs.db-wal"));
	world_kill();
	world_assert_state(FOX, "SUCCESS");
	assert_string_equal(world_list("FLUX"), "fox-1.png fox-2.gif fox.status fox.txt");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(test_publish_older_results_become_backups),
		T(test_publish_leaves_what_a_person_has_named),
		T(test_publish_leaves_the_name_of_another_prompts_result),
		T(test_publish_takes_no_name_that_is_taken),
		T(test_publish_several_have_numbers),
		T(test_publish_long_stem_is_cut_at_a_character),
		T(test_publish_without_its_prompt_is_lost_and_found),
		T(test_publish_beside_a_prompt_that_has_moved),
		T(test_publish_waits_for_names_that_the_kernel_keeps),
		T(test_publish_is_one_durable_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
