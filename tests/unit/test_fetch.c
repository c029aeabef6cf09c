/* SPDX-License-Identifier: MIT */
/* Reading what was made: which bytes are fetched, how often, and what happens where that fails. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "fs/fetch/fetch.h"
#include "fs/store/cache.h"
#include "tests/unit/own_disk.h"
#include "tests/unit/own_http.h"
#include "tests/unit/world.h"

#define FOX "FLUX/fox.txt"
#define PNG "FLUX/fox.png"
#define MIB (1024 * 1024)
#define HOUR_MS (INT64_C(3600) * 1000)

static char data[16 * MIB];

static void make(size_t bytes)
{
	own_http_pictures(bytes, 1);
	world_save(FOX, "a fox\n");
	world_wait(10000);
	world_assert_state(FOX, "SUCCESS");
}

static void assert_reads(int64_t offset, size_t length)
{
	ssize_t n = world_read(PNG, offset, length, data, 60000);

	assert_int_equal(n, length);
	for (size_t i = 0; i < length; i++)
		if (data[i] != own_http_byte(offset + (int64_t)i))
			fail_msg("byte %lld is wrong", (long long)offset + (long long)i);
}

static void read_all(size_t bytes, size_t step)
{
	for (size_t at = 0; at < bytes; at += step)
		assert_reads((int64_t)at, at + step < bytes ? step : bytes - at);
}

static void test_fetch_reads_every_byte_once(void **state)
{
	make(3 * MIB + 17);
	uint64_t before = own_http_bytes();
	read_all(3 * MIB + 17, 128 * 1024);
	/* the first 64 KiB were there already */
	assert_in_range(own_http_bytes() - before, 3 * MIB - 64 * 1024, 4 * MIB);
	before = own_http_bytes();
	world_remount();
	read_all(3 * MIB + 17, 1 * MIB);
	assert_int_equal(own_http_bytes(), before);
	assert_int_equal(world_read(PNG, 3 * MIB + 17, 10, data, 1000), 0);
	assert_int_equal(world_read(PNG, 3 * MIB + 10, 100, data, 1000), 7);
}

static void note_length(void *arg, ssize_t length, const char *bytes, struct block *held)
{
	*(ssize_t *)arg = length;
	if (length > 0)
		memcpy(data, bytes, (size_t)length);
	if (held != NULL)
		fetch_release(held);
}

/* The loop goes on meanwhile, and what it was asked for comes from there in the end. */
static void test_fetch_does_not_wait_for_the_disk(void **state)
{
	struct fetch *fetch;
	struct fetch_read *first, *second;
	ssize_t length = -EINPROGRESS, other = -EINPROGRESS;

	make(3 * MIB);
	read_all(3 * MIB, 1 * MIB);
	world_remount();
	size_t asked = own_http_count("GET /T1-0.png");
	own_disk_hang_reads("cache/");
	assert_int_equal(fetch_open(account_fetches(world.account), (int64_t)world_ino(PNG), &fetch), 0);
	assert_int_equal(fetch_read(fetch, MIB, 1000, note_length, &length, &first), 0);
	assert_int_equal(fetch_read(fetch, 2 * MIB, 1000, note_length, &other, &second), 0);
	assert_int_equal(length, -EINPROGRESS);
	fetch_read_cancel(second);
	own_disk_hang_reads(NULL);
	world_settle();
	assert_int_equal(length, 1000);
	assert_int_equal(other, -EINPROGRESS);
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(data[i], own_http_byte(MIB + (int64_t)i));
	fetch_close(fetch);
	assert_int_equal(own_http_count("GET /T1-0.png"), asked);
	assert_reads(2 * MIB, 1000);
	assert_int_equal(own_http_count("GET /T1-0.png"), asked);
}

/* Whoever asked has gone before the disk has answered. */
static void test_fetch_is_closed_while_the_disk_is_asked(void **state)
{
	struct fetch *fetch;
	struct fetch_read *read;
	ssize_t length = -EINPROGRESS;

	make(MIB);
	read_all(MIB, MIB);
	world_remount();
	own_disk_hang_reads("cache/");
	assert_int_equal(fetch_open(account_fetches(world.account), (int64_t)world_ino(PNG), &fetch), 0);
	assert_int_equal(fetch_read(fetch, 0, 1000, note_length, &length, &read), 0);
	fetch_read_cancel(read);
	fetch_close(fetch);
	own_disk_hang_reads(NULL);
	world_settle();
	assert_int_equal(length, -EINPROGRESS);
	assert_reads(0, 1000);
}

