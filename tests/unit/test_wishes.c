/* SPDX-License-Identifier: MIT */
/* fs/store/places, fs/store/wishes, and fs/job/bought, which decides by them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>

#include "fs/job/bought.h"
#include "fs/store/places.h"
#include "fs/store/schema.h"
#include "fs/store/store_private.h"
#include "fs/store/wishes.h"

#define SETTLE 1000
#define DAY INT64_C(86400000)

static char root[] = "/tmp/weryaifs-test-wishes-XXXXXX";
static struct store *store;

static int set_up(void **state)
{
	char state_dir[64], cache_dir[64];
	char *message = NULL;

	strcpy(root + strlen(root) - 6, "XXXXXX");
	if (mkdtemp(root) == NULL)
		return -1;
	snprintf(state_dir, sizeof(state_dir), "%s/state", root);
	snprintf(cache_dir, sizeof(cache_dir), "%s/cache", root);
	return store_open(state_dir, cache_dir, &store, &message) < 0 ||
	       store_begin(store, false) < 0;
}

static int tear_down(void **state)
{
	char command[128];

	store_end(store, 0);
	store_close(store);
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

/* A job of the place at `path` that asks for `hash`, in this state, gone since then. */
static int64_t add_job(const char *path, const char *hash, enum job_state state, int64_t gone)
{
	struct job_record record = {.place = {.dir = 1000, .stem = "x"},
		.model = (char *)"FLUX",
		.mode = (char *)"text-to-image",
		.state = state,
		.text = (char *)"a",
		.text_length = 1,
		.created = 1};
	struct wish_record wish = {.owner = 7, .gone = gone};

	assert_int_equal(jobs_add(store, &record), 0);
	wish.job = record.id;
	snprintf(wish.name, sizeof(wish.name), "%s", strrchr(path, '/') + 1);
	snprintf(wish.hash, sizeof(wish.hash), "%s", hash);
	assert_int_equal(places_need(store, path, &wish.place), 0);
	assert_int_equal(wishes_add(store, &wish), 0);
	assert_int_equal(wishes_sent(store, wish.job), 0);
	return record.id;
}

static void add_task(int64_t job)
{
	struct task_record task = {.id = (char *)"t1", .state = 1};

	assert_int_equal(tasks_set(store, job, &task, 1), 0);
}

static struct bought decide_as(
	const char *path, const char *hash, const char *inputs, int64_t owner, int64_t now)
{
	struct bought_wish wish = {.path = path,
		.name = strrchr(path, '/') + 1,
		.hash = hash,
		.request = "",
		.inputs = inputs,
		.owner = owner};
	struct bought bought;

	int r = places_find(store, path, &wish.place, &wish.last);
	assert_true(r == 0 || r == -ENOENT);
	assert_int_equal(bought_decide(store, &wish, now, SETTLE, &bought), 0);
	return bought;
}

static struct bought decide(const char *path, const char *hash, int64_t now)
{
	return decide_as(path, hash, NULL, 7, now);
}

static void assert_bought(struct bought bought, enum bought_verdict verdict, int64_t job)
{
	assert_int_equal(bought.verdict, verdict);
	assert_int_equal(bought.job, job);
}

static void test_wishes_of_this_place_are_not_sent_again(void **state)
{
	int64_t a = add_job("/FLUX/x", "A", JOB_SUCCESS, 1);
	int64_t again = add_job("/FLUX/x", "A", JOB_UNKNOWN, 1);
	int64_t b = add_job("/FLUX/x", "B", JOB_PENDING, 0);

	assert_bought(decide("/FLUX/x", "B", 10), BOUGHT_LAST, b);
	assert_bought(decide("/FLUX/x", "A", 10), BOUGHT_EARLIER, again);
	assert_bought(decide("/FLUX/x", "C", 10), BOUGHT_NOT, 0);
	assert_int_equal(wishes_sent(store, a), 0);
	assert_bought(decide("/FLUX/x", "A", 10), BOUGHT_LAST, a);
}

static void test_wishes_that_were_refused_are_not_paid(void **state)
{
	int64_t failed = add_job("/FLUX/x", "A", JOB_FAILED, 0);

	add_job("/FLUX/y", "I", JOB_INVALID, 1);
	add_job("/FLUX/z", "H", JOB_HELD, 1);
	assert_bought(decide("/FLUX/x", "A", 10), BOUGHT_NOT, 0);
	assert_bought(decide("/FLUX/n", "I", 9000), BOUGHT_NOT, 0);
	assert_bought(decide("/FLUX/n", "H", 9000), BOUGHT_NOT, 0);
	add_task(failed);
	assert_bought(decide("/FLUX/x", "A", 10), BOUGHT_LAST, failed);
}

