/* SPDX-License-Identifier: MIT */
#include "fs/job/job_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/job/job.h"

#define JOBS 200
#define MODELS 3

static struct job jobs[JOBS];
static struct job_lines lines;
static char names[MODELS][8] = {"ONE", "TWO", "THREE"};

static int setup(void **state)
{
	job_lines_init(&lines);
	for (int i = 0; i < JOBS; i++) {
		jobs[i] = (struct job){.record = {.id = i * 10 + 10, .model = names[i % MODELS]}};
		list_init(&jobs[i].busy);
		list_init(&jobs[i].waiting);
	}
	return 0;
}

static int teardown(void **state)
{
	for (int i = 0; i < JOBS; i++)
		job_lines_leave(&lines, &jobs[i]);
	assert_int_equal(lines.all.members, 0);
	assert_true(list_empty(&lines.models));
	job_lines_finish(&lines);
	return 0;
}

static size_t queued_before(int64_t id)
{
	size_t count = 0;

	for (int i = 0; i < JOBS; i++)
		count += jobs[i].queued && jobs[i].record.id < id;
	return count;
}

static void check_lines(void)
{
	assert_int_equal(lines.all.count, queued_before(INT64_MAX));
	for (size_t i = 0; i < lines.all.count; i++)
		assert_int_equal(queued_before(job_line_at(&lines.all, i)->record.id), i);
	for (int i = 0; i < JOBS; i++)
		assert_int_equal(job_line_before(&lines.all, jobs[i].record.id), queued_before(jobs[i].record.id));
}

static void test_job_line_is_sorted_whatever_comes_and_goes(void **state)
{
	srand(7);
	for (int i = 0; i < 20000; i++) {
		struct job *job = &jobs[rand() % JOBS];
		if (job->line == NULL)
			assert_int_equal(job_lines_enter(&lines, job), 0);
		else if (rand() % 8 == 0)
			job_lines_leave(&lines, job);
		job_lines_note(job, (unsigned)rand() % 8);
		if (i % 100 == 0)
			check_lines();
	}
	check_lines();
}

static void enter(int i)
{
	assert_int_equal(job_lines_enter(&lines, &jobs[i]), 0);
	job_lines_note(&jobs[i], JOB_LINE_QUEUED);
}

/* Whose turn it is, as the queue finds it. */
static struct job *send_next(void)
{
	struct job_line *best = NULL;
	struct list *item;

	list_for_each(item, &lines.models)
	{
		struct job_line *line = list_entry(item, struct job_line, link);
		if (line->count > 0 && (best == NULL || job_line_is_first(line, best)))
			best = line;
	}
	struct job *job = job_line_at(best, 0);
	job_line_sent(&lines, best);
	job_lines_note(job, JOB_LINE_BUSY);
	return job;
}

/* A hundred of one model do not keep the others waiting, and each is sent when its place said so. */
static void test_job_lines_take_turns(void **state)
{
	size_t ahead[JOBS];
	int first[JOBS], count = 0;

	for (int i = 0; i < JOBS; i += MODELS)
		first[count++] = i;
	first[count++] = 100; /* of the second */
	first[count++] = 101; /* of the third */
	for (int i = 0; i < count; i++)
		enter(first[i]);
	send_next();
	for (int i = 1; i < count; i++)
		ahead[first[i]] = job_lines_ahead(&lines, &jobs[first[i]]);
	assert_in_range(ahead[100], 0, 2);
	assert_in_range(ahead[101], 0, 2);
	for (size_t sent = 0; lines.all.count > 0; sent++) {
		struct job *job = send_next();
		assert_int_equal(ahead[job - jobs], sent);
	}
}

static void test_job_that_is_busy_is_found_among_the_busy_alone(void **state)
{
	enter(5);
	assert_true(list_empty(&lines.busy));
	job_lines_note(&jobs[5], JOB_LINE_BUSY);
	assert_int_equal(lines.all.count, 0);
	assert_ptr_equal(list_entry(lines.busy.next, struct job, busy), &jobs[5]);
	job_lines_note(&jobs[5], 0);
	assert_true(list_empty(&lines.busy));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_job_line_is_sorted_whatever_comes_and_goes),
		T(test_job_lines_take_turns),
		T(test_job_that_is_busy_is_found_among_the_busy_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