static ssize_t read_while_the_disk_hangs(struct fetch *fetch, int64_t offset, size_t bytes)
{
	struct fetch_read *read;
	ssize_t length = -EINPROGRESS;

	assert_int_equal(fetch_read(fetch, offset, bytes, note_length, &length, &read), 0);
	/* some more, in which its request ends */
	for (int turns = 0; turns < 100; turns++)
		world_turn();
	return length;
}

/* Whoever opens it next has its bytes, although the disk does not have them yet. */
static void test_fetch_closed_before_the_disk_has_it_is_not_fetched_again(void **state)
{
	struct fetch *fetch;

	make(200000);
	own_disk_hang_writes("cache/");
	assert_int_equal(fetch_open(account_fetches(world.account), (int64_t)world_ino(PNG), &fetch), 0);
	assert_int_equal(read_while_the_disk_hangs(fetch, 0, 200000), 200000);
	fetch_close(fetch);
	size_t asked = own_http_count("GET /T1-0.png");
	assert_int_equal(fetch_open(account_fetches(world.account), (int64_t)world_ino(PNG), &fetch), 0);
	assert_int_equal(read_while_the_disk_hangs(fetch, 100000, 1000), 1000);
	fetch_close(fetch);
	assert_int_equal(own_http_count("GET /T1-0.png"), asked);
	own_disk_hang_writes(NULL);
	world_settle();
	assert_false(fetch_is_open(account_fetches(world.account), (int64_t)world_ino(PNG)));
	assert_reads(0, 200000);
	assert_int_equal(own_http_count("GET /T1-0.png"), asked);
}

/* After a kill a READ may be dealt with again that was answered, and its RELEASE comes first. */
static void test_fetch_closed_by_who_still_waits_tells_him(void **state)
{
	struct fetch *fetch;
	struct fetch_read *read;
	ssize_t length = -EINPROGRESS;

	make(MIB);
	own_http_next_many("GET /T1-0.png", (struct own_answer){.hold = true}, SIZE_MAX);
	assert_int_equal(fetch_open(account_fetches(world.account), (int64_t)world_ino(PNG), &fetch), 0);
	assert_int_equal(fetch_read(fetch, 500000, 1000, note_length, &length, &read), 0);
	fetch_close(fetch);
	assert_int_equal(length, -EIO);
}

static void test_fetch_file_that_is_removed_can_be_read_while_it_is_open(void **state)
{
	struct fetch *fetch;
	struct fetch_read *read;
	ssize_t length = -EINPROGRESS;

	make(MIB);
	read_all(MIB, MIB);
	world_remount();
	assert_int_equal(fetch_open(account_fetches(world.account), (int64_t)world_ino(PNG), &fetch), 0);
	assert_int_equal(world_remove(PNG), 0);
	assert_int_equal(fetch_read(fetch, 0, 1000, note_length, &length, &read), 0);
	world_settle();
	assert_int_equal(length, 1000);
	fetch_close(fetch);
}

static void test_fetch_look_into_the_middle_is_a_look(void **state)
{
	make(12 * MIB);
	uint64_t before = own_http_bytes();
	assert_reads(7 * MIB + 5, 4096);
	assert_in_range(own_http_bytes() - before, 4096, 1 * MIB);
	assert_reads(MIB, 4096);
	assert_reads(11 * MIB, 4096);
	assert_in_range(own_http_bytes() - before, 3 * 4096, 3 * MIB);
}

/* What comes with it would be a part of its way: where nobody knows how wide that is, nothing does. */
static void test_fetch_look_from_far_away_is_no_longer_than_asked(void **state)
{
	own_http_latency(40);
	make(12 * MIB);
	assert_reads(0, 4096);
	uint64_t before = own_http_bytes();
	assert_reads(7 * MIB, 4096);
	assert_int_equal(own_http_bytes() - before, 4096);
}

static void test_fetch_close_ends_what_nobody_waits_for(void **state)
{
	make(12 * MIB);
	own_http_next_many("GET /T1-0.png", (struct own_answer){.hold = true}, SIZE_MAX);
	assert_int_equal(world_read(PNG, 5 * MIB, 4096, data, 1000), -EINPROGRESS);
	world_settle();
	assert_int_equal(own_http_open("GET /T1-0.png"), 0);
}

static void check_far(int64_t latency)
{
	own_http_latency(latency);
	make(12 * MIB);
	uint64_t before = own_http_bytes();
	read_all(12 * MIB, 128 * 1024);
	assert_in_range(own_http_bytes() - before, 11 * MIB, 14 * MIB);
}

