/* SPDX-License-Identifier: MIT */
/* What a submission has cost: its own where nothing else was sent between two readings of the balance, at most so much else; and what is
 * expected of one like it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/base/cleanup.h"
#include "tests/unit/own_http.h"
#include "tests/unit/world.h"

#define FOX "FLUX/fox.txt"
#define OWL "FLUX/owl.txt"

static const struct own_answer hold = {.hold = true};
static const struct own_answer taken = {.status = 200, .body = "{\"status\":200,\"data\":{\"task_ids\":[\"T9\"]}}"};

/* A prompt is sent, and the balance is another one afterwards. */
static void send(const char *path, const char *text, struct own_answer answer, double balance)
{
	own_http_next("POST", hold);
	world_save(path, text);
	world_wait(2000);
	own_http_balance(balance);
	own_http_release(answer);
	world_settle();
}

static void assert_credits(const char *path, const char *credits)
{
	const char *said = world_status(path, "credits");

	if (strncmp(said, credits, strlen(credits)) != 0)
		fail_msg("%s: credits: %s, not %s", path, said, credits);
}

static void assert_spend(const char *line)
{
	CLEANUP_FREE char *text = NULL;

	assert_int_equal(account_spend(world.account, true, &text), 0);
	if (strstr(text, line) == NULL)
		fail_msg("not '%s' but:\n%s", line, text);
}

static void test_costs_of_one_are_its_own(void **state)
{
	send(FOX, "a fox\n", taken, 97);
	world_wait(20000);
	assert_credits(FOX, "3");
	assert_spend("FLUX,SUCCESS,1,1,0,0,3,0\n");
	/* of one like it they are expected, of another one not */
	own_http_next_many("POST", hold, 2);
	world_save(OWL, "an owl\n");
	world_save("GEMINI/owl.txt", "an owl\n");
	world_wait(1001);
	assert_credits(OWL, "probably 3");
	assert_string_equal(world_status("GEMINI/owl.txt", "credits"), "");
	own_http_release(taken);
	world_wait(20000);
}

static void test_costs_of_more_than_its_like_are_at_most(void **state)
{
	send(FOX, "a fox\n", taken, 97);
	world_wait(20000);
	/* another program has bought something meanwhile */
	send(OWL, "an owl\n", taken, 80);
	world_wait(20000);
	assert_credits(OWL, "at most 17");
	send("FLUX/crow.txt", "a crow\n", taken, 77);
	world_wait(20000);
	assert_credits("FLUX/crow.txt", "3");
}

static void test_costs_of_two_are_at_most(void **state)
{
	world_save("FLUX/first.txt", "to know the balance\n");
	world_wait(30000);
	/* the second one is sent before the first one's balance can be read */
	own_http_next_many("POST", hold, 2);
	world_save(FOX, "a fox\n");
	world_wait(400);
	world_save("GEMINI/owl.txt", "an owl\n");
	world_wait(2000);
	own_http_balance(93);
	own_http_next("balance", (struct own_answer){.status = 500});
	own_http_release(taken);
	world_wait(1000);
	own_http_release(taken);
	world_wait(30000);
	assert_credits(FOX, "at most 7");
	assert_credits("GEMINI/owl.txt", "at most 7");
	assert_spend("FLUX,SUCCESS,2");
}

static void test_costs_of_what_was_refused_are_none(void **state)
{
	send(FOX, "a fox\n", (struct own_answer){.status = 200, .body = "{\"status\":1002,\"msg\":\"no\"}"}, 100);
	world_wait(20000);
	world_assert_state(FOX, "FAILED");
	assert_credits(FOX, "0");
	assert_spend("FLUX,FAILED,1,0,1,0,0,0\n");
}

static void test_costs_where_credits_were_bought_are_not_known(void **state)
{
	send(FOX, "a fox\n", taken, 600);
	world_wait(20000);
	assert_string_equal(world_status(FOX, "credits"), "");
	assert_spend("FLUX,SUCCESS,1,1,0,0,0,0\n");
	/* once such a request was measured, it is expected of this one, too */
	send(OWL, "an owl\n", taken, 597);
	world_wait(20000);
	assert_credits(OWL, "3");
	assert_credits(FOX, "probably 3");
	assert_spend("FLUX,SUCCESS,2,2,0,0,3,3\n");
}

static void test_costs_of_a_day_are_guarded(void **state)
{
	world_end();
	world.options.credits_per_day = 5;
	world_begin();
	send(FOX, "a fox\n", taken, 97);
	world_wait(20000);
	world_save(OWL, "an owl\n");
	world_wait(20000);
	world_assert_state(OWL, "HELD");
	assert_non_null(strstr(world_status(OWL, "warning"), "spent today: 3, by this prompt: 3"));
	/* a remount forgets nothing, and a person may say so */
	world_remount();
	assert_int_equal(world_retry(OWL), 0);
	world_wait(20000);
	world_assert_state(OWL, "SUCCESS");
}

#define SAID "GPT_IMAGE_2/fox.txt" /* world.c says what its results cost */

static void test_costs_that_are_configured_are_expected_until_measured(void **state)
{
	world_save("GPT_IMAGE_2/.defaults", "number: 2\n");
	own_http_next_many("POST", hold, 2);
	world_save(FOX, "a fox\n");
	world_wait(1100);
	world_save(SAID, "a fox\n");
	world_wait(1001);
	assert_credits(SAID, "probably 5");
	own_http_release(taken);
	world_wait(2000);
	/* the balance has risen: of what was sent nothing is known but what was configured */
	own_http_balance(600);
	own_http_release(taken);
	world_wait(30000);
	world_assert_state(SAID, "SUCCESS");
	assert_credits(SAID, "probably 5");
	assert_spend("GPT_IMAGE_2,SUCCESS,2,1,1,0,0,5\n");
	send("GPT_IMAGE_2/owl.txt", "an owl\n", taken, 592);
	world_wait(20000);
	own_http_next_many("POST", hold, 2);
	world_save(OWL, "an owl\n");
	world_wait(1100);
	world_save("GPT_IMAGE_2/elk.txt", "an elk\n");
	world_wait(1001);
	assert_credits("GPT_IMAGE_2/elk.txt", "probably 8");
	own_http_release(taken);
	world_wait(20000);
}

static void test_costs_that_are_configured_are_guarded(void **state)
{
	world_end();
	world.options.credits_per_day = 2;
	world_begin();
	world_save(SAID, "a fox\n");
	world_wait(20000);
	world_assert_state(SAID, "HELD");
	assert_non_null(strstr(world_status(SAID, "warning"), "by this prompt: 2.5"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_costs_of_one_are_its_own, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_costs_of_more_than_its_like_are_at_most, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_costs_of_two_are_at_most, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_costs_of_what_was_refused_are_none, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_costs_that_are_configured_are_expected_until_measured, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_costs_that_are_configured_are_guarded, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_costs_where_credits_were_bought_are_not_known, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_costs_of_a_day_are_guarded, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
