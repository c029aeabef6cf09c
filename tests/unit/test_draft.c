/* SPDX-License-Identifier: MIT */
/* From the last close of a prompt to a job, or to none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/own_disk.h"
#include "tests/unit/own_http.h"
#include "tests/unit/world.h"

#define FOX "FLUX/fox.txt"
#define HOUR_MS (INT64_C(3600) * 1000)

static void assert_posts(size_t count)
{
	world_wait(HOUR_MS);
	assert_int_equal(own_http_count("POST"), count);
}

static void test_draft_settles_after_the_last_close(void **state)
{
	int one = world_open(FOX);

	assert_int_equal(world_write(FOX, one, "a fox\n"), 0);
	int other = world_open(FOX);
	world_close(FOX, one);
	world_wait(HOUR_MS);
	assert_int_equal(own_http_count("POST"), 0);
	world_assert_state(FOX, "DRAFT");
	world_close(FOX, other);
	world_wait(999);
	assert_int_equal(own_http_count("POST"), 0);
	assert_posts(1);
}

static void test_draft_that_goes_on_is_one_prompt(void **state)
{
	world_save(FOX, "a fox\n");
	world_wait(900);
	world_save(FOX, "a fox\nin the snow\n");
	world_wait(900);
	assert_int_equal(own_http_count("POST"), 0);
	assert_posts(1);
	assert_non_null(strstr(own_http_posted(), "in the snow"));
}

static void test_draft_opened_again_is_waited_for(void **state)
{
	world_save(FOX, "a fox\n");
	world_wait(500);
	int fd = world_open(FOX);
	assert_posts(0);
	world_close(FOX, fd);
	assert_posts(1);
}

static void test_draft_without_a_text_is_nothing(void **state)
{
	world_save(FOX, "");
	assert_posts(0);
	world_assert_state(FOX, "DRAFT");
	world_save(FOX, "\n \n");
	assert_posts(0);
	world_save("FLUX/notes", "a fox\n");
	world_save("FLUX/.hidden.txt", "a fox\n");
	assert_posts(0);
}

static void test_draft_that_was_not_changed_is_not_examined(void **state)
{
	world_save(FOX, "a fox\n");
	assert_posts(1);
	/* opened for writing and closed, as touch(1) does */
	world_close(FOX, world_open(FOX));
	assert_posts(1);
	/* and the same text once more */
	world_save(FOX, "a fox\n");
	assert_posts(1);
	world_assert_state(FOX, "SUCCESS");
	assert_string_equal(world_list("FLUX"), "fox.png fox.status fox.txt");
}

static void test_draft_whose_write_failed_is_not_sent(void **state)
{
	int fd = world_open(FOX);

	assert_int_equal(world_write(FOX, fd, "a fox\n"), 0);
	own_disk_fail_writes("data/", ENOSPC);
	assert_int_equal(world_append(FOX, fd, "in the snow\n"), -ENOSPC);
	own_disk_reset();
	world_close(FOX, fd);
	assert_posts(0);
	world_assert_state(FOX, "DRAFT");
	assert_non_null(strstr(world_status(FOX, "warning"), "may be incomplete"));
	/* nor by the next mount */
	world_remount();
	assert_posts(0);
	assert_int_equal(world_submit(FOX), 0);
	assert_posts(1);
}

/* It has gone on with a text that was closed, but had not settled. */
static void test_draft_whose_write_failed_within_settle_is_not_sent(void **state)
{
	world_save(FOX, "a fox\n");
	world_wait(500);
	int fd = world_open(FOX);
	own_disk_fail_writes("data/", ENOSPC);
	assert_int_equal(world_append(FOX, fd, "in the snow\n"), -ENOSPC);
	own_disk_reset();
	world_close(FOX, fd);
	assert_posts(0);
	world_assert_state(FOX, "DRAFT");
}

enum { WRITER = 4711, OTHER = 4712 };

static void write_as(pid_t writer, int fd, const char *text)
{
	world.writer = writer;
	assert_int_equal(world_append(FOX, fd, text), 0);
	world.writer = 0;
}

/* Written, and its writer killed. */
static void cut_short(const char *text)
{
	int fd = world_open(FOX);

	write_as(WRITER, fd, text);
	world_cut_short(FOX, WRITER);
	world_close(FOX, fd);
}

static void assert_cut(void)
{
	world_assert_state(FOX, "DRAFT");
	assert_non_null(strstr(world_status(FOX, "warning"), "was killed before it had ended"));
}