static void test_fetch_from_far_away(void **state)
{
	check_far(120);
}

static void test_fetch_from_near(void **state)
{
	check_far(1);
}

static void test_fetch_large_reads_from_far_away_come_side_by_side(void **state)
{
	own_http_latency(150);
	make(12 * MIB);
	size_t before = own_http_count("GET /T1-0.png");
	read_all(12 * MIB, 1 * MIB);
	assert_in_range(own_http_count("GET /T1-0.png") - before, 12, 60);
}

static void test_fetch_goes_on_after_a_cut(void **state)
{
	make(2 * MIB);
	own_http_next("GET /T1-0.png", (struct own_answer){.error = -ECONNRESET});
	own_http_next("GET /T1-0.png", (struct own_answer){.status = 503});
	read_all(2 * MIB, 256 * 1024);
	assert_int_equal(own_http_count("POST"), 1);
	assert_string_equal(world_status(FOX, "warning"), "");
}

static void test_fetch_server_without_ranges(void **state)
{
	own_http_without_ranges();
	make(2 * MIB);
	assert_reads(MIB, 4096);
	assert_reads(0, 4096);
	assert_reads(2 * MIB - 10, 10);
	read_all(2 * MIB, 256 * 1024);
}

static const struct own_answer renewed = {.status = 200,
	.body = "{\"status\":200,\"data\":{\"task_id\":\"T1\",\"task_status\":\"succeed\","
		"\"images\":[\"https://cdn.test/new.png\"]}}"};

static void test_fetch_renews_an_address_that_has_expired(void **state)
{
	make(2 * MIB);
	own_http_next_many("GET /T1-0.png", (struct own_answer){.status = 403}, SIZE_MAX);
	own_http_next("/T1/status", renewed);
	read_all(2 * MIB, 256 * 1024);
	assert_true(own_http_count("GET /new.png") > 0);
	assert_int_equal(own_http_count("POST"), 1);
	/* for good */
	world_remount();
	assert_reads(MIB, 10);
}

static void test_fetch_says_why_it_cannot_be_read(void **state)
{
	make(2 * MIB);
	own_http_next_many("GET /T1-0.png", (struct own_answer){.status = 404}, SIZE_MAX);
	own_http_next_many(
		"/T1/status", (struct own_answer){.status = 200, .body = "{\"status\":1003}"}, 1);
	assert_int_equal(world_read(PNG, MIB, 4096, data, HOUR_MS), -EIO);
	assert_non_null(strstr(world_status(FOX, "warning"), "fox.png could not be fetched"));
	world_assert_state(FOX, "SUCCESS");
	assert_int_equal(own_http_count("POST"), 1);
	/* a later read tries again */
	own_http_next("/T1/status", renewed);
	assert_reads(MIB, 4096);
	assert_string_equal(world_status(FOX, "warning"), "");
}

static void test_fetch_network_that_stays_away(void **state)
{
	make(2 * MIB);
	own_http_next_many("GET /T1-0.png", (struct own_answer){.error = -EHOSTUNREACH}, SIZE_MAX);
	ssize_t n = world_read(PNG, MIB, 4096, data, HOUR_MS);
	assert_true(n < 0 && n != -EINPROGRESS);
	assert_int_equal(own_http_count("POST"), 1);
}

/* Whoever reads hears of a failure after one stall limit and the attempt that is on its way then, which has one of its own: however long each
 * attempt takes, and however long the server asks to wait. */
static void test_fetch_failing_read_ends_in_time(void **state)
{
	static const int64_t attempts_ms[] = {0, 1000, 7000, 29000, 30000};
	static const struct own_answer answers[] = {{.error = -ETIMEDOUT}, {.error = -ECONNRESET},
		{.status = 503, .retry_after_ms = HOUR_MS}, {.status = 404}};
	for (size_t i = 0; i < array_length(answers) * array_length(attempts_ms); i++) {
		make(2 * MIB);
		own_http_next_many("/T1-0.png", answers[i / array_length(attempts_ms)], SIZE_MAX);
		/* an address that has died is asked for anew, which fails as well */
		own_http_next_many("/T1/status", (struct own_answer){.status = 500}, SIZE_MAX);
		own_http_latency(attempts_ms[i % array_length(attempts_ms)]);
		ssize_t n = world_read(PNG, MIB, 4096, data, 2 * world.options.stall_timeout_ms);
		if (n >= 0 || n == -EINPROGRESS)
			fail_msg("case %zu: %zd", i, n);
		assert_int_equal(own_http_count("POST"), 1);
		world_teardown(state);
		world_setup(state);
	}
}

