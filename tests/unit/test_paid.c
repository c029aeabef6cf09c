/* SPDX-License-Identifier: MIT */
/* Paid once (design 1.3b): the ledger, not the files, says what was bought. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/base/clock.h"
#include "fs/store/tidy.h"
#include "fs/tree/tree.h"
#include "tests/unit/own_disk.h"
#include "tests/unit/own_http.h"
#include "tests/unit/world.h"

#define FOX "FLUX/fox.txt"
#define OWL "FLUX/owl.txt"
#define HOUR_MS (INT64_C(3600) * 1000)
#define DAY_MS (24 * HOUR_MS)

static const char jpg[] = "\xff\xd8\xff\xe0, and what else a picture may be made of, in words";
static const char other_jpg[] =
	"\xff\xd8\xff\xe0, and what another picture may be made of, in words";

/* Copies wait for a while, as they do outside of tests. */
static int setup(void **state)
{
	int r = world_setup(state);

	if (r != 0)
		return r;
	world_end();
	world.options.copies_ms = 10000;
	world_begin();
	return 0;
}

static void assert_posts(size_t count)
{
	world_wait(HOUR_MS);
	assert_int_equal(own_http_count("POST /v1/generation/"), count);
}

static void make(const char *path, const char *text)
{
	size_t before = own_http_count("POST");

	world_save(path, text);
	assert_posts(before + 1);
	world_assert_state(path, "SUCCESS");
}

static void test_paid_again_after_it_was_emptied(void **state)
{
	make(FOX, "a fox\n");
	world_save(FOX, "");
	assert_posts(1);
	world_save(FOX, "a fox\n");
	assert_posts(1);
	world_assert_state(FOX, "SUCCESS");
	assert_string_equal(world_list("FLUX"), "fox.png fox.status fox.txt");
}

/* What was made smaller meanwhile (tidy.h) is as good. */
static void test_paid_years_later(void **state)
{
#define TEXT "a fox that runs through a wide field of snow, in the light of an early morning, painted with a broad brush\n"
	struct job_record before, after;
	int64_t at = 0;
	bool more;

	make(FOX, TEXT);
	world_job(FOX, &before);
	assert_int_equal(world_remove(FOX), 0);
	world_wait(400 * DAY_MS);
	assert_int_equal(tidy_slice(world.store, clock_wall_ms(), &at, &more), 0);
	assert_int_equal(at, before.id);
	world_remount();
	world_save(FOX, TEXT);
	assert_posts(1);
	world_assert_state(FOX, "SUCCESS");
	world_job(FOX, &after);
	assert_int_equal(after.id, before.id);
	assert_string_equal(after.text, before.text);
	assert_string_equal(after.body, before.body);
	job_record_finish(&before);
	job_record_finish(&after);
}

static void test_paid_a_b_a_is_two(void **state)
{
	make(FOX, "a fox\n");
	make(FOX, "a red fox\n");
	world_save(FOX, "a fox\n");
	assert_posts(2);
	world_assert_state(FOX, "SUCCESS");
	assert_string_equal(world_status(FOX, "task"), "T1");
	/* the first one's picture has its name back, and the second one's is the backup */
	assert_int_equal(world_pictures("FLUX", "fox"), 2);
	char task[8] = "";
	size_t length;
	assert_int_equal(tree_xattr_get(account_tree(world.account), world_ino("FLUX/fox.png"),
				 "user.weryai.task", task, sizeof(task), &length),
		0);
	assert_memory_equal(task, "T1", 2);
}

/* What was bought was bought, whatever became of the catalogue and the settings. */
static void test_paid_text_that_could_not_be_sent_any_more(void **state)
{
	world_end();
	world.options.allow_unknown = true;
	world_begin();
	make(FOX, "ratio: 7:5\na fox\n");
	world_end();
	world.options.allow_unknown = false;
	world_begin();
	world_save(FOX, "ratio: 7:5\na fox\n");
	assert_posts(1);
	world_assert_state(FOX, "SUCCESS");
	/* one that was not bought is wrong */
	world_save(FOX, "ratio: 7:5\nan owl\n");
	assert_posts(1);
	world_assert_state(FOX, "INVALID");
}

