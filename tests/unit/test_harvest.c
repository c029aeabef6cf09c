/* SPDX-License-Identifier: MIT */
/* From the addresses of a finished job to files in the tree: what is fetched, what is waited for, what is left out. Trouble
 * in here never leads to a submission. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "fs/store/db_private.h"
#include "fs/store/store_private.h"
#include "fs/tree/tree.h"
#include "tests/unit/own_disk.h"
#include "tests/unit/own_http.h"
#include "tests/unit/world.h"

#define FOX "FLUX/fox.txt"
#define PICTURE "GET /T1-0.png"
#define HOUR_MS (INT64_C(3600) * 1000)
#define DAY_MS (24 * HOUR_MS)

static const char page[] = "<!DOCTYPE html><html><body>Sign in to go on</body></html>";

static void send(void)
{
	world_save(FOX, "a fox\n");
	/* it settles for a second, and is asked for three seconds later */
	world_wait(4000);
	assert_int_equal(own_http_count("POST"), 1);
}

static void assert_made(void)
{
	world_assert_state(FOX, "SUCCESS");
	assert_true(world_exists("FLUX/fox.png"));
	assert_string_equal(world_status(FOX, "warning"), "");
	assert_int_equal(own_http_count("POST"), 1);
}

static void test_harvest_fetches_first_bytes_alone(void **state)
{
	struct tree_entry entry;

	own_http_pictures(1000000, 1);
	send();
	assert_made();
	assert_int_equal(
		tree_get(account_tree(world.account), world_ino("FLUX/fox.png"), &entry), 0);
	assert_int_equal(entry.st.st_size, 1000000);
	assert_int_equal(own_http_count(PICTURE), 1);
}

static void check_trouble(struct own_answer answer, const char *word)
{
	own_http_next_many(PICTURE, answer, 3);
	send();
	world_assert_state(FOX, "PROCESSING");
	assert_false(world_exists("FLUX/fox.png"));
	if (strstr(world_status(FOX, "warning"), word) == NULL)
		fail_msg("no '%s' in: %s", word, world_status(FOX, "warning"));
	world_wait(60000);
	assert_made();
	assert_int_equal(own_http_count(PICTURE), 4);
}

static void test_harvest_tries_again_after_an_error(void **state)
{
	check_trouble((struct own_answer){.error = -ETIMEDOUT}, "the test says");
}

static void test_harvest_tries_again_after_a_refusal(void **state)
{
	check_trouble((struct own_answer){.status = 404}, "HTTP 404");
}

static void test_harvest_takes_no_web_page_for_a_picture(void **state)
{
	check_trouble((struct own_answer){.status = 200, .body = page}, "web page");
}

static void test_harvest_takes_no_empty_file(void **state)
{
	check_trouble((struct own_answer){.status = 200, .body = "GIF89a"}, "empty");
}

static void test_harvest_waits_as_long_as_the_server_asks(void **state)
{
	own_http_next(PICTURE, (struct own_answer){.status = 503, .retry_after_ms = 300000});
	send();
	world_wait(280000);
	assert_int_equal(own_http_count(PICTURE), 1);
	world_wait(100000);
	assert_made();
}

/* An address that has died is asked for anew; the paid result is not lost. */
static void test_harvest_asks_for_new_addresses(void **state)
{
	own_http_next_many(PICTURE, (struct own_answer){.status = 403}, SIZE_MAX);
	send();
	size_t polls = own_http_count("/T1/status");
	own_http_next("/T1/status",
		(struct own_answer){.status = 200,
			.body = "{\"status\":200,\"data\":{\"task_id\":\"T1\",\"task_status\":"
				"\"succeed\",\"images\":[\"https://cdn.test/new.png\"]}}"});
	world_wait(60000);
	assert_int_equal(own_http_count("/T1/status"), polls + 1);
	assert_made();
}