/* Another file is behind the address now: its bytes are not mixed with those that are here. */
static void test_fetch_file_that_has_changed_is_an_error(void **state)
{
	make(2 * MIB);
	own_http_pictures(3 * MIB, 1);
	assert_int_equal(world_read(PNG, MIB, 4096, data, HOUR_MS), -EIO);
	assert_non_null(strstr(world_status(FOX, "warning"), "is another one now"));
	assert_reads(0, 4096);
}

static void test_fetch_without_room_in_the_cache(void **state)
{
	make(2 * MIB);
	own_disk_fail_writes("cache/", ENOSPC);
	read_all(2 * MIB, 256 * 1024);
	own_disk_reset();
	read_all(2 * MIB, 256 * 1024);
}

static void test_fetch_without_a_cache(void **state)
{
	world_end();
	world.options.cache = false;
	world_begin();
	make(2 * MIB);
	read_all(2 * MIB, 256 * 1024);
	uint64_t before = own_http_bytes();
	read_all(2 * MIB, 256 * 1024);
	assert_true(own_http_bytes() > before);
}

/* --- eviction --- */

static void make_three(void)
{
	own_http_pictures(MIB, 1);
	for (int i = 0; i < 3; i++) {
		char text[32], path[32];
		snprintf(path, sizeof(path), "FLUX/%d.txt", i);
		snprintf(text, sizeof(text), "%d foxes\n", i);
		world_save(path, text);
		world_wait(10000);
		snprintf(path, sizeof(path), "FLUX/%d.png", i);
		assert_int_equal(world_read(path, 0, MIB, data, 10000), MIB);
		/* the kernel closes it, and its last bytes are noted */
		world_wait(5000);
	}
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

static void test_evict_oldest_goes_when_it_can_be_fetched_again(void **state)
{
	start_small();
	make_three();
	world_wait(60000);
	assert_int_equal(cached(), 2 * MIB);
	assert_int_equal(world_read("FLUX/0.png", 0, MIB, data, 10000), MIB);
	assert_int_equal(data[MIB - 1], own_http_byte(MIB - 1));
	assert_int_equal(own_http_count("POST"), 3);
}

/* What was paid for and is nowhere else stays, however full the cache is. */
static void test_evict_keeps_what_cannot_be_fetched_again(void **state)
{
	make_three();
	start_small();
	own_http_next_many("GET /T", (struct own_answer){.status = 404}, SIZE_MAX);
	own_http_next_many("/status",
		(struct own_answer){.status = 200, .body = "{\"status\":1003}"}, SIZE_MAX);
	world_save("FLUX/x.txt", "dry run: yes\nx\n");
	fetch_cache_grew(account_fetches(world.account));
	world_wait(HOUR_MS);
	assert_int_equal(cached(), 3 * MIB);
	for (int i = 0; i < 3; i++) {
		char path[32];
		snprintf(path, sizeof(path), "FLUX/%d.png", i);
		assert_int_equal(world_read(path, 0, MIB, data, 1000), MIB);
	}
}

static void check_evicts_nothing(struct own_answer answer)
{
	make_three();
	start_small();
	own_http_next_many("GET /T", answer, SIZE_MAX);
	fetch_cache_grew(account_fetches(world.account));
	world_wait(HOUR_MS);
	assert_int_equal(cached(), 3 * MIB);
	assert_int_equal(world_read("FLUX/0.png", 0, MIB, data, 1000), MIB);
}

static void test_evict_keeps_all_without_a_network(void **state)
{
	check_evicts_nothing((struct own_answer){.error = -EHOSTUNREACH});
}

static void test_evict_keeps_all_while_the_server_has_trouble(void **state)
{
	check_evicts_nothing((struct own_answer){.status = 503});
}

static void test_evict_keeps_all_where_another_file_is_behind_the_address(void **state)
{
	make_three();
	start_small();
	own_http_pictures(2 * MIB, 1);
	fetch_cache_grew(account_fetches(world.account));
	world_wait(HOUR_MS);
	assert_int_equal(cached(), 3 * MIB);
}

static void test_evict_disk_that_refuses_loses_nothing(void **state)
{
	make_three();
	start_small();
	fetch_cache_grew(account_fetches(world.account));
	own_disk_fail_writes("weryaifs.db", EIO);
	world_wait(60000);
	own_disk_reset();
	assert_int_equal(cached(), 3 * MIB);
	assert_int_equal(world_read("FLUX/0.png", 0, MIB, data, 1000), MIB);
	fetch_cache_grew(account_fetches(world.account));
	world_wait(60000);
	assert_int_equal(cached(), 2 * MIB);
}

/* Whatever has become of the cache's files under our feet, what can be fetched again is. */
static void test_fetch_cache_that_cannot_be_read_is_read_without(void **state)
{
	char command[256];

	make(3 * MIB);
	read_all(3 * MIB, MIB);
	snprintf(command, sizeof(command), "truncate -s 1000 %s/*/cache/%llu", world_directory(),
		(unsigned long long)world_ino(PNG));
	world_remount();
	assert_reads(0, 1000);
	assert_int_equal(system(command), 0);
	/* half of it is there, in one read */
	assert_reads(500, 1000);
	read_all(3 * MIB, MIB);
	uint64_t before = own_http_bytes();
	read_all(3 * MIB, MIB);
	assert_in_range(own_http_bytes() - before, 0, 4 * MIB);
}

/* Somebody has emptied it to have room: nothing is wrong with it, so it is filled again. */
static void test_fetch_cache_that_was_emptied_is_filled_again(void **state)
{
	char command[256];

	make(3 * MIB);
	read_all(3 * MIB, MIB);
	snprintf(command, sizeof(command), "rm %s/*/cache/*", world_directory());
	world_remount();
	assert_int_equal(system(command), 0);
	uint64_t before = own_http_bytes();
	read_all(3 * MIB, MIB);
	assert_in_range(own_http_bytes() - before, 3 * MIB, 4 * MIB);
	before = own_http_bytes();
	world_remount();
	read_all(3 * MIB, MIB);
	assert_int_equal(own_http_bytes(), before);
}

/* What is behind its beginning is asked for, and takes its time: that the beginning is not on disk any more is found meanwhile. */
static void test_fetch_beginning_that_was_removed_is_missed_at_once(void **state)
{
	struct fetch *fetch;
	struct fetch_read *read;
	ssize_t length = -EINPROGRESS;
	char command[256];

	make(MIB);
	snprintf(command, sizeof(command), "rm %s/*/cache/*", world_directory());
	world_remount();
	assert_int_equal(system(command), 0);
	size_t before = own_http_count("GET /T1-0.png");
	own_http_next_many("GET /T1-0.png", (struct own_answer){.hold = true}, SIZE_MAX);
	assert_int_equal(fetch_open(account_fetches(world.account), (int64_t)world_ino(PNG), &fetch), 0);
	assert_int_equal(fetch_read(fetch, 0, 128 * 1024, note_length, &length, &read), 0);
	world_settle();
	assert_int_equal(own_http_count("GET /T1-0.png") - before, 2);
	fetch_read_cancel(read);
	fetch_close(fetch);
}

/* So many readers at once, each of a picture that nobody has read; returns how many came by a connection of their own. */
static size_t read_pictures(int *next, int count)
{
	struct fetch *fetches[8];
	struct fetch_read *read;
	ssize_t lengths[8];
	size_t own = own_http_count(" own");

	for (int i = 0; i < count; i++) {
		char path[64];
		snprintf(path, sizeof(path), "FLUX/f%d.png", (*next)++);
		lengths[i] = -EINPROGRESS;
		assert_int_equal(fetch_open(account_fetches(world.account), (int64_t)world_ino(path), &fetches[i]), 0);
		assert_int_equal(fetch_read(fetches[i], 0, 200 * 1024, note_length, &lengths[i], &read), 0);
	}
	world_wait(3000);
	for (int i = 0; i < count; i++) {
		assert_int_equal(lengths[i], 200 * 1024);
		fetch_close(fetches[i]);
	}
	return own_http_count(" own") - own;
}

/* One connection has brought always the same for several seconds, whoever reads: some come by others, to see whether that is more. */
static void test_fetch_pictures_get_connections_of_their_own(void **state)
{
	int next = 0;
	size_t own = 0;

	own_http_pictures(200 * 1024, 1);
	for (int i = 0; i < 64; i++) {
		char path[64];
		snprintf(path, sizeof(path), "FLUX/f%d.txt", i);
		world_save(path, "a fox\n");
	}
	world_wait(60000);
	own_http_latency(2000);
	assert_int_equal(read_pictures(&next, 6), 0);
	for (int i = 0; i < 7 && own == 0; i++)
		own = read_pictures(&next, 6);
	assert_in_range(own, 1, 3);
	/* one at a time has the connection that is there */
	assert_int_equal(read_pictures(&next, 1), 0);
}

enum { MANY = 24 };

/* More readers at once than fill the way, over a connection that brings always the same. Of files that came along with no others. */
static void read_many(struct fetch **fetches, ssize_t *lengths, bool hold)
{
	struct fetch_read *read;
	char path[64];
	int next = 0;

	own_http_pictures(200 * 1024, 1);
	for (int i = 0; i < 160; i++) {
		snprintf(path, sizeof(path), "FLUX/f%d.txt", i);
		world_save(path, "a fox\n");
	}
	world_wait(200000);
	own_http_latency(2000);
	for (int i = 0; i < 20; i++)
		read_pictures(&next, 6);
	if (hold)
		own_http_next_many("-0.png", (struct own_answer){.hold = true}, SIZE_MAX);
	for (int i = 0; i < MANY; i++) {
		snprintf(path, sizeof(path), "FLUX/f%d.png", 159 - i);
		lengths[i] = -EINPROGRESS;
		assert_int_equal(fetch_open(account_fetches(world.account), (int64_t)world_ino(path), &fetches[i]), 0);
		assert_int_equal(fetch_read(fetches[i], 0, 200 * 1024, note_length, &lengths[i], &read), 0);
	}
	world_settle();
}

/* The last ones are asked for when others have come, and not where their readers have gone by then. */
static void test_fetch_small_files_wait_for_their_turn(void **state)
{
	struct fetch *fetches[MANY];
	ssize_t lengths[MANY];

	read_many(fetches, lengths, false);
	assert_int_equal(own_http_open("-0.png"), 12);
	fetch_close(fetches[MANY - 1]);
	world_wait(5000);
	for (int i = 0; i < MANY - 1; i++) {
		assert_int_equal(lengths[i], 200 * 1024);
		fetch_close(fetches[i]);
	}
	assert_int_equal(lengths[MANY - 1], -EIO);
}

/* Those before them may never come. */
static void test_fetch_small_files_do_not_wait_without_end(void **state)
{
	struct fetch *fetches[MANY];
	ssize_t lengths[MANY];

	read_many(fetches, lengths, true);
	assert_int_equal(own_http_open("-0.png"), 12);
	world_wait(6000);
	assert_int_equal(own_http_open("-0.png"), MANY);
	for (int i = 0; i < MANY; i++)
		fetch_close(fetches[i]);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(test_fetch_reads_every_byte_once),
		T(test_fetch_does_not_wait_for_the_disk),
		T(test_fetch_is_closed_while_the_disk_is_asked),
		T(test_fetch_closed_before_the_disk_has_it_is_not_fetched_again),
		T(test_fetch_closed_by_who_still_waits_tells_him),
		T(test_fetch_file_that_is_removed_can_be_read_while_it_is_open),
		T(test_fetch_look_into_the_middle_is_a_look),
		T(test_fetch_look_from_far_away_is_no_longer_than_asked),
		T(test_fetch_close_ends_what_nobody_waits_for),
		T(test_fetch_from_far_away),
		T(test_fetch_from_near),
		T(test_fetch_large_reads_from_far_away_come_side_by_side),
		T(test_fetch_goes_on_after_a_cut),
		T(test_fetch_server_without_ranges),
		T(test_fetch_renews_an_address_that_has_expired),
		T(test_fetch_says_why_it_cannot_be_read),
		T(test_fetch_pictures_get_connections_of_their_own),
		T(test_fetch_small_files_wait_for_their_turn),
		T(test_fetch_small_files_do_not_wait_without_end),
		T(test_fetch_network_that_stays_away),
		T(test_fetch_failing_read_ends_in_time),
		T(test_fetch_file_that_has_changed_is_an_error),
		T(test_fetch_without_room_in_the_cache),
		T(test_fetch_without_a_cache),
		T(test_evict_oldest_goes_when_it_can_be_fetched_again),
		T(test_evict_keeps_what_cannot_be_fetched_again),
		T(test_evict_keeps_all_without_a_network),
		T(test_evict_keeps_all_while_the_server_has_trouble),
		T(test_evict_keeps_all_where_another_file_is_behind_the_address),
		T(test_evict_disk_that_refuses_loses_nothing),
		T(test_fetch_cache_that_cannot_be_read_is_read_without),
		T(test_fetch_cache_that_was_emptied_is_filled_again),
		T(test_fetch_beginning_that_was_removed_is_missed_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
