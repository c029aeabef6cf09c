/* SPDX-License-Identifier: MIT */
/* What a change of names means for prompts, their jobs and their results; and that a refused one means nothing. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/own_disk.h"
#include "tests/unit/own_http.h"
#include "tests/unit/world.h"

#define FOX "FLUX/fox.txt"
#define OWL "FLUX/owl.txt"
#define HOUR_MS (INT64_C(3600) * 1000)

static const struct own_answer later = {.status = 429, .retry_after_ms = 100000};

static void assert_posts(size_t count)
{
	world_wait(HOUR_MS);
	assert_int_equal(own_http_count("POST"), count);
}

static void test_rename_inside_a_model_keeps_the_job(void **state)
{
	own_http_state("processing");
	world_save(FOX, "a fox\n");
	world_wait(10000);
	assert_int_equal(world_mkdir("FLUX/posters"), 0);
	assert_int_equal(world_rename(FOX, "FLUX/posters/red.txt"), 0);
	own_http_state("succeed");
	assert_posts(1);
	world_assert_state("FLUX/posters/red.txt", "SUCCESS");
	assert_string_equal(world_list("FLUX/posters"), "red.png red.status red.txt");
	assert_string_equal(world_list("FLUX"), "posters");
}

static void test_rename_to_another_model_is_a_prompt_for_that(void **state)
{
	world_save(FOX, "a fox\n");
	assert_posts(1);
	assert_int_equal(world_rename(FOX, "GEMINI/fox.txt"), 0);
	assert_posts(2);
	world_assert_state("GEMINI/fox.txt", "SUCCESS");
	assert_non_null(strstr(own_http_posted(), "GEMINI"));
	assert_string_equal(world_list("FLUX"), "fox.png");
	assert_string_equal(world_list("GEMINI"), "fox.png fox.status fox.txt");
}

static void test_rename_to_another_model_cancels_what_was_not_sent(void **state)
{
	own_http_next("POST", later);
	world_save(FOX, "a fox\n");
	world_wait(2000);
	assert_int_equal(world_rename(FOX, "GEMINI/fox.txt"), 0);
	assert_posts(2);
	assert_non_null(strstr(own_http_posted(), "GEMINI"));
	assert_int_equal(world_count(JOB_QUEUED), 0);
	assert_int_equal(world_count(JOB_SUCCESS), 1);
}

static void test_rename_of_a_directory_to_another_model(void **state)
{
	assert_int_equal(world_mkdir("FLUX/set"), 0);
	assert_int_equal(world_mkdir("FLUX/set/deep"), 0);
	world_save("FLUX/set/fox.txt", "a fox\n");
	world_save("FLUX/set/deep/owl.txt", "an owl\n");
	world_save("FLUX/set/notes", "no prompt\n");
	assert_posts(2);
	own_http_state("processing");
	world_save("FLUX/set/hen.txt", "a hen\n");
	world_wait(10000);
	assert_int_equal(own_http_count("POST"), 3);
	own_http_next("POST", later);
	world_save("FLUX/set/elk.txt", "an elk\n");
	world_wait(2000);
	assert_int_equal(own_http_count("POST"), 4);
	/* two are made, one is on its way, one was not sent */
	assert_int_equal(world_rename("FLUX/set", "GEMINI/set"), 0);
	own_http_state("succeed");
	assert_posts(8);
	world_assert_state("GEMINI/set/fox.txt", "SUCCESS");
	world_assert_state("GEMINI/set/deep/owl.txt", "SUCCESS");
	world_assert_state("GEMINI/set/hen.txt", "SUCCESS");
	world_assert_state("GEMINI/set/elk.txt", "SUCCESS");
	assert_int_equal(world_count(JOB_QUEUED), 0);
	/* nothing that was paid for before is lost: an older one is a backup now */
	assert_int_equal(world_pictures("GEMINI/set", "fox"), 2);
	assert_int_equal(world_pictures("GEMINI/set/deep", "owl"), 2);
	/* what was made of one that was gone by then */
	assert_int_equal(world_pictures("GEMINI/set", "hen"), 1);
	assert_int_equal(world_pictures(".weryaifs/lost+found", "hen"), 1);
	assert_int_equal(world_pictures("GEMINI/set", "elk"), 1);
	assert_int_equal(world_count(JOB_SUCCESS), 7);
}

