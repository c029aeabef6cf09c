/* SPDX-License-Identifier: MIT */
#include "fs/api/client.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/list.h"
#include "fs/base/log.h"
#include "fs/base/text.h"

struct api_client {
	struct http *http; /* borrowed */
	char *base_url, *models_base_url, *key;
	int64_t request_timeout_ms;
	struct strlist question_headers, submit_headers;
	struct list calls; /* api_call.link */
};

/* One exchange. `answer` decodes the body, calls `done` and frees what was left in the answer. */
struct api_call {
	struct list link;
	struct http_request *request; /* NULL once it has ended */
	struct buf body;
	const char *what; /* static, for the log */
	void (*answer)(struct api_call *call, const struct http_end *end);
	union {
		void (*submit)(void *arg, struct api_submit_answer *answer);
		api_tasks_done *tasks;
		void (*balance)(void *arg, struct api_balance_answer *answer);
		void (*upload)(void *arg, struct api_upload_answer *answer);
		void (*models)(void *arg, struct api_models_answer *answer);
	} done;
	void *arg;
	char *task_id; /* of a question about one task, else NULL */
	char *member;  /* of a submission that is answered at once, else NULL */
	enum api_kind kind;
	const struct http_upload *file; /* of an upload, else NULL; borrowed while it starts */
};

static char *copy_base(const char *url)
{
	size_t length = strlen(url);

	while (length > 0 && url[length - 1] == '/')
		length--;
	return strndup(url, length);
}

int api_create(struct http *http, const struct api_options *options, struct api_client **ret_client)
{
	struct api_client *client;

	if (http_check_url(options->base_url) < 0 || http_check_url(options->models_base_url) < 0)
		return -EINVAL;
	client = calloc(1, sizeof(*client));
	if (!client)
		return -ENOMEM;
	list_init(&client->calls);
	client->http = http;
	client->request_timeout_ms = options->request_timeout_ms;
	client->base_url = copy_base(options->base_url);
	client->models_base_url = copy_base(options->models_base_url);
	/* A status that an edge has cached would look frozen (API reference 9, 21). */
	if (!client->base_url || !client->models_base_url ||
		strlist_add(&client->submit_headers, "Accept: application/json") < 0 ||
		strlist_add(&client->question_headers, "Accept: application/json") < 0 ||
		strlist_add(&client->question_headers, "Cache-Control: no-cache") < 0) {
		api_destroy(client);
		return -ENOMEM;
	}
	*ret_client = client;
	return 0;
}

static void wipe(char *key)
{
	if (key)
		explicit_bzero(key, strlen(key));
	free(key);
}

void api_destroy(struct api_client *client)
{
	if (!client)
		return;
	while (!list_empty(&client->calls))
		api_cancel(list_entry(client->calls.next, struct api_call, link));
	free(client->base_url);
	free(client->models_base_url);
	wipe(client->key);
	strlist_finish(&client->question_headers);
	strlist_finish(&client->submit_headers);
	free(client);
}

int api_set_key(struct api_client *client, const char *key)
{
	char *copy = NULL;

	/* It becomes part of a header. */
	for (const char *c = key; c && *c; c++)
		if (*c <= ' ' || *c > '~')
			return -EINVAL;
	if (key && *key) {
		copy = strdup(key);
		if (!copy)
			return -ENOMEM;
	}
	wipe(client->key);
	client->key = copy;
	/* a service that sends it back does not get it into a status or a log */
	text_hide(copy);
	return 0;
}

static void call_free(struct api_call *call)
{
	buf_finish(&call->body);
	free(call->task_id);
	free(call->member);
	free(call);
}

static int handle_body(void *arg, const char *data, size_t length)
{
	struct api_call *call = arg;

	return buf_add(&call->body, data, length);
}

static void handle_done(void *arg, const struct http_end *end)
{
	struct api_call *call = arg;

	/* Out of the list first: `done` may destroy the client or cancel this very call. */
	call->request = NULL;
	list_remove(&call->link);
	log_debug("api: %s: HTTP %d, %zu bytes%s%s", call->what, end->head.status,
		call->body.length, end->error ? ", " : "", end->error ? end->text : "");
	call->answer(call, end);
	call_free(call);
}