static void test_harvest_one_out_of_reach_for_a_day_is_told_with_its_address(void **state)
{
	own_http_next_many(PICTURE, (struct own_answer){.status = 404}, SIZE_MAX);
	send();
	world_wait(23 * HOUR_MS);
	world_assert_state(FOX, "PROCESSING");
	world_wait(3 * HOUR_MS);
	world_assert_state(FOX, "SUCCESS");
	assert_non_null(strstr(world_status(FOX, "warning"), "https://cdn.test/T1-0.png"));
	assert_int_equal(own_http_count("POST"), 1);
	/* saved again nothing is made again */
	world_save(FOX, "a fox\n");
	world_wait(DAY_MS);
	assert_int_equal(own_http_count("POST"), 1);
}

/* `retry` then fetches, and sends nothing. */
static void test_harvest_retry_fetches_again_and_sends_nothing(void **state)
{
	own_http_next_many(PICTURE, (struct own_answer){.status = 404}, SIZE_MAX);
	send();
	world_wait(2 * DAY_MS);
	world_assert_state(FOX, "SUCCESS");
	assert_int_equal(world_retry(FOX), 0);
	world_wait(5000);
	assert_int_equal(own_http_count("POST"), 1);
	assert_int_equal(world_submit(FOX), -EBUSY);
	assert_int_equal(world_retry(FOX), 0);
	/* impatient this time, since a person waits */
	world_wait(HOUR_MS);
	world_assert_state(FOX, "SUCCESS");
	assert_non_null(strstr(world_status(FOX, "warning"), "T1-0.png"));
	own_http_next("/T1/status",
		(struct own_answer){.status = 200,
			.body = "{\"status\":200,\"data\":{\"task_id\":\"T1\",\"task_status\":"
				"\"succeed\",\"images\":[\"https://cdn.test/new.png\"]}}"});
	assert_int_equal(world_retry(FOX), 0);
	world_wait(HOUR_MS);
	assert_made();
	assert_int_equal(world_submit(FOX), 0);
	world_wait(HOUR_MS);
	assert_int_equal(own_http_count("POST"), 2);
}

/* Of two that were made one is out of reach: the other, which was paid for as well, is not kept back for long. */
static void test_harvest_shows_what_is_here(void **state)
{
	own_http_pictures(100, 2);
	own_http_next_many("GET /T1-1.png", (struct own_answer){.status = 404}, SIZE_MAX);
	send();
	world_assert_state(FOX, "PROCESSING");
	world_wait(HOUR_MS);
	world_assert_state(FOX, "SUCCESS");
	assert_string_equal(world_list("FLUX"), "fox-1.png fox.status fox.txt");
	assert_non_null(strstr(world_status(FOX, "warning"), "T1-1.png"));
	assert_int_equal(own_http_count("POST"), 1);
	/* what appeared stays as it is; the other one comes later */
	own_http_next("/T1/status",
		(struct own_answer){.status = 200,
			.body = "{\"status\":200,\"data\":{\"task_id\":\"T1\",\"task_status\":"
				"\"succeed\",\"images\":[\"https://cdn.test/a.png\","
				"\"https://cdn.test/b.png\"]}}"});
	assert_int_equal(world_rename("FLUX/fox-1.png", "FLUX/best.png"), 0);
	assert_int_equal(world_retry(FOX), 0);
	world_wait(HOUR_MS);
	assert_string_equal(world_list("FLUX"), "best.png fox-2.png fox.status fox.txt");
	assert_int_equal(own_http_count("GET /a.png"), 0);
	assert_int_equal(own_http_count("POST"), 1);
}

static void test_harvest_address_that_is_never_fetched_is_told(void **state)
{
	own_http_next("/T1/status",
		(struct own_answer){.status = 200,
			.body = "{\"status\":200,\"data\":{\"task_id\":\"T1\",\"task_status\":"
				"\"succeed\",\"images\":[\"ftp://cdn.test/a.png\"]}}"});
	send();
	world_wait(10000);
	world_assert_state(FOX, "SUCCESS");
	assert_non_null(strstr(world_status(FOX, "warning"), "ftp://cdn.test/a.png"));
	assert_int_equal(own_http_count("POST"), 1);
}

