/* SPDX-License-Identifier: MIT */
#include "fs/job/changes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fs/base/loop.h"
#include "fs/job/writers.h"

static struct loop *loop;
static struct changes *changes;

/* What one watch or listener has heard. */
struct heard {
	int anything, status, results, backups;
	uint64_t prompt;
	bool by_itself;
	struct changes_watch *watch; /* to be removed by its own callback */
};

static int setup(void **state)
{
	assert_int_equal(loop_create(&loop), 0);
	return changes_create(loop, &changes);
}

static int teardown(void **state)
{
	changes_destroy(changes);
	loop_destroy(loop);
	return 0;
}

static void stop(void *arg)
{
	loop_stop(loop, 0);
}

/* All that was to be told from the loop is told. */
static void turn(void)
{
	assert_int_equal(loop_defer(loop, stop, NULL), 0);
	assert_int_equal(loop_run(loop), 0);
}

static void count_watch(void *arg)
{
	struct heard *heard = arg;

	heard->status++;
	changes_unwatch(heard->watch);
	heard->watch = NULL;
}

static void count_status(void *arg)
{
	((struct heard *)arg)->status++;
}

static void note_anything(void *arg)
{
	((struct heard *)arg)->anything++;
}

static void note_status(void *arg, uint64_t prompt, bool by_itself)
{
	struct heard *heard = arg;

	heard->status++;
	heard->prompt = prompt;
	heard->by_itself = by_itself;
}

static void note_result(void *arg, uint64_t dir, uint64_t ino, const char *name)
{
	((struct heard *)arg)->results++;
}

static void note_backup(
	void *arg, uint64_t dir, uint64_t ino, const char *old_name, const char *new_name)
{
	((struct heard *)arg)->backups++;
}

static const struct changes_events events = {note_anything, note_status, note_result, note_backup};

static void test_changes_of_one_turn_are_told_once_and_from_the_loop(void **state)
{
	struct heard watch = {0}, listener = {0};
	struct changes_listener link;
	struct changes_watch *mine;

	assert_int_equal(changes_watch(changes, 7, count_status, &watch, &mine), 0);
	changes_listen(changes, &link, &events, &listener);
	changes_tell_moved(changes, 7);
	changes_tell_status(changes, 7);
	changes_tell_status(changes, 7);
	assert_int_equal(watch.status, 0);
	assert_int_equal(listener.status, 0);
	assert_int_equal(listener.anything, 3);
	turn();
	assert_int_equal(watch.status, 1);
	assert_int_equal(listener.status, 1);
	assert_int_equal(listener.prompt, 7);
	/* one of them was not a user's move alone */
	assert_true(listener.by_itself);
	turn();
	assert_int_equal(watch.status, 1);
	changes_tell_status(changes, 8);
	turn();
	assert_int_equal(watch.status, 1);
	assert_int_equal(listener.status, 2);
	changes_unwatch(mine);
	changes_unlisten(&link);
	changes_tell_status(changes, 7);
	turn();
	assert_int_equal(watch.status, 1);
	assert_int_equal(listener.status, 2);
}

static void test_changes_watch_may_end_itself(void **state)
{
	struct heard first = {0}, second = {0}, third = {0};

	assert_int_equal(changes_watch(changes, 7, count_watch, &first, &first.watch), 0);
	assert_int_equal(changes_watch(changes, 7, count_status, &second, &second.watch), 0);
	assert_int_equal(changes_watch(changes, 7, count_watch, &third, &third.watch), 0);
	changes_tell_status(changes, 7);
	turn();
	changes_tell_status(changes, 7);
	turn();
	assert_int_equal(first.status, 1);
	assert_int_equal(second.status, 2);
	assert_int_equal(third.status, 1);
	changes_unwatch(second.watch);
}

static void test_changes_of_a_prompt_that_is_gone_are_nobodys_status(void **state)
{
	struct heard heard = {0};
	struct changes_listener link;

	changes_listen(changes, &link, &events, &heard);
	changes_tell_status(changes, 0);
	changes_tell_other(changes);
	changes_tell_result(changes, 1, 2, "fox.png");
	changes_tell_backup(changes, 1, 2, "fox.png", "fox.png.~1~");
	turn();
	/* somebody may have waited for it all the same */
	assert_int_equal(heard.anything, 2);
	assert_int_equal(heard.status, 0);
	assert_int_equal(heard.results, 1);
	assert_int_equal(heard.backups, 1);
	changes_unlisten(&link);
	changes_unlisten(&link);
}

static void test_changes_that_were_not_told_go_with_them(void **state)
{
	struct changes *others;

	assert_int_equal(changes_create(loop, &others), 0);
	changes_tell_status(others, 7);
	changes_destroy(others);
	turn();
}

static void test_writers_are_counted(void **state)
{
	struct writers *writers = writers_create();

	assert_non_null(writers);
	assert_false(writers_any(writers, 7));
	assert_int_equal(writers_add(writers, 7), 0);
	assert_int_equal(writers_add(writers, 7), 0);
	assert_false(writers_any(writers, 8));
	writers_remove(writers, 7);
	assert_true(writers_any(writers, 7));
	writers_remove(writers, 7);
	assert_false(writers_any(writers, 7));
	assert_int_equal(writers_add(writers, 7), 0);
	writers_forget(writers, 7);
	assert_false(writers_any(writers, 7));
	writers_destroy(writers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_changes_of_one_turn_are_told_once_and_from_the_loop, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changes_watch_may_end_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_changes_of_a_prompt_that_is_gone_are_nobodys_status, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_changes_that_were_not_told_go_with_them, setup, teardown),
		cmocka_unit_test(test_writers_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