static void test_draft_of_a_killed_writer_is_sent_by_a_person_alone(void **state)
{
	cut_short("a fox that ju");
	assert_posts(0);
	assert_cut();
	/* opened and closed, as touch(1) does */
	world_close(FOX, world_open(FOX));
	assert_posts(0);
	world_remount();
	assert_posts(0);
	assert_cut();
	world_kill();
	assert_posts(0);
	assert_cut();
	/* it is the same text under another name */
	assert_int_equal(world_rename(FOX, "FLUX/hare.txt"), 0);
	assert_posts(0);
	assert_int_equal(world_rename("FLUX/hare.txt", FOX), 0);
	assert_posts(0);
	assert_cut();
	assert_int_equal(world_retry(FOX), 0);
	assert_posts(0);
	assert_int_equal(world_submit(FOX), 0);
	assert_posts(1);
	world_assert_state(FOX, "SUCCESS");
	assert_string_equal(world_status(FOX, "warning"), "");
}

static void test_draft_of_a_killed_writer_is_as_it_was_on_the_disk_before_the_close(void **state)
{
	int fd = world_open(FOX);

	write_as(WRITER, fd, "a fox that ju");
	world_cut_short(FOX, WRITER);
	close(fd);
	world_kill();
	assert_posts(0);
	assert_cut();
}

static void test_draft_of_a_killed_writer_is_sent_when_saved_again(void **state)
{
	cut_short("a fox that ju");
	assert_posts(0);
	world_save(FOX, "a fox that jumps\n");
	assert_posts(1);
	world_assert_state(FOX, "SUCCESS");
	/* one that was sent, and is overwritten */
	cut_short("an owl that");
	assert_posts(1);
	assert_cut();
	/* by another file, as editors save */
	world_save("FLUX/fox.tmp", "an owl that sings\n");
	assert_int_equal(world_rename("FLUX/fox.tmp", FOX), 0);
	assert_posts(2);
	world_assert_state(FOX, "SUCCESS");
}

static void test_draft_whose_last_writer_lives_is_sent(void **state)
{
	int fd = world_open(FOX);

	/* one goes on where another one was killed */
	write_as(WRITER, fd, "a fox ");
	world_cut_short(FOX, WRITER);
	write_as(OTHER, fd, "that jumps\n");
	/* what comes too late, or from who wrote nothing */
	world_cut_short(FOX, WRITER);
	world_cut_short(FOX, 0);
	world_close(FOX, fd);
	assert_posts(1);
	world_cut_short(FOX, OTHER);
	assert_posts(1);
	world_assert_state(FOX, "SUCCESS");
}

static void test_draft_cut_short_within_settle_is_not_sent(void **state)
{
	world_save(FOX, "a fox\n");
	world_wait(500);
	cut_short("that ju");
	assert_posts(0);
	assert_cut();
}

static void test_draft_cut_short_stays_one_where_another_has_it_open(void **state)
{
	int fd = world_open(FOX);

	cut_short("a fox that ju");
	world_wait(HOUR_MS);
	world_close(FOX, fd);
	assert_posts(0);
	assert_cut();
}

/* The ledger would not have it: it stays open there, which is not sent either. */
static void test_draft_cut_short_that_cannot_be_recorded_is_not_sent(void **state)
{
	int fd = world_open(FOX);

	write_as(WRITER, fd, "a fox that ju");
	own_disk_fail_writes("weryaifs.db", EIO);
	world_cut_short(FOX, WRITER);
	own_disk_reset();
	world_close(FOX, fd);
	assert_posts(0);
	world_assert_state(FOX, "DRAFT");
	world_remount();
	assert_posts(0);
}

/* The mark that a text is changing has to be on the disk before the text changes. */
static void test_draft_is_not_written_where_it_cannot_be_marked(void **state)
{
	char text[8];

	world_save(FOX, "a fox\n");
	assert_posts(1);
	int fd = world_open(FOX);
	own_disk_fail_writes("weryaifs.db", EIO);
	assert_int_equal(world_write(FOX, fd, "an owl\n"), -EIO);
	own_disk_reset();
	assert_int_equal(pread(fd, text, sizeof(text), 0), 6);
	world_close(FOX, fd);
	assert_posts(1);
}

/* The disk would not take the job: the text is examined again, until it does. */
static void test_draft_is_examined_again_when_the_disk_refuses(void **state)
{
	world_save(FOX, "a fox\n");
	own_disk_fail_writes("weryaifs.db", EIO);
	world_wait(HOUR_MS);
	assert_int_equal(own_http_count("POST"), 0);
	world_assert_state(FOX, "DRAFT");
	own_disk_reset();
	world_wait(11000);
	assert_int_equal(own_http_count("POST"), 1);
	assert_posts(1);
	world_assert_state(FOX, "SUCCESS");
}

