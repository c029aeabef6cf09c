/* SPDX-License-Identifier: MIT */
/* The next files of a directory that is read file after file come along: as a rule (series.h), and on an account. */
#include "fs/fetch/series.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "tests/unit/own_http.h"
#include "tests/unit/world.h"

#define PICTURE 100000
#define FILES 12

/* Files 1, 2, 3 ... follow each other by name and by number. */
static struct series_guess begin(struct series *series, int64_t ino)
{
	return series_begin(series, ino, ino + 1, ino + 1);
}

static void test_series_needs_a_few_files(void **state)
{
	struct series series = {0};

	for (int64_t ino = 1; ino <= 3; ino++) {
		assert_int_equal(begin(&series, ino).ahead, 0);
		series_read(&series, ino, 1000 * ino);
	}
	struct series_guess guess = begin(&series, 4);
	assert_int_equal(guess.ahead, 2);
	assert_int_equal(guess.bytes, 2000); /* the least of the last two */
	for (int64_t ino = 5; ino < 40; ino++) {
		guess = begin(&series, ino);
		series_read(&series, ino, 1000);
	}
	assert_int_equal(guess.ahead, SERIES_AHEAD);
}

static void test_series_is_given_up_at_the_first_wrong_guess(void **state)
{
	struct series series = {0};

	for (int64_t ino = 1; ino <= 6; ino++) {
		assert_false(begin(&series, ino).wrong);
		series_read(&series, ino, 1000);
	}
	assert_true(begin(&series, 500).wrong);
	/* and it takes more to believe it again */
	for (int64_t ino = 501; ino <= 505; ino++) {
		assert_int_equal(begin(&series, ino).ahead, 0);
		series_read(&series, ino, 1000);
	}
	assert_true(begin(&series, 506).ahead > 0);
}

static void test_series_by_name_is_not_by_number(void **state)
{
	struct series series = {0};
	static const int64_t order[] = {10, 4, 7, 2, 9};

	for (size_t i = 0; i < 5; i++) {
		struct series_guess guess = series_begin(
			&series, order[i], i < 4 ? order[i + 1] : 0, order[i] + 1);
		assert_int_equal(guess.ahead > 0, i >= 3);
		series_read(&series, order[i], 1000);
	}
	assert_false(series.by_ino);
}

static void test_series_readers_side_by_side_are_no_wrong_guess(void **state)
{
	struct series series = {0};
	static const int64_t order[] = {1, 2, 3, 4, 6, 5, 7, 9, 8, 10, 11};

	for (size_t i = 0; i < 11; i++) {
		series_read(&series, order[i > 1 ? i - 2 : 0], 1000);
		unsigned ahead = begin(&series, order[i]).ahead;
		for (unsigned n = 1; n <= ahead; n++)
			series_expect(&series, order[i] + n);
	}
	assert_int_equal(series.least, 0);
}

static void test_series_jumps_about_cost_nothing(void **state)
{
	struct series series = {0};

	for (int64_t i = 0; i < 200; i++) {
		int64_t ino = 1 + i * 37 % 101 * 3;
		assert_int_equal(begin(&series, ino).ahead, 0);
		series_read(&series, ino, 1000);
	}
}

/* --- on an account --- */

static char data[PICTURE];

static void make_pictures(void)
{
	own_http_pictures(PICTURE, 1);
	for (int i = 0; i < FILES; i++) {
		char path[32], text[32];
		snprintf(path, sizeof(path), "FLUX/f%02d.txt", i);
		snprintf(text, sizeof(text), "fox number %d\n", i);
		world_save(path, text);
		world_wait(10000);
		world_assert_state(path, "SUCCESS");
	}
}

static void read_picture(int i)
{
	char path[32];

	snprintf(path, sizeof(path), "FLUX/f%02d.png", i);
	assert_int_equal(world_read(path, 0, PICTURE, data, 60000), PICTURE);
	for (size_t at = 0; at < PICTURE; at++)
		if (data[at] != own_http_byte((int64_t)at))
			fail_msg("%s: byte %zu is wrong", path, at);
	world_wait(2000);
}