static void test_wishes_of_gone_prompts_are_taken_up(void **state)
{
	int64_t job = add_job("/FLUX/old", "A", JOB_SUCCESS, 5000);
	struct bought soon = decide("/FLUX/new", "A", 5400);

	assert_bought(soon, BOUGHT_SOON, job);
	assert_int_equal(soon.wait_ms, 600);
	assert_bought(decide("/FLUX/new", "A", 6000), BOUGHT_ELSEWHERE, job);
	/* the clock was set back */
	assert_bought(decide("/FLUX/new", "A", 10), BOUGHT_ELSEWHERE, job);
	/* of another owner */
	assert_bought(decide_as("/FLUX/new", "A", NULL, 8, 6000), BOUGHT_NOT, 0);
	/* a week later by this name alone */
	assert_bought(decide("/FLUX/new", "A", 5000 + 7 * DAY), BOUGHT_NOT, 0);
	assert_bought(decide("/FLUX/deep/old", "A", 5000 + 7 * DAY), BOUGHT_ELSEWHERE, job);
	/* once taken up it is there */
	int64_t place, last, old_place, old_last;
	assert_int_equal(places_need(store, "/FLUX/new", &place), 0);
	assert_int_equal(wishes_take(store, job, place, "new"), 0);
	assert_int_equal(places_find(store, "/FLUX/new", &place, &last), 0);
	assert_int_equal(places_find(store, "/FLUX/old", &old_place, &old_last), 0);
	assert_int_equal(last, job);
	assert_int_equal(old_last, 0);
	assert_bought(decide("/FLUX/new", "A", 6000), BOUGHT_LAST, job);
	assert_bought(decide("/FLUX/old", "A", 6000), BOUGHT_COPY, job);
}

static void test_wishes_of_many_the_nearest_is_taken_up(void **state)
{
	int64_t oldest = add_job("/FLUX/a", "A", JOB_SUCCESS, 1);
	int64_t named = add_job("/FLUX/deep/x", "A", JOB_SUCCESS, 1);
	int64_t here = add_job("/FLUX/x", "A", JOB_SUCCESS, 1);

	/* another place is moved onto it: it has this path no longer */
	add_job("/FLUX/other", "B", JOB_SUCCESS, 0);
	assert_int_equal(places_move(store, "/FLUX/other", "/FLUX/x"), 0);
	assert_bought(decide("/FLUX/x", "A", SETTLE + 1), BOUGHT_ELSEWHERE, here);
	assert_int_equal(wishes_set_gone(store, here, 0), 0);
	assert_bought(decide("/FLUX/x", "A", SETTLE + 1), BOUGHT_ELSEWHERE, named);
	assert_int_equal(wishes_set_gone(store, named, 0), 0);
	assert_bought(decide("/FLUX/x", "A", SETTLE + 1), BOUGHT_ELSEWHERE, oldest);
	assert_int_equal(wishes_set_gone(store, oldest, 0), 0);
	assert_bought(decide("/FLUX/x", "A", SETTLE + 1), BOUGHT_COPY, oldest);
}

/* Which one it is does not depend on how many milliseconds are between the removal and the new text. */
static void test_wishes_of_many_the_nearest_is_waited_for(void **state)
{
	int64_t oldest = add_job("/FLUX/a", "A", JOB_SUCCESS, 5000);
	int64_t named = add_job("/FLUX/deep/x", "A", JOB_SUCCESS, 5300);

	add_job("/FLUX/b", "A", JOB_SUCCESS, 1);
	struct bought soon = decide("/FLUX/x", "A", 6200);
	assert_bought(soon, BOUGHT_SOON, named);
	assert_int_equal(soon.wait_ms, 100);
	assert_bought(decide("/FLUX/x", "A", 6300), BOUGHT_ELSEWHERE, named);
	/* of no name of ours: the oldest, which went later than others */
	soon = decide("/FLUX/y", "A", 5900);
	assert_bought(soon, BOUGHT_SOON, oldest);
	assert_int_equal(soon.wait_ms, 100);
	assert_bought(decide("/FLUX/y", "A", 6000), BOUGHT_ELSEWHERE, oldest);
}

