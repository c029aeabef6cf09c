/* SPDX-License-Identifier: MIT */
/* What a prompt waits for: files, results, results that are yet to come; nothing is sent before all are there, and nothing
 * is uploaded for a prompt that cannot be sent. */
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
#define RED "FLUX/red.txt"
#define HOUR_MS (INT64_C(3600) * 1000)
#define POSTS "POST /v1/generation/image-to-image"
#define UPLOADS "POST /v1/generation/upload-file"

static const char jpg[] = "\xff\xd8\xff\xe0, and what else a picture may be made of, in words";

static void test_inputs_address_is_sent_as_it_is(void **state)
{
	world_save(RED, "image: https://me.test/fox.png\na red fox\n");
	world_wait(10000);
	assert_int_equal(own_http_count(POSTS), 1);
	assert_non_null(strstr(own_http_posted(), "https://me.test/fox.png"));
	assert_int_equal(own_http_count(UPLOADS), 0);
	world_assert_state(RED, "SUCCESS");
}

static void test_inputs_file_is_uploaded_once(void **state)
{
	world_save("FLUX/my.jpg", jpg);
	world_save(RED, "image: my.jpg\na red fox\n");
	world_wait(10000);
	assert_int_equal(own_http_count(UPLOADS), 1);
	assert_int_equal(own_http_count(POSTS), 1);
	assert_true(recorded_before(UPLOADS, POSTS));
	assert_non_null(strstr(own_http_posted(), "https://files.test/1"));
	/* the same bytes under another name, also in the next mount */
	world_save("FLUX/same.jpg", jpg);
	world_save(FOX, "image: same.jpg\na blue fox\n");
	world_wait(10000);
	world_remount();
	world_save("FLUX/owl.txt", "image: my.jpg\nan owl\n");
	world_wait(10000);
	assert_int_equal(own_http_count(UPLOADS), 1);
	assert_int_equal(own_http_count(POSTS), 3);
}

static void test_inputs_upload_that_fails_is_tried_again_and_sends_nothing(void **state)
{
	own_http_next_many(UPLOADS, (struct own_answer){.status = 500}, 3);
	world_save("FLUX/my.jpg", jpg);
	world_save(RED, "image: my.jpg\na red fox\n");
	world_wait(1500);
	world_assert_state(RED, "WAITING");
	assert_int_equal(own_http_count(POSTS), 0);
	world_wait(HOUR_MS);
	assert_int_equal(own_http_count(POSTS), 1);
	world_assert_state(RED, "SUCCESS");
}

/* What is about one file keeps no other one waiting. */
static void test_inputs_upload_that_fails_lets_others_go_first(void **state)
{
	own_http_next_many(UPLOADS, (struct own_answer){.status = 500}, 1);
	world_save("FLUX/my.jpg", jpg);
	world_save(RED, "image: my.jpg\na red fox\n");
	world_wait(100);
	world_save("FLUX/other.jpg", "\xff\xd8\xff another picture");
	world_save(FOX, "image: other.jpg\na fox\n");
	world_wait(1700);
	assert_int_equal(own_http_count(UPLOADS), 2);
	assert_int_equal(own_http_count(POSTS), 1);
	world_assert_state(RED, "WAITING");
	world_wait(10000);
	assert_int_equal(own_http_count(POSTS), 2);
	world_assert_state(RED, "SUCCESS");
}

static void test_inputs_result_to_come_is_waited_for(void **state)
{
	own_http_state("processing");
	world_save(RED, "image: fox.png\na red fox\n");
	world_save(FOX, "a fox\n");
	world_wait(20000);
	world_assert_state(RED, "WAITING");
	assert_int_equal(own_http_count("POST"), 1);
	own_http_state("succeed");
	world_wait(30000);
	world_assert_state(FOX, "SUCCESS");
	world_assert_state(RED, "SUCCESS");
	assert_int_equal(own_http_count(POSTS), 1);
	/* by its address: no bytes are moved */
	assert_int_equal(own_http_count(UPLOADS), 0);
	assert_non_null(strstr(own_http_posted(), "https://cdn.test/T1-0.png"));
}