static void test_draft_whose_closing_was_not_recorded_waits_for_a_person_after_a_kill(void **state)
{
	int fd = world_open(FOX);

	assert_int_equal(world_write(FOX, fd, "a fox\n"), 0);
	own_disk_fail_writes("weryaifs.db", EIO);
	world_close(FOX, fd);
	world_wait(5000);
	own_disk_reset();
	world_kill();
	assert_posts(0);
	world_assert_state(FOX, "DRAFT");
}

static void test_draft_replaces_what_was_not_sent(void **state)
{
	own_http_next_many("POST", (struct own_answer){.status = 429, .retry_after_ms = 100000}, 1);
	world_save(FOX, "a fox\n");
	world_wait(2000);
	world_save(FOX, "a red fox\n");
	assert_posts(2);
	assert_non_null(strstr(own_http_posted(), "a red fox"));
	assert_int_equal(world_count(JOB_SUCCESS), 1);
	assert_int_equal(world_count(JOB_QUEUED), 0);
}

static void test_draft_emptied_cancels_what_was_not_sent(void **state)
{
	own_http_next("POST", (struct own_answer){.status = 429, .retry_after_ms = 100000});
	world_save(FOX, "a fox\n");
	world_wait(2000);
	world_save(FOX, "");
	assert_posts(1);
	assert_int_equal(world_count(JOB_QUEUED), 0);
}

static void test_draft_that_is_wrong_costs_nothing(void **state)
{
	world_save(FOX, "rato: 16:9\na fox\n");
	assert_posts(0);
	world_assert_state(FOX, "INVALID");
	assert_non_null(strstr(world_status(FOX, "error"), "rato"));
	world_save(FOX, "ratio: 16:9\na fox\n");
	assert_posts(1);
	world_assert_state(FOX, "SUCCESS");
	assert_int_equal(world_count(JOB_INVALID), 0);
}

static void test_draft_that_is_too_long_costs_nothing(void **state)
{
	static char text[300 * 1024];

	memset(text, 'x', sizeof(text) - 1);
	world_save(FOX, text);
	assert_posts(0);
	world_assert_state(FOX, "INVALID");
	assert_non_null(strstr(world_status(FOX, "error"), "256 KiB"));
	world_save(FOX, "a fox\n");
	assert_posts(1);
}

static void test_draft_submit_is_refused_while_somebody_writes(void **state)
{
	int fd = world_open(FOX);

	assert_int_equal(world_write(FOX, fd, "a fox\n"), 0);
	assert_int_equal(world_submit(FOX), -EBUSY);
	assert_posts(0);
	world_close(FOX, fd);
	assert_int_equal(world_submit(FOX), 0);
	world_settle();
	assert_int_equal(own_http_count("POST"), 1);
	assert_posts(1);
}

static void test_draft_submit_buys_again_what_is_done(void **state)
{
	world_save(FOX, "a fox\n");
	assert_posts(1);
	assert_int_equal(world_submit(FOX), 0);
	assert_posts(2);
	assert_int_equal(world_pictures("FLUX", "fox"), 2);
}

static void test_draft_submit_is_refused_while_its_job_is_on_its_way(void **state)
{
	own_http_state("processing");
	world_save(FOX, "a fox\n");
	world_wait(10000);
	assert_int_equal(world_submit(FOX), -EBUSY);
	own_http_state("succeed");
	assert_posts(1);
}

static void test_draft_submit_that_cannot_be_recorded_fails(void **state)
{
	world_save(FOX, "a fox\n");
	assert_posts(1);
	own_disk_fail_writes("weryaifs.db", ENOSPC);
	assert_int_equal(world_submit(FOX), -ENOSPC);
	own_disk_reset();
	assert_posts(1);
}

/* Who was told that it failed does not pay for it. */
static void test_draft_release_that_cannot_be_recorded_fails(void **state)
{
	world_save(FOX, "dry run: yes\na fox\n");
	assert_posts(0);
	own_disk_fail_writes("weryaifs.db", EIO);
	assert_int_equal(world_submit(FOX), -EIO);
	own_disk_reset();
	assert_posts(0);
	world_assert_state(FOX, "HELD");
	assert_int_equal(world_submit(FOX), 0);
	assert_posts(1);
}

static void test_draft_dry_run_is_held_and_shows_its_request(void **state)
{
	world_save(FOX, "dry run: yes\na fox\n");
	assert_posts(0);
	world_assert_state(FOX, "HELD");
	assert_non_null(strstr(world_status(FOX, "request"), "a fox"));
	world_remount();
	assert_posts(0);
	assert_int_equal(world_submit(FOX), 0);
	assert_posts(1);
	world_assert_state(FOX, "SUCCESS");
}

