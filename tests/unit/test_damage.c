/* SPDX-License-Identifier: MIT */
/* An account that something happened to: nothing is begun anew over what is left of it, and nothing of it is swept away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/loop.h"
#include "fs/base/worker.h"
#include "fs/store/cache.h"
#include "fs/store/copy.h"
#include "fs/store/nodes.h"
#include "fs/store/store.h"

static char root[] = "/tmp/weryaifs-test-damage-XXXXXX";
static char state_dir[64], cache_dir[64];

static int set_up(void **state)
{
	strcpy(root + strlen(root) - 6, "XXXXXX");
	if (mkdtemp(root) == NULL)
		return -1;
	snprintf(state_dir, sizeof(state_dir), "%s/state", root);
	snprintf(cache_dir, sizeof(cache_dir), "%s/cache", root);
	return 0;
}

/* In the test's directory; what it prints, at most `size` bytes. */
static void shell(const char *command, char *said, size_t size)
{
	char whole[1024];

	snprintf(whole, sizeof(whole), "cd '%s' && { %s; }", root, command);
	FILE *pipe = popen(whole, "r");
	assert_non_null(pipe);
	size_t length = fread(said, 1, size - 1, pipe);
	said[length] = '\0';
	if (pclose(pipe) != 0)
		fail_msg("%s", command);
}

static void run(const char *command)
{
	char said[256];

	shell(command, said, sizeof(said));
}

static int tear_down(void **state)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

static struct store *open_store(void)
{
	struct store *store = NULL;
	char *message = NULL;

	if (store_open(state_dir, cache_dir, &store, &message) < 0)
		fail_msg("store_open: %s", message != NULL ? message : "?");
	return store;
}

static int64_t add_file(struct store *store, const char *name, const char *bytes)
{
	struct node node = {.parent = 7, .kind = NODE_FILE, .mode = 0100644};

	snprintf(node.name, sizeof(node.name), "%s", name);
	assert_int_equal(store_begin(store, true), 0);
	assert_int_equal(store_end(store, nodes_add(store, &node)), 0);
	int fd = store_data_open(store, node.ino, O_RDWR | O_CREAT);
	assert_int_equal(write(fd, bytes, strlen(bytes)), strlen(bytes));
	close(fd);
	return node.ino;
}

static void make_account(void)
{
	struct store *store = open_store();
	struct cache_file *file;

	add_file(store, "notes", "mine");
	assert_int_equal(cache_file_open(store, 2000, &file), 0);
	assert_int_equal(cache_file_write(file, 0, "abc", 3), 0);
	cache_file_close(file);
	store_close(store);
}

#define ALL "find . -type f ! -name lock -exec sha256sum {} + | sort; find . | sort; cat state/lock 2>/dev/null || true"

/* Refused with a sentence that has the next step, and with all as it was. */
static void assert_refused(const char *what)
{
	CLEANUP_FREE char *message = NULL;
	struct store *store = NULL;
	char before[8192], after[8192];

	/* what a mount makes before it knows */
	run("mkdir -p -m 700 state/data cache; touch state/lock");
	shell(ALL, before, sizeof(before));
	int r = store_open(state_dir, cache_dir, &store, &message);
	if (r == 0) {
		store_close(store);
		fail_msg("%s: taken for a new account", what);
	}
	assert_int_equal(r, -EINVAL);
	assert_non_null(message);
	if (strstr(message, "left as it is") == NULL && strstr(message, "left as it was") == NULL)
		fail_msg("%s: %s", what, message);
	if (strstr(message, "To begin a new account all the same") == NULL)
		fail_msg("%s: %s", what, message);
	shell(ALL, after, sizeof(after));
	assert_string_equal(after, before);
}

