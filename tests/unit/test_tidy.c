/* SPDX-License-Identifier: MIT */
/* What the ledger keeps of jobs whose prompts are gone, and that it gives pages back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/store/db_private.h"
#include "fs/store/jobs.h"
#include "fs/store/pack.h"
#include "fs/store/places.h"
#include "fs/store/store_private.h"
#include "fs/store/tally.h"
#include "fs/store/tidy.h"
#include "fs/store/wishes.h"

#define NOW (INT64_C(1800000000) * 1000)
#define TEXT "a fox that runs through a wide field of snow, in the light of an early morning, painted with a broad brush"
#define BODY "{\"model\":\"FLUX\",\"prompt\":\"" TEXT "\",\"aspect_ratio\":\"9:16\"}"

static char root[] = "/tmp/weryaifs-unit.XXXXXX";
static struct store *store;

struct given {
	const char *name;
	enum job_state state;
	int64_t gone, submitted, ino;
	bool has_task;
};

static int64_t add(const struct given *given)
{
	struct job_record job = {.state = given->state, .model = (char *)"FLUX", .mode = (char *)"text-to-image",
		.text = (char *)TEXT "\n", .text_length = sizeof(TEXT), .body = (char *)BODY, .created = 1, .submitted = given->submitted,
		.place = {.ino = given->ino, .dir = 1000}};
	struct wish_record wish = {.gone = given->gone, .hash = "h", .request = "r"};
	struct task_record task = {.id = (char *)"T1"};
	char path[64];

	snprintf(path, sizeof(path), "/FLUX/%s", given->name);
	snprintf(job.place.stem, sizeof(job.place.stem), "%s", given->name);
	snprintf(wish.name, sizeof(wish.name), "%s", given->name);
	assert_int_equal(store_begin(store, false), 0);
	assert_int_equal(jobs_add(store, &job), 0);
	assert_int_equal(jobs_save(store, &job), 0);
	wish.job = job.id;
	assert_int_equal(places_need(store, path, &wish.place), 0);
	assert_int_equal(wishes_add(store, &wish), 0);
	if (given->has_task)
		assert_int_equal(tasks_set(store, job.id, &task, 1), 0);
	assert_int_equal(store_end(store, 0), 0);
	return job.id;
}

static void tidy_all(void)
{
	int64_t after = 0;
	bool more = true;

	for (int slices = 0; more; slices++) {
		assert_in_range(slices, 0, 100);
		assert_int_equal(tidy_slice(store, NOW, &after, &more), 0);
	}
}

static int64_t number(const char *sql, int64_t job)
{
	sqlite3_stmt *statement;

	assert_int_equal(sqlite3_prepare_v2(store->db->handle, sql, -1, &statement, NULL), SQLITE_OK);
	sqlite3_bind_int64(statement, 1, job);
	int64_t value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
	sqlite3_finalize(statement);
	return value;
}

#define STORED "SELECT length(text) + ifnull(length(body), 0) FROM job WHERE id = ?"

static void assert_same_texts(int64_t id)
{
	struct job_record job;

	assert_int_equal(jobs_get(store, id, &job), 0);
	assert_int_equal(job.text_length, sizeof(TEXT));
	assert_string_equal(job.text, TEXT "\n");
	assert_string_equal(job.body, BODY);
	job_record_finish(&job);
}

static void test_tidy_paid_ones_are_packed(void **state)
{
	int64_t old = add(&(struct given){"old", JOB_SUCCESS, NOW - 2 * CLOCK_DAY_MS, 5, 0, true});
	int64_t unknown = add(&(struct given){"unknown", JOB_UNKNOWN, NOW - 2 * CLOCK_DAY_MS, 5, 0, false});
	int64_t whole = number(STORED, old);

	tidy_all();
	assert_in_range(number(STORED, old), 1, whole * 2 / 3);
	assert_in_range(number(STORED, unknown), 1, whole * 2 / 3);
	assert_same_texts(old);
	assert_same_texts(unknown);
	assert_int_equal(number("SELECT count(*) FROM task WHERE job = ?", old), 1);
	assert_int_equal(number("SELECT hash = 'h' AND request = 'r' FROM wish WHERE job = ?", old), 1);
	/* it is some prompt's again, and goes on */
	struct job_record job;
	assert_int_equal(jobs_get(store, old, &job), 0);
	assert_int_equal(store_begin(store, false), 0);
	assert_int_equal(jobs_save(store, &job), 0);
	assert_int_equal(store_end(store, 0), 0);
	job_record_finish(&job);
	assert_same_texts(old);
	tidy_all();
	assert_same_texts(old);
}