static void test_inputs_chain_survives_a_kill_at_each_step(void **state)
{
	own_http_state("processing");
	world_save("FLUX/c.txt", "image: b\nc\n");
	world_save("FLUX/b.txt", "image: a\nb\n");
	world_save("FLUX/a.txt", "a\n");
	world_wait(5000);
	world_kill();
	world_wait(5000);
	world_assert_state("FLUX/b.txt", "WAITING");
	own_http_state("succeed");
	world_wait(4000);
	world_kill();
	world_wait(HOUR_MS);
	world_assert_state("FLUX/c.txt", "SUCCESS");
	assert_int_equal(own_http_count("POST"), 3);
}

static void test_inputs_circle_is_invalid(void **state)
{
	world_save("FLUX/a.txt", "image: b\na\n");
	world_save("FLUX/b.txt", "image: c\nb\n");
	world_save("FLUX/c.txt", "image: a\nc\n");
	world_wait(HOUR_MS);
	world_assert_state("FLUX/a.txt", "INVALID");
	assert_non_null(strstr(world_status("FLUX/a.txt", "error"), "circle"));
	assert_int_equal(own_http_count("POST"), 0);
	/* it opens, and all go on by themselves */
	world_save("FLUX/c.txt", "c\n");
	world_wait(HOUR_MS);
	world_assert_state("FLUX/a.txt", "SUCCESS");
	assert_int_equal(own_http_count("POST"), 3);
}

static void test_inputs_missing_is_waited_for_a_little(void **state)
{
	world_save(RED, "image: my.jpg\na red fox\n");
	world_wait(5000);
	world_assert_state(RED, "WAITING");
	world_wait(10000);
	world_assert_state(RED, "INVALID");
	assert_non_null(strstr(world_status(RED, "error"), "my.jpg"));
	assert_int_equal(own_http_count("POST"), 0);
	world_save("FLUX/my.jpg", jpg);
	world_wait(10000);
	world_assert_state(RED, "SUCCESS");
	assert_int_equal(own_http_count(POSTS), 1);
}

static void test_inputs_failure_of_another_is_told_and_costs_nothing(void **state)
{
	own_http_next("/T1/status", (struct own_answer){.status = 200,
					    .body = "{\"status\":200,\"data\":{\"task_id\":\"T1\","
						    "\"task_status\":\"failed\"}}"});
	world_save(FOX, "a fox\n");
	world_save(RED, "image: fox\na red fox\n");
	world_wait(HOUR_MS);
	world_assert_state(FOX, "FAILED");
	world_assert_state(RED, "INVALID");
	assert_int_equal(own_http_count(POSTS), 0);
	assert_int_equal(world_submit(FOX), 0);
	world_wait(HOUR_MS);
	world_assert_state(RED, "SUCCESS");
	assert_int_equal(own_http_count(POSTS), 1);
}

static void test_inputs_nothing_is_uploaded_for_a_prompt_that_is_wrong(void **state)
{
	world_save("FLUX/my.jpg", jpg);
	world_save("FLUX/words.jpg",
		"these are words and no picture at all, whatever the name says\n");
	world_save("GPT_IMAGE_2/red.txt", "image: /FLUX/my.jpg\nimage: /FLUX/words.jpg\na fox\n");
	world_wait(HOUR_MS);
	world_assert_state("GPT_IMAGE_2/red.txt", "INVALID");
	assert_int_equal(own_http_count(UPLOADS), 0);
	assert_int_equal(own_http_count("POST"), 0);
}

static void test_inputs_paths_do_not_leave_the_mount(void **state)
{
	world_save(RED, "image: ../../../../etc/passwd\na red fox\n");
	world_wait(HOUR_MS);
	world_assert_state(RED, "INVALID");
	assert_int_equal(own_http_count("POST"), 0);
}

static void test_inputs_file_that_is_being_written_is_waited_for(void **state)
{
	int fd = world_open("FLUX/my.jpg");

	assert_int_equal(world_write("FLUX/my.jpg", fd, jpg), 0);
	world_save(RED, "image: my.jpg\na red fox\n");
	world_wait(60000);
	world_assert_state(RED, "WAITING");
	assert_int_equal(own_http_count("POST"), 0);
	world_close("FLUX/my.jpg", fd);
	world_wait(10000);
	world_assert_state(RED, "SUCCESS");
	assert_int_equal(own_http_count(UPLOADS), 1);
}

