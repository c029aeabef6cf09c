/* SPDX-License-Identifier: MIT */
#include "fs/queue/queue_private.h"

#include <errno.h>
#include <stdlib.h>

#include "fs/base/clock.h"
#include "fs/store/tally.h"

/* All that the tasks have made, in the order of the tasks. The strings stay the job's; the caller frees the list. */
static int list_results(
	const struct job *job, struct result_record **ret_results, size_t *ret_count)
{
	struct result_record *results;
	size_t count = 0, n = 0;

	for (size_t i = 0; i < job->task_count; i++)
		count += job->made[i].count;
	results = calloc(count + 1, sizeof(*results));
	if (results == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < job->task_count; i++)
		for (size_t k = 0; k < job->made[i].count; k++)
			results[n++] = job->made[i].results[k];
	*ret_results = results;
	*ret_count = count;
	return 0;
}

struct success {
	struct job *job;
	const struct result_record *results;
	size_t count;
};

/* Not the pictures of sounds, and what cannot be fetched from anywhere. */
static int count_made(const struct success *success)
{
	int made = 0;

	for (size_t i = 0; i < success->count; i++)
		made += success->results[i].kind == RESULT_FILE || success->results[i].kind == RESULT_TEXT;
	return made;
}

static int write_success(struct store *store, void *arg)
{
	const struct success *success = arg;
	const struct job *job = success->job;
	int r = jobs_save(store, &job->record);

	if (r == 0)
		r = tasks_set(store, job->record.id, job->tasks, job->task_count);
	if (r == 0)
		r = tally_made(store, job->record.id, count_made(success));
	return r < 0 ? r : results_set(store, job->record.id, success->results, success->count);
}

static int record_results(struct job *job, const struct result_record *results, size_t count)
{
	struct success success = {job, results, count};
	struct store *store = job->table->store;
	enum job_state before = job->record.state;

	job_set_state(job, JOB_FETCHING);
	job->record.finished = clock_wall_ms();
	int r = store_run(store, true, write_success, &success);
	/* an answer that is the result cannot be asked for again: what was kept back is for this */
	if (r == -ENOSPC && store_reserve_use(store))
		r = store_run(store, true, write_success, &success);
	if (r < 0) {
		job_set_state(job, before);
		job->record.finished = 0;
	}
	return r;
}

int queue_record_success(struct job *job)
{
	struct result_record *results = NULL;
	size_t count = 0;
	int r = list_results(job, &results, &count);

	if (r < 0)
		return r;
	r = record_results(job, results, count);
	free(results);
	return r;
}

int queue_record_text(struct job *job, const char *text)
{
	/* borrowed: the row gets a copy */
	struct result_record result = {.kind = RESULT_TEXT,
		.size = -1,
		.task = (char *)"",
		.url = (char *)"",
		.text = (char *)text};

	return record_results(job, &result, 1);
}
