/* SPDX-License-Identifier: MIT */
/* The door for the mount: the balance, the numbers of .weryaifs/stats, the live registry of models. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/account/balance.h"
#include "fs/base/cleanup.h"
#include "fs/model/model.h"
#include "fs/report/events.h"
#include "fs/store/known.h"
#include "fs/store/store.h"
#include "fs/tree/tree.h"
#include "tests/unit/gen_catalogue.h"
#include "tests/unit/own_disk.h"
#include "tests/unit/own_http.h"
#include "tests/unit/world.h"

#define FOX "FLUX/fox.txt"
#define IMAGES "/growthai/v1/image/models"
#define VIDEOS "/growthai/v1/video/models"
#define HOUR_MS (INT64_C(3600) * 1000)

/* --- the balance --- */

struct told {
	int count, result;
	double credits;
};

static void on_balance(void *arg, int result, double credits)
{
	struct told *told = arg;

	told->count++;
	told->result = result;
	told->credits = credits;
}

static struct told ask_balance(void)
{
	struct told told = {0};
	struct balance *question;

	assert_int_equal(account_balance(world.account, on_balance, &told, &question), 0);
	assert_int_equal(told.count, 0); /* never from inside the question */
	world_wait(100);
	assert_int_equal(told.count, 1);
	return told;
}

static void test_account_balance_is_asked_for_once_in_a_while(void **state)
{
	own_http_balance(41.5);
	assert_true(ask_balance().credits == 41.5);
	size_t asked = own_http_count("/balance");
	own_http_balance(12);
	assert_true(ask_balance().credits == 41.5);
	assert_int_equal(own_http_count("/balance"), asked);
	world_wait(2000);
	assert_true(ask_balance().credits == 12);
	/* what was sent since has changed it */
	own_http_balance(9);
	world_save(FOX, "a fox\n");
	world_wait(20000);
	assert_true(ask_balance().credits == 9);
}

static void test_account_balance_that_is_refused_is_an_error(void **state)
{
	own_http_next("/balance", (struct own_answer){.status = 401, .body = "{\"status\":401}"});
	assert_int_equal(ask_balance().result, -EKEYREJECTED);
	own_http_next("/balance", (struct own_answer){.error = -ETIMEDOUT});
	assert_int_equal(ask_balance().result, -ETIMEDOUT);
	assert_int_equal(ask_balance().result, 0);
}

static void test_account_balance_nobody_waits_for_is_not_told(void **state)
{
	struct told told = {0};
	struct balance *question;

	/* from the service, and one that is known */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(account_balance(world.account, on_balance, &told, &question), 0);
		balance_cancel(question);
		world_wait(1000);
		assert_int_equal(told.count, 0);
		ask_balance();
	}
	own_http_next("/balance", (struct own_answer){.refuse = -ENOMEM});
	world_wait(60000);
	assert_int_equal(account_balance(world.account, on_balance, &told, &question), -ENOMEM);
}

/* --- the numbers --- */

static void assert_stats(bool prometheus, const char *line)
{
	CLEANUP_FREE char *text = NULL;

	assert_int_equal(account_stats(world.account, prometheus, &text), 0);
	if (strstr(text, line) == NULL)
		fail_msg("no line '%s' in:\n%s", line, text);
}

static void test_account_stats_count_what_happens(void **state)
{
	CLEANUP_FREE char *text = NULL;
	char data[16];

	assert_int_equal(account_stats(world.account, false, &text), 0);
	assert_null(strstr(text, "jobs "));
	world_save(FOX, "a fox\n");
	world_save("FLUX/wrong.txt", "ratio: 99:1\na fox\n");
	own_http_state("processing");
	world_wait(10000);
	assert_stats(false, "submissions today: 1\n");
	assert_stats(false, "submissions per day: 1000\n");
	assert_stats(false, "active: 1\n");
	assert_stats(false, "jobs INVALID: 1\n");
	own_http_state("succeed");
	world_wait(20000);
	world_read("FLUX/fox.png", 0, sizeof(data), data, 1000);
	assert_stats(false, "uptime: ");
	assert_stats(false, "active: 0\n");
	assert_stats(false, "jobs SUCCESS: 1\n");
	assert_stats(false, "credits: 100\n");
	assert_stats(true, "\nweryaifs_submissions_today 1\n");
	assert_stats(true, "\nweryaifs_stopped 0\n");
	assert_stats(true, "\nweryaifs_jobs{state=\"SUCCESS\"} 1\n");
	assert_stats(true, "\nweryaifs_jobs{state=\"FAILED\"} 0\n");
	assert_stats(true, "# TYPE weryaifs_transfers_total counter\n");
	assert_stats(true, "\nweryaifs_credits 100\n");
}