static void test_tidy_leaves_what_is_asked_for(void **state)
{
	int64_t there = add(&(struct given){"there", JOB_SUCCESS, 0, 5, 1005, true});
	int64_t earlier = add(&(struct given){"there", JOB_SUCCESS, NOW - 2 * CLOCK_DAY_MS, 5, 1005, true});
	int64_t young = add(&(struct given){"young", JOB_FAILED, NOW - CLOCK_DAY_MS / 2, 5, 0, false});
	int64_t open = add(&(struct given){"open", JOB_PENDING, NOW - 2 * CLOCK_DAY_MS, 5, 0, true});
	int64_t whole = number(STORED, there);

	tidy_all();
	assert_int_equal(number(STORED, there), whole);
	assert_int_equal(number(STORED, earlier), whole);
	assert_int_equal(number(STORED, young), whole);
	assert_int_equal(number(STORED, open), whole);
}

static void test_tidy_what_was_never_paid_goes(void **state)
{
	int64_t invalid = add(&(struct given){"invalid", JOB_INVALID, NOW - 2 * CLOCK_DAY_MS, 0, 0, false});
	int64_t refused = add(&(struct given){"refused", JOB_FAILED, NOW - 2 * CLOCK_DAY_MS, 5, 0, false});
	int64_t charged = add(&(struct given){"charged", JOB_FAILED, NOW - 2 * CLOCK_DAY_MS, 5, 0, true});
	int64_t failed = number("SELECT sum(jobs) FROM tally WHERE state = 9 AND day = ''", 0);
	int64_t place;

	tidy_all();
	assert_int_equal(number("SELECT count(*) FROM job WHERE id = ?", invalid), 0);
	assert_int_equal(number(STORED, refused), 0);
	assert_int_equal(number("SELECT count(*) FROM wish WHERE job = ?", refused), 0);
	assert_int_equal(places_find(store, "/FLUX/invalid", &place, &place), -ENOENT);
	assert_int_equal(places_find(store, "/FLUX/refused", &place, &place), -ENOENT);
	assert_same_texts(charged);
	assert_int_equal(number("SELECT sum(jobs) FROM tally WHERE state = 9 AND day = ''", 0), failed);
	struct job_record job;
	assert_int_equal(jobs_get(store, refused, &job), 0);
	assert_int_equal(job.text_length, 0);
	job_record_finish(&job);
}

static void test_tidy_gives_pages_back(void **state)
{
	struct known_text {
		char text[200000];
	} *known = calloc(1, sizeof(*known));

	assert_non_null(known);
	assert_int_equal(number("PRAGMA auto_vacuum", 0), 2);
	memset(known->text, 'x', sizeof(known->text) - 1);
	assert_int_equal(store_begin(store, false), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(db_run(store->db, "INSERT INTO known VALUES(?, ?, 1)", "is", (int64_t)i, known->text), 0);
	assert_int_equal(store_end(store, 0), 0);
	free(known);
	int64_t pages = number("PRAGMA page_count", 0);
	assert_int_equal(db_exec(store->db, "DELETE FROM known"), 0);
	tidy_all();
	assert_in_range(number("PRAGMA page_count", 0), 1, pages / 3);
}

static void test_tidy_packs_what_becomes_smaller(void **state)
{
	size_t length = 0, whole = 0;

	assert_null(pack("x", 1, NULL, 0, &length));
	assert_null(pack("0123456789", 10, NULL, 0, &length));
	void *packed = pack(BODY, sizeof(BODY) - 1, TEXT, sizeof(TEXT) - 1, &length);
	assert_in_range(length, 1, sizeof(BODY) * 2 / 3);
	char *text = unpack(packed, length, TEXT, sizeof(TEXT) - 1, &whole);
	assert_string_equal(text, BODY);
	free(text);
	/* not what it was made with, cut, changed */
	assert_null(unpack(packed, length, "another", 7, &whole));
	assert_null(unpack(packed, length, NULL, 0, &whole));
	for (size_t i = 0; i < length; i++)
		assert_null(unpack(packed, i, TEXT, sizeof(TEXT) - 1, &whole));
	memset(packed, 0xff, 4);
	assert_null(unpack(packed, length, TEXT, sizeof(TEXT) - 1, &whole));
	free(packed);
}

static int set_up(void **state)
{
	char *message = NULL, directory[64], cache[64];

	log_setup(LOG_LEVEL_ERROR, false, false);
	if (mkdtemp(root) == NULL)
		return -1;
	snprintf(directory, sizeof(directory), "%s/state", root);
	snprintf(cache, sizeof(cache), "%s/cache", root);
	return store_open(directory, cache, &store, &message);
}

static int tear_down(void **state)
{
	char command[128];

	store_close(store);
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tidy_paid_ones_are_packed),
		cmocka_unit_test(test_tidy_leaves_what_is_asked_for),
		cmocka_unit_test(test_tidy_what_was_never_paid_goes),
		cmocka_unit_test(test_tidy_gives_pages_back),
		cmocka_unit_test(test_tidy_packs_what_becomes_smaller),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