/* Starts an exchange and takes over `url`. */
static int call_start(struct api_client *client, struct api_call *prototype, char *url,
	const char *post, struct api_call **ret_call)
{
	static const struct http_events events = {.body = handle_body, .done = handle_done};
	char *owned_url CLEANUP_FREE = url;
	struct http_spec spec = {
		.url = url,
		.bearer = client->key,
		.headers = post || prototype->file ? &client->submit_headers
						   : &client->question_headers,
		.post = post,
		.post_length = post ? strlen(post) : 0,
		.upload = prototype->file,
		.range_start = -1,
		.range_end = -1,
		.once = post != NULL,
		.stall_ms = client->request_timeout_ms,
		/* as long as a file takes that keeps moving */
		.total_ms = prototype->file ? 0 : client->request_timeout_ms,
		.max_bytes = ENVELOPE_MAX_BYTES,
	};
	struct api_call *call;
	int r;

	if (!owned_url)
		return -ENOMEM;
	call = malloc(sizeof(*call));
	if (!call)
		return -ENOMEM;
	*call = *prototype;
	buf_init(&call->body, ENVELOPE_MAX_BYTES);
	call->file = NULL;
	list_init(&call->link);
	r = http_start(client->http, &spec, &events, call, &call->request);
	if (r < 0) {
		call->task_id = call->member = NULL;
		call_free(call);
		return r;
	}
	list_append(&client->calls, &call->link);
	if (ret_call)
		*ret_call = call;
	return 0;
}

void api_cancel(struct api_call *call)
{
	if (!call || !call->request)
		return;
	http_cancel(call->request);
	list_remove(&call->link);
	call_free(call);
}

static char *join_url(const char *base, const char *path)
{
	char *url;

	return asprintf(&url, "%s%s", base, path) < 0 ? NULL : url;
}

/* The exchange did not complete. */
static int no_answer(const struct http_end *end, struct api_error *error)
{
	*error = (struct api_error){
		.class = ERRCLASS_NETWORK,
		.not_sent = !end->maybe_sent,
		.retry_after_ms = -1,
	};
	snprintf(error->text, sizeof(error->text), "%s", end->text);
	return end->error;
}

/* A submission counts as refused only where the whole answer says so in a way that is understood. */
static enum api_outcome submit_outcome(const struct api_error *error)
{
	if (error->class == ERRCLASS_NETWORK && error->not_sent)
		return API_NOT_SENT;
	return errclass_next(error) == ERRCLASS_NEXT_UNKNOWN ? API_UNCERTAIN : API_REJECTED;
}

static void answer_submit(struct api_call *call, const struct http_end *end)
{
	struct api_submit_answer answer = {.error.retry_after_ms = -1};
	int r;

	if (end->error)
		r = no_answer(end, &answer.error);
	else if (call->member)
		r = envelope_text(end->head.status, call->body.data, call->body.length,
			call->member, &answer.text, &answer.error);
	else
		r = envelope_submitted(end->head.status, call->body.data, call->body.length,
			&answer.submitted, &answer.error);
	answer.error.retry_after_ms = end->head.retry_after_ms;
	answer.outcome = r == 0 ? API_ACCEPTED : submit_outcome(&answer.error);
	call->done.submit(call->arg, &answer);
	api_submitted_finish(&answer.submitted);
	free(answer.text);
}

int api_submit(struct api_client *client, const char *endpoint, const char *member,
	const char *body, void (*done)(void *arg, struct api_submit_answer *answer), void *arg,
	struct api_call **ret_call)
{
	struct api_call call = {
		.what = "submit", .answer = answer_submit, .done.submit = done, .arg = arg};
	char *url;

	if (!tool_endpoint_is_good(endpoint))
		return -EINVAL;
	call.member = member ? strdup(member) : NULL;
	if ((member && !call.member) ||
		asprintf(&url, "%s/v1/generation/%s", client->base_url, endpoint) < 0)
		url = NULL;
	int r = call_start(client, &call, url, body, ret_call);
	if (r < 0)
		free(call.member);
	return r;
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
		answer.result = no_answer(end, &answer.error);
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
	r = call_start(client, &call, url, NULL, ret_call);
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
	return call_start(client, &call, url, NULL, ret_call);
}

static void answer_balance(struct api_call *call, const struct http_end *end)
{
	struct api_balance_answer answer = {.error.retry_after_ms = -1};

	if (end->error)
		answer.result = no_answer(end, &answer.error);
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

	return call_start(client, &call, join_url(client->base_url, "/v1/generation/balance"), NULL,
		ret_call);
}

static void answer_upload(struct api_call *call, const struct http_end *end)
{
	struct api_upload_answer answer = {.error.retry_after_ms = -1};

	if (end->error)
		answer.result = no_answer(end, &answer.error);
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
	return call_start(client, &call, join_url(client->base_url, "/v1/generation/upload-file"),
		NULL, ret_call);
}

static void answer_models(struct api_call *call, const struct http_end *end)
{
	struct api_models_answer answer = {.error.retry_after_ms = -1};

	if (end->error)
		answer.result = no_answer(end, &answer.error);
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
	return call_start(client, &call,
		join_url(client->models_base_url, kind == API_IMAGE ? "/growthai/v1/image/models"
								    : "/growthai/v1/video/models"),
		NULL, ret_call);
}
