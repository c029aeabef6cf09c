/* SPDX-License-Identifier: MIT */
/* What is read of a database before it is believed: nothing of one that is as a mount has left it, all after a machine that went down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#include "fs/base/log.h"
#include "fs/store/soundness.h"
#include "fs/store/store_private.h"

#define NOTE_AT 64

static char root[] = "/tmp/weryaifs-unit.XXXXXX";

static struct store *open_store(void)
{
	char state[64], cache[64], *message = NULL;
	struct store *store;

	snprintf(state, sizeof(state), "%s/state", root);
	snprintf(cache, sizeof(cache), "%s/cache", root);
	if (store_open(state, cache, &store, &message) < 0)
		fail_msg("%s", message);
	return store;
}

static enum db_reading reading_of(struct store *store)
{
	bool untouched;

	return soundness_of(store, &untouched);
}

static void test_soundness_of_what_a_mount_has_left(void **state)
{
	store_close(open_store());
	struct store *store = open_store();
	assert_true(store->is_untouched);
	assert_int_equal(reading_of(store), DB_READ_NOTHING);
	close(store_data_open(store, 5000, O_RDWR | O_CREAT));
	store_close(store);
	store = open_store();
	assert_true(store->is_untouched);
	store_close(store);
}

static void write_to(const char *name)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/state/%s", root, name);
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	char byte;
	assert_int_equal(read(fd, &byte, 1) >= 0 ? pwrite(fd, &byte, 1, 0) : -1, 1);
	close(fd);
}

static void test_soundness_of_what_others_have_touched(void **state)
{
	store_close(open_store());
	write_to("weryaifs.db");
	struct store *store = open_store();
	assert_false(store->is_untouched);
	store_close(store);
	write_to("data/6000");
	store = open_store();
	assert_false(store->is_untouched);
	store_close(store);
	store = open_store();
	assert_true(store->is_untouched);
	store_close(store);
}

static void test_soundness_of_a_machine_that_went_down(void **state)
{
	struct store *store = open_store();

	assert_int_equal(pwrite(store->lock_fd, "another boot", 12, NOTE_AT), 12);
	assert_int_equal(reading_of(store), DB_READ_ALL);
	/* of an older version */
	assert_int_equal(ftruncate(store->lock_fd, NOTE_AT / 2), 0);
	assert_int_equal(reading_of(store), DB_READ_SMALL);
	store_close(store);
}

/* The next mount has to look for itself. */
static void test_soundness_is_doubted(void **state)
{
	struct store *store = open_store();

	soundness_doubted(store);
	assert_int_equal(reading_of(store), DB_READ_ALL);
	store_close(store);
	store = open_store();
	assert_false(store->is_untouched);
	store_close(store);
	store = open_store();
	assert_true(store->is_untouched);
	store_close(store);
}

static int set_up(void **state)
{
	log_setup(LOG_LEVEL_ERROR, false, false);
	return mkdtemp(root) == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_soundness_of_what_a_mount_has_left),
		cmocka_unit_test(test_soundness_of_what_others_have_touched),
		cmocka_unit_test(test_soundness_of_a_machine_that_went_down),
		cmocka_unit_test(test_soundness_is_doubted),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