static void test_damage_a_ledger_that_is_gone_is_no_new_account(void **state)
{
	static const char *const damages[] = {
		": > state/weryaifs.db",
		"rm state/weryaifs.db",
		"mv state/weryaifs.db state/weryaifs.db.moved",
		"truncate -s 100 state/weryaifs.db",
		"truncate -s 4096 state/weryaifs.db",
		"python3 -c \"import sqlite3, os; os.remove('state/weryaifs.db');"
		" d = sqlite3.connect('state/weryaifs.db'); d.execute('CREATE TABLE x(y)'); d.execute('DROP TABLE x');"
		" d.commit()\"",
		"rm -rf state/weryaifs.db state/lock",
		"rm -rf state/weryaifs.db state/data",
		"rm -rf state",
		"rm -rf state/* && echo x > state/weryaifs.db-wal && rm -rf cache",
	};

	for (size_t i = 0; i < array_length(damages); i++) {
		run("rm -rf state cache");
		make_account();
		run(damages[i]);
		assert_refused(damages[i]);
	}
	/* and where nothing tells of one, an account is begun */
	run("rm -rf state cache");
	store_close(open_store());
	/* killed before the first mount had made anything */
	run("rm -rf state/weryaifs.db*; : > state/lock; : > state/weryaifs.db");
	store_close(open_store());
}

static void test_damage_the_copy_that_is_named_can_be_put_back(void **state)
{
	CLEANUP_FREE char *message = NULL;
	struct store *store = NULL;
	char command[2048];

	make_account();
	run("cp state/weryaifs.db state/weryaifs.db.1; : > state/weryaifs.db; echo rubbish > state/weryaifs.db-wal");
	assert_int_equal(store_open(state_dir, cache_dir, &store, &message), -EINVAL);
	const char *from = strstr(message, "rm -f "), *to = from == NULL ? NULL : strstr(from, ". To begin");
	assert_non_null(to);
	snprintf(command, sizeof(command), "%.*s", (int)(to - from), from);
	run(command);
	store = open_store();
	/* it is an account that was put back */
	struct node node;
	assert_int_equal(nodes_find(store, 7, "notes", &node), 0);
	store_close(store);
}

static void find_unknown_bytes(bool goes_on)
{
	struct store *store;
	char said[256];

	make_account();
	run("cp -a state old");
	store = open_store();
	int64_t newer = add_file(store, "newer", "written later");
	store_close(store);
	run("cp old/weryaifs.db state/weryaifs.db");
	store = open_store();
	assert_int_equal(store_data_sweep(store, goes_on), 0);
	/* nor does a new file take its number, and with it its bytes */
	int64_t other = add_file(store, "other", "x");
	assert_true(other > newer);
	store_close(store);
	shell("cat state/data/*", said, sizeof(said));
	assert_non_null(strstr(said, "written later"));
}

static void test_damage_bytes_that_the_ledger_does_not_know_stay(void **state)
{
	find_unknown_bytes(false);
}

static void test_damage_nor_does_the_next_daemon_take_them(void **state)
{
	find_unknown_bytes(true);
}

static void test_damage_bytes_of_what_was_removed_go(void **state)
{
	struct store *store;
	char said[256];

	make_account();
	store = open_store();
	int64_t ino = add_file(store, "gone", "gone");
	assert_int_equal(store_begin(store, false), 0);
	assert_int_equal(store_end(store, nodes_remove(store, ino)), 0);
	/* killed before the bytes went */
	store_close(store);
	store = open_store();
	assert_int_equal(store_data_sweep(store, false), 0);
	store_close(store);
	shell("ls state/data | wc -l", said, sizeof(said));
	assert_int_equal(atoi(said), 1);
}

static void test_damage_a_state_that_was_removed_takes_no_second_mount(void **state)
{
	CLEANUP_FREE char *message = NULL;
	struct store *store = open_store(), *second = NULL;

	assert_int_equal(store_begin(store, true), 0);
	assert_int_equal(store_end(store, 0), 0);
	run("rm -rf state");
	for (int i = 0; i < 100; i++) {
		free(steal(&message));
		assert_int_equal(store_open(state_dir, cache_dir, &second, &message), -EBUSY);
	}
	assert_non_null(strstr(message, "mounted already"));
	/* and what cannot be recorded is not sent */
	assert_int_equal(store_begin(store, true), -EIO);
	store_close(store);
	run("rm -rf state cache");
	store_close(open_store());
}