/* An address that has died is renewed; the one that is dead is not paid for. */
static void test_inputs_dead_address_of_a_result_is_renewed(void **state)
{
	world_save(FOX, "a fox\n");
	world_wait(10000);
	world_remount();
	world_wait(3 * HOUR_MS);
	own_http_next("GET /T1-0.png", (struct own_answer){.status = 403});
	own_http_next("/T1/status",
		(struct own_answer){.status = 200,
			.body = "{\"status\":200,\"data\":{\"task_id\":\"T1\",\"task_status\":"
				"\"succeed\",\"images\":[\"https://cdn.test/new.png\"]}}"});
	world_save(RED, "image: fox.png\na red fox\n");
	world_wait(60000);
	world_assert_state(RED, "SUCCESS");
	assert_non_null(strstr(own_http_posted(), "https://cdn.test/new.png"));
	assert_int_equal(own_http_count(POSTS), 1);
}

/* Where the service has lost it too, the bytes that are in the cache are uploaded. */
static void test_inputs_lost_result_is_uploaded_from_the_cache(void **state)
{
	world_save(FOX, "a fox\n");
	world_wait(10000);
	world_remount();
	world_wait(3 * HOUR_MS);
	own_http_next_many("GET /T1-0.png", (struct own_answer){.status = 404}, SIZE_MAX);
	world_save(RED, "image: fox.png\na red fox\n");
	world_wait(60000);
	world_assert_state(RED, "SUCCESS");
	assert_int_equal(own_http_count(UPLOADS), 1);
	assert_non_null(strstr(own_http_posted(), "https://files.test/1"));
}

static void test_inputs_dry_run_uploads_nothing(void **state)
{
	world_save("FLUX/my.jpg", jpg);
	world_save(RED, "dry run: yes\nimage: my.jpg\na red fox\n");
	world_wait(HOUR_MS);
	world_assert_state(RED, "HELD");
	assert_non_null(strstr(world_status(RED, "request"), "my.jpg"));
	assert_int_equal(own_http_count("POST"), 0);
	assert_int_equal(world_submit(RED), 0);
	world_wait(10000);
	world_assert_state(RED, "SUCCESS");
	assert_int_equal(own_http_count(UPLOADS), 1);
	assert_non_null(strstr(own_http_posted(), "https://files.test/1"));
}

/* The disk refuses the verdict: it is recorded when the disk takes it, and nothing is sent meanwhile. */
static void test_inputs_verdict_that_cannot_be_recorded_is_recorded_later(void **state)
{
	world_save(RED, "image: my.jpg\na red fox\n");
	world_wait(5000);
	own_disk_fail_writes("weryaifs.db", EIO);
	world_wait(60000);
	own_disk_reset();
	world_wait(60000);
	assert_int_equal(world_count(JOB_BLOCKED), 1);
	world_kill();
	assert_int_equal(world_count(JOB_BLOCKED), 1);
	assert_int_equal(own_http_count("POST"), 0);
}

/* What waited when the account was copied may have been sent from there when its inputs came. */
static void test_inputs_of_a_copied_account_wait_for_a_person(void **state)
{
	own_http_state("processing");
	world_save(FOX, "a fox\n");
	world_save(RED, "image: fox.png\na red fox\n");
	world_wait(20000);
	world_assert_state(RED, "WAITING");
	world_copy();
	/* at once, not when its inputs are there */
	world_assert_state(RED, "HELD");
	own_http_state("succeed");
	world_wait(HOUR_MS);
	world_assert_state(FOX, "SUCCESS");
	world_assert_state(RED, "HELD");
	assert_int_equal(own_http_count(POSTS), 0);
	assert_int_equal(world_submit(RED), 0);
	world_wait(HOUR_MS);
	assert_int_equal(own_http_count(POSTS), 1);
}

/* So may one whose input was missing then: it is mended there, too. */
static void test_inputs_mended_in_a_copied_account_wait_for_a_person(void **state)
{
	world_save(RED, "image: my.jpg\na red fox\n");
	world_wait(HOUR_MS);
	assert_int_equal(world_count(JOB_BLOCKED), 1);
	world_copy();
	world_save("FLUX/my.jpg", jpg);
	world_wait(HOUR_MS);
	world_assert_state(RED, "HELD");
	assert_non_null(strstr(world_status(RED, "warning"), "copied or put back"));
	assert_int_equal(own_http_count(POSTS), 0);
	assert_int_equal(world_submit(RED), 0);
	world_wait(HOUR_MS);
	assert_int_equal(own_http_count(POSTS), 1);
}

