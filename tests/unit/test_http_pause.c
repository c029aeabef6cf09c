/* SPDX-License-Identifier: MIT */
/* Requests that are paused, cancelled, and started by others' callbacks. */
#include "fs/net/http.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "http_probe.h"

/* What was given with the pause was taken; nothing comes while it lasts. */
static void test_http_pause_and_resume(void **state)
{
	struct probe probe = {.pattern = true, .pause_every = 3};
	run(&probe, "/big");
	assert_int_equal(probe.end.error, 0);
	assert_int_equal(probe.bytes, BIG);
	assert_false(probe.wrong);

	struct probe chunked = {.pause_every = 1};
	start(&chunked, "/chunked");
	wait_all();
	assert_string_equal(chunked.text.data, "hello world");
	forget(&chunked);

	struct probe part = {.pattern = true, .pattern_at = 5, .pause_every = 2};
	struct http_spec spec = spec_get();
	spec.range_start = 5;
	spec.range_end = 300000;
	run_spec(&part, "/range", spec);
	assert_int_equal(part.bytes, 300000 - 5 + 1);
	assert_false(part.wrong);
}

static void resume_for_good(void *arg)
{
	struct probe *probe = arg;
	assert_int_equal(probe->dones, 0);
	assert_in_range(probe->bodies, 1, 4);
	probe->pause_for_good = probe->is_paused = false;
	http_resume(probe->request);
}

/* The stall limit is the server's, a pause of ours does not count. */
static void test_http_pause_does_not_stall(void **state)
{
	struct probe probe = {.pattern = true, .pause_for_good = true};
	struct loop_timer *timer;
	struct http_spec spec = spec_get();
	spec.stall_ms = 50;
	loop_timer_create(loop, resume_for_good, &probe, &timer);
	loop_timer_arm(timer, 200);
	run_spec(&probe, "/mega", spec);
	assert_int_equal(probe.end.error, 0);
	assert_int_equal(probe.bytes, 1024 * 1024);
	assert_false(probe.wrong);
	loop_timer_destroy(timer);
}

static void test_http_cancel_while_paused(void **state)
{
	struct probe paused = {.pause_for_good = true}, other = {0};
	start(&paused, "/big");
	start(&other, "/big");
	other.cancel_other = &paused;
	wait_all();
	assert_int_equal(paused.dones, 0);
	assert_int_equal(other.bytes, BIG);
	assert_int_equal(http_active(http), 0);
	forget(&paused);
	forget(&other);
}

static void test_http_cancel_inside_callbacks(void **state)
{
	struct probe head = {.cancel_in_head = true}, body = {.cancel_in_body = true},
		     done = {.cancel_in_done = true}, after = {0};
	start(&head, "/ok");
	wait_all();
	start(&body, "/big");
	wait_all();
	start(&done, "/ok");
	wait_all();
	start(&after, "/ok");
	wait_all();
	assert_int_equal(head.heads, 1);
	assert_int_equal(head.bodies + head.dones, 0);
	assert_int_equal(body.bodies, 1);
	assert_int_equal(body.dones, 0);
	assert_int_equal(done.dones, 1);
	assert_int_equal(after.bytes, 5);
	assert_int_equal(http_active(http), 0);
	forget(&head);
	forget(&body);
	forget(&done);
	forget(&after);
	http_cancel(NULL);
}

static void test_http_cancel_before_anything_happened(void **state)
{
	struct probe probe = {0};
	start(&probe, "/ok");
	assert_int_equal(http_active(http), 1);
	http_cancel(probe.request);
	assert_int_equal(http_active(http), 0);
	forget(&probe);
}

static void test_http_callbacks_cancel_and_start_others(void **state)
{
	struct probe second = {0}, third = {0}, victim = {0};
	struct probe first = {.cancel_other = &victim, .start_other = &second, .other_path = "/ok"};
	second.start_other = &third;
	second.other_path = "/404";
	start(&victim, "/silence");
	start(&first, "/mega");
	wait_all();
	assert_int_equal(victim.dones, 0);
	assert_int_equal(first.bytes, 1024 * 1024);
	assert_int_equal(second.bytes, 5);
	assert_int_equal(third.bytes, 4);
	forget(&first);
	forget(&second);
	forget(&third);
	forget(&victim);
}

static void test_http_callbacks_end_the_request(void **state)
{
	struct probe head = {.head_result = -ESTALE}, body = {.body_result = -ENOSPC};
	run(&head, "/ok");
	assert_int_equal(head.end.error, -ESTALE);
	assert_int_equal(head.bodies, 0);
	assert_int_equal(head.end.head.status, 200);
	run(&body, "/big");
	assert_int_equal(body.end.error, -ENOSPC);
	assert_int_equal(body.bodies, 1);
}

static void test_http_destroy_cancels_quietly(void **state)
{
	struct probe silent = {0}, paused = {.pause_for_good = true}, ok = {0};
	start(&silent, "/silence");
	start(&paused, "/big");
	start(&ok, "/ok");
	unfinished = 1;
	wait_all();
	assert_int_equal(ok.dones, 1);
	http_destroy(http);
	http = NULL;
	assert_int_equal(silent.dones + paused.dones, 0);
	forget(&silent);
	forget(&paused);
	forget(&ok);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		HTTP_TEST(test_http_pause_and_resume),
		HTTP_TEST(test_http_pause_does_not_stall),
		HTTP_TEST(test_http_cancel_while_paused),
		HTTP_TEST(test_http_cancel_inside_callbacks),
		HTTP_TEST(test_http_cancel_before_anything_happened),
		HTTP_TEST(test_http_callbacks_cancel_and_start_others),
		HTTP_TEST(test_http_callbacks_end_the_request),
		HTTP_TEST(test_http_destroy_cancels_quietly),
	};
	probe_clear_environment();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