static void test_damage_links_may_lead_to_the_state_and_not_out_of_it(void **state)
{
	CLEANUP_FREE char *message = NULL;
	struct store *store = NULL;

	run("mkdir -m 700 -p big/state big/cache && ln -s big/state state && ln -s big/cache cache");
	make_account();
	run("[ -s big/state/weryaifs.db ]");
	run("mv big/state/weryaifs.db elsewhere && ln -s ../../elsewhere big/state/weryaifs.db");
	assert_true(store_open(state_dir, cache_dir, &store, &message) < 0);
	run("rm big/state/weryaifs.db && mv elsewhere big/state/weryaifs.db");
	run("mv big/state/data elsewhere && ln -s ../../elsewhere big/state/data");
	free(steal(&message));
	assert_true(store_open(state_dir, cache_dir, &store, &message) < 0);
}

static void test_damage_directories_of_others_are_not_taken(void **state)
{
	static const char *const ways[] = {"mkdir -p a/b && chmod 777 a", "mkdir -p a/b && chmod 777 a/b",
		"mkdir -p a/b && chgrp 12345 a && chmod 775 a", "mkdir -p a/b && chown 12345 a",
		"mkdir -p a/b && chown 12345 a/b", "mkdir -p c/b && ln -s c a && chown -h 12345 a"};

	if (geteuid() != 0)
		skip();
	snprintf(state_dir, sizeof(state_dir), "%s/a/b/state", root);
	for (size_t i = 0; i < array_length(ways); i++) {
		CLEANUP_FREE char *message = NULL;
		struct store *store = NULL;
		run("rm -rf a c");
		run(ways[i]);
		int r = store_open(state_dir, cache_dir, &store, &message);
		store_close(store);
		if (r != -EPERM)
			fail_msg("%s: %d", ways[i], r);
		assert_non_null(strstr(message, "XDG_STATE_HOME"));
	}
	/* a group of our own, and a directory like /tmp */
	run("rm -rf a c && mkdir -p a/b && chmod 775 a && chmod 1777 a/b");
	store_close(open_store());
}

/* One file of the cache: it is opened, whatever is there, and either takes bytes or does not. */
static bool cache_takes(struct store *store, int64_t ino)
{
	struct cache_file *file;
	char back[4] = "";

	assert_int_equal(cache_file_open(store, ino, &file), 0);
	assert_int_equal(cache_file_reset(file), 0);
	bool takes = cache_file_write(file, 0, "abc", 3) == 0;
	assert_int_equal(cache_file_run_end(file, 0), takes ? 3 : 0);
	if (takes) {
		assert_int_equal(cache_file_read(file, 0, back, 3), 0);
		assert_string_equal(back, "abc");
	}
	cache_file_close(file);
	assert_int_equal(cache_flush(store), 0);
	return takes;
}

static void test_damage_a_cache_that_cannot_be_opened_holds_nothing(void **state)
{
	static const char *const planted[] = {"ln -s /etc/passwd cache/3000", "ln -s nowhere cache/3000",
		"mkdir cache/3000", "mkfifo cache/3000"};
	struct store *store = open_store();
	struct cache_file *file;

	for (size_t i = 0; i < array_length(planted); i++) {
		run("rm -rf cache/3000");
		run(planted[i]);
		assert_false(cache_takes(store, 3000));
		/* and it goes with its result */
		assert_int_equal(cache_evict(store, &(int64_t){3000}, 1), 0);
	}
	/* a map says that there are bytes, and there is something else */
	assert_true(cache_takes(store, 3001));
	run("rm cache/3001 && ln -s /etc/passwd cache/3001");
	assert_int_equal(cache_file_open(store, 3001, &file), 0);
	cache_file_check(file);
	assert_int_equal(cache_file_run_end(file, 0), 0);
	cache_file_close(file);
	store_close(store);
}

static void test_damage_a_cache_that_was_removed_is_made_again(void **state)
{
	struct store *store = open_store();

	assert_true(cache_takes(store, 3000));
	run("rm -rf cache");
	assert_true(cache_takes(store, 3000));
	/* not each time */
	run("rm -rf cache");
	assert_false(cache_takes(store, 3002));
	store_close(store);
}