static void test_exchange_of_two_prompts_keeps_both_jobs(void **state)
{
	struct job_record fox = {0}, owl = {0}, record = {0};

	world_save(FOX, "a fox\n");
	world_save(OWL, "an owl\n");
	assert_posts(2);
	world_job(FOX, &fox);
	world_job(OWL, &owl);
	assert_int_equal(world_exchange(FOX, OWL), 0);
	assert_posts(2);
	world_job(FOX, &record);
	assert_int_equal(record.id, owl.id);
	job_record_finish(&record);
	world_job(OWL, &record);
	assert_int_equal(record.id, fox.id);
	job_record_finish(&record);
	job_record_finish(&fox);
	job_record_finish(&owl);
	world_assert_state(FOX, "SUCCESS");
	world_assert_state(OWL, "SUCCESS");
}

static void test_exchange_while_both_are_made(void **state)
{
	own_http_state("processing");
	world_save(FOX, "a fox\n");
	world_save(OWL, "an owl\n");
	world_wait(10000);
	assert_int_equal(world_exchange(FOX, OWL), 0);
	own_http_state("succeed");
	assert_posts(2);
	world_assert_state(FOX, "SUCCESS");
	world_assert_state(OWL, "SUCCESS");
	assert_string_equal(
		world_list("FLUX"), "fox.png fox.status fox.txt owl.png owl.status owl.txt");
}

static void test_exchange_across_models_makes_two_new_ones(void **state)
{
	world_save(FOX, "a fox\n");
	world_save("GEMINI/owl.txt", "an owl\n");
	assert_posts(2);
	assert_int_equal(world_exchange(FOX, "GEMINI/owl.txt"), 0);
	assert_posts(4);
	world_assert_state(FOX, "SUCCESS");
	world_assert_state("GEMINI/owl.txt", "SUCCESS");
}

static void test_exchange_with_a_file_that_is_none(void **state)
{
	world_save(FOX, "a fox\n");
	assert_posts(1);
	world_save("FLUX/draft", "a fox\n");
	/* as some editors save: the new text comes, the old one goes to another name */
	assert_int_equal(world_exchange(FOX, "FLUX/draft"), 0);
	assert_posts(1);
	world_assert_state(FOX, "SUCCESS");
}

static void test_save_by_rename_keeps_what_was_sent(void **state)
{
	world_save(FOX, "a fox\n");
	assert_posts(1);
	world_save("FLUX/.fox.txt.tmp", "a fox\n");
	assert_int_equal(world_rename("FLUX/.fox.txt.tmp", FOX), 0);
	assert_posts(1);
	world_save("FLUX/.fox.txt.tmp", "a red fox\n");
	assert_int_equal(world_rename("FLUX/.fox.txt.tmp", FOX), 0);
	assert_posts(2);
	assert_int_equal(world_pictures("FLUX", "fox"), 2);
}

static void test_save_by_removing_and_making_anew_keeps_what_was_sent(void **state)
{
	world_save(FOX, "a fox\n");
	assert_posts(1);
	assert_int_equal(world_rename(FOX, "FLUX/fox.txt~"), 0);
	world_save(FOX, "a fox\n");
	assert_posts(1);
	assert_int_equal(world_remove(FOX), 0);
	world_save(FOX, "a fox\n");
	assert_posts(1);
	world_assert_state(FOX, "SUCCESS");
}

static void test_unlink_cancels_what_was_not_sent(void **state)
{
	own_http_next("POST", later);
	world_save(FOX, "a fox\n");
	world_wait(2000);
	assert_int_equal(world_remove(FOX), 0);
	assert_posts(1);
	assert_int_equal(world_count(JOB_QUEUED), 0);
}

static void test_unlink_while_it_settles_sends_nothing(void **state)
{
	world_save(FOX, "a fox\n");
	world_wait(500);
	assert_int_equal(world_remove(FOX), 0);
	assert_posts(0);
}

/* Nothing that was paid for is lost. */
static void test_unlink_while_it_is_made_keeps_the_result(void **state)
{
	own_http_state("processing");
	world_save(FOX, "a fox\n");
	world_wait(10000);
	assert_int_equal(world_remove(FOX), 0);
	own_http_state("succeed");
	assert_posts(1);
	assert_string_equal(world_list("FLUX"), "");
	assert_string_equal(world_list(".weryaifs/lost+found"), "fox.png");
	char byte;
	assert_int_equal(world_read(".weryaifs/lost+found/fox.png", 0, 1, &byte, 1000), 1);
}

