/* SPDX-License-Identifier: MIT */
/* What may be asked as often as one likes: tasks, the balance, the models; and uploads, which are free. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/api/client_private.h"
#include "fs/base/cleanup.h"

static char *join_url(const char *base, const char *path)
{
	char *url;

	return asprintf(&url, "%s%s", base, path) < 0 ? NULL : url;
}

/* The task that was asked for goes first. */
static void put_first(struct api_tasks *tasks, const char *task_id)
{
	for (size_t i = 0; i < tasks->count; i++) {
		if (tasks->items[i].id && strcmp(tasks->items[i].id, task_id) == 0) {
			struct api_task first = tasks->items[0];

			tasks->items[0] = tasks->items[i];
			tasks->items[i] = first;
			return;
		}
	}
}

static void answer_tasks(struct api_call *call, const struct http_end *end)
{
	struct api_tasks_answer answer = {.error.retry_after_ms = -1};

	if (end->error)
		answer.result = client_no_answer(end, &answer.error);
	else
		answer.result = envelope_tasks(end->head.status, call->body.data, call->body.length,
			&answer.tasks, &answer.error);
	answer.error.retry_after_ms = end->head.retry_after_ms;
	if (answer.result == 0 && call->task_id)
		put_first(&answer.tasks, call->task_id);
	call->done.tasks(call->arg, &answer);
	api_tasks_finish(&answer.tasks);
}

int api_task_status(struct api_client *client, const char *task_id, api_tasks_done *done, void *arg,
	struct api_call **ret_call)
{
	struct api_call call = {
		.what = "task status", .answer = answer_tasks, .done.tasks = done, .arg = arg};
	char *segment CLEANUP_FREE = NULL;
	char *url;
	int r;

	if (!*task_id || strcmp(task_id, ".") == 0 || strcmp(task_id, "..") == 0)
		return -EINVAL;
	segment = http_escape(task_id);
	call.task_id = strdup(task_id);
	if (!segment || !call.task_id ||
		asprintf(&url, "%s/v1/generation/%s/status", client->base_url, segment) < 0)
		url = NULL;
	r = client_call_start(client, &call, url, NULL, ret_call);
	if (r < 0)
		free(call.task_id);
	return r;
}

int api_batch_status(struct api_client *client, int64_t batch_id, api_tasks_done *done, void *arg,
	struct api_call **ret_call)
{
	struct api_call call = {
		.what = "batch status", .answer = answer_tasks, .done.tasks = done, .arg = arg};
	char *url;

	if (batch_id <= 0)
		return -EINVAL;
	if (asprintf(&url, "%s/v1/generation/batch/%" PRId64 "/status", client->base_url,
		    batch_id) < 0)
		url = NULL;
	return client_call_start(client, &call, url, NULL, ret_call);
}

static void answer_balance(struct api_call *call, const struct http_end *end)
{
	struct api_balance_answer answer = {.error.retry_after_ms = -1};

	if (end->error)
		answer.result = client_no_answer(end, &answer.error);
	else
		answer.result = envelope_balance(end->head.status, call->body.data,
			call->body.length, &answer.credits, &answer.error);
	answer.error.retry_after_ms = end->head.retry_after_ms;
	call->done.balance(call->arg, &answer);
}

int api_balance(struct api_client *client,
	void (*done)(void *arg, struct api_balance_answer *answer), void *arg,
	struct api_call **ret_call)
{
	struct api_call call = {
		.what = "balance", .answer = answer_balance, .done.balance = done, .arg = arg};

	return client_call_start(client, &call, join_url(client->base_url, "/v1/generation/balance"), NULL,
		ret_call);
}

static void answer_upload(struct api_call *call, const struct http_end *end)
{
	struct api_upload_answer answer = {.error.retry_after_ms = -1};

	if (end->error)
		answer.result = client_no_answer(end, &answer.error);
	else
		answer.result = envelope_uploaded(end->head.status, call->body.data,
			call->body.length, &answer.url, &answer.error);
	answer.error.retry_after_ms = end->head.retry_after_ms;
	call->done.upload(call->arg, &answer);
	free(answer.url);
}

int api_upload(struct api_client *client, const struct http_upload *file,
	void (*done)(void *arg, struct api_upload_answer *answer), void *arg,
	struct api_call **ret_call)
{
	struct http_upload form = *file;
	struct api_call call = {.what = "upload",
		.answer = answer_upload,
		.done.upload = done,
		.arg = arg,
		.file = &form};

	form.field = "file";
	return client_call_start(client, &call, join_url(client->base_url, "/v1/generation/upload-file"),
		NULL, ret_call);
}

static void answer_models(struct api_call *call, const struct http_end *end)
{
	struct api_models_answer answer = {.error.retry_after_ms = -1};

	if (end->error)
		answer.result = client_no_answer(end, &answer.error);
	else
		answer.result = registry_parse_live(call->kind, end->head.status, call->body.data,
			call->body.length, &answer.models, &answer.error);
	answer.error.retry_after_ms = end->head.retry_after_ms;
	call->done.models(call->arg, &answer);
	model_list_finish(&answer.models);
}

int api_models(struct api_client *client, enum api_kind kind,
	void (*done)(void *arg, struct api_models_answer *answer), void *arg,
	struct api_call **ret_call)
{
	struct api_call call = {.what = "models",
		.answer = answer_models,
		.done.models = done,
		.arg = arg,
		.kind = kind};

	if (kind != API_IMAGE && kind != API_VIDEO)
		return -EINVAL;
	return client_call_start(client, &call,
		join_url(client->models_base_url, kind == API_IMAGE ? "/growthai/v1/image/models"
								    : "/growthai/v1/video/models"),
		NULL, ret_call);
}
