/* SPDX-License-Identifier: MIT */
/* What one daemon leaves to the next, in memory that both have mapped. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/kept/carried.h"
#include "fs/kept/keeper.h"

static int memory;
static struct carried *carried;

static int setup(void **state)
{
	memory = memfd_create("test", MFD_CLOEXEC);
	if (memory < 0 || ftruncate(memory, KEEPER_MEMORY_SIZE) < 0)
		return -1;
	return carried_create(memory, false, &carried);
}

static int teardown(void **state)
{
	carried_destroy(carried);
	close(memory);
	return 0;
}

static void next_daemon(void)
{
	carried_destroy(carried);
	assert_int_equal(carried_create(memory, true, &carried), 0);
}

/* As the kernel's: length, operation, number. */
static uint32_t park(uint64_t unique)
{
	uint32_t request[10] = {sizeof(request), 15}, place;

	memcpy(request + 2, &unique, sizeof(unique));
	assert_int_equal(carried_park(carried, request, sizeof(request), &place), 0);
	return place;
}

static void test_carried_parked_are_there_until_answered(void **state)
{
	uint32_t first = park(11), second = park(12);

	carried_unpark(carried, first);
	next_daemon();
	assert_int_equal(carried_parked(carried, first)->unique, 0);
	assert_int_equal(carried_parked(carried, second)->unique, 12);
	assert_int_equal(carried_parked(carried, second)->length, 40);
	/* the place that is free, and no other, is taken first */
	assert_int_equal(park(13), first);
	assert_int_equal(carried_parked(carried, second)->unique, 12);
}

static void test_carried_long_request_is_refused(void **state)
{
	char request[CARRIED_REQUEST_MAX + 1] = {0};
	uint32_t place;

	assert_int_equal(carried_park(carried, request, sizeof(request), &place), -EMSGSIZE);
	assert_int_equal(place, CARRIED_NOWHERE);
}

static void test_carried_texts_stay_with_their_handle(void **state)
{
	uint32_t one, two;
	char *text;
	size_t length;

	assert_int_equal(carried_handle_place(carried, &one), 0);
	assert_int_equal(carried_handle_place(carried, &two), 0);
	carried_handle(carried, one)->id = 1;
	carried_handle(carried, two)->id = 2;
	assert_int_equal(carried_text_set(carried, one, "state: PENDING\n", 15), 0);
	next_daemon();
	assert_int_equal(carried_text_get(carried, one, &text, &length), 0);
	assert_int_equal(length, 15);
	assert_string_equal(text, "state: PENDING\n");
	free(text);
	assert_int_equal(carried_text_get(carried, two, &text, &length), -ENODATA);
	carried_handle_free(carried, one);
	next_daemon();
	assert_int_equal(carried_handle(carried, one)->id, 0);
	assert_int_equal(carried_text_get(carried, one, &text, &length), -ENODATA);
}

static void test_carried_text_that_is_too_long_is_not_there(void **state)
{
	char *long_text = calloc(1, CARRIED_TEXT_MAX + 1), *text;
	uint32_t place;
	size_t length;

	assert_non_null(long_text);
	assert_int_equal(carried_handle_place(carried, &place), 0);
	assert_int_equal(carried_text_set(carried, place, "short", 5), 0);
	assert_int_equal(carried_text_set(carried, place, long_text, CARRIED_TEXT_MAX + 1), -EFBIG);
	assert_int_equal(carried_text_get(carried, place, &text, &length), -ENODATA);
	free(long_text);
}

static void test_carried_leases_of_more_directories_than_places(void **state)
{
	const struct carried_head *head = carried_head(carried);
	int64_t latest = 0;

	for (uint64_t dir = 1000; dir < 1000 + CARRIED_LEASES; dir++)
		carried_lease(carried, dir, (int64_t)dir);
	carried_lease(carried, 1005, 9000);
	assert_int_equal(head->others_until_ms, 0);
	carried_lease(carried, 5000, 9001);
	/* the one that ended first had to go: it counts as one of the others */
	assert_int_equal(head->others_until_ms, 1000);
	for (int i = 0; i < CARRIED_LEASES; i++)
		latest = head->leases[i].dir == 1005 ? head->leases[i].until_ms : latest;
	assert_int_equal(latest, 9000);
}

static void test_carried_other_layout_is_refused(void **state)
{
	struct carried *other;

	if (sizeof(void *) < 8) {
		print_message("32 bits have room for one mapping of 2 GiB\n");
		skip();
	}
	carried_head(carried)->layout++;
	assert_int_equal(carried_create(memory, true, &other), -EPROTO);
	carried_head(carried)->layout--;
	carried_head(carried)->handles = CARRIED_HANDLES + 1;
	assert_int_equal(carried_create(memory, true, &other), -EPROTO);
}

static void test_carried_without_a_keeper_is_nothing(void **state)
{
	uint32_t place;

	assert_int_equal(carried_handle_place(NULL, &place), 0);
	assert_int_equal(place, CARRIED_NOWHERE);
	assert_int_equal(carried_text_set(NULL, place, "text", 4), 0);
	carried_handle_free(NULL, place);
	carried_unpark(NULL, place);
	carried_lease(NULL, 1, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_carried_parked_are_there_until_answered, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_carried_long_request_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_carried_texts_stay_with_their_handle, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_carried_text_that_is_too_long_is_not_there, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_carried_leases_of_more_directories_than_places, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_carried_other_layout_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_carried_without_a_keeper_is_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
