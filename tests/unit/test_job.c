/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fs/job/job.h"

static void test_job_is_sent_from_the_queue_alone(void **state)
{
	for (int from = 1; from < JOB_STATE_COUNT; from++)
		assert_int_equal(job_state_may_change((enum job_state)from, JOB_SUBMITTING),
			from == JOB_QUEUED);
}

static void test_job_that_may_have_been_charged_never_queues_again(void **state)
{
	/* SUBMITTING goes back only by an answer that says no task exists (queue_answer.c) */
	for (int from = JOB_PENDING; from < JOB_STATE_COUNT; from++)
		if (!job_state_is_unsent((enum job_state)from))
			assert_false(job_state_may_change((enum job_state)from, JOB_QUEUED));
}

static void test_job_end_is_the_end(void **state)
{
	for (int to = 1; to < JOB_STATE_COUNT; to++) {
		/* results that were made and could not be fetched are fetched again, never made again */
		assert_int_equal(job_state_may_change(JOB_FAILED, (enum job_state)to),
			to == JOB_FETCHING);
		assert_int_equal(job_state_may_change(JOB_SUCCESS, (enum job_state)to),
			to == JOB_FETCHING);
		assert_int_equal(job_state_may_change(JOB_FETCHING, (enum job_state)to),
			to == JOB_SUCCESS);
		assert_false(job_state_may_change(JOB_INVALID, (enum job_state)to));
		assert_false(job_state_may_change(JOB_UNKNOWN, (enum job_state)to));
	}
}

static void test_job_whose_input_failed_may_go_on_and_was_never_sent(void **state)
{
	for (int to = 1; to < JOB_STATE_COUNT; to++)
		assert_int_equal(job_state_may_change(JOB_BLOCKED, (enum job_state)to),
			to == JOB_BLOCKED || to == JOB_INVALID || to == JOB_WAITING ||
				to == JOB_QUEUED || to == JOB_HELD);
}

static void test_job_states_are_what_they_are_called(void **state)
{
	for (int i = 1; i < JOB_STATE_COUNT; i++) {
		enum job_state s = (enum job_state)i;
		assert_string_not_equal(job_state_name(s), "?");
		/* never two of: final, active, unsent; INVALID is both final and unsent */
		assert_false(job_state_is_active(s) &&
			     (job_state_is_final(s) || job_state_is_unsent(s)));
		assert_true(job_state_is_active(s) || job_state_is_final(s) ||
			    job_state_is_unsent(s) || s == JOB_FETCHING);
		/* what users are told is one of their own words, and never one of two steps */
		assert_int_equal(job_state_shown(job_state_shown(s)), job_state_shown(s));
	}
	assert_int_equal(job_state_shown(JOB_FETCHING), JOB_PROCESSING);
	assert_int_equal(job_state_shown(JOB_BLOCKED), JOB_INVALID);
	assert_string_equal(job_state_name((enum job_state)0), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_job_is_sent_from_the_queue_alone),
		cmocka_unit_test(test_job_that_may_have_been_charged_never_queues_again),
		cmocka_unit_test(test_job_end_is_the_end),
		cmocka_unit_test(test_job_whose_input_failed_may_go_on_and_was_never_sent),
		cmocka_unit_test(test_job_states_are_what_they_are_called),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