static void test_paid_after_a_kill_at_any_time(void **state)
{
	make(FOX, "a fox\n");
	world_kill();
	world_save(FOX, "a fox\n");
	world_wait(500);
	world_kill();
	assert_posts(1);
	assert_int_equal(world_remove(FOX), 0);
	world_kill();
	world_save(FOX, "a fox\n");
	assert_posts(1);
	world_assert_state(FOX, "SUCCESS");
}

static void test_paid_failed_with_a_task_was_paid(void **state)
{
	own_http_next("/T1/status", (struct own_answer){.status = 200,
					    .body = "{\"status\":200,\"data\":{\"task_id\":\"T1\","
						    "\"task_status\":\"failed\"}}"});
	world_save(FOX, "a fox\n");
	assert_posts(1);
	world_assert_state(FOX, "FAILED");
	world_save(FOX, "a fox\n");
	assert_posts(1);
	world_assert_state(FOX, "FAILED");
	assert_int_equal(world_submit(FOX), 0);
	assert_posts(2);
}

static void test_paid_refused_before_a_task_was_not(void **state)
{
	own_http_next("POST", (struct own_answer){.status = 200, .body = "{\"status\":2003}"});
	world_save(FOX, "a fox\n");
	assert_posts(1);
	world_assert_state(FOX, "FAILED");
	world_save(FOX, "a fox\n");
	assert_posts(2);
	world_assert_state(FOX, "SUCCESS");
}

/* That is no save. */
static void test_paid_refused_and_renamed_there_and_back(void **state)
{
	own_http_next("POST", (struct own_answer){.status = 200, .body = "{\"status\":2003}"});
	world_save(FOX, "a fox\n");
	assert_posts(1);
	assert_int_equal(world_rename(FOX, "FLUX/fox.bak"), 0);
	assert_int_equal(world_rename("FLUX/fox.bak", FOX), 0);
	assert_posts(1);
	world_assert_state(FOX, "FAILED");
	/* but to write is one, and so is to come back later */
	assert_int_equal(world_rename(FOX, "FLUX/fox.bak"), 0);
	world_wait(HOUR_MS);
	own_http_next("POST", (struct own_answer){.status = 200, .body = "{\"status\":2003}"});
	assert_int_equal(world_rename("FLUX/fox.bak", FOX), 0);
	assert_posts(2);
	assert_int_equal(world_rename(FOX, "FLUX/fox.bak"), 0);
	world_save("FLUX/fox.bak", "a fox\n");
	assert_int_equal(world_rename("FLUX/fox.bak", FOX), 0);
	assert_posts(3);
	world_assert_state(FOX, "SUCCESS");
}

static void test_paid_unknown_was_paid(void **state)
{
	own_http_next("POST", (struct own_answer){.error = -ETIMEDOUT});
	world_save(FOX, "a fox\n");
	assert_posts(1);
	assert_int_equal(world_remove(FOX), 0);
	world_save(FOX, "a fox\n");
	assert_posts(1);
	world_assert_state(FOX, "UNKNOWN");
}

/* Comments, blanks at the ends and the order of directives are no part of the wish; words and settings are. */
static void test_paid_is_what_it_says_not_how(void **state)
{
	make(FOX, "ratio: 16:9\nnumber: 1\na fox\n");
	world_save(FOX, "\xef\xbb\xbfnumber: 1\r\nratio: 16:9\r\n# a note\r\na fox  \r\n\r\n");
	assert_posts(1);
	world_assert_state(FOX, "SUCCESS");
	make(FOX, "ratio: 1:1\nnumber: 1\na fox\n");
	make(FOX, "ratio: 1:1\nnumber: 1\na Fox\n");
	make(FOX, "ratio: 1:1\nnumber: 1\ntake: 2\na Fox\n");
}

/* Rule 2: the prompt is somewhere else now. */
static void test_paid_elsewhere_is_taken_up(void **state)
{
	make(FOX, "a fox\n");
	assert_int_equal(world_remove(FOX), 0);
	world_wait(5000);
	world_save(OWL, "a fox\n");
	assert_posts(1);
	world_assert_state(OWL, "SUCCESS");
	/* once: the next one is new */
	world_save("FLUX/hen.txt", "a fox\n");
	assert_posts(2);
}

