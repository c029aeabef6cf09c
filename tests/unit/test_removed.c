/* SPDX-License-Identifier: MIT */
/* What becomes of the bytes of results that their users have removed (design 1.5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fs/fetch/fetch.h"
#include "fs/store/cache.h"
#include "tests/unit/own_disk.h"
#include "tests/unit/own_http.h"
#include "tests/unit/world.h"

#define MIB (1024 * 1024)
#define HOUR_MS (INT64_C(3600) * 1000)
#define DAY_MS (24 * HOUR_MS)

static char data[MIB];

static void read_whole(const char *path)
{
	memset(data, 0, sizeof(data));
	assert_int_equal(world_read(path, 0, MIB, data, 10000), MIB);
	assert_int_equal(data[MIB - 1], own_http_byte(MIB - 1));
	/* the kernel closes it, and its last bytes are noted */
	world_wait(5000);
}

/* FLUX/NAME.png, whole in the cache. */
static void make(const char *name)
{
	char path[32], text[32];

	own_http_pictures(MIB, 1);
	snprintf(path, sizeof(path), "FLUX/%s.txt", name);
	snprintf(text, sizeof(text), "%s\n", name);
	world_save(path, text);
	world_wait(10000);
	snprintf(path, sizeof(path), "FLUX/%s.png", name);
	read_whole(path);
}

static void kill_the_service(void)
{
	own_http_next_many("GET /T", (struct own_answer){.status = 404}, SIZE_MAX);
	own_http_next_many("/status", (struct own_answer){.status = 200, .body = "{\"status\":1003}"}, SIZE_MAX);
}

static void save_again_and_read(void)
{
	world_save("FLUX/fox.txt", "fox\n\n");
	world_wait(60000);
	world_assert_state("FLUX/fox.txt", "SUCCESS");
	assert_string_equal(world_status("FLUX/fox.txt", "warning"), "");
	read_whole("FLUX/fox.png");
	assert_int_equal(own_http_count("POST"), 1);
}

/* The cache has them, whatever the service has. */
static void test_removed_result_comes_back_without_the_service(void **state)
{
	make("fox");
	assert_int_equal(world_remove("FLUX/fox.png"), 0);
	kill_the_service();
	save_again_and_read();
	/* and once more */
	assert_int_equal(world_remove("FLUX/fox.png"), 0);
	world_wait(2 * DAY_MS);
	save_again_and_read();
}

static void test_removed_result_comes_back_with_its_prompt(void **state)
{
	make("fox");
	assert_int_equal(world_remove("FLUX/fox.txt"), 0);
	assert_int_equal(world_remove("FLUX/fox.png"), 0);
	kill_the_service();
	world_wait(60000);
	world_kill();
	save_again_and_read();
}

static void test_removed_result_comes_back_over_a_kill(void **state)
{
	make("fox");
	assert_int_equal(world_remove("FLUX/fox.png"), 0);
	kill_the_service();
	world_kill();
	world_save("FLUX/fox.txt", "fox \n");
	for (int i = 0; i < 20; i++) {
		world_wait(100);
		world_kill();
	}
	save_again_and_read();
}

/* What was not whole is no copy: it is fetched again. */
static void test_removed_result_that_was_never_read_is_fetched(void **state)
{
	own_http_pictures(MIB, 1);
	world_end();
	world.options.brings_in = false;
	world_begin();
	world_save("FLUX/fox.txt", "fox\n");
	world_wait(10000);
	assert_int_equal(world_remove("FLUX/fox.png"), 0);
	save_again_and_read();
}

static int64_t cached(void)
{
	int64_t total = -1;

	assert_int_equal(cache_total(world.store, &total), 0);
	return total;
}

static void start_small(void)
{
	world_end();
	world.options.cache_size = 2 * MIB + MIB / 2;
	world_begin();
}

static void test_removed_bytes_go_first_after_a_day(void **state)
{
	make("hen");
	make("owl");
	make("fox");
	assert_int_equal(world_remove("FLUX/fox.png"), 0);
	assert_int_equal(cached(), 3 * MIB);
	world_wait(DAY_MS + HOUR_MS);
	start_small();
	kill_the_service(); /* nobody is asked */
	fetch_cache_grew(account_fetches(world.account));
	world_wait(60000);
	assert_int_equal(cached(), 2 * MIB);
	read_whole("FLUX/hen.png");
	read_whole("FLUX/owl.png");
}

/* Before that they are as good as others: what was not read for the longest time goes, if the service has it. */
static void test_removed_bytes_wait_for_their_turn_for_a_day(void **state)
{
	make("hen");
	make("owl");
	make("fox");
	assert_int_equal(world_remove("FLUX/fox.png"), 0);
	start_small();
	fetch_cache_grew(account_fetches(world.account));
	world_wait(60000);
	assert_int_equal(cached(), 2 * MIB);
	kill_the_service();
	world_save("FLUX/fox.txt", "fox\n\n");
	world_wait(60000);
	read_whole("FLUX/fox.png");
}

/* Where the cache has no limit they go after a day, since nothing else would ever make room. */
static void test_removed_bytes_go_from_a_cache_without_a_limit(void **state)
{
	make("fox");
	make("owl");
	assert_int_equal(world_remove("FLUX/fox.png"), 0);
	fetch_cache_grew(account_fetches(world.account));
	world_wait(1000);
	assert_int_equal(cached(), 2 * MIB);
	world_wait(DAY_MS + HOUR_MS);
	fetch_cache_grew(account_fetches(world.account));
	world_wait(1000);
	assert_int_equal(cached(), MIB);
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_removed_result_comes_back_without_the_service),
		T(test_removed_result_comes_back_with_its_prompt),
		T(test_removed_result_comes_back_over_a_kill),
		T(test_removed_result_that_was_never_read_is_fetched),
		T(test_removed_bytes_go_first_after_a_day),
		T(test_removed_bytes_wait_for_their_turn_for_a_day),
		T(test_removed_bytes_go_from_a_cache_without_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