/* A sound of so many seconds; `told`: its header says so. */
static void save_sound(const char *path, uint32_t seconds, bool told)
{
	const uint32_t rate = 8000, bytes = seconds * rate;
	const uint32_t lengths[] = {bytes + 36, 16, 0x00010001, rate, rate, 0x00080001, bytes};
	char head[44] = "RIFF----WAVEfmt ";
	int fd = world_open(path);

	memcpy(head + 4, &lengths[0], 4);
	memcpy(head + 16, &lengths[1], 20);
	memcpy(head + 36, told ? "data" : "else", 4);
	memcpy(head + 40, &lengths[6], 4);
	assert_int_equal(world_write(path, fd, ""), 0);
	assert_int_equal(pwrite(fd, head, sizeof(head), 0), sizeof(head));
	assert_int_equal(ftruncate(fd, (off_t)(sizeof(head) + bytes)), 0);
	world_close(path, fd);
}

#define SEA "SEEDANCE/sea.txt"

static void test_inputs_sound_that_plays_too_long_is_not_uploaded(void **state)
{
	save_sound("SEEDANCE/long.wav", 20, true);
	save_sound("SEEDANCE/short.wav", 1, true);
	save_sound("SEEDANCE/ten.wav", 10, true);
	save_sound("SEEDANCE/six.wav", 6, true);
	world_save("SEEDANCE/a.txt", "a harbour\nimage: https://me.test/a.png\naudio ref: long.wav\n");
	world_save("SEEDANCE/b.txt", "a harbour\nimage: https://me.test/a.png\naudio ref: short.wav\n");
	world_save("SEEDANCE/c.txt",
		"a harbour\nimage: https://me.test/a.png\naudio ref: ten.wav\naudio ref: six.wav\n");
	world_wait(30000);
	world_assert_state("SEEDANCE/a.txt", "INVALID");
	assert_non_null(strstr(world_status("SEEDANCE/a.txt", "error"), "long.wav' plays for 20.0 s"));
	assert_non_null(strstr(world_status("SEEDANCE/b.txt", "error"), "short.wav' plays for 1.0 s"));
	assert_non_null(strstr(world_status("SEEDANCE/c.txt", "error"), "six.wav' plays for 6.0 s, which makes 16.0 s"));
	assert_int_equal(own_http_count("POST"), 0);
}

static void test_inputs_sound_that_fits_is_sent_and_one_that_cannot_be_told_with_a_warning(void **state)
{
	save_sound("SEEDANCE/five.wav", 5, true);
	save_sound("SEEDANCE/odd.wav", 5, false);
	world_save(SEA, "a harbour\nimage: https://me.test/a.png\naudio ref: five.wav\n");
	world_wait(30000);
	world_assert_state(SEA, "SUCCESS");
	assert_string_equal(world_status(SEA, "warning"), "");
	world_save("SEEDANCE/b.txt", "a storm\nimage: https://me.test/a.png\naudio ref: odd.wav\n");
	world_wait(30000);
	world_assert_state("SEEDANCE/b.txt", "SUCCESS");
	assert_non_null(strstr(world_status("SEEDANCE/b.txt", "warning"), "odd.wav' plays cannot be read"));
}

/* What was brought out of the mount by cp and comes back is still what it was: its address is sent. */
static void test_inputs_copy_of_a_result_is_that_result(void **state)
{
	char data[64];
	int fd;

	own_http_pictures(sizeof(data), 1);
	world_save(FOX, "a fox\n");
	world_wait(10000);
	assert_int_equal(world_read("FLUX/fox.png", 0, sizeof(data), data, 1000), sizeof(data));
	fd = world_open("FLUX/copy.png");
	assert_int_equal(world_write("FLUX/copy.png", fd, ""), 0);
	assert_int_equal(pwrite(fd, data, sizeof(data), 0), sizeof(data));
	world_close("FLUX/copy.png", fd);
	world_save(RED, "image: fox.png\na red fox\n");
	world_wait(10000);
	assert_int_equal(own_http_count(POSTS), 1);
	/* the same wish with the copy: nothing is bought again */
	world_remove(RED);
	world_save("FLUX/again.txt", "image: copy.png\na red fox\n");
	world_wait(60000);
	world_assert_state("FLUX/again.txt", "SUCCESS");
	assert_int_equal(own_http_count(POSTS), 1);
}