/* A full disk of the cache is no reason to go without what was paid for. */
static void test_harvest_goes_on_without_the_cache(void **state)
{
	own_disk_fail_writes("cache/", ENOSPC);
	send();
	assert_made();
}

static void test_harvest_waits_for_the_disk_of_the_state(void **state)
{
	own_http_next(PICTURE, (struct own_answer){.hold = true});
	send();
	own_disk_fail_writes("weryaifs.db", ENOSPC);
	own_http_release((struct own_answer){.error = -ETIMEDOUT});
	world_wait(3 * DAY_MS);
	assert_false(world_exists("FLUX/fox.png"));
	own_disk_reset();
	world_wait(HOUR_MS);
	assert_made();
}

static void test_harvest_publishing_is_tried_again(void **state)
{
	own_http_next(PICTURE, (struct own_answer){.status = 503, .retry_after_ms = 60000});
	send();
	own_disk_fail_writes("weryaifs.db", EIO);
	world_wait(HOUR_MS);
	world_assert_state(FOX, "PROCESSING");
	assert_string_equal(world_list("FLUX"), "fox.status fox.txt");
	own_disk_reset();
	world_wait(HOUR_MS);
	assert_made();
	world_kill();
	assert_made();
}

static void test_harvest_goes_on_after_a_kill(void **state)
{
	own_http_pictures(100, 3);
	own_http_next("GET /T1-1.png", (struct own_answer){.hold = true});
	send();
	assert_int_equal(own_http_count("GET /T1-2.png"), 0);
	world_kill();
	world_wait(10000);
	assert_string_equal(world_list("FLUX"), "fox-1.png fox-2.png fox-3.png fox.status fox.txt");
	/* what the first attempt had reserved is gone */
	int64_t nodes;
	assert_int_equal(nodes_count(world.store, (int64_t)world_ino("FLUX/"), false, &nodes), 0);
	assert_int_equal(nodes, 4);
	assert_int_equal(own_http_count("POST"), 1);
}

static int refuse_results(void *arg, int action, const char *table, const char *column, const char *database, const char *trigger)
{
	return action == SQLITE_READ && strcmp(table, "result") == 0 ? SQLITE_DENY : SQLITE_OK;
}

/* It has not begun, so that nothing of its own would begin it later. */
static void test_harvest_that_cannot_begin_is_begun_later(void **state)
{
	own_http_next(PICTURE, (struct own_answer){.hold = true});
	send();
	world_kill();
	assert_int_equal(sqlite3_set_authorizer(world.store->db->handle, refuse_results, NULL), SQLITE_OK);
	world_wait(3000);
	assert_int_equal(own_http_count(PICTURE), 1);
	assert_int_equal(world_count(JOB_FETCHING), 1);
	assert_int_equal(sqlite3_set_authorizer(world.store->db->handle, NULL, NULL), SQLITE_OK);
	world_wait(10000);
	assert_made();
}

static void test_harvest_eager_fetches_the_rest(void **state)
{
	world_end();
	world.options.eager = true;
	world_begin();
	own_http_pictures(500000, 1);
	send();
	assert_made();
	world_wait(10000);
	own_http_next_many("GET /T1", (struct own_answer){.status = 404}, SIZE_MAX);
	char *data = malloc(500000);
	assert_int_equal(world_read("FLUX/fox.png", 0, 500000, data, 1000), 500000);
	assert_int_equal(data[499999], own_http_byte(499999));
	free(data);
}