/* The nearer file of defaults wins, the prompt wins, and one that was sent stays as it is. */
static void test_draft_defaults_are_inherited(void **state)
{
	world_save("FLUX/.defaults", "ratio: 16:9\n# wide, and two of each\nnumber: 2\n");
	world_save(FOX, "dry run: yes\na fox\n");
	world_wait(1000);
	world_assert_state(FOX, "HELD");
	assert_non_null(strstr(world_status(FOX, "request"), "\"aspect_ratio\":\"16:9\""));
	assert_string_equal(
		world_status(FOX, "settings"), "ratio 16:9 (.defaults), number 2 (.defaults)");
	world_save(FOX, "dry run: yes\na fox\nratio: 1:1\n");
	world_wait(1000);
	assert_string_equal(
		world_status(FOX, "settings"), "ratio 1:1 (prompt), number 2 (.defaults)");
	world_save(FOX, "a fox\n");
	assert_posts(1);
	world_assert_state(FOX, "SUCCESS");
	world_save("FLUX/.defaults", "rato: 16:9\n");
	world_wait(1000);
	assert_posts(1);
	world_assert_state(FOX, "SUCCESS");
	world_save("FLUX/bear.txt", "a bear\n");
	world_wait(1000);
	world_assert_state("FLUX/bear.txt", "INVALID");
	assert_non_null(strstr(world_status("FLUX/bear.txt", "error"),
		"/FLUX/.defaults: line 1: 'rato' looks like the setting 'ratio'"));
	assert_posts(1);
}

/* Copied away, or put back from a backup: what was not sent here may have been sent there. */
static void test_draft_of_a_copied_account_waits_for_a_person(void **state)
{
	own_http_next("POST", (struct own_answer){.status = 429, .retry_after_ms = 100000});
	world_save(FOX, "a fox\n");
	world_wait(2000);
	/* a `submit` of then was for the one time that it was sent there, perhaps */
	world_save("FLUX/asked.txt", "a bear\n");
	own_http_next("POST", (struct own_answer){.status = 429, .retry_after_ms = 100000});
	assert_int_equal(world_submit("FLUX/asked.txt"), 0);
	world_wait(100);
	world_assert_state("FLUX/asked.txt", "QUEUED");
	world_save("FLUX/owl.txt", "an owl\n");
	size_t before = own_http_count("POST");
	world_copy();
	assert_posts(before);
	world_assert_state(FOX, "HELD");
	world_assert_state("FLUX/asked.txt", "HELD");
	world_assert_state("FLUX/owl.txt", "DRAFT");
	assert_int_equal(world_submit(FOX), 0);
	assert_posts(before + 1);
	/* what is written now was never anywhere else */
	world_save("FLUX/hen.txt", "a hen\n");
	assert_posts(before + 2);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(test_draft_settles_after_the_last_close),
		T(test_draft_that_goes_on_is_one_prompt),
		T(test_draft_opened_again_is_waited_for),
		T(test_draft_without_a_text_is_nothing),
		T(test_draft_that_was_not_changed_is_not_examined),
		T(test_draft_whose_write_failed_is_not_sent),
		T(test_draft_whose_write_failed_within_settle_is_not_sent),
		T(test_draft_of_a_killed_writer_is_sent_by_a_person_alone),
		T(test_draft_of_a_killed_writer_is_as_it_was_on_the_disk_before_the_close),
		T(test_draft_of_a_killed_writer_is_sent_when_saved_again),
		T(test_draft_whose_last_writer_lives_is_sent),
		T(test_draft_cut_short_within_settle_is_not_sent),
		T(test_draft_cut_short_stays_one_where_another_has_it_open),
		T(test_draft_cut_short_that_cannot_be_recorded_is_not_sent),
		T(test_draft_is_not_written_where_it_cannot_be_marked),
		T(test_draft_is_examined_again_when_the_disk_refuses),
		T(test_draft_whose_closing_was_not_recorded_waits_for_a_person_after_a_kill),
		T(test_draft_replaces_what_was_not_sent),
		T(test_draft_emptied_cancels_what_was_not_sent),
		T(test_draft_that_is_wrong_costs_nothing),
		T(test_draft_that_is_too_long_costs_nothing),
		T(test_draft_submit_is_refused_while_somebody_writes),
		T(test_draft_submit_buys_again_what_is_done),
		T(test_draft_submit_is_refused_while_its_job_is_on_its_way),
		T(test_draft_submit_that_cannot_be_recorded_fails),
		T(test_draft_release_that_cannot_be_recorded_fails),
		T(test_draft_defaults_are_inherited),
		T(test_draft_dry_run_is_held_and_shows_its_request),
		T(test_draft_of_a_copied_account_waits_for_a_person),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