static void test_account_stats_say_why_nothing_is_sent(void **state)
{
	own_http_next("POST", (struct own_answer){.status = 401});
	own_http_next_many("/balance", (struct own_answer){.status = 401}, SIZE_MAX);
	world_save(FOX, "a fox\n");
	world_wait(5000);
	assert_stats(false, "\nstopped: ");
	assert_stats(false, "queued: 1\n");
	assert_stats(true, "\nweryaifs_stopped 1\n");
}

/* --- the live registry --- */

static struct model_list builtin;
static struct model_registry registry = {.builtin = &builtin, .refresh_ms = 24 * HOUR_MS};

/* The service's answers from now on. */
static void registry_says(const char *images, const char *videos)
{
	own_http_next_many("GET " IMAGES, (struct own_answer){.status = 200, .body = images}, SIZE_MAX);
	own_http_next_many("GET " VIDEOS, (struct own_answer){.status = 200, .body = videos}, SIZE_MAX);
}

#define ONE_MODEL(modes, key)                                                                      \
	"{\"status\":200,\"data\":{\"" modes "\":[{\"model_key\":\"" key                           \
	"\",\"title\":\"T\",\"prompt_length_limit\":2000}]}}"
#define NO_MODEL "{\"status\":200,\"data\":{}}"

static int follow_set_up(void **state)
{
	world_setup(state);
	assert_int_equal(registry_parse_catalogue(gen_catalogue, strlen(gen_catalogue), &builtin), 0);
	assert_int_equal(account_follow(world.account, &registry), 0);
	return 0;
}

static int follow_tear_down(void **state)
{
	int r = world_teardown(state);

	model_list_finish(&builtin);
	builtin = (struct model_list){0};
	return r;
}

static void test_account_models_that_the_registry_names_appear(void **state)
{
	registry_says(ONE_MODEL("text_to_image", "NEW_PICTURE"), ONE_MODEL("text_to_video", "NEW_FILM"));
	assert_false(world_exists("NEW_PICTURE"));
	world_wait(1000);
	assert_true(world_exists("NEW_PICTURE"));
	assert_true(world_exists("NEW_FILM"));
	assert_true(world_exists("FLUX")); /* it does not name all that there is */
	world_save("NEW_PICTURE/fox.txt", "a fox\n");
	world_wait(20000);
	world_assert_state("NEW_PICTURE/fox.txt", "SUCCESS");
}

static void test_account_models_are_known_before_the_registry_answers(void **state)
{
	registry_says(ONE_MODEL("text_to_image", "NEW_PICTURE"), ONE_MODEL("text_to_video", "NEW_FILM"));
	world_wait(1000);
	own_http_reset();
	world_remount();
	assert_null(model_table_find(account_models(world.account), "NEW_PICTURE"));
	assert_int_equal(account_follow(world.account, &registry), 0);
	assert_non_null(model_table_find(account_models(world.account), "NEW_PICTURE"));
	assert_int_equal(own_http_count(IMAGES), 0);
	/* what cannot be read is not believed */
	assert_int_equal(known_set(world.store, "image", "{\"models\":[", 1), 0);
	world_remount();
	assert_int_equal(account_follow(world.account, &registry), 0);
	assert_null(model_table_find(account_models(world.account), "NEW_PICTURE"));
}

static void test_account_models_stay_where_the_registry_fails(void **state)
{
	static const struct own_answer bad[] = {{.status = 500, .body = "<html>"}, {.error = -ETIMEDOUT},
		{.status = 200, .body = NO_MODEL}, {.refuse = -ENOMEM}};
	size_t count = model_table_count(account_models(world.account));

	for (size_t i = 0; i < array_length(bad); i++) {
		size_t asked = own_http_count("GET " IMAGES);
		own_http_next("GET " IMAGES, bad[i]);
		world_wait(i == 0 ? 1000 : 10 * 60 * 1000); /* so long after a failure */
		assert_true(bad[i].refuse != 0 || own_http_count("GET " IMAGES) > asked);
		assert_int_equal(model_table_count(account_models(world.account)), count);
	}
	/* the second question may fail as well */
	own_http_next("GET " IMAGES,
		(struct own_answer){.status = 200, .body = ONE_MODEL("text_to_image", "NEW_PICTURE")});
	own_http_next("GET " VIDEOS, (struct own_answer){.status = 500, .body = ""});
	world_wait(10 * 60 * 1000);
	assert_false(world_exists("NEW_PICTURE"));
	registry_says(ONE_MODEL("text_to_image", "NEW_PICTURE"), ONE_MODEL("text_to_video", "NEW_FILM"));
	world_wait(10 * 60 * 1000);
	assert_true(world_exists("NEW_PICTURE"));
}

