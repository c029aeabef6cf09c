/* SPDX-License-Identifier: MIT */
/* With no more questions than one in three seconds the end of a job is seen within a second, once it is known how long such jobs take. */
#include "fs/queue/queue_takes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define INTERVAL 3000
#define JOBS 200

/* How late the end is seen, and how often it was asked for. */
static int64_t follow(struct queue_takes *takes, int64_t ends, unsigned *ret_asked)
{
	int64_t age = 0, before;
	unsigned asked = 0;

	do {
		int64_t wait = queue_takes_wait(takes, "M", "m", age, asked, INTERVAL);
		before = age;
		age += wait < 0 ? INTERVAL : wait;
		asked++;
	} while (age < ends);
	queue_takes_learn(takes, "M", "m", age, before);
	*ret_asked = asked;
	return age - ends;
}

static int by_size(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static void check(int64_t mean, int64_t spread, int64_t late_ms)
{
	struct queue_takes *takes = queue_takes_create();
	int64_t late[JOBS];
	unsigned asked, all = 0;

	srand(1);
	for (int i = 0; i < 50; i++)
		follow(takes, mean - spread + rand() % (2 * spread + 1), &asked);
	for (int i = 0; i < JOBS; i++) {
		late[i] = follow(takes, mean - spread + rand() % (2 * spread + 1), &asked);
		all += asked;
	}
	qsort(late, JOBS, sizeof(late[0]), by_size);
	unsigned allowed = (unsigned)(JOBS * (mean / INTERVAL + 1));
	if (late[JOBS / 2] > late_ms || all > allowed)
		fail_msg("%lld +- %lld: seen %lld ms late, %u questions of %u", (long long)mean, (long long)spread,
			(long long)late[JOBS / 2], all, allowed);
	queue_takes_destroy(takes);
}

static void test_takes_end_is_seen_soon(void **state)
{
	check(4000, 300, 1000);
	check(8000, 1000, 1000);
	check(25000, 2000, 1000);
	check(25000, 500, 600);
	check(60000, 5000, 1000);
	check(120000, 3000, 600);
}

static void test_takes_film_is_not_asked_for_all_the_time(void **state)
{
	struct queue_takes *takes = queue_takes_create();
	unsigned asked = 0;

	for (int i = 0; i < 20; i++)
		follow(takes, 600000 + i % 5 * 4000, &asked);
	assert_in_range(asked, 5, 100);
	queue_takes_destroy(takes);
}

static void test_takes_nothing_is_known_of_few(void **state)
{
	struct queue_takes *takes = queue_takes_create();

	queue_takes_learn(takes, "M", "m", 5000, 4000);
	queue_takes_learn(takes, "M", "m", 5000, 4000);
	assert_int_equal(queue_takes_wait(takes, "M", "m", 0, 0, INTERVAL), -1);
	assert_int_equal(queue_takes_learn(takes, "M", "m", 5000, 4000), 1);
	assert_true(queue_takes_wait(takes, "M", "m", 0, 0, INTERVAL) > 0);
	assert_int_equal(queue_takes_wait(takes, "M", "other", 0, 0, INTERVAL), -1);
	queue_takes_destroy(takes);
}

static void test_takes_are_remembered(void **state)
{
	struct queue_takes *takes = queue_takes_create(), *later = queue_takes_create();

	for (int i = 0; i < 5; i++)
		queue_takes_learn(takes, "M", "m", 30000, 29000);
	char *text = queue_takes_text(takes);
	assert_non_null(text);
	queue_takes_recall(later, "nonsense\nM m -5 7\nM\n");
	assert_int_equal(queue_takes_wait(later, "M", "m", 0, 0, INTERVAL), -1);
	queue_takes_recall(later, text);
	assert_int_equal(queue_takes_wait(later, "M", "m", 20000, 2, INTERVAL),
		queue_takes_wait(takes, "M", "m", 20000, 2, INTERVAL));
	free(text);
	queue_takes_destroy(takes);
	queue_takes_destroy(later);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes_end_is_seen_soon),
		cmocka_unit_test(test_takes_film_is_not_asked_for_all_the_time),
		cmocka_unit_test(test_takes_nothing_is_known_of_few),
		cmocka_unit_test(test_takes_are_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
