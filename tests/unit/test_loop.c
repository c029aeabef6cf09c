/* SPDX-License-Identifier: MIT */
#include "fs/base/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "fs/base/clock.h"

/* What happened, one letter each. */
static char trace[256];
static struct loop *loop;
static struct loop_watch *watches[4];
static struct loop_timer *timers[4];
static int fds[4];

static void note(char c)
{
	size_t length = strlen(trace);
	if (length + 1 < sizeof(trace)) {
		trace[length] = c;
		trace[length + 1] = '\0';
	}
}

static int setup(void **state)
{
	trace[0] = '\0';
	memset(watches, 0, sizeof(watches));
	memset(timers, 0, sizeof(timers));
	for (int i = 0; i < 4; i++)
		fds[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return loop_create(&loop);
}

static int teardown(void **state)
{
	loop_destroy(loop);
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	return 0;
}

static void raise_fd(int i)
{
	uint64_t one = 1;
	assert_int_equal(write(fds[i], &one, sizeof(one)), sizeof(one));
}

static void lower_fd(int i)
{
	uint64_t value;
	assert_int_equal(read(fds[i], &value, sizeof(value)), sizeof(value));
}

static void stop(void *arg)
{
	loop_stop(loop, 0);
}

/* Callbacks take their number as arg. */
static void ready_note(void *arg, unsigned events)
{
	int i = (int)(intptr_t)arg;
	note((char)('A' + i));
	lower_fd(i);
}

static void fire_note(void *arg)
{
	note((char)('a' + (int)(intptr_t)arg));
}

static void call_note(void *arg)
{
	note((char)('0' + (int)(intptr_t)arg));
}

static void add_watch(int i, int priority, void (*ready)(void *arg, unsigned events))
{
	assert_int_equal(loop_watch_add(loop, fds[i], LOOP_READ, priority, ready,
				 (void *)(intptr_t)i, &watches[i]),
		0);
}

static void test_loop_stop_returns_its_code(void **state)
{
	loop_stop(loop, 42);
	assert_int_equal(loop_run(loop), 42);
	assert_int_equal(loop_defer(loop, stop, NULL), 0);
	assert_int_equal(loop_run(loop), 0);
}

static void *stop_from_thread(void *arg)
{
	loop_stop(loop, 7);
	return NULL;
}

static void test_loop_stop_wakes_from_another_thread(void **state)
{
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, stop_from_thread, NULL), 0);
	assert_int_equal(loop_run(loop), 7);
	pthread_join(thread, NULL);
}

static void test_loop_watches_run_by_priority(void **state)
{
	add_watch(0, 10, ready_note);
	add_watch(1, 0, ready_note);
	add_watch(2, 5, ready_note);
	add_watch(3, -1, ready_note);
	for (int i = 0; i < 4; i++)
		raise_fd(i);
	loop_defer(loop, stop, NULL);
	assert_int_equal(loop_run(loop), 0);
	assert_string_equal(trace, "DBCA");
}

static void ready_remove_all(void *arg, unsigned events)
{
	note('R');
	for (int i = 0; i < 4; i++) {
		loop_watch_remove(watches[i]);
		watches[i] = NULL;
	}
}

static void test_loop_watch_removed_in_callback_does_not_fire(void **state)
{
	add_watch(0, 0, ready_remove_all);
	for (int i = 1; i < 4; i++)
		add_watch(i, 5, ready_note);
	for (int i = 0; i < 4; i++)
		raise_fd(i);
	loop_defer(loop, stop, NULL);
	assert_int_equal(loop_run(loop), 0);
	assert_string_equal(trace, "R");
}

static void ready_mute_others(void *arg, unsigned events)
{
	note('M');
	lower_fd(0);
	assert_int_equal(loop_watch_change(watches[1], LOOP_WRITE), 0);
	assert_int_equal(loop_watch_change(watches[2], 0), 0);
}

static void ready_writable(void *arg, unsigned events)
{
	assert_int_equal(events, LOOP_WRITE);
	note('w');
	loop_watch_remove(watches[1]);
	loop_stop(loop, 0);
}

/* A changed mask counts at once, within the pass. */
static void test_loop_watch_changed_in_callback(void **state)
{
	add_watch(0, 0, ready_mute_others);
	add_watch(1, 5, ready_writable);
	add_watch(2, 5, ready_note);
	for (int i = 0; i < 3; i++)
		raise_fd(i);
	assert_int_equal(loop_run(loop), 0);
	assert_string_equal(trace, "Mw");
	assert_int_equal(loop_watch_change(watches[2], LOOP_READ), 0);
	loop_defer(loop, stop, NULL);
	loop_run(loop);
	assert_string_equal(trace, "MwC");
}