static void test_wishes_with_other_inputs_are_others(void **state)
{
	struct wish_record content = {.hash = "A", .inputs = (char *)"bytes 1\n?\n"};

	content.job = add_job("/FLUX/x", "A", JOB_SUCCESS, 0);
	assert_int_equal(wishes_set_content(store, &content), 0);
	assert_bought(
		decide_as("/FLUX/x", "A", "bytes 1\nbytes 2\n", 7, 10), BOUGHT_LAST, content.job);
	assert_bought(decide_as("/FLUX/x", "A", "?\n?\n", 7, 10), BOUGHT_LAST, content.job);
	assert_bought(decide_as("/FLUX/x", "A", NULL, 7, 10), BOUGHT_LAST, content.job);
	assert_bought(decide_as("/FLUX/x", "A", "bytes 3\n?\n", 7, 10), BOUGHT_NOT, 0);
	assert_bought(decide_as("/FLUX/x", "A", "bytes 10\n?\n", 7, 10), BOUGHT_NOT, 0);
	/* what would be sent is what was sent, however it is written now */
	snprintf(content.request, sizeof(content.request), "R");
	assert_int_equal(wishes_set_content(store, &content), 0);
	struct bought_wish wish = {.path = "/FLUX/x",
		.name = "x",
		.hash = "B",
		.request = "R",
		.inputs = "bytes 3\n",
		.owner = 7};
	struct bought bought;
	assert_int_equal(places_find(store, wish.path, &wish.place, &wish.last), 0);
	assert_int_equal(bought_decide(store, &wish, 10, SETTLE, &bought), 0);
	assert_bought(bought, BOUGHT_LAST, content.job);
}

static void test_wishes_are_gone_when_the_prompt_says_something_else(void **state)
{
	int64_t place, last;
	int64_t a = add_job("/FLUX/x", "A", JOB_SUCCESS, 0);
	int64_t b = add_job("/FLUX/x", "B", JOB_SUCCESS, 0);
	struct bought_wish wish = {.path = "/FLUX/x", .name = "x", .hash = "B", .request = ""};
	struct wish_record record;

	assert_int_equal(places_find(store, "/FLUX/x", &place, &last), 0);
	assert_int_equal(bought_ask(store, place, &wish, 50), 0);
	assert_int_equal(wishes_get(store, a, &record), 0);
	assert_int_equal(record.gone, 50);
	wish_record_finish(&record);
	assert_int_equal(wishes_get(store, b, &record), 0);
	assert_int_equal(record.gone, 0);
	wish_record_finish(&record);
	assert_int_equal(bought_ask(store, place, NULL, 60), 0);
	wish.hash = "A";
	assert_int_equal(bought_ask(store, place, &wish, 70), 0);
	assert_int_equal(wishes_get(store, a, &record), 0);
	assert_int_equal(record.gone, 0);
	wish_record_finish(&record);
	assert_int_equal(wishes_get(store, b, &record), 0);
	assert_int_equal(record.gone, 60);
	wish_record_finish(&record);
}

static void assert_at(const char *path, int64_t job)
{
	int64_t place, last;
	int r = places_find(store, path, &place, &last);

	assert_int_equal(r, job == 0 ? -ENOENT : 0);
	if (job != 0)
		assert_int_equal(last, job);
}

static void test_places_move_with_their_directories(void **state)
{
	int64_t a = add_job("/FLUX/d/a", "A", JOB_SUCCESS, 0);
	int64_t b = add_job("/FLUX/d/e/\xff%_", "B", JOB_SUCCESS, 0);
	int64_t beside = add_job("/FLUX/d0", "C", JOB_SUCCESS, 0);
	int64_t below = add_job("/FLUX/d-a/a", "D", JOB_SUCCESS, 0);
	int64_t hit = add_job("/FLUX/n/a", "E", JOB_SUCCESS, 1);
	int64_t kept = add_job("/FLUX/n/z", "F", JOB_SUCCESS, 1);

	assert_int_equal(places_move_below(store, "/FLUX/d", "/FLUX/n"), 0);
	assert_at("/FLUX/d/a", 0);
	assert_at("/FLUX/n/a", a);
	assert_at("/FLUX/n/e/\xff%_", b);
	assert_at("/FLUX/d0", beside);
	assert_at("/FLUX/d-a/a", below);
	assert_at("/FLUX/n/z", kept);
	assert_bought(decide("/FLUX/n/a", "E", SETTLE + 1), BOUGHT_ELSEWHERE, hit);
	assert_int_equal(places_exchange_below(store, "/FLUX/n", "/FLUX/d-a"), 0);
	assert_at("/FLUX/n/a", below);
	assert_at("/FLUX/d-a/a", a);
	assert_int_equal(places_exchange(store, "/FLUX/n/a", "/FLUX/d0"), 0);
	assert_at("/FLUX/n/a", beside);
	assert_at("/FLUX/d0", below);
}