/* A song, its words and its cover: the cover is not waited for as what was paid for is. */
static const struct own_answer song = {.status = 200,
	.body = "{\"status\":200,\"data\":{\"task_id\":\"T1\",\"task_status\":\"succeed\","
		"\"audios\":[{\"audio_url\":\"https://cdn.test/song.mp3\",\"cover_url\":"
		"\"https://cdn.test/cover.png\"}],\"lyrics\":\"la la\\nla\"}}"};

static void test_harvest_cover_that_is_out_of_reach_is_left_out(void **state)
{
	char mp3[128] = "ID3\x03";

	memset(mp3 + 4, 'x', sizeof(mp3) - 5);
	own_http_next("/T1/status", song);
	own_http_next_many("GET /cover.png", (struct own_answer){.status = 404}, SIZE_MAX);
	own_http_next("GET /song.mp3", (struct own_answer){.status = 200, .body = mp3});
	send();
	world_wait(HOUR_MS);
	world_assert_state(FOX, "SUCCESS");
	assert_string_equal(world_list("FLUX"), "fox.mp3 fox.status fox.text fox.txt");
	assert_non_null(strstr(world_status(FOX, "warning"), "cover"));
	assert_in_range(own_http_count("GET /cover.png"), 3, 4);
}

static void test_harvest_song_has_words_and_cover(void **state)
{
	char mp3[128] = "ID3\x03";

	memset(mp3 + 4, 'x', sizeof(mp3) - 5);
	own_http_next("/T1/status", song);
	own_http_next("GET /song.mp3", (struct own_answer){.status = 200, .body = mp3});
	send();
	world_wait(10000);
	world_assert_state(FOX, "SUCCESS");
	assert_string_equal(world_list("FLUX"), "fox.mp3 fox.png fox.status fox.text fox.txt");
}

/* Each that fetches takes memory: of many that have finished, some do so at a time, and those that fail hold up no others. */
static void test_harvest_many_take_turns(void **state)
{
	enum { MANY = 100, TURNS = 64 };
	char path[32], text[32];

	own_http_next_many(".png", (struct own_answer){.hold = true}, TURNS);
	for (int i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "FLUX/%d.txt", i);
		snprintf(text, sizeof(text), "%d foxes\n", i);
		world_save(path, text);
	}
	world_wait(HOUR_MS);
	assert_int_equal(own_http_count("POST"), MANY);
	assert_int_equal(own_http_count(".png"), TURNS);
	assert_int_equal(world_count(JOB_FETCHING), MANY);
	own_http_release((struct own_answer){.status = 503});
	world_settle();
	assert_int_equal(own_http_count(".png"), MANY);
	world_wait(HOUR_MS);
	assert_int_equal(world_count(JOB_SUCCESS), MANY);
	assert_int_equal(own_http_count("POST"), MANY);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(test_harvest_fetches_first_bytes_alone),
		T(test_harvest_tries_again_after_an_error),
		T(test_harvest_tries_again_after_a_refusal),
		T(test_harvest_takes_no_web_page_for_a_picture),
		T(test_harvest_takes_no_empty_file),
		T(test_harvest_waits_as_long_as_the_server_asks),
		T(test_harvest_asks_for_new_addresses),
		T(test_harvest_one_out_of_reach_for_a_day_is_told_with_its_address),
		T(test_harvest_retry_fetches_again_and_sends_nothing),
		T(test_harvest_shows_what_is_here),
		T(test_harvest_address_that_is_never_fetched_is_told),
		T(test_harvest_goes_on_without_the_cache),
		T(test_harvest_waits_for_the_disk_of_the_state),
		T(test_harvest_publishing_is_tried_again),
		T(test_harvest_goes_on_after_a_kill),
		T(test_harvest_that_cannot_begin_is_begun_later),
		T(test_harvest_eager_fetches_the_rest),
		T(test_harvest_cover_that_is_out_of_reach_is_left_out),
		T(test_harvest_song_has_words_and_cover),
		T(test_harvest_many_take_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