/* A prompt that asks for something else, and moves, does not ask again for what it had before. */
static void test_paid_elsewhere_after_its_place_has_moved(void **state)
{
	make(FOX, "a fox\n");
	world_save(FOX, "rato: 16:9\na fox\n");
	assert_posts(1);
	assert_int_equal(world_rename(FOX, "FLUX/hen.txt"), 0);
	world_save(OWL, "a fox\n");
	assert_posts(1);
	world_assert_state(OWL, "SUCCESS");
}

/* Nor does one that says nothing, and comes to a place with a memory. */
static void test_paid_elsewhere_after_an_empty_one_has_come(void **state)
{
	make(FOX, "a fox\n");
	assert_int_equal(world_remove(FOX), 0);
	world_save("FLUX/hen.txt", "");
	world_wait(HOUR_MS);
	assert_int_equal(world_rename("FLUX/hen.txt", FOX), 0);
	world_save(OWL, "a fox\n");
	assert_posts(1);
	world_assert_state(OWL, "SUCCESS");
}

static void test_paid_elsewhere_and_forgotten_after_a_week(void **state)
{
	make(FOX, "a fox\n");
	assert_int_equal(world_remove(FOX), 0);
	world_wait(8 * DAY_MS);
	world_save(OWL, "a fox\n");
	assert_posts(2);
	/* but not under its own name */
	assert_int_equal(world_remove(OWL), 0);
	world_wait(30 * DAY_MS);
	world_save("FLUX/owl.txt", "a fox\n");
	assert_posts(2);
}

/* Rule 3: a copy is one more, but not before it is clear that it is one. */
static void test_paid_copy_is_one_more(void **state)
{
	make(FOX, "a fox\n");
	world_save(OWL, "a fox\n");
	world_wait(9000);
	world_assert_state(OWL, "DRAFT");
	assert_int_equal(own_http_count("POST"), 1);
	assert_posts(2);
	world_assert_state(OWL, "SUCCESS");
}

/* As a synchroniser renames: the new name first. */
static void test_paid_copy_whose_first_one_goes_is_a_rename(void **state)
{
	make(FOX, "a fox\n");
	world_save(OWL, "a fox\n");
	world_wait(5000);
	assert_int_equal(world_remove(FOX), 0);
	assert_posts(1);
	world_assert_state(OWL, "SUCCESS");
}

static void test_paid_two_written_together_are_two(void **state)
{
	world_save(FOX, "a fox\n");
	world_save(OWL, "a fox\n");
	assert_posts(2);
}

/* A copy of a result is no picture of somebody's, whatever became of that result: the text beside it is no caption. */
/* Which of two comes first is said by their closes, over a kill, too. */
static void test_paid_first_to_be_closed_is_the_first_after_a_kill(void **state)
{
	make("FLUX/hen.txt", "a hen\n");
	world_save(FOX, "dry run: yes\na fox\n");
	world_save(OWL, "dry run: yes\nan owl\n");
	assert_int_equal(world_remove("FLUX/hen.txt"), 0);
	world_wait(HOUR_MS);
	world_save(OWL, "a hen\n");
	world_wait(5);
	world_save(FOX, "a hen\n");
	world_kill();
	assert_posts(2);
	assert_string_not_equal(world_status(OWL, "note"), "");
	assert_string_equal(world_status(FOX, "note"), "");
}

static void test_paid_text_beside_a_result_that_was_removed(void **state)
{
	char data[4096];

	make(FOX, "a fox\n");
	ssize_t length = world_read("FLUX/fox.png", 0, sizeof(data), data, 10000);
	assert_true(length > 0);
	assert_int_equal(world_remove("FLUX/fox.png"), 0);
	int fd = world_open("FLUX/owl.png");
	assert_int_equal(world_write("FLUX/owl.png", fd, ""), 0);
	assert_int_equal(pwrite(fd, data, (size_t)length, 0), length);
	world_close("FLUX/owl.png", fd);
	world_save(OWL, "an owl\n");
	assert_posts(2);
	world_assert_state(OWL, "SUCCESS");
}