static void test_damage_without_a_cache_an_account_is_opened(void **state)
{
	run("echo mine > cache");
	struct store *store = open_store();
	assert_false(cache_takes(store, 3000));
	store_close(store);
	char said[32];
	shell("cat cache", said, sizeof(said));
	assert_string_equal(said, "mine\n");
}

static int64_t fast_ms;

/* An hour lasts a few hundred looks. */
static int64_t fast_clock(void)
{
	return fast_ms += 5000;
}

static bool stopped;

static void stop_loop(void *arg)
{
	stopped = true;
	loop_stop(arg, 0);
}

/* A loop that has something to do does not sleep by the real clock. */
static void keep_awake(void *arg)
{
	if (!stopped)
		assert_int_equal(loop_defer(arg, keep_awake, arg), 0);
}

/* What happens in so much time. */
static void run_loop(struct loop *loop, int64_t ms)
{
	struct loop_timer *timer;

	assert_int_equal(loop_timer_create(loop, stop_loop, loop, &timer), 0);
	loop_timer_arm(timer, ms);
	stopped = false;
	keep_awake(loop);
	assert_int_equal(loop_run(loop), 0);
	loop_timer_destroy(timer);
}

static void test_damage_a_copy_of_the_ledger_is_made_each_day(void **state)
{
	struct ledger_copy *copy;
	struct worker *worker;
	struct loop *loop;
	struct node node;
	char said[256];

	make_account();
	clock_replace(fast_clock, NULL);
	assert_int_equal(loop_create(&loop), 0);
	assert_int_equal(worker_create(loop, &worker), 0);
	struct store *store = open_store();
	for (int day = 0; day < 3; day++) {
		snprintf(said, sizeof(said), "day%d", day);
		add_file(store, said, "x");
		assert_int_equal(ledger_copy_create(loop, worker, store, &copy), 0);
		run_loop(loop, 600000);
		worker_drain(worker);
		/* within the day there is no other one */
		add_file(store, day == 0 ? "later0" : day == 1 ? "later1" : "later2", "x");
		run_loop(loop, 4 * 3600000);
		ledger_copy_destroy(copy);
		run("[ ! -e state/weryaifs.db.new ] && touch -d '2 days ago' state/weryaifs.db.1");
	}
	store_close(store);
	worker_destroy(worker);
	loop_destroy(loop);
	clock_replace(NULL, NULL);
	/* the newest is of the third day, the older one of the second */
	run("cp state/weryaifs.db.1 state/weryaifs.db && rm -f state/weryaifs.db-wal");
	store = open_store();
	assert_int_equal(nodes_find(store, 7, "day2", &node), 0);
	assert_int_equal(nodes_find(store, 7, "later2", &node), -ENOENT);
	store_close(store);
	run("cp state/weryaifs.db.2 state/weryaifs.db && rm -f state/weryaifs.db-wal");
	store = open_store();
	assert_int_equal(nodes_find(store, 7, "later0", &node), 0);
	assert_int_equal(nodes_find(store, 7, "day1", &node), 0);
	assert_int_equal(nodes_find(store, 7, "day2", &node), -ENOENT);
	store_close(store);
}

/* What a mount does not read at its beginning is read with the copy: a damaged one is none. */
static void test_damage_is_seen_by_the_days_copy(void **state)
{
	CLEANUP_FREE char *message = NULL;
	struct ledger_copy *copy;
	struct worker *worker;
	struct loop *loop;
	struct store *store;
	char name[32];

	make_account();
	store = open_store();
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof(name), "a file of number %d", i);
		add_file(store, name, "x");
	}
	store_close(store);
	clock_replace(fast_clock, NULL);
	assert_int_equal(loop_create(&loop), 0);
	assert_int_equal(worker_create(loop, &worker), 0);
	store = open_store();
	run("size=$(stat -c %s state/weryaifs.db) && head -c 16384 /dev/urandom |"
	    " dd of=state/weryaifs.db bs=4096 seek=$((size / 8192)) conv=notrunc status=none");
	assert_int_equal(ledger_copy_create(loop, worker, store, &copy), 0);
	run_loop(loop, 600000);
	worker_drain(worker);
	run("[ ! -e state/weryaifs.db.1 ] && [ ! -e state/weryaifs.db.new ]");
	ledger_copy_destroy(copy);
	store_close(store);
	worker_destroy(worker);
	loop_destroy(loop);
	clock_replace(NULL, NULL);
	assert_int_equal(store_open(state_dir, cache_dir, &store, &message), -EINVAL);
	assert_non_null(strstr(message, "is damaged"));
}