static void ready_hangup(void *arg, unsigned events)
{
	assert_int_equal(events, LOOP_READ | LOOP_WRITE);
	note('H');
	loop_watch_change(*(struct loop_watch **)arg, 0);
}

/* EPOLLHUP cannot be masked: a watch without events must not spin the loop. */
static void test_loop_hangup_is_both_and_zero_mask_is_quiet(void **state)
{
	int pipes[2];
	struct loop_watch *watch;
	assert_int_equal(pipe2(pipes, O_CLOEXEC | O_NONBLOCK), 0);
	assert_int_equal(
		loop_watch_add(loop, pipes[0], LOOP_READ, 0, ready_hangup, &watch, &watch), 0);
	close(pipes[1]);
	assert_int_equal(loop_timer_create(loop, stop, NULL, &timers[0]), 0);
	loop_timer_arm(timers[0], 20);
	assert_int_equal(loop_run(loop), 0);
	assert_string_equal(trace, "H");
	close(pipes[0]);
	loop_watch_remove(watch);
}

static void test_loop_watch_errors_are_told(void **state)
{
	struct loop_watch *watch;
	assert_int_equal(
		loop_watch_add(loop, 1000000, LOOP_READ, 0, ready_note, NULL, &watch), -EBADF);
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_int_equal(
		loop_watch_add(loop, file, LOOP_READ, 0, ready_note, NULL, &watch), -EPERM);
	close(file);
	loop_watch_remove(NULL);
}

static int64_t mono_now;

static int64_t fake_mono(void)
{
	return mono_now;
}

static void test_loop_timers_fire_in_order(void **state)
{
	mono_now = 1000;
	clock_replace(fake_mono, NULL);
	static const int delays[] = {30, 10, 20, 10};
	for (int i = 0; i < 4; i++) {
		loop_timer_create(loop, fire_note, (void *)(intptr_t)i, &timers[i]);
		assert_false(loop_timer_armed(timers[i]));
		loop_timer_arm(timers[i], delays[i]);
		assert_true(loop_timer_armed(timers[i]));
	}
	loop_defer(loop, stop, NULL);
	loop_run(loop);
	assert_string_equal(trace, "");
	mono_now = 1010;
	loop_defer(loop, stop, NULL);
	loop_run(loop);
	assert_string_equal(trace, "bd");
	assert_false(loop_timer_armed(timers[1]));
	loop_timer_disarm(timers[2]);
	mono_now = 2000;
	loop_defer(loop, stop, NULL);
	loop_run(loop);
	assert_string_equal(trace, "bda");
	clock_replace(NULL, NULL);
}

static void fire_rearm(void *arg)
{
	note('r');
	loop_timer_arm(timers[0], 0);
	loop_timer_destroy(timers[1]);
	timers[1] = NULL;
}

/* Rearmed in its callback it waits for the next pass; destroyed in another's it does not fire. */
static void test_loop_timer_rearmed_and_destroyed_in_callback(void **state)
{
	loop_timer_create(loop, fire_rearm, NULL, &timers[0]);
	loop_timer_create(loop, fire_note, NULL, &timers[1]);
	loop_timer_arm(timers[0], -5);
	loop_timer_arm(timers[1], 0);
	loop_defer(loop, stop, NULL);
	loop_run(loop);
	assert_string_equal(trace, "r");
	loop_defer(loop, stop, NULL);
	loop_run(loop);
	assert_string_equal(trace, "rr");
	loop_timer_destroy(NULL);
}

static void fire_destroy_self(void *arg)
{
	note('s');
	loop_timer_destroy(timers[0]);
	timers[0] = NULL;
	loop_stop(loop, 0);
}

static void test_loop_timer_waits_for_real(void **state)
{
	loop_timer_create(loop, fire_destroy_self, NULL, &timers[0]);
	int64_t before = clock_mono_ms();
	loop_timer_arm(timers[0], 30);
	assert_int_equal(loop_run(loop), 0);
	assert_true(clock_mono_ms() - before >= 30);
	assert_string_equal(trace, "s");
}

