/* SPDX-License-Identifier: MIT */
#include "fs/notify/told.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

/* The memory of a keeper. */
static int make_memory(void)
{
	int fd = memfd_create("memory", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)TOLD_SIZE), 0);
	return fd;
}

static struct told *make(int fd)
{
	struct told *told = NULL;

	assert_int_equal(told_create(fd, 0, &told), 0);
	return told;
}

static void test_told_notes_are_left_in_their_order(void **state)
{
	int fd = make_memory(), *places = NULL;
	struct told *told = make(fd);
	size_t count = 0;

	int first = told_note(told, 'c', 7, 8, "first", NULL);
	int second = told_note(told, 'r', 7, 9, "old", "new");
	told_note_free(told, first);
	int third = told_note(told, 'm', 0, 10, NULL, NULL);
	assert_int_equal(third, first); /* a place is used again */
	told_note_at(told, second)->sent = true;
	told_child_set(told, 1234);
	told_destroy(told); /* a death */

	told = make(fd);
	assert_int_equal(told_child(told), 1234);
	assert_int_equal(told_notes_left(told, &places, &count), 0);
	assert_int_equal(count, 2);
	assert_int_equal(places[0], second);
	assert_int_equal(places[1], third);
	const struct told_note *note = told_note_at(told, places[0]);
	assert_int_equal(note->kind, 'r');
	assert_int_equal(note->ino, 9);
	assert_string_equal(note->name, "old");
	assert_string_equal(note->new_name, "new");
	assert_true(note->sent);
	assert_false(told_note_at(told, places[1])->sent);
	/* new ones come behind those that are left */
	int fourth = told_note(told, 'c', 7, 11, "fourth", NULL);
	free(places);
	assert_int_equal(told_notes_left(told, &places, &count), 0);
	assert_int_equal(count, 3);
	assert_int_equal(places[2], fourth);
	free(places);
	told_destroy(told);
	close(fd);
}

static void test_told_notes_are_bounded(void **state)
{
	struct told *told = make(-1);

	for (int i = 0; i < TOLD_NOTES; i++)
		assert_true(told_note(told, 'm', 0, 1, NULL, NULL) >= 0);
	assert_int_equal(told_note(told, 'm', 0, 1, NULL, NULL), TOLD_NOWHERE);
	assert_null(told_note_at(told, TOLD_NOWHERE));
	told_note_free(told, TOLD_NOWHERE);
	told_note_free(told, 5);
	assert_int_equal(told_note(told, 'm', 0, 1, NULL, NULL), 5);
	told_destroy(told);
}

static void test_told_open_ones_are_a_list(void **state)
{
	int fd = make_memory();
	struct told *told = make(fd);

	for (uint64_t prompt = 1000; prompt < 1010; prompt++)
		told_open_set(told, prompt, true);
	told_open_set(told, 1003, true); /* once more */
	told_open_set(told, 1003, false);
	told_open_set(told, 1003, false);
	told_open_set(told, 1009, false);
	told_open_set(told, TOLD_PROMPTS, true); /* nothing is known of it */
	assert_int_equal(told_open_count(told), 8);
	told_status_set(told, 1001, 77);
	told_status_set(told, TOLD_PROMPTS, 77);
	told_destroy(told);

	told = make(fd);
	assert_int_equal(told_open_count(told), 8);
	for (size_t i = 0; i < told_open_count(told); i++) {
		uint64_t prompt = told_open_at(told, i);
		assert_true(prompt >= 1000 && prompt < 1009 && prompt != 1003);
		for (size_t j = 0; j < i; j++)
			assert_true(told_open_at(told, j) != prompt);
	}
	assert_int_equal(told_status(told, 1001), 77);
	assert_int_equal(told_status(told, 1002), 0);
	assert_int_equal(told_status(told, TOLD_PROMPTS), 0);
	told_destroy(told);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told_notes_are_left_in_their_order),
		cmocka_unit_test(test_told_notes_are_bounded),
		cmocka_unit_test(test_told_open_ones_are_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