static void test_paid_input_with_other_bytes_is_another_wish(void **state)
{
	world_save("FLUX/my.jpg", jpg);
	world_save(FOX, "image: my.jpg\na fox\n");
	world_wait(HOUR_MS);
	assert_int_equal(own_http_count("POST /v1/generation/image-to-image"), 1);
	/* the same bytes under another name */
	assert_int_equal(world_rename("FLUX/my.jpg", "FLUX/mine.jpg"), 0);
	world_save(FOX, "image: mine.jpg\na fox\n");
	world_wait(HOUR_MS);
	assert_int_equal(own_http_count("POST /v1/generation/image-to-image"), 1);
	world_save("FLUX/mine.jpg", other_jpg);
	world_wait(HOUR_MS);
	assert_int_equal(own_http_count("POST /v1/generation/image-to-image"), 1);
	world_save(FOX, "image: mine.jpg\na fox\n");
	world_wait(HOUR_MS);
	assert_int_equal(own_http_count("POST /v1/generation/image-to-image"), 2);
}

/* To another model it is another wish; back again it is the first one. */
static void test_paid_to_another_model_and_back(void **state)
{
	make(FOX, "a fox\n");
	assert_int_equal(world_rename(FOX, "GEMINI/fox.txt"), 0);
	assert_posts(2);
	assert_int_equal(world_rename("GEMINI/fox.txt", FOX), 0);
	assert_posts(2);
	world_assert_state(FOX, "SUCCESS");
	assert_string_equal(world_status(FOX, "task"), "T1");
}

static void test_paid_dry_run_is_no_purchase(void **state)
{
	world_save(FOX, "dry run: yes\na fox\n");
	assert_posts(0);
	world_assert_state(FOX, "HELD");
	make(FOX, "a fox\n");
	world_save(FOX, "dry run: yes\na fox\n");
	assert_posts(1);
	world_assert_state(FOX, "HELD");
	world_save(FOX, "a fox\n");
	assert_posts(1);
	world_assert_state(FOX, "SUCCESS");
}

/* The ledger refuses the decision: it is made again, and the text is bought once. */
static void test_paid_decision_that_the_disk_refuses(void **state)
{
	make(FOX, "a fox\n");
	assert_int_equal(world_remove(FOX), 0);
	world_wait(5000);
	world_save(OWL, "a fox\n");
	own_disk_fail_writes("weryaifs.db", EIO);
	world_wait(60000);
	own_disk_reset();
	assert_posts(1);
	world_assert_state(OWL, "SUCCESS");
}

/* Two that ask for what is not gone for long enough yet: the clock on the wall and that of the timers are not in step. */
static void test_paid_is_taken_up_by_the_first_that_waits(void **state)
{
	struct job_record first, second;

	make(FOX, "a fox\n");
	world_job(FOX, &first);
	world_save(OWL, "a fox\n");
	world_wait(100);
	world_save("FLUX/hen.txt", "a fox\n");
	world_wait(400);
	assert_int_equal(world_remove(FOX), 0);
	world_wait(550);
	world_jump(2);
	assert_posts(2);
	world_job(OWL, &second);
	assert_int_equal(second.id, first.id);
	job_record_finish(&first);
	job_record_finish(&second);
	world_assert_state("FLUX/hen.txt", "SUCCESS");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(test_paid_again_after_it_was_emptied),
		T(test_paid_years_later),
		T(test_paid_a_b_a_is_two),
		T(test_paid_text_that_could_not_be_sent_any_more),
		T(test_paid_after_a_kill_at_any_time),
		T(test_paid_failed_with_a_task_was_paid),
		T(test_paid_refused_before_a_task_was_not),
		T(test_paid_refused_and_renamed_there_and_back),
		T(test_paid_unknown_was_paid),
		T(test_paid_is_what_it_says_not_how),
		T(test_paid_elsewhere_is_taken_up),
		T(test_paid_elsewhere_after_its_place_has_moved),
		T(test_paid_elsewhere_after_an_empty_one_has_come),
		T(test_paid_elsewhere_and_forgotten_after_a_week),
		T(test_paid_copy_is_one_more),
		T(test_paid_copy_whose_first_one_goes_is_a_rename),
		T(test_paid_two_written_together_are_two),
		T(test_paid_first_to_be_closed_is_the_first_after_a_kill),
		T(test_paid_text_beside_a_result_that_was_removed),
		T(test_paid_input_with_other_bytes_is_another_wish),
		T(test_paid_to_another_model_and_back),
		T(test_paid_dry_run_is_no_purchase),
		T(test_paid_decision_that_the_disk_refuses),
		T(test_paid_is_taken_up_by_the_first_that_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
