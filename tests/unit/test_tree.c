/* SPDX-License-Identifier: MIT */
/* What can be seen and set of files, prompts, their shadows and results. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/job/changes.h"
#include "fs/tree/status.h"
#include "fs/tree/status_hash.h"
#include "fs/tree/tree.h"
#include "tests/unit/own_disk.h"
#include "tests/unit/own_http.h"
#include "tests/unit/world.h"

#define FOX "FLUX/fox.txt"

static struct tree *tree(void)
{
	return account_tree(world.account);
}

static struct tree_entry get(const char *path)
{
	struct tree_entry entry = {0};

	assert_int_equal(tree_get(tree(), world_ino(path), &entry), 0);
	return entry;
}

static const char *attribute(const char *path, const char *name)
{
	static char value[1024];
	size_t length = 0;
	int r = tree_xattr_get(tree(), world_ino(path), name, value, sizeof(value) - 1, &length);

	if (r < 0)
		return NULL;
	value[length] = '\0';
	return value;
}

static void make(void)
{
	world_save(FOX, "ratio: 16:9\na fox\n");
	world_wait(10000);
	world_assert_state(FOX, "SUCCESS");
}

static void test_tree_result_never_loses_its_origin(void **state)
{
	char list[4096];
	size_t length = 0;

	make();
	assert_string_equal(attribute("FLUX/fox.png", "user.weryai.model"), "FLUX");
	/* every setting that was sent, though the prompt says nothing of it */
	assert_string_equal(attribute("FLUX/fox.png", "user.weryai.ratio"), "16:9");
	assert_non_null(strstr(attribute("FLUX/fox.png", "user.weryai.request"), "\"aspect_ratio\":\"16:9\""));
	assert_null(attribute("FLUX/fox.png", "user.weryai.duration"));
	assert_string_equal(attribute("FLUX/fox.png", "user.weryai.task"), "T1");
	assert_non_null(strstr(attribute("FLUX/fox.png", "user.weryai.prompt"), "a fox"));
	assert_string_equal(
		attribute("FLUX/fox.png", "user.weryai.url"), "https://cdn.test/T1-0.png");
	assert_string_equal(attribute(FOX, "user.weryai.state"), "SUCCESS");
	assert_null(attribute(FOX, "user.weryai.nonsense"));
	assert_int_equal(
		tree_xattr_list(tree(), world_ino("FLUX/fox.png"), list, sizeof(list), &length), 0);
	assert_true(length > 0);
	/* the length alone, and too little room */
	size_t asked = 0;
	assert_int_equal(tree_xattr_list(tree(), world_ino("FLUX/fox.png"), NULL, 0, &asked), 0);
	assert_int_equal(asked, length);
	assert_int_equal(
		tree_xattr_list(tree(), world_ino("FLUX/fox.png"), list, 3, &asked), -ERANGE);
}

static void test_tree_attributes_of_users(void **state)
{
	uint64_t ino;
	size_t length;
	char value[16];

	world_save("FLUX/notes", "x");
	ino = world_ino("FLUX/notes");
	assert_int_equal(tree_xattr_set(tree(), ino, "user.mood", "good", 4, 0), 0);
	assert_string_equal(attribute("FLUX/notes", "user.mood"), "good");
	assert_int_equal(tree_xattr_get(tree(), ino, "user.mood", value, 2, &length), -ERANGE);
	assert_int_equal(tree_xattr_remove(tree(), ino, "user.mood"), 0);
	assert_int_equal(tree_xattr_remove(tree(), ino, "user.mood"), -ENODATA);
	assert_null(attribute("FLUX/notes", "user.mood"));
	assert_true(tree_xattr_set(tree(), ino, "trusted.mood", "good", 4, 0) < 0);
}

static void test_tree_sets_what_may_be_set(void **state)
{
	struct stat st = {.st_mode = 0600, .st_size = 3, .st_mtim = {.tv_sec = 1000000000}};
	struct tree_entry entry;

	world_save("FLUX/notes", "x marks the spot");
	uint64_t ino = world_ino("FLUX/notes");
	assert_int_equal(
		tree_set(tree(), ino, &st, TREE_SET_MODE | TREE_SET_SIZE | TREE_SET_MTIME, &entry),
		0);
	assert_int_equal(entry.st.st_mode, S_IFREG | 0600);
	assert_int_equal(entry.st.st_size, 3);
	assert_int_equal(entry.st.st_mtim.tv_sec, 1000000000);
	world_remount();
	assert_int_equal(get("FLUX/notes").st.st_size, 3);
	assert_int_equal(world_mkdir("FLUX/deep"), 0);
	assert_int_equal(tree_set(tree(), world_ino("FLUX/deep"), &st, TREE_SET_MODE, &entry), 0);
	assert_int_equal(entry.st.st_mode, S_IFDIR | 0600);
	/* a result's bytes are what was made */
	make();
	assert_true(tree_set(tree(), world_ino("FLUX/fox.png"), &st, TREE_SET_SIZE, &entry) < 0);
	assert_int_equal(get("FLUX/fox.png").st.st_size, 100);
}

