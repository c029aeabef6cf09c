/* SPDX-License-Identifier: MIT */
/* The wait for all prompts below a directory: when it ends, and what it tells of each, whatever is moved meanwhile. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/loop.h"
#include "fs/report/wait_below.h"
#include "tests/unit/own_http.h"
#include "tests/unit/world.h"

#define MANY 100 /* in each of three directories: more than are listed in one turn */

static void count_call(void *arg)
{
	++*(int *)arg;
}

static struct wait_below *wait_for(const char *dir, int *ended)
{
	struct wait_below *wait;

	assert_int_equal(account_wait_below(world.account, (int64_t)world_ino(dir), count_call, ended, &wait), 0);
	return wait;
}

static void test_wait_below_ends_with_the_last_prompt(void **state)
{
	const char *text;
	size_t length;
	bool failed;
	int ended = 0;

	own_http_state("processing");
	world_save("FLUX/fox.txt", "a fox\n");
	world_save("FLUX/owl.txt", "an owl\n");
	world_wait(10000);
	struct wait_below *wait = wait_for("FLUX", &ended);
	world_wait(10000);
	assert_int_equal(ended, 0);
	assert_int_equal(wait_below_text(wait, &text, &length, &failed), -EAGAIN);
	own_http_next("/T1/status", (struct own_answer){.status = 200,
		.body = "{\"status\":200,\"data\":{\"task_status\":\"failed\",\"msg\":\"no\"}}"});
	own_http_state("succeed");
	world_wait(30000);
	assert_int_equal(ended, 1);
	assert_int_equal(wait_below_text(wait, &text, &length, &failed), 0);
	assert_true(failed);
	assert_non_null(strstr(text, "SUCCESS\t"));
	assert_non_null(strstr(text, "FAILED\t"));
	wait_below_destroy(wait);
	/* none is on its way: it is over at once */
	wait = wait_for("FLUX", &ended);
	world_wait(1000);
	assert_int_equal(ended, 2);
	wait_below_destroy(wait);
}

struct mover { /* moves another prompt in each turn */
	struct loop_timer *timer;
	int moved;
};

static void move_one(void *arg)
{
	struct mover *mover = arg;
	int i = mover->moved++;
	char from[64], to[64];

	if (i >= 2 * MANY)
		return;
	/* the first forwards, the last backwards, by the order in which directories are listed */
	snprintf(from, sizeof(from), "FLUX/%s/%d.txt", i % 2 == 0 ? "a" : "c", i % 2 == 0 ? i / 2 : 3 * MANY - 1 - i / 2);
	snprintf(to, sizeof(to), "FLUX/%s/%d.txt", i % 2 == 0 ? "c" : "a", i % 2 == 0 ? i / 2 : 3 * MANY - 1 - i / 2);
	assert_int_equal(world_rename(from, to), 0);
	loop_timer_arm(mover->timer, 0);
}

/* How many lines of the report end so. */
static int lines_of(const char *text, const char *end)
{
	int count = 0;

	while ((text = strstr(text, end)) != NULL) {
		text += strlen(end);
		count++;
	}
	return count;
}

static void test_wait_below_tells_of_each_once(void **state)
{
	static const char *const dirs[] = {"FLUX/a", "FLUX/b", "FLUX/c"};
	struct mover mover = {0};
	const char *text;
	char name[64];
	size_t length;
	bool failed;
	int ended = 0;

	for (int i = 0; i < 3 * MANY; i++) {
		if (i % MANY == 0)
			assert_int_equal(world_mkdir(dirs[i / MANY]), 0);
		snprintf(name, sizeof(name), "%s/%d.txt", dirs[i / MANY], i);
		world_save(name, "");
	}
	world_wait(10000);
	struct wait_below *wait = wait_for("FLUX", &ended);
	assert_int_equal(loop_timer_create(world.loop, move_one, &mover, &mover.timer), 0);
	loop_timer_arm(mover.timer, 0);
	world_wait(1000);
	assert_int_equal(ended, 1);
	assert_true(mover.moved > 0);
	assert_int_equal(wait_below_text(wait, &text, &length, &failed), 0);
	for (int i = 0; i < 3 * MANY; i++) {
		snprintf(name, sizeof(name), "/%d.txt\n", i);
		assert_int_equal(lines_of(text, name), 1);
	}
	assert_int_equal(lines_of(text, "\n"), 3 * MANY);
	loop_timer_destroy(mover.timer);
	wait_below_destroy(wait);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_wait_below_ends_with_the_last_prompt),
		TEST(test_wait_below_tells_of_each_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
