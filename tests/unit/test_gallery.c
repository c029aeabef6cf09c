/* SPDX-License-Identifier: MIT */
/* The pages of the mount's gallery: whoever turns them sees each item once, whatever is made meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/store/store.h"
#include "tests/unit/world.h"

static int made; /* items so far; the newest has this number */

static int write_items(struct store *store, void *arg)
{
	char model[] = "FLUX", mode[] = "text-to-image", text[32];

	for (int i = 0; i < *(int *)arg; i++) {
		int64_t dir = (int64_t)world_ino("FLUX");
		struct node node = {.parent = dir, .kind = NODE_FILE, .mode = 0100644};
		snprintf(node.name, sizeof(node.name), "x%d.txt", ++made);
		node.name_length = strlen(node.name);
		assert_int_equal(nodes_add(store, &node), 0);
		assert_int_equal(close(store_data_open(store, node.ino, O_CREAT | O_WRONLY)), 0);
		snprintf(text, sizeof(text), "item %d.", made);
		struct job_record job = {.place = {.ino = node.ino, .dir = dir}, .model = model, .mode = mode,
			.state = JOB_FAILED, .text = text, .text_length = strlen(text), .balance_before = NAN,
			.balance_after = NAN};
		snprintf(job.place.stem, sizeof(job.place.stem), "x%d", made);
		assert_int_equal(jobs_add(store, &job), 0);
		assert_int_equal(nodes_set_job(store, node.ino, job.id), 0);
	}
	return 0;
}

static void make_items(int count)
{
	assert_int_equal(store_run(world.store, false, write_items, &count), 0);
}

/* The page shows these and no others, and leads to this next one (0: to none). */
static void assert_page(unsigned page, int newest, int oldest, unsigned next)
{
	const char *text;
	char wanted[32], link[32];
	size_t length;

	assert_int_equal(account_gallery(world.account, 0, page, &text, &length), 0);
	for (int i = newest; i >= oldest; i--) {
		snprintf(wanted, sizeof(wanted), "item %d.", i);
		text = strstr(text, "item ");
		assert_non_null(text);
		assert_memory_equal(text, wanted, strlen(wanted));
		text++;
	}
	assert_null(strstr(text, "item "));
	snprintf(link, sizeof(link), "gallery-%u.html", next);
	assert_true((strstr(text, next != 0 ? link : "gallery-") != NULL) == (next != 0));
}

static void test_gallery_pages_follow_each_other(void **state)
{
	const char *text;
	size_t length;

	made = 0;
	make_items(600);
	assert_page(2, 350, 101, 3); /* opened by its name */
	assert_page(1, 600, 351, 2);
	make_items(10);
	assert_page(2, 350, 101, 3);
	assert_page(3, 100, 1, 0);
	assert_int_equal(account_gallery(world.account, 0, 4, &text, &length), -ENOENT);
	/* from the beginning */
	assert_page(1, 610, 361, 2);
	assert_page(3, 110, 1, 0);
	assert_page(2, 360, 111, 3);
	assert_page(3, 110, 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_gallery_pages_follow_each_other, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
