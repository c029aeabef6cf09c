/* SPDX-License-Identifier: MIT */
/* In which order inotify is told: results never wait for statuses, and a status that waits is told once. The child is this test. */
#include "fs/notify/notifier.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/job/changes.h"
#include "fs/notify/notifier_process.h"
#include "tests/unit/own_http.h"
#include "tests/unit/world.h"

#define PROMPTS 100

static const struct notifier_process_events *events;
static void *events_arg;
static struct notifier *notifier;
static char orders[4 * PROMPTS]; /* their kinds */
static size_t order_count;

int __wrap_notifier_process_create(const struct notifier_needs *needs,
	const struct notifier_process_events *its_events, void *arg, struct notifier_process **ret_process);
void __wrap_notifier_process_start(struct notifier_process *process);
void __wrap_notifier_process_stop(struct notifier_process *process);
void __wrap_notifier_process_destroy(struct notifier_process *process);
pid_t __wrap_notifier_process_id(const struct notifier_process *process);
int __wrap_notifier_process_send(struct notifier_process *process, const void *order, size_t length);
void __wrap_notifier_process_praise(struct notifier_process *process);

int __wrap_notifier_process_create(const struct notifier_needs *needs,
	const struct notifier_process_events *its_events, void *arg, struct notifier_process **ret_process)
{
	events = its_events;
	events_arg = arg;
	*ret_process = NULL;
	return 0;
}

void __wrap_notifier_process_start(struct notifier_process *process)
{
	events->started(events_arg);
}

void __wrap_notifier_process_stop(struct notifier_process *process)
{
}

void __wrap_notifier_process_destroy(struct notifier_process *process)
{
}

pid_t __wrap_notifier_process_id(const struct notifier_process *process)
{
	return 7;
}

int __wrap_notifier_process_send(struct notifier_process *process, const void *order, size_t length)
{
	assert_true(length > 0 && order_count < sizeof(orders));
	orders[order_count++] = *(const char *)order;
	return 0;
}

void __wrap_notifier_process_praise(struct notifier_process *process)
{
}

static int setup(void **state)
{
	int r = world_setup(state);
	const struct notifier_needs needs = {.loop = world.loop,
		.tree = account_tree(world.account),
		.fetches = account_fetches(world.account),
		.changes = account_changes(world.account),
		.mountpoint = "/nowhere",
		.memory_fd = -1};

	order_count = 0;
	if (r == 0)
		r = notifier_create(&needs, &notifier);
	if (r == 0)
		notifier_start(notifier);
	return r;
}

static int teardown(void **state)
{
	notifier_destroy(notifier);
	return world_teardown(state);
}

static char path[64];

static const char *prompt(int i)
{
	snprintf(path, sizeof(path), "FLUX/%d.txt", i);
	return path;
}

static void tell_all(void)
{
	for (int i = 0; i < PROMPTS; i++)
		changes_tell_status(account_changes(world.account), (int64_t)world_ino(prompt(i)));
	world_settle();
}

static void answer_all(void)
{
	for (size_t i = 0; i < order_count; i++)
		assert_true(events->answered(events_arg, 0));
}

static size_t count(char kind)
{
	size_t n = 0;

	for (size_t i = 0; i < order_count; i++)
		n += orders[i] == kind;
	return n;
}

static void test_notifier_results_go_before_statuses(void **state)
{
	own_http_next("POST", (struct own_answer){.hold = true});
	for (int i = 0; i < PROMPTS; i++) {
		char text[32];
		snprintf(text, sizeof(text), "%d foxes\n", i);
		world_save(prompt(i), text);
	}
	world_wait(1500);
	answer_all();
	assert_true(notifier_is_quiet(notifier));
	order_count = 0;
	/* all statuses read differently, and one is with the child when a result comes */
	own_http_release((struct own_answer){.status = 403, .body = "{\"status\":1011,\"desc\":\"no credits\"}"});
	own_http_balance(0);
	world_wait(100);
	tell_all();
	tell_all();
	assert_int_equal(order_count, 1);
	assert_int_equal(orders[0], 'm');
	assert_true(notifier_is_quiet(notifier));
	changes_tell_result(account_changes(world.account), (int64_t)world_ino("FLUX"), (int64_t)world_ino(prompt(0)), "0.txt");
	assert_false(notifier_is_quiet(notifier));
	assert_true(events->answered(events_arg, 0));
	assert_int_equal(orders[1], 'c');
	assert_true(events->answered(events_arg, 0));
	assert_true(notifier_is_quiet(notifier));
	for (size_t i = 2; i < order_count; i++)
		assert_true(events->answered(events_arg, 0));
	/* the one that was with the child may have changed meanwhile */
	assert_in_range(count('m'), PROMPTS, PROMPTS + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_notifier_results_go_before_statuses, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
