/* SPDX-License-Identifier: MIT */
#include "fs/base/worker.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fs/base/loop.h"

#define JOBS 100

struct counted {
	struct worker_job job;
	struct order *order;
	int number;
};

struct order {
	struct loop *loop;
	pthread_t loop_thread;
	int run, done;
	bool stop; /* the loop, after the last one */
};

static void run(struct worker_job *job)
{
	struct counted *counted = list_entry(job, struct counted, job);

	assert_false(pthread_equal(pthread_self(), counted->order->loop_thread));
	assert_int_equal(counted->order->run++, counted->number);
}

static void done(struct worker_job *job)
{
	struct counted *counted = list_entry(job, struct counted, job);

	assert_true(pthread_equal(pthread_self(), counted->order->loop_thread));
	assert_int_equal(counted->order->done++, counted->number);
	if (counted->order->done == JOBS && counted->order->stop)
		loop_stop(counted->order->loop, 0);
}

static struct counted make(struct order *order, int number)
{
	return (struct counted){
		.job = {.run = run, .done = done}, .order = order, .number = number};
}

static void submit(struct worker *worker, struct order *order, struct counted *jobs)
{
	for (int i = 0; i < JOBS; i++) {
		jobs[i] = make(order, i);
		worker_submit(worker, &jobs[i].job);
	}
}

static void test_worker_runs_in_order_and_tells_the_loop(void **state)
{
	static struct counted jobs[JOBS];
	struct order order = {.loop_thread = pthread_self(), .stop = true};
	struct worker *worker;

	assert_int_equal(loop_create(&order.loop), 0);
	assert_int_equal(worker_create(order.loop, &worker), 0);
	submit(worker, &order, jobs);
	assert_int_equal(loop_run(order.loop), 0);
	assert_int_equal(order.done, JOBS);
	assert_int_equal(worker_pending(worker), 0);
	worker_destroy(worker);
	loop_destroy(order.loop);
}

static void test_worker_drain_waits_for_all(void **state)
{
	static struct counted jobs[JOBS];
	struct order order = {.loop_thread = pthread_self()};
	struct worker *worker;

	assert_int_equal(loop_create(&order.loop), 0);
	assert_int_equal(worker_create(order.loop, &worker), 0);
	submit(worker, &order, jobs);
	worker_drain(worker);
	assert_int_equal(order.done, JOBS);
	worker_destroy(worker);
	worker_drain(NULL);
	worker_destroy(NULL);
	loop_destroy(order.loop);
}

/* Fewer than are worth waking the thread for: a timer does, or who waits for all. */
static void test_worker_later_is_not_never(void **state)
{
	static struct counted jobs[JOBS];
	struct order order = {
		.loop_thread = pthread_self(), .done = JOBS - 1, .run = JOBS - 1, .stop = true};
	struct worker *worker;

	assert_int_equal(loop_create(&order.loop), 0);
	assert_int_equal(worker_create(order.loop, &worker), 0);
	jobs[0] = make(&order, JOBS - 1);
	worker_submit_later(worker, &jobs[0].job);
	assert_int_equal(loop_run(order.loop), 0);
	assert_int_equal(order.done, JOBS);

	order = (struct order){.loop = order.loop, .loop_thread = pthread_self()};
	for (int i = 0; i < 3; i++) {
		jobs[i] = make(&order, i);
		worker_submit_later(worker, &jobs[i].job);
	}
	worker_drain(worker);
	assert_int_equal(order.done, 3);
	worker_destroy(worker);
	loop_destroy(order.loop);
}

/* Order is kept, and what is urgent takes along what is not. */
static void test_worker_later_keeps_its_place(void **state)
{
	static struct counted jobs[JOBS];
	struct order order = {.loop_thread = pthread_self(), .stop = true};
	struct worker *worker;

	assert_int_equal(loop_create(&order.loop), 0);
	assert_int_equal(worker_create(order.loop, &worker), 0);
	for (int i = 0; i < JOBS; i++) {
		jobs[i] = make(&order, i);
		if (i % 5 == 4)
			worker_submit(worker, &jobs[i].job);
		else
			worker_submit_later(worker, &jobs[i].job);
	}
	assert_int_equal(loop_run(order.loop), 0);
	assert_int_equal(order.done, JOBS);
	worker_destroy(worker);
	loop_destroy(order.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_worker_runs_in_order_and_tells_the_loop),
		cmocka_unit_test(test_worker_drain_waits_for_all),
		cmocka_unit_test(test_worker_later_is_not_never),
		cmocka_unit_test(test_worker_later_keeps_its_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