/* Against a plain array: many timers armed, moved and disarmed at random. */
static void test_loop_timer_heap_agrees_with_an_array(void **state)
{
	enum { COUNT = 100 };
	struct loop_timer *many[COUNT];
	int64_t due[COUNT];
	uint32_t random = 99;
	mono_now = 0;
	clock_replace(fake_mono, NULL);
	for (int i = 0; i < COUNT; i++) {
		loop_timer_create(loop, fire_note, (void *)(intptr_t)0, &many[i]);
		due[i] = -1;
	}
	for (int step = 0; step < 3000; step++) {
		random = random * 1664525 + 1013904223;
		int i = (int)(random >> 16) % COUNT;
		if ((random >> 8 & 3) == 0) {
			loop_timer_disarm(many[i]);
			due[i] = -1;
		} else {
			due[i] = mono_now + 1 + (int64_t)(random >> 20) % 50;
			loop_timer_arm(many[i], due[i] - mono_now);
		}
		if (step % 10 != 0)
			continue;
		mono_now += 3;
		trace[0] = '\0';
		size_t expected = 0;
		for (int j = 0; j < COUNT; j++) {
			if (due[j] >= 0 && due[j] <= mono_now) {
				expected++;
				due[j] = -1;
			}
		}
		loop_defer(loop, stop, NULL);
		loop_run(loop);
		assert_int_equal(strlen(trace), expected);
		for (int j = 0; j < COUNT; j++)
			assert_int_equal(loop_timer_armed(many[j]), due[j] >= 0);
	}
	clock_replace(NULL, NULL);
}

static void call_more(void *arg)
{
	note('m');
	loop_defer(loop, call_note, (void *)(intptr_t)1);
	loop_defer(loop, call_note, (void *)(intptr_t)2);
	loop_defer_cancel(loop, call_note, (void *)(intptr_t)1);
	loop_defer_cancel(loop, call_note, (void *)(intptr_t)3);
	loop_defer(loop, stop, NULL);
}

static void test_loop_defer_runs_once_and_cancels(void **state)
{
	loop_defer(loop, call_more, NULL);
	loop_defer(loop, call_note, (void *)(intptr_t)3);
	loop_defer(loop, call_note, (void *)(intptr_t)4);
	assert_int_equal(loop_run(loop), 0);
	assert_string_equal(trace, "m42");
}

/* Counts passes while nothing is due: none. */
static void test_loop_sleeps_while_nothing_is_due(void **state)
{
	add_watch(0, 0, ready_note);
	loop_timer_create(loop, stop, NULL, &timers[0]);
	loop_timer_create(loop, fire_note, NULL, &timers[1]);
	loop_timer_arm(timers[0], 60);
	loop_timer_arm(timers[1], 3600 * 1000);
	struct timespec before, after;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
	assert_int_equal(loop_run(loop), 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
	int64_t cpu_ms =
		(after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
	assert_true(cpu_ms < 30);
}

static void caught(void *arg, int signal)
{
	note(signal == SIGUSR1 ? '1' : signal == SIGUSR2 ? '2' : '?');
	if (signal == SIGUSR2)
		loop_stop(loop, 3);
}

static void test_loop_signals_are_events(void **state)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	assert_int_equal(loop_signals(loop, &set, caught, NULL), 0);
	raise(SIGUSR1);
	raise(SIGUSR2);
	assert_string_equal(trace, "");
	assert_int_equal(loop_run(loop), 3);
	assert_string_equal(trace, "12");
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void handler(int signal)
{
	loop_stop(loop, 9);
}

static void test_loop_stop_from_a_signal_handler(void **state)
{
	struct sigaction action = {.sa_handler = handler}, old;
	sigaction(SIGALRM, &action, &old);
	ualarm(20000, 0);
	assert_int_equal(loop_run(loop), 9);
	sigaction(SIGALRM, &old, NULL);
}

#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(test_loop_stop_returns_its_code),
		LOOP_TEST(test_loop_stop_wakes_from_another_thread),
		LOOP_TEST(test_loop_watches_run_by_priority),
		LOOP_TEST(test_loop_watch_removed_in_callback_does_not_fire),
		LOOP_TEST(test_loop_watch_changed_in_callback),
		LOOP_TEST(test_loop_hangup_is_both_and_zero_mask_is_quiet),
		LOOP_TEST(test_loop_watch_errors_are_told),
		LOOP_TEST(test_loop_timers_fire_in_order),
		LOOP_TEST(test_loop_timer_rearmed_and_destroyed_in_callback),
		LOOP_TEST(test_loop_timer_waits_for_real),
		LOOP_TEST(test_loop_timer_heap_agrees_with_an_array),
		LOOP_TEST(test_loop_defer_runs_once_and_cancels),
		LOOP_TEST(test_loop_sleeps_while_nothing_is_due),
		LOOP_TEST(test_loop_signals_are_events),
		LOOP_TEST(test_loop_stop_from_a_signal_handler),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