static void test_damage_a_repair_loses_nothing(void **state)
{
	CLEANUP_FREE char *report = NULL, *message = NULL, *checked = NULL, *again = NULL;
	struct node node;
	char said[256], name[64];
	int problems;

	make_account();
	run("cp -a state old");
	struct store *store = open_store();
	int64_t newer = add_file(store, "newer", "written later");
	store_close(store);
	run("cp old/weryaifs.db state/weryaifs.db");
	/* what a damaged disk may leave: wrong numbers */
	run("python3 -c \"import sqlite3; d = sqlite3.connect('state/weryaifs.db');"
	    " d.execute('UPDATE dir_count SET names = 99'); d.commit()\"");
	assert_int_equal(store_check(state_dir, cache_dir, &checked, &problems), 0);
	assert_true(problems > 0);
	snprintf(name, sizeof(name), "data/%lld", (long long)newer);
	assert_non_null(strstr(checked, name));
	assert_non_null(strstr(checked, "--check --repair"));
	assert_int_equal(store_repair(state_dir, cache_dir, 3, &report, &message), 0);
	assert_non_null(strstr(report, name));
	store = open_store();
	snprintf(name, sizeof(name), "recovered-%lld", (long long)newer);
	assert_int_equal(nodes_find(store, 3, name, &node), 0);
	assert_int_equal(node.ino, newer);
	assert_int_equal(store_data_sweep(store, false), 0);
	store_close(store);
	shell("cat state/data/*", said, sizeof(said));
	assert_non_null(strstr(said, "written later"));
	assert_int_equal(store_check(state_dir, cache_dir, &again, &problems), 0);
	if (strstr(again, "--repair") != NULL)
		fail_msg("%s", again);
}

static void test_damage_attributes_of_a_file_are_bounded(void **state)
{
	static char value[65536];
	struct store *store = open_store();
	char name[32];
	int count = 0, r = 0;

	assert_int_equal(store_begin(store, false), 0);
	for (; r == 0 && count < 1000; count++) {
		snprintf(name, sizeof(name), "user.small%d", count);
		r = xattrs_set(store, 7, name, "x", 1, 0);
	}
	assert_int_equal(r, -ENOSPC);
	assert_in_range(count, 100, 300);
	for (count = 0, r = 0; r == 0 && count < 1000; count++) {
		snprintf(name, sizeof(name), "user.large%d", count);
		r = xattrs_set(store, 8, name, value, sizeof(value), 0);
	}
	assert_int_equal(r, -ENOSPC);
	assert_in_range(count, 1, 4);
	/* one that is there already can be changed, and one that is removed makes room */
	assert_int_equal(xattrs_set(store, 8, "user.large0", "x", 1, 0), 0);
	assert_int_equal(store_end(store, 0), 0);
	store_close(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_damage_a_ledger_that_is_gone_is_no_new_account),
		TEST(test_damage_the_copy_that_is_named_can_be_put_back),
		TEST(test_damage_bytes_that_the_ledger_does_not_know_stay),
		TEST(test_damage_nor_does_the_next_daemon_take_them),
		TEST(test_damage_bytes_of_what_was_removed_go),
		TEST(test_damage_a_state_that_was_removed_takes_no_second_mount),
		TEST(test_damage_links_may_lead_to_the_state_and_not_out_of_it),
		TEST(test_damage_directories_of_others_are_not_taken),
		TEST(test_damage_a_cache_that_cannot_be_opened_holds_nothing),
		TEST(test_damage_a_cache_that_was_removed_is_made_again),
		TEST(test_damage_without_a_cache_an_account_is_opened),
		TEST(test_damage_attributes_of_a_file_are_bounded),
		TEST(test_damage_a_copy_of_the_ledger_is_made_each_day),
		TEST(test_damage_is_seen_by_the_days_copy),
		TEST(test_damage_a_repair_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