/* An account of the version before there were places. */
static const char old_account[] =
	"INSERT INTO node(ino, parent, name, kind, mode, uid, gid, atime, mtime, ctime, job) VALUES"
	"(1, NULL, x'', 2, 0, 0, 0, 0, 0, 0, 0), (1000, 1, CAST('FLUX' AS BLOB), 1, 0, 0, 0, 0, 0, "
	"0, 0),"
	"(1001, 1000, CAST('posters' AS BLOB), 2, 0, 0, 0, 0, 0, 0, 0),"
	"(1002, 1001, CAST('fox.txt' AS BLOB), 3, 0, 7, 7, 0, 0, 0, 11);"
	"INSERT INTO job(id, ino, dir, stem, model, mode, state, text, created) VALUES"
	"(10, 1002, 1001, CAST('fox' AS BLOB), 'FLUX', 'm', 8, x'61', 1),"
	"(11, 1002, 1001, CAST('fox' AS BLOB), 'FLUX', 'm', 3, x'62', 1),"
	"(12, 0, 1001, CAST('gone' AS BLOB), 'FLUX', 'm', 8, x'63', 1),"
	"(13, 0, 999, CAST('lost' AS BLOB), 'FLUX', 'm', 8, x'64', 1);";

static void test_wishes_of_an_older_account_get_their_places(void **state)
{
	char path[64], state_dir[64], cache_dir[64], head[96];
	char *message = NULL;
	sqlite3 *handle;
	struct wish_record record;
	int64_t place, last;

	store_end(store, 0);
	store_close(store);
	snprintf(state_dir, sizeof(state_dir), "%s/old", root);
	snprintf(cache_dir, sizeof(cache_dir), "%s/cache", root);
	snprintf(path, sizeof(path), "%s/old/weryaifs.db", root);
	assert_int_equal(mkdir(state_dir, 0700), 0);
	assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
	for (int64_t version = 1; version < 7; version++)
		assert_int_equal(
			sqlite3_exec(handle, schema_step(version), NULL, NULL, NULL), SQLITE_OK);
	snprintf(head, sizeof(head), "PRAGMA application_id=%d; PRAGMA user_version=6",
		DB_APPLICATION_ID);
	assert_int_equal(sqlite3_exec(handle, head, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, old_account, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
	assert_int_equal(store_open(state_dir, cache_dir, &store, &message), 0);
	assert_int_equal(store_begin(store, false), 0);

	assert_int_equal(places_find(store, "/FLUX/posters/fox", &place, &last), 0);
	assert_int_equal(last, 10);
	assert_int_equal(wishes_get(store, 11, &record), 0);
	assert_int_equal(record.place, place);
	assert_int_equal(record.gone, 0);
	assert_int_equal(record.owner, 7);
	assert_string_equal(record.name, "fox");
	assert_string_equal(record.hash, "");
	wish_record_finish(&record);
	assert_int_equal(wishes_get(store, 10, &record), 0);
	assert_int_equal(record.place, place);
	assert_true(record.gone > 0);
	wish_record_finish(&record);
	assert_int_equal(places_find(store, "/FLUX/posters/gone", &place, &last), 0);
	assert_int_equal(last, 12);
	/* nobody knows where its directory was */
	assert_int_equal(wishes_get(store, 13, &record), 0);
	assert_true(record.gone > 0);
	assert_string_equal(record.name, "lost");
	wish_record_finish(&record);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_wishes_of_this_place_are_not_sent_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_wishes_that_were_refused_are_not_paid, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_wishes_of_gone_prompts_are_taken_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_wishes_of_many_the_nearest_is_taken_up, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_wishes_of_many_the_nearest_is_waited_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_wishes_with_other_inputs_are_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_wishes_are_gone_when_the_prompt_says_something_else, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_places_move_with_their_directories, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_wishes_of_an_older_account_get_their_places, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
