/* SPDX-License-Identifier: MIT */
/* The gap finds the service's rate, whatever it is, with few refusals. */
#include "fs/queue/queue_gap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LEAST_MS 5 /* the least gap */
#define TAKEN_MAX 10000

/* How a service limits its rate: `burst` submissions in `burst * every_ms`, */
enum kind {
	BUCKET,   /* as a stock that is filled all the time, */
	WINDOW,   /* by the clock, */
	SLIDING,  /* in the time before each, */
	DISTANCE, /* or none that is nearer to the one before than `every_ms` */
};

#define ROUNDING 1e-6 /* i386 computes with 80 bits and stores 64 */

static const char *const kinds[] = {"a bucket", "windows", "a sliding window", "a distance"};

struct service {
	enum kind kind;
	double every_ms, burst;
	double stock, then;
	int64_t window; /* the current one, and what is left of it */
	double left;
	double at[TAKEN_MAX]; /* when each was taken */
	unsigned taken, refused;
};

static bool may_go(struct service *service, double now)
{
	double width = service->burst * service->every_ms;
	unsigned burst = (unsigned)service->burst;

	switch (service->kind) {
	case BUCKET:
		service->stock += (now - service->then) / service->every_ms;
		service->stock = service->stock < service->burst ? service->stock : service->burst;
		service->then = now;
		return service->stock >= 1 - ROUNDING;
	case WINDOW:
		if (service->window != (int64_t)(now / width))
			service->left = service->burst;
		service->window = (int64_t)(now / width);
		return service->left >= 1;
	case SLIDING:
		return service->taken < burst || now - service->at[service->taken - burst] >= width - ROUNDING;
	case DISTANCE:
		return service->taken == 0 || now - service->at[service->taken - 1] >= service->every_ms - ROUNDING;
	}
	return false;
}

static bool takes(struct service *service, double now)
{
	if (!may_go(service, now)) {
		service->refused++;
		return false;
	}
	service->stock -= 1;
	service->left -= 1;
	service->at[service->taken++] = now;
	return true;
}

/* Milliseconds until all are taken. The model is held for a while after each refusal, twice as long after each in a row, as
 * queue_models does it; an answer takes `answer_ms`. */
static int64_t send_all(struct queue_gap *gap, struct service *service, int64_t answer_ms)
{
	int64_t now = 1003, held = 0;
	unsigned in_a_row = 0;

	service->then = (double)now;
	service->stock = service->burst;
	while (service->taken < TAKEN_MAX) {
		int64_t next = queue_gap_next_ms(gap);
		next = next > held ? next : held;
		now = now > next ? now : next;
		queue_gap_sent(gap, now, true);
		bool taken = takes(service, (double)now + 0.3);
		now += answer_ms;
		queue_gap_answered(gap, now);
		if (taken) {
			queue_gap_accepted(gap);
			in_a_row = 0;
			continue;
		}
		queue_gap_refused(gap);
		int64_t hold = 2 * queue_gap_ms(gap) << (in_a_row < 12 ? in_a_row : 12);
		in_a_row++;
		held = now + (hold < 180000 ? hold : 180000);
	}
	return now - 1003;
}

static double best_ms(const struct service *service)
{
	double every = service->every_ms > LEAST_MS ? service->every_ms : LEAST_MS;
	double free = service->kind == DISTANCE || service->burst > TAKEN_MAX ? 0 : service->burst;
	double all = (TAKEN_MAX - free) * service->every_ms;

	return service->kind == DISTANCE ? TAKEN_MAX * every : all > TAKEN_MAX * LEAST_MS ? all : TAKEN_MAX * LEAST_MS;
}

/* Refused is never more than one in fifty. In time it is nearly the best where the service looks at a stock or a distance; of windows it
 * has to be patient: nothing tells when they end. */
static void check(enum kind kind, double every_ms, double burst, int64_t answer_ms)
{
	static struct service service;
	struct queue_gap gap;

	service = (struct service){.kind = kind, .every_ms = every_ms, .burst = burst, .window = -1};
	queue_gap_init(&gap, -1, LEAST_MS);
	double took = (double)send_all(&gap, &service, answer_ms);
	double slower = took / best_ms(&service) - 1;
	bool is_told = kind == BUCKET || kind == DISTANCE;
	if (service.refused > TAKEN_MAX / 50 || slower > (is_told ? 0.1 : 2))
		fail_msg("%s, one in %.0f ms, %.0f at once, answers in %d ms: %+.1f %% over the best, %u refused", kinds[kind],
			every_ms, burst, (int)answer_ms, slower * 100, service.refused);
}

static void test_gap_finds_the_rate(void **state)
{
	static const double every[] = {1, 3, 5, 6, 7, 8, 10, 12, 15, 20, 25, 33, 40, 60};
	static const double bursts[] = {1, 2, 5, 10, 20, 60, 100, 300, 1000, 3000, 6000};

	for (size_t i = 0; i < sizeof(every) / sizeof(every[0]); i++)
		for (int64_t answer_ms = 1; answer_ms <= 4; answer_ms += 3) {
			check(DISTANCE, every[i], 1, answer_ms);
			for (size_t j = 0; j < sizeof(bursts) / sizeof(bursts[0]); j++)
				for (enum kind kind = BUCKET; kind <= SLIDING; kind++)
					check(kind, every[i], bursts[j], answer_ms);
		}
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