/* A refused change has changed nothing: neither rows nor memory. */
static void check_refused(int (*change)(void))
{
	own_http_next("POST", later);
	world_save(FOX, "a fox\n");
	world_wait(2000);
	world_assert_state(FOX, "QUEUED");
	own_disk_fail_writes("weryaifs.db", ENOSPC);
	assert_int_equal(change(), -ENOSPC);
	own_disk_reset();
	assert_true(world_exists(FOX));
	world_assert_state(FOX, "QUEUED");
	assert_posts(2);
	world_assert_state(FOX, "SUCCESS");
	assert_true(world_exists("FLUX/fox.png"));
	assert_int_equal(world_count(JOB_SUCCESS), 1);
}

static int do_remove(void)
{
	return world_remove(FOX);
}

static int do_rename(void)
{
	return world_rename(FOX, "GEMINI/fox.txt");
}

static void test_unlink_that_the_disk_refuses(void **state)
{
	check_refused(do_remove);
}

static void test_rename_that_the_disk_refuses(void **state)
{
	check_refused(do_rename);
}

/* A text that settles goes on settling: what was refused has not happened. */
static void check_refused_while_it_settles(int (*change)(void))
{
	world_save(FOX, "a fox\n");
	world_wait(500);
	own_disk_fail_writes("weryaifs.db", ENOSPC);
	assert_int_equal(change(), -ENOSPC);
	own_disk_reset();
	assert_posts(1);
	world_assert_state(FOX, "SUCCESS");
}

static void test_unlink_that_the_disk_refuses_while_it_settles(void **state)
{
	check_refused_while_it_settles(do_remove);
}

static void test_rename_that_the_disk_refuses_while_it_settles(void **state)
{
	check_refused_while_it_settles(do_rename);
}

/* A writer whose prompt could not be moved to another model goes on writing the same prompt. */
static void test_rename_that_the_disk_refuses_while_somebody_writes(void **state)
{
	int fd = world_open(FOX);

	assert_int_equal(world_write(FOX, fd, "a fox\n"), 0);
	own_disk_fail_writes("weryaifs.db", ENOSPC);
	assert_int_equal(world_rename(FOX, "FLUX/fox"), -ENOSPC);
	own_disk_reset();
	world_close(FOX, fd);
	assert_posts(1);
	world_assert_state(FOX, "SUCCESS");
}

static void test_create_that_the_disk_refuses(void **state)
{
	own_disk_fail_writes("weryaifs.db", ENOSPC);
	assert_int_equal(world_open(FOX), -ENOSPC);
	own_disk_reset();
	assert_false(world_exists(FOX));
	assert_posts(0);
	world_save(FOX, "a fox\n");
	assert_posts(1);
}

static void test_rename_over_a_prompt_takes_its_place(void **state)
{
	world_save(FOX, "a fox\n");
	world_save(OWL, "an owl\n");
	assert_posts(2);
	/* OWL's text is another one than was sent from there last: it takes its own job along */
	assert_int_equal(world_rename(OWL, FOX), 0);
	assert_posts(2);
	assert_false(world_exists(OWL));
}

static void test_names_that_are_not_for_users(void **state)
{
	assert_int_equal(world_open("fox.txt"), -EPERM);
	assert_int_equal(world_open("FLUX/fox.status"), -EPERM);
	assert_int_equal(world_open("FLUX/fox.wait"), -EPERM);
	assert_int_equal(world_mkdir("NEW"), -EPERM);
	assert_int_equal(world_rename("FLUX", "GEMINI/x"), -EPERM);
	assert_posts(0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(test_rename_inside_a_model_keeps_the_job),
		T(test_rename_to_another_model_is_a_prompt_for_that),
		T(test_rename_to_another_model_cancels_what_was_not_sent),
		T(test_rename_of_a_directory_to_another_model),
		T(test_exchange_of_two_prompts_keeps_both_jobs),
		T(test_exchange_while_both_are_made),
		T(test_exchange_across_models_makes_two_new_ones),
		T(test_exchange_with_a_file_that_is_none),
		T(test_save_by_rename_keeps_what_was_sent),
		T(test_save_by_removing_and_making_anew_keeps_what_was_sent),
		T(test_unlink_cancels_what_was_not_sent),
		T(test_unlink_while_it_settles_sends_nothing),
		T(test_unlink_while_it_is_made_keeps_the_result),
		T(test_unlink_that_the_disk_refuses),
		T(test_rename_that_the_disk_refuses),
		T(test_unlink_that_the_disk_refuses_while_it_settles),
		T(test_rename_that_the_disk_refuses_while_it_settles),
		T(test_rename_that_the_disk_refuses_while_somebody_writes),
		T(test_create_that_the_disk_refuses),
		T(test_rename_over_a_prompt_takes_its_place),
		T(test_names_that_are_not_for_users),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
