/* SPDX-License-Identifier: MIT */
/* The bounded form of tests/scale: what each thing that a user waits for costs in an account of 1,000 results and in one of 10,000, in steps of
 * SQLite's machine, which are the same on any machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <sqlite3.h>

#include "fs/base/clock.h"
#include "fs/store/db_private.h"
#include "fs/store/store_private.h"
#include "fs/store/tidy.h"
#include "fs/tree/tree.h"
#include "tests/unit/own_http.h"
#include "tests/unit/world.h"

#define FEW 1000
#define MANY 10000
#define FIRST 100000 /* number of what is added, of jobs and inodes; what is made after it is numbered behind it */

static uint64_t steps;

int __real_sqlite3_step(sqlite3_stmt *statement);
int __wrap_sqlite3_step(sqlite3_stmt *statement);

int __wrap_sqlite3_step(sqlite3_stmt *statement)
{
	int r = __real_sqlite3_step(statement);

	steps += (uint64_t)sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1);
	return r;
}

/* Results in FLUX/many, whose prompts are gone; half of them are in the cache. */
static void grow(int from, int to)
{
	static const char sql[] =
		"CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %d)"
		" SELECT i, %d + i AS id, CAST(printf('p%%07d', i) AS BLOB) AS stem FROM n;"
		"INSERT INTO job(id, ino, dir, stem, model, mode, state, text, created, submitted, finished)"
		" SELECT id, 0, %lld, stem, 'FLUX', 'text-to-image', 8, x'61', 1, 1, 1 FROM n;"
		"INSERT INTO place(id, path, job) SELECT id, CAST('/FLUX/many/' || stem AS BLOB), id FROM n;"
		"INSERT INTO wish(job, place, name, hash, request, gone)"
		" SELECT id, id, stem, lower(hex(randomblob(32))), lower(hex(randomblob(32))), 1 FROM n;"
		"INSERT INTO task(job, seq, id, state) SELECT id, 0, 't' || id, 2 FROM n;"
		"INSERT INTO result(job, seq, task, url, ino, size) SELECT id, 0, 't' || id, 'https://cdn.test/x.png', id, 1000 FROM n;"
		"INSERT INTO node(ino, parent, name, kind, mode, uid, gid, atime, mtime, ctime, size, job)"
		" SELECT id, %lld, CAST(stem || '.png' AS BLOB), 4, 33188, 0, 0, 1, 1, 1, 1000, id FROM n;"
		"INSERT INTO cached(ino, boot, ranges, used, bytes) SELECT id, 'synced', x'', i, 0 FROM n WHERE i %% 2 = 0;"
		"DROP TABLE n;";
	long long dir = (long long)world_ino("FLUX/many");
	char *text = sqlite3_mprintf(sql, from, to, from == 0 ? FIRST : 2 * FIRST, dir, dir);

	assert_int_equal(db_exec(world.store->db, text), 0);
	sqlite3_free(text);
}

static void finish_one(const char *path, const char *text)
{
	world_save(path, text);
	world_wait(10000);
	world_assert_state(path, "SUCCESS");
}

/* One whole life of a prompt. */
static void make(int round)
{
	finish_one(round == 0 ? "FLUX/many/one.txt" : "FLUX/many/two.txt", round == 0 ? "one fox\n" : "two foxes\n");
}

static void look(int round)
{
	struct tree_entry entry;

	assert_int_equal(tree_lookup(account_tree(world.account), world_ino("FLUX/many"), "p0000500.png", &entry), 0);
	assert_int_equal(tree_lookup(account_tree(world.account), world_ino("FLUX/many"), "none.png", &entry), -ENOENT);
	world_assert_state(round == 0 ? "FLUX/many/one.txt" : "FLUX/many/two.txt", "SUCCESS");
}

static void make_directory(int round)
{
	assert_int_equal(world_mkdir(round == 0 ? "FLUX/many/first" : "FLUX/many/second"), 0);
}

static void read_stats(int round)
{
	char *text = NULL;

	assert_int_equal(account_stats(world.account, false, &text), 0);
	free(text);
}

static void rename_result(int round)
{
	assert_int_equal(world_rename(round == 0 ? "FLUX/many/p0000001.png" : "FLUX/many/p0000002.png",
		round == 0 ? "FLUX/many/one more.png" : "FLUX/many/two more.png"), 0);
}

static void remove_prompt(int round)
{
	assert_int_equal(world_remove(round == 0 ? "FLUX/many/one.txt" : "FLUX/many/two.txt"), 0);
	world_wait(1000);
}

static void mount_again(int round)
{
	world_remount();
	world_wait(1000);
}

static void tidy(int round)
{
	int64_t after = 0;
	bool more;

	assert_int_equal(tidy_slice(world.store, clock_wall_ms(), &after, &more), 0);
	assert_true(more);
}

static const struct {
	const char *what;
	void (*act)(int round);
} acts[] = {
	{"a prompt, from its file to its result", make},
	{"looks at a result, a name that is not there, and a status", look},
	{"mkdir", make_directory},
	{"rename", rename_result},
	{"stats", read_stats},
	{"a prompt removed", remove_prompt},
	{"a mount", mount_again},
	{"a slice of what is made smaller", tidy},
};

static void test_growth_costs_nothing(void **state)
{
	uint64_t cost[2][sizeof(acts) / sizeof(acts[0])];

	own_http_pictures(2000, 1);
	assert_int_equal(world_mkdir("FLUX/many"), 0);
	finish_one("FLUX/first.txt", "all statements are known after it\n");
	for (int round = 0; round < 2; round++) {
		grow(round == 0 ? 0 : FEW, round == 0 ? FEW : MANY);
		for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
			steps = 0;
			acts[i].act(round);
			cost[round][i] = steps;
		}
	}
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (cost[1][i] > cost[0][i] + cost[0][i] / 4 + 100)
			fail_msg("%s: %llu steps in an account of %d, %llu in one of %d", acts[i].what, (unsigned long long)cost[0][i], FEW,
				(unsigned long long)cost[1][i], MANY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_growth_costs_nothing, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
