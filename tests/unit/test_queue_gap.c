/* SPDX-License-Identifier: MIT */
/* The gap finds the service's rate, whatever it is, with few refusals. */
#include "fs/queue/queue_gap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A service that takes one in `rate_ms` on average, `burst` at once, and none closer than `least_ms`. */
struct service {
	double rate_ms, burst, tokens;
	int64_t least_ms, last, then;
	unsigned taken, refused;
};

static bool takes(struct service *service, int64_t now)
{
	service->tokens += (double)(now - service->then) / service->rate_ms;
	if (service->tokens > service->burst)
		service->tokens = service->burst;
	service->then = now;
	if (service->tokens < 1 || (service->last != 0 && now - service->last < service->least_ms)) {
		service->refused++;
		return false;
	}
	service->tokens -= 1;
	service->last = now;
	service->taken++;
	return true;
}

/* Milliseconds until so many are taken; the model is held for a while after each refusal, as the queue does. */
static int64_t send_all(struct queue_gap *gap, struct service *service, unsigned count)
{
	int64_t now = 1000;

	service->then = now;
	while (service->taken < count) {
		if (queue_gap_next_ms(gap) > now)
			now = queue_gap_next_ms(gap);
		queue_gap_sent(gap, now, true);
		queue_gap_answered(gap, now + 1);
		if (takes(service, now)) {
			queue_gap_accepted(gap);
		} else {
			queue_gap_refused(gap);
			now += 8 * queue_gap_ms(gap) < 4000 ? 8 * queue_gap_ms(gap) : 4000;
		}
	}
	return now - 1000;
}

static void check(double rate_ms, double burst, int64_t least_ms, int64_t least_gap_ms, unsigned count)
{
	struct service service = {.rate_ms = rate_ms, .burst = burst, .tokens = burst, .least_ms = least_ms};
	struct queue_gap gap;

	queue_gap_init(&gap, -1, least_gap_ms);
	int64_t took = send_all(&gap, &service, count);
	double best = rate_ms > (double)least_ms ? rate_ms : (double)least_ms;
	if (best < (double)least_gap_ms)
		best = (double)least_gap_ms;
	double all = best > rate_ms ? count * best : (count - burst) * best;
	if ((double)took > all * 1.1 + 60 * (double)least_gap_ms || service.refused > count / 50)
		fail_msg("%.0f ms, burst %.0f, least %lld: %lld ms for %u, %u refused", rate_ms, burst,
			(long long)least_ms, (long long)took, count, service.refused);
}

static void test_gap_finds_the_rate(void **state)
{
	check(10, 100, 0, 5, 10000);
	check(10, 1, 0, 5, 10000);
	check(6, 20, 0, 5, 10000);
	check(30, 60, 0, 5, 10000);
	check(1, 10, 12, 5, 10000);
	check(1, 10, 0, 5, 10000);
	check(1000, 60, 0, 500, 2000);
	check(2500, 1, 0, 500, 1000);
	check(1, 1000, 600, 500, 2000);
	check(1, 1000, 0, 500, 500);
}

static void test_gap_does_not_learn_from_who_sends_seldom(void **state)
{
	struct queue_gap gap;

	queue_gap_init(&gap, -1, 500);
	for (int i = 0; i < 100; i++) {
		queue_gap_sent(&gap, 100000 * (i + 1), false);
		queue_gap_accepted(&gap);
	}
	assert_int_equal(queue_gap_ms(&gap), 2500);
	/* nor from places that were waited for */
	for (int i = 0; i < 100; i++) {
		queue_gap_sent(&gap, 100000000 + 10000 * i, true);
		queue_gap_accepted(&gap);
	}
	assert_in_range(queue_gap_ms(&gap), 2000, 2500);
	assert_in_range(queue_gap_every_ms(&gap), 9990, 10010);
}

static void test_gap_is_remembered(void **state)
{
	struct queue_gap gap, later;
	char text[QUEUE_GAP_TEXT];

	queue_gap_init(&gap, -1, 500);
	queue_gap_refused(&gap);
	assert_int_equal(queue_gap_ms(&gap), 5000);
	queue_gap_text(&gap, text);
	queue_gap_init(&later, -1, 500);
	queue_gap_recall(&later, text);
	assert_int_equal(queue_gap_ms(&later), 5000);
	queue_gap_recall(&later, "nan inf");
	queue_gap_recall(&later, "-7");
	queue_gap_recall(&later, "");
	assert_int_equal(queue_gap_ms(&later), 5000);
	queue_gap_recall(&later, "1 1");
	assert_int_equal(queue_gap_ms(&later), 500);
}

static void test_gap_that_is_fixed_stays(void **state)
{
	struct queue_gap gap;

	queue_gap_init(&gap, 2500, 500);
	queue_gap_recall(&gap, "700 0");
	queue_gap_sent(&gap, 1000, true);
	queue_gap_answered(&gap, 1300);
	assert_int_equal(queue_gap_next_ms(&gap), 3800);
	queue_gap_refused(&gap);
	for (int i = 0; i < 100; i++)
		queue_gap_accepted(&gap);
	assert_int_equal(queue_gap_ms(&gap), 2500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gap_finds_the_rate),
		cmocka_unit_test(test_gap_does_not_learn_from_who_sends_seldom),
		cmocka_unit_test(test_gap_is_remembered),
		cmocka_unit_test(test_gap_that_is_fixed_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
