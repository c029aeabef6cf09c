/* SPDX-License-Identifier: MIT */
#include "fs/job/lease.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/store/nodes.h"
#include "fs/store/store.h"

#define DIR 2000
#define OTHER 2001

static struct store *store;
static char directory[64];
static int64_t now = 1000000;

static int64_t read_clock(void)
{
	return now;
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path);
}

static int setup(void **state)
{
	char path[96], cache[96], *message = NULL;

	log_setup(LOG_LEVEL_ERROR, false, false);
	clock_replace(read_clock, NULL);
	snprintf(directory, sizeof(directory), "/tmp/weryaifs-unit.XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/state", directory);
	snprintf(cache, sizeof(cache), "%s/cache", directory);
	return store_open(path, cache, &store, &message);
}

static int teardown(void **state)
{
	store_close(store);
	clock_replace(NULL, NULL);
	return nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static struct leases *make(int64_t settle_ms)
{
	struct leases *leases;

	assert_int_equal(leases_create(store, settle_ms, &leases), 0);
	return leases;
}

static void test_lease_runs_out_a_little_later_than_the_kernel_was_told(void **state)
{
	struct leases *leases = make(600);

	assert_int_equal(lease_left_ms(leases, DIR), 0);
	assert_int_equal(lease_give_ms(leases, DIR), 600);
	assert_in_range(lease_left_ms(leases, DIR), 600, 600 + 250);
	assert_int_equal(lease_left_ms(leases, OTHER), 0);
	now += 600;
	assert_true(lease_left_ms(leases, DIR) > 0);
	now += 250;
	assert_int_equal(lease_left_ms(leases, DIR), 0);
	leases_destroy(leases);
}

static void test_lease_is_never_long(void **state)
{
	struct leases *leases = make(60000);

	assert_int_equal(lease_give_ms(leases, DIR), 1000);
	leases_destroy(leases);
	/* where prompts settle at once no name is promised */
	leases = make(0);
	assert_int_equal(lease_give_ms(leases, DIR), 0);
	assert_int_equal(lease_left_ms(leases, DIR), 0);
	leases_destroy(leases);
}

static void test_lease_moves_along_and_never_gets_shorter(void **state)
{
	struct leases *leases = make(1000);

	assert_int_equal(lease_give_ms(leases, OTHER), 1000);
	now += 500;
	assert_int_equal(lease_give_ms(leases, DIR), 1000);
	int64_t left = lease_left_ms(leases, DIR);
	assert_int_equal(lease_moved(leases, OTHER, DIR), 0);
	assert_int_equal(lease_left_ms(leases, DIR), left);
	assert_int_equal(lease_moved(leases, DIR, OTHER), 0);
	assert_int_equal(lease_left_ms(leases, OTHER), left);
	leases_destroy(leases);
}

static int add_draft(struct store *to, void *arg)
{
	struct node node = {.parent = DIR, .kind = NODE_FILE, .mode = S_IFREG | 0644};

	node.name_length = strlen(strcpy(node.name, "fox.txt"));
	int r = nodes_add(to, &node);
	return r < 0 ? r : nodes_set_draft(to, node.ino, DRAFT_CLOSED);
}

static void test_lease_is_not_given_while_something_goes_on(void **state)
{
	struct leases *leases = make(1000);

	assert_int_equal(store_run(store, false, add_draft, NULL), 0);
	assert_int_equal(lease_give_ms(leases, DIR), 0);
	assert_int_equal(lease_left_ms(leases, DIR), 0);
	assert_int_equal(lease_give_ms(leases, OTHER), 1000);
	leases_destroy(leases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lease_runs_out_a_little_later_than_the_kernel_was_told),
		cmocka_unit_test(test_lease_is_never_long),
		cmocka_unit_test(test_lease_moves_along_and_never_gets_shorter),
		cmocka_unit_test(test_lease_is_not_given_while_something_goes_on),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
