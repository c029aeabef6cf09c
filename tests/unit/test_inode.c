/* SPDX-License-Identifier: MIT */
/* What the kernel and open files hold, and when the tree is told that nobody does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fs/base/map.h"
#include "fs/mount/about.h"
#include "fs/mount/handle.h"
#include "fs/mount/inode.h"
#include "fs/mount/mount_private.h"

static uint64_t forgotten[8];
static size_t forgotten_count;

void __wrap_tree_forget(struct tree *tree, uint64_t ino);
void __wrap_tree_forget(struct tree *tree, uint64_t ino)
{
	assert_true(forgotten_count < 8);
	forgotten[forgotten_count++] = ino;
}

static struct session session;

static int setup(void **state)
{
	session = (struct session){.known = map_create()};
	list_init(&session.handles);
	forgotten_count = 0;
	return session.known == NULL;
}

static int teardown(void **state)
{
	map_destroy(session.known);
	return 0;
}

static void ref_times(uint64_t ino, int times)
{
	for (int i = 0; i < times; i++)
		assert_int_equal(inode_ref(&session, ino), 0);
}

static void test_inode_is_told_at_zero_and_once(void **state)
{
	ref_times(1000, 3);
	inode_unref(&session, 1000, 2);
	assert_int_equal(forgotten_count, 0);
	inode_unref(&session, 1000, 1);
	assert_int_equal(forgotten_count, 1);
	assert_int_equal(forgotten[0], 1000);
	inode_unref(&session, 1000, 1);
	assert_int_equal(forgotten_count, 1);
}

static void test_inode_known_again_is_told_again(void **state)
{
	ref_times(1000, 1);
	inode_unref(&session, 1000, 1);
	ref_times(1000, 1);
	assert_int_equal(forgotten_count, 1);
	inode_unref(&session, 1000, 1);
	assert_int_equal(forgotten_count, 2);
}

static void test_inode_prompt_lives_on_behind_its_shadows(void **state)
{
	ref_times(1000, 1);
	ref_times(1000 | TREE_WAIT_BIT, 1);
	ref_times(1000 | TREE_STATUS_BIT, 1);
	inode_unref(&session, 1000, 1);
	inode_unref(&session, 1000 | TREE_STATUS_BIT, 1);
	assert_int_equal(forgotten_count, 0);
	inode_unref(&session, 1000 | TREE_WAIT_BIT, 1);
	assert_int_equal(forgotten_count, 1);
	assert_int_equal(forgotten[0], 1000);
}

static void test_inode_about_is_not_the_trees(void **state)
{
	ref_times(ABOUT_README, 1);
	inode_unref(&session, ABOUT_README, 1);
	assert_int_equal(forgotten_count, 0);
	assert_int_equal(map_count(session.known), 0);
}

static void test_inode_too_much_forgetting_ends_at_zero(void **state)
{
	ref_times(1000, 1);
	ref_times(1001, 1);
	inode_unref(&session, 1000, UINT64_MAX);
	assert_int_equal(forgotten_count, 1);
	assert_int_equal(map_count(session.known), 1);
}

static int destroyed, closed_count;

static void fake_destroy(struct handle *handle, bool closed)
{
	/* the file's own end comes before the inode's */
	assert_int_equal(forgotten_count, 0);
	destroyed++;
	closed_count += closed;
	free(handle);
}

static const struct handle_type fake_type = {.destroy = fake_destroy};

static struct handle *fake_open(uint64_t ino)
{
	struct handle *handle = malloc(sizeof(*handle));

	assert_non_null(handle);
	assert_int_equal(handle_init(handle, &session, ino, &fake_type), 0);
	return handle;
}

static void test_inode_open_file_holds_when_forget_overtakes_release(void **state)
{
	ref_times(1000, 1);
	struct handle *handle = fake_open(1000);
	destroyed = closed_count = 0;
	inode_unref(&session, 1000, 1);
	assert_int_equal(forgotten_count, 0);
	handle_close(handle);
	assert_int_equal(destroyed, 1);
	assert_int_equal(closed_count, 1);
	assert_int_equal(forgotten_count, 1);
}

static void test_inode_end_of_mount_lets_go_of_everything(void **state)
{
	destroyed = closed_count = 0;
	ref_times(1000, 5);
	fake_open(1000);
	fake_open(1000);
	handle_end_all(&session);
	assert_int_equal(destroyed, 2);
	assert_int_equal(closed_count, 0);
	assert_int_equal(forgotten_count, 0);
	inode_unref_all(&session);
	assert_int_equal(forgotten_count, 1);
	assert_int_equal(map_count(session.known), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_inode_is_told_at_zero_and_once, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_inode_known_again_is_told_again, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_inode_prompt_lives_on_behind_its_shadows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_inode_about_is_not_the_trees, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_inode_too_much_forgetting_ends_at_zero, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_inode_open_file_holds_when_forget_overtakes_release, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_inode_end_of_mount_lets_go_of_everything, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
