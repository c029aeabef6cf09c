/* SPDX-License-Identifier: MIT */
#include "fs/fetch/renew.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/api/client.h"
#include "fs/base/log.h"
#include "fs/fetch/fetch.h"
#include "fs/store/jobs.h"
#include "fs/store/store.h"

struct renewal {
	struct store *store;    /* borrowed */
	struct api_client *api; /* borrowed */
	int64_t job;
	struct task_record *tasks; /* owned */
	size_t task_count, next;
	struct result_record *results; /* owned */
	size_t result_count;
	struct api_call *call; /* owned */
	void (*done)(void *arg, int result);
	void *arg;
};

static void ask_next(struct renewal *renewal);

const char *result_address(const char *told, enum result_kind *kind)
{
	size_t mark = strlen(ENVELOPE_REFUSED);

	if (strncmp(told, ENVELOPE_REFUSED, mark) != 0)
		return told;
	*kind = RESULT_REFUSED;
	return told + mark;
}

bool renew_is_due(int status)
{
	return status == 401 || status == 403 || status == 404 || status == 410;
}

void renew_cancel(struct renewal *renewal)
{
	if (renewal == NULL)
		return;
	api_cancel(renewal->call);
	task_records_finish(renewal->tasks, renewal->task_count);
	result_records_finish(renewal->results, renewal->result_count);
	free(renewal);
}

static void finish(struct renewal *renewal, int result)
{
	void (*done)(void *arg, int result) = renewal->done;
	void *arg = renewal->arg;

	renew_cancel(renewal);
	done(arg, result);
}

static int record(struct store *store, void *arg)
{
	struct renewal *renewal = arg;
	int r = 0;

	for (size_t i = 0; i < renewal->result_count && r == 0; i++)
		r = results_set_url(store, renewal->job, renewal->results[i].seq,
			renewal->results[i].kind, renewal->results[i].url);
	return r;
}

/* The n-th address of a task takes the place of its n-th one, that of a cover the place of a cover's. */
static int take_urls(struct renewal *renewal, const char *task, const struct api_task *told)
{
	size_t n = 0, covers = 0;

	for (size_t i = 0; i < renewal->result_count; i++) {
		struct result_record *result = &renewal->results[i];
		bool cover = result->kind == RESULT_COVER;
		const char *address;
		if (strcmp(result->task, task) != 0 || result->kind == RESULT_TEXT ||
			(cover && covers == told->covers.count))
			continue;
		if (!cover && n == told->urls.count)
			return -EIO;
		if (cover) {
			address = told->covers.items[covers++];
		} else {
			result->kind = RESULT_FILE;
			address = result_address(told->urls.items[n++], &result->kind);
		}
		char *url = strdup(address);
		if (url == NULL)
			return -ENOMEM;
		free(result->url);
		result->url = url;
	}
	return 0;
}

static void on_status(void *arg, struct api_tasks_answer *answer)
{
	struct renewal *renewal = arg;
	const char *task = renewal->tasks[renewal->next].id;
	int r = answer->result;

	renewal->call = NULL;
	if (r == 0 && (answer->tasks.count == 0 || answer->tasks.items[0].state != TASK_SUCCEEDED))
		r = -EIO;
	if (r == 0)
		r = take_urls(renewal, task, &answer->tasks.items[0]);
	if (r < 0) {
		finish(renewal, r);
		return;
	}
	renewal->next++;
	ask_next(renewal);
}

static bool has_results(const struct renewal *renewal, const char *task)
{
	for (size_t i = 0; i < renewal->result_count; i++)
		if (strcmp(renewal->results[i].task, task) == 0)
			return true;
	return false;
}

static void ask_next(struct renewal *renewal)
{
	int r;

	while (renewal->next < renewal->task_count &&
		!has_results(renewal, renewal->tasks[renewal->next].id))
		renewal->next++;
	if (renewal->next == renewal->task_count) {
		finish(renewal, store_run(renewal->store, false, record, renewal));
		return;
	}
	r = api_task_status(
		renewal->api, renewal->tasks[renewal->next].id, on_status, renewal, &renewal->call);
	if (r < 0)
		finish(renewal, r);
}

int renew_start(struct store *store, struct api_client *api, int64_t job,
	void (*done)(void *arg, int result), void *arg, struct renewal **ret_renewal)
{
	struct renewal *renewal = calloc(1, sizeof(*renewal));

	if (renewal == NULL)
		return -ENOMEM;
	renewal->store = store;
	renewal->api = api;
	renewal->job = job;
	renewal->done = done;
	renewal->arg = arg;
	int r = tasks_get(store, job, &renewal->tasks, &renewal->task_count);
	if (r == 0)
		r = results_get(store, job, &renewal->results, &renewal->result_count);
	if (r == 0 && (renewal->task_count == 0 || renewal->result_count == 0))
		r = -ENOENT;
	/* the first that has any: one of several tasks may have failed */
	while (r == 0 && renewal->next < renewal->task_count &&
		!has_results(renewal, renewal->tasks[renewal->next].id))
		renewal->next++;
	if (r == 0 && renewal->next == renewal->task_count)
		r = -ENOENT;
	if (r == 0)
		r = api_task_status(
			api, renewal->tasks[renewal->next].id, on_status, renewal, &renewal->call);
	if (r < 0) {
		renew_cancel(renewal);
		return r;
	}
	*ret_renewal = renewal;
	return 0;
}