static void test_account_models_are_asked_for_each_day_and_kept(void **state)
{
	registry_says(ONE_MODEL("text_to_image", "NEW_PICTURE"), ONE_MODEL("text_to_video", "NEW_FILM"));
	world_wait(1000);
	const struct model_table *table = account_models(world.account);
	world_wait(24 * HOUR_MS);
	assert_int_equal(own_http_count("GET " IMAGES), 2);
	assert_ptr_equal(account_models(world.account), table); /* nothing new: nothing changes */
	/* one that it does not name any more is not gone */
	own_http_reset();
	registry_says(ONE_MODEL("text_to_image", "OTHER_PICTURE"), ONE_MODEL("text_to_video", "NEW_FILM"));
	world_wait(24 * HOUR_MS);
	assert_true(world_exists("OTHER_PICTURE"));
	assert_true(world_exists("NEW_PICTURE"));
}

static void test_account_models_need_directories(void **state)
{
	size_t count = model_table_count(account_models(world.account));

	registry_says(ONE_MODEL("text_to_image", "NEW_PICTURE"), ONE_MODEL("text_to_video", "NEW_FILM"));
	own_disk_fail_writes("weryaifs.db", EIO);
	world_wait(1000);
	assert_int_equal(model_table_count(account_models(world.account)), count);
	own_disk_fail_writes("weryaifs.db", 0);
	world_wait(10 * 60 * 1000);
	assert_true(world_exists("NEW_PICTURE"));
}

/* --- what a person says --- */

static void test_account_submit_is_refused_where_it_cannot_be(void **state)
{
	world_save("FLUX/notes.md", "no prompt\n");
	assert_int_equal(world_submit("FLUX/notes.md"), -EINVAL);
	assert_int_equal(world_retry("FLUX/notes.md"), -EINVAL);
	own_http_state("processing");
	world_save(FOX, "a fox\n");
	world_wait(10000);
	assert_int_equal(world_submit(FOX), -EBUSY);
	assert_int_equal(world_retry(FOX), 0); /* it is on its way: nothing to be done */
	assert_int_equal(own_http_count("POST"), 1);
	own_http_state("succeed");
	world_wait(20000);
	assert_int_equal(world_retry(FOX), 0); /* all of it is there */
	world_wait(20000);
	assert_int_equal(own_http_count("POST"), 1);
}

static void test_account_retry_sends_what_failed(void **state)
{
	own_http_next("/T1/status", (struct own_answer){.status = 200,
		.body = "{\"status\":200,\"data\":{\"task_status\":\"failed\",\"msg\":\"no\"}}"});
	world_save(FOX, "a fox\n");
	world_wait(20000);
	world_assert_state(FOX, "FAILED");
	assert_int_equal(world_retry(FOX), 0);
	world_wait(20000);
	world_assert_state(FOX, "SUCCESS");
	assert_int_equal(own_http_count("POST"), 2);
}

/* --- what is waited for --- */

static void count_call(void *arg)
{
	++*(int *)arg;
}

static void test_account_events_tell_of_each_state(void **state)
{
	struct events_reader *reader;
	char data[4096];
	int more = 0;

	assert_int_equal(account_events(world.account, count_call, &more, &reader), 0);
	assert_int_equal(events_read(reader, data, sizeof(data), 0), 0);
	world_save(FOX, "a fox\n");
	world_wait(30000);
	assert_true(more > 0);
	ssize_t length = events_read(reader, data, sizeof(data) - 1, 0);
	assert_true(length > 0);
	data[length] = '\0';
	const char *pending = strstr(data, "\"PENDING\""), *success = strstr(data, "\"SUCCESS\"");
	assert_true(pending != NULL && success != NULL && pending < success);
	assert_int_equal(data[length - 1], '\n');
	events_close(reader);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
#define FOLLOW(name) cmocka_unit_test_setup_teardown(name, follow_set_up, follow_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_account_balance_is_asked_for_once_in_a_while),
		TEST(test_account_balance_that_is_refused_is_an_error),
		TEST(test_account_balance_nobody_waits_for_is_not_told),
		TEST(test_account_stats_count_what_happens),
		TEST(test_account_stats_say_why_nothing_is_sent),
		FOLLOW(test_account_models_that_the_registry_names_appear),
		FOLLOW(test_account_models_are_known_before_the_registry_answers),
		FOLLOW(test_account_models_stay_where_the_registry_fails),
		FOLLOW(test_account_models_are_asked_for_each_day_and_kept),
		FOLLOW(test_account_models_need_directories),
		TEST(test_account_submit_is_refused_where_it_cannot_be),
		TEST(test_account_retry_sends_what_failed),
		TEST(test_account_events_tell_of_each_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