static void test_tree_truncated_by_name_is_another_text(void **state)
{
	struct stat st = {.st_size = 0};
	struct tree_entry entry;

	make();
	assert_int_equal(tree_set(tree(), world_ino(FOX), &st, TREE_SET_SIZE, &entry), 0);
	world_wait(60000);
	assert_int_equal(get(FOX).st.st_size, 0);
	assert_int_equal(own_http_count("POST"), 1);
	st.st_size = 5;
	world_save(FOX, "an owl in the snow\n");
	assert_int_equal(tree_set(tree(), world_ino(FOX), &st, TREE_SET_SIZE, &entry), 0);
	world_wait(60000);
	assert_int_equal(own_http_count("POST"), 2);
	assert_non_null(strstr(own_http_posted(), "\"an ow\""));
}

static void test_tree_shadows_belong_to_their_prompt(void **state)
{
	struct tree_entry prompt, status, wait;
	char *path = NULL;

	make();
	prompt = get(FOX);
	status = get("FLUX/fox.status");
	wait = get("FLUX/fox.wait");
	assert_int_equal(status.kind, TREE_STATUS);
	assert_int_equal(wait.kind, TREE_WAIT);
	assert_int_equal(TREE_NODE(status.ino), prompt.ino);
	assert_true(status.st.st_size > 0);
	assert_int_equal(tree_path(tree(), status.ino, &path), 0);
	assert_string_equal(path, "FLUX/fox.status");
	free(path);
	assert_int_equal(world_remove("FLUX/fox.status"), 0);
	assert_true(world_exists("FLUX/fox.status"));
	assert_int_equal(world_remove(FOX), 0);
	assert_false(world_exists("FLUX/fox.status"));
}

static void test_tree_wait_ends_with_the_job(void **state)
{
	char *text = NULL;
	size_t length;

	own_http_state("processing");
	world_save(FOX, "a fox\n");
	world_wait(10000);
	assert_int_equal(tree_wait_text(tree(), world_ino(FOX), &text, &length), -EAGAIN);
	own_http_state("succeed");
	world_wait(10000);
	assert_int_equal(tree_wait_text(tree(), world_ino(FOX), &text, &length), 0);
	assert_string_equal(text, "fox.png\n");
	free(text);
	own_http_next("POST", (struct own_answer){.status = 200, .body = "{\"status\":2003}"});
	world_save(FOX, "another fox\n");
	world_wait(10000);
	assert_int_equal(tree_wait_text(tree(), world_ino(FOX), &text, &length), -EIO);
	assert_int_equal(tree_wait_text(tree(), 999999, &text, &length), -ENOENT);
}

static int changes_seen;

static void on_change(void *arg)
{
	changes_seen++;
}

static void test_tree_watch_is_told_of_every_step(void **state)
{
	struct changes_watch *watch = NULL;

	changes_seen = 0;
	world_save(FOX, "a fox\n");
	assert_int_equal(changes_watch(account_changes(world.account), (int64_t)world_ino(FOX),
				 on_change, NULL, &watch),
		0);
	world_wait(500);
	int before = changes_seen;
	world_wait(500);
	assert_true(changes_seen > before);
	world_wait(10000);
	assert_in_range(changes_seen, 3, 12);
	changes_unwatch(watch);
	before = changes_seen;
	world_save(FOX, "another fox\n");
	world_wait(60000);
	assert_int_equal(changes_seen, before);
}

static void test_tree_hash_leaves_out_what_changes_all_the_time(void **state)
{
	static const char one[] = "state: PENDING\nelapsed: 1.0 s\ntask: T1\n";
	static const char same[] = "state: PENDING\nelapsed: 2.5 s\ntask: T1\n";
	static const char other[] = "state: SUCCESS\nelapsed: 1.0 s\ntask: T1\n";

	assert_int_equal(status_hash(one, strlen(one)), status_hash(same, strlen(same)));
	assert_int_not_equal(status_hash(one, strlen(one)), status_hash(other, strlen(other)));
	assert_int_not_equal(status_hash("", 0), 0);
	assert_int_equal(status_hash(one, strlen(one) - 1), status_hash(one, strlen(one) - 1));
}