static void overwrite(const char *path, const char *bytes, size_t length, int64_t offset)
{
	int fd = world_open(path);

	assert_true(fd >= 0);
	assert_int_equal(world_append(path, fd, ""), 0);
	assert_int_equal(pwrite(fd, bytes, length, offset), length);
	world_close(path, fd);
}

/* What was changed in place is not: another length tells of most changes, but not of those. */
static void check_changed_copy(int64_t where)
{
	static char data[300000];
	char other;

	own_http_pictures(sizeof(data), 1);
	world_save(FOX, "a fox\n");
	world_wait(10000);
	assert_int_equal(world_read("FLUX/fox.png", 0, sizeof(data), data, 10000), sizeof(data));
	world_save("FLUX/copy.png", "");
	overwrite("FLUX/copy.png", data, sizeof(data), 0);
	world_save(RED, "image: fox.png\na red fox\n");
	world_wait(10000);
	assert_int_equal(own_http_count(POSTS), 1);
	world_remove(RED);
	world_save("FLUX/again.txt", "image: copy.png\na red fox\n");
	world_wait(60000);
	world_assert_state("FLUX/again.txt", "SUCCESS");
	assert_int_equal(own_http_count(POSTS), 1);
	world_remove("FLUX/again.txt");
	other = (char)(data[where] + 1);
	overwrite("FLUX/copy.png", &other, 1, where);
	world_save("FLUX/other.txt", "image: copy.png\na red fox\n");
	world_wait(60000);
	world_assert_state("FLUX/other.txt", "SUCCESS");
	assert_int_equal(own_http_count(POSTS), 2);
}

static void test_inputs_copy_that_was_changed_at_its_end_is_another_file(void **state)
{
	check_changed_copy(299999);
}

static void test_inputs_copy_that_was_changed_at_its_beginning_is_another_file(void **state)
{
	check_changed_copy(1000);
}

static void test_inputs_all_there_while_the_disk_refuses(void **state)
{
	own_http_next(UPLOADS, (struct own_answer){.hold = true});
	world_save("FLUX/my.jpg", jpg);
	world_save(RED, "image: my.jpg\na red fox\n");
	world_wait(5000);
	own_disk_fail_writes("weryaifs.db", EIO);
	own_http_release((struct own_answer){.status = 200,
		.body = "{\"status\":200,\"data\":{\"url\":\"https://files.test/9\"}}"});
	world_wait(60000);
	assert_int_equal(own_http_count(POSTS), 0);
	own_disk_reset();
	world_wait(60000);
	assert_int_equal(own_http_count(POSTS), 1);
	world_assert_state(RED, "SUCCESS");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(test_inputs_address_is_sent_as_it_is),
		T(test_inputs_file_is_uploaded_once),
		T(test_inputs_upload_that_fails_is_tried_again_and_sends_nothing),
		T(test_inputs_upload_that_fails_lets_others_go_first),
		T(test_inputs_result_to_come_is_waited_for),
		T(test_inputs_chain_survives_a_kill_at_each_step),
		T(test_inputs_circle_is_invalid),
		T(test_inputs_missing_is_waited_for_a_little),
		T(test_inputs_failure_of_another_is_told_and_costs_nothing),
		T(test_inputs_nothing_is_uploaded_for_a_prompt_that_is_wrong),
		T(test_inputs_paths_do_not_leave_the_mount),
		T(test_inputs_file_that_is_being_written_is_waited_for),
		T(test_inputs_dead_address_of_a_result_is_renewed),
		T(test_inputs_lost_result_is_uploaded_from_the_cache),
		T(test_inputs_dry_run_uploads_nothing),
		T(test_inputs_verdict_that_cannot_be_recorded_is_recorded_later),
		T(test_inputs_of_a_copied_account_wait_for_a_person),
		T(test_inputs_mended_in_a_copied_account_wait_for_a_person),
		T(test_inputs_sound_that_plays_too_long_is_not_uploaded),
		T(test_inputs_sound_that_fits_is_sent_and_one_that_cannot_be_told_with_a_warning),
		T(test_inputs_copy_of_a_result_is_that_result),
		T(test_inputs_copy_that_was_changed_at_its_end_is_another_file),
		T(test_inputs_copy_that_was_changed_at_its_beginning_is_another_file),
		T(test_inputs_all_there_while_the_disk_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