static void test_along_the_next_files_are_here_when_they_are_read(void **state)
{
	own_http_latency(100);
	make_pictures();
	for (int i = 0; i < 5; i++)
		read_picture(i);
	/* its first bytes, and the rest, though nobody has read the next one (tasks count from 1) */
	assert_int_equal(own_http_count("GET /T6-0"), 2);
	read_picture(5);
	assert_int_equal(own_http_count("GET /T6-0"), 2);
	assert_int_equal(own_http_count("GET /T7-0"), 2);
	read_picture(6);
	for (int i = 7; i < FILES; i++)
		read_picture(i);
	/* its first bytes, and the rest, once each */
	assert_int_equal(own_http_count("GET /T"), 2 * FILES);
}

/* By hand, or by a program that tidies up: what is known to be in it is not there. */
static void empty_cache(void)
{
	CLEANUP_FREE char *command = NULL;

	assert_true(asprintf(&command, "rm -f %s/*/cache/[0-9]*", world_directory()) > 0);
	assert_int_equal(system(command), 0);
}

static void test_along_they_come_after_the_cache_was_emptied(void **state)
{
	own_http_latency(100);
	make_pictures();
	for (int i = 0; i < FILES; i++)
		read_picture(i);
	world_remount();
	empty_cache();
	size_t before = own_http_count("GET /T");
	for (int i = 0; i < 6; i++)
		read_picture(i);
	/* two in front of the last one are on their way, or here */
	assert_true(own_http_count("GET /T") > before + 6);
	for (int i = 6; i < FILES; i++)
		read_picture(i);
	/* once each, and so it is here again */
	assert_int_equal(own_http_count("GET /T"), before + FILES);
	world_remount();
	for (int i = 0; i < FILES; i++)
		read_picture(i);
	assert_int_equal(own_http_count("GET /T"), before + FILES);
}

static void test_along_nothing_comes_for_who_reads_here_and_there(void **state)
{
	own_http_latency(100);
	make_pictures();
	for (int i = 0; i < FILES; i += 2)
		read_picture(i);
	assert_int_equal(own_http_count("GET /T"), FILES + FILES / 2);
}

static void test_along_a_near_server_needs_none(void **state)
{
	make_pictures();
	for (int i = 0; i < 6; i++)
		read_picture(i);
	assert_int_equal(own_http_count("GET /T"), FILES + 6);
}

/* An answer of one round trip is most of the time that a picture takes, there too. */
static void test_along_they_come_from_a_server_in_the_same_town(void **state)
{
	own_http_latency(5);
	make_pictures();
	for (int i = 0; i < 6; i++)
		read_picture(i);
	assert_true(own_http_count("GET /T") > FILES + 6);
}

static void test_along_nothing_comes_where_it_is_not_wanted(void **state)
{
	world.options.along = false;
	world_remount();
	own_http_latency(100);
	make_pictures();
	for (int i = 0; i < 6; i++)
		read_picture(i);
	assert_int_equal(own_http_count("GET /T7-0"), 1);
	assert_int_equal(own_http_count("GET /T"), FILES + 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(series_needs_a_few_files),
		TEST(series_is_given_up_at_the_first_wrong_guess),
		TEST(series_by_name_is_not_by_number),
		TEST(series_readers_side_by_side_are_no_wrong_guess),
		TEST(series_jumps_about_cost_nothing),
		TEST(along_the_next_files_are_here_when_they_are_read),
		TEST(along_they_come_after_the_cache_was_emptied),
		TEST(along_nothing_comes_for_who_reads_here_and_there),
		TEST(along_a_near_server_needs_none),
		TEST(along_they_come_from_a_server_in_the_same_town),
		TEST(along_nothing_comes_where_it_is_not_wanted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