static void test_tree_result_that_was_removed_is_not_listed(void **state)
{
	make();
	assert_non_null(strstr(world_status(FOX, "results"), "fox.png"));
	assert_int_equal(world_mkdir("FLUX/deep"), 0);
	assert_int_equal(world_rename("FLUX/fox.png", "FLUX/deep/best.png"), 0);
	assert_string_equal(world_status(FOX, "results"), "deep/best.png");
	assert_int_equal(world_remove("FLUX/deep/best.png"), 0);
	assert_string_equal(world_status(FOX, "results"), "");
}

static void test_tree_model_says_what_it_takes(void **state)
{
	char *text = NULL;
	size_t length;

	assert_int_equal(tree_model_text(tree(), world_ino("FLUX/"), &text, &length), 0);
	assert_non_null(strstr(text, "16:9"));
	free(text);
	assert_true(world_exists("FLUX/.model"));
}

static void test_tree_statvfs_and_fsync(void **state)
{
	struct statvfs st;

	assert_int_equal(tree_statvfs(tree(), &st), 0);
	assert_true(st.f_blocks > 0);
	world_save(FOX, "a fox\n");
	int fd = world_open(FOX);
	record_clear();
	assert_int_equal(tree_fsync(tree(), fd), 0);
	assert_non_null(strstr(recorded(), "sync data/"));
	assert_non_null(strstr(recorded(), "sync state/weryaifs.db-wal"));
	own_disk_fail_syncs("data/", EIO);
	assert_int_equal(tree_fsync(tree(), fd), -EIO);
	own_disk_reset();
	world_close(FOX, fd);
	assert_int_equal(own_http_count("POST"), 0);
}

static void test_tree_removed_while_it_is_open_lives_on(void **state)
{
	uint64_t ino, dir = world_ino("FLUX/");
	struct tree_entry entry;
	int fd = world_open("FLUX/notes");

	ino = world_ino("FLUX/notes");
	assert_int_equal(tree_unlink(tree(), dir, "notes"), 0);
	assert_int_equal(tree_get(tree(), ino, &entry), 0);
	assert_int_equal(entry.st.st_nlink, 0);
	close(fd);
	tree_close(tree(), ino, O_RDWR);
	tree_forget(tree(), ino);
	assert_int_equal(tree_get(tree(), ino, &entry), -ENOENT);
}

static void test_tree_directories(void **state)
{
	uint64_t parent;

	assert_int_equal(world_mkdir("FLUX/deep"), 0);
	assert_int_equal(world_mkdir("FLUX/deep"), -EEXIST);
	assert_int_equal(tree_parent(tree(), world_ino("FLUX/deep"), &parent), 0);
	assert_int_equal(parent, world_ino("FLUX/"));
	world_save("FLUX/deep/fox", "x");
	assert_int_equal(tree_rmdir(tree(), world_ino("FLUX/"), "deep"), -ENOTEMPTY);
	assert_int_equal(world_remove("FLUX/deep/fox"), 0);
	assert_int_equal(tree_rmdir(tree(), world_ino("FLUX/"), "deep"), 0);
	assert_int_equal(tree_rmdir(tree(), TREE_ROOT, "FLUX"), -EPERM);
	assert_int_equal(tree_rmdir(tree(), world_ino("FLUX/"), "none"), -ENOENT);
	world_save("FLUX/plain", "x");
	assert_int_equal(tree_rmdir(tree(), world_ino("FLUX/"), "plain"), -ENOTDIR);
	assert_int_equal(world_mkdir("FLUX/a"), 0);
	assert_int_equal(world_rename("FLUX/a", "FLUX/plain"), -ENOTDIR);
	assert_int_equal(world_rename("FLUX/plain", "FLUX/a"), -EISDIR);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		T(test_tree_result_never_loses_its_origin),
		T(test_tree_attributes_of_users),
		T(test_tree_sets_what_may_be_set),
		T(test_tree_truncated_by_name_is_another_text),
		T(test_tree_shadows_belong_to_their_prompt),
		T(test_tree_wait_ends_with_the_job),
		T(test_tree_watch_is_told_of_every_step),
		T(test_tree_hash_leaves_out_what_changes_all_the_time),
		T(test_tree_result_that_was_removed_is_not_listed),
		T(test_tree_model_says_what_it_takes),
		T(test_tree_statvfs_and_fsync),
		T(test_tree_removed_while_it_is_open_lives_on),
		T(test_tree_directories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
