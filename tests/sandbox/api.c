/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/api.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/canned.h"
#include "tests/sandbox/cdn_url.h"
#include "tests/sandbox/podcast.h"
#include "tests/sandbox/spoil.h"
#include "tests/sandbox/submit.h"
#include "tests/sandbox/upload.h"

static const char generation[] = "/v1/generation/";

json_t *api_task(struct sandbox *sandbox, struct wire_task *view)
{
	const struct task *task = view->task;
	const struct generation *made = task->generation;
	char *url[STATE_OUTPUTS_MAX] = {0}, *cover = NULL;
	json_t *json;

	view->url = url;
	if (view->phase == PHASE_SUCCEEDED && made->endpoint->kind != MEDIA_TEXT &&
		!faults_has(&made->faults, FAULT_TASK_EMPTY, NULL))
		for (; view->url_count < task->outputs; view->url_count++)
			url[view->url_count] = cdn_url(sandbox, task, view->url_count);
	if (view->url_count && made->lyrics)
		view->cover = cover = cdn_url(sandbox, task, task->outputs);
	json = wire_task(&sandbox->wire, view);
	free(cover);
	for (unsigned i = 0; i < view->url_count; i++)
		free(url[i]);
	view->url = NULL;
	view->cover = NULL;
	return json;
}

static json_t *show_task(struct request *request, const struct task *task, bool alone)
{
	struct sandbox *sandbox = request->sandbox;
	const struct generation *made = task->generation;
	char *reads = xformat("reads %s", task->id), *final = xformat("final %s", task->id);
	struct wire_task view = {.task = task, .phase = state_phase(task)};
	enum phase script;
	json_t *data;

	view.reads = state_count(sandbox->state, reads);
	if (request_fault(request, &made->faults, FAULT_STATUS_WEIRD, task->id, NULL)) {
		view.weird = true;
		view.phase = PHASE_PROCESSING;
	} else if (view.phase != PHASE_FAILED && view.phase != PHASE_CANCELED &&
		   request_fault(request, &made->faults, FAULT_STATUS_FLIP, task->id, NULL)) {
		if (view.phase == PHASE_SUCCEEDED && state_count(sandbox->state, final) == 0)
			view.phase = PHASE_PROCESSING;
		else if (view.phase != PHASE_SUCCEEDED)
			view.phase = view.reads % 2 ? PHASE_WAITING : PHASE_PROCESSING;
	}
	free(reads);
	free(final);
	script = view.phase;
	view.phase = podcast_phase(sandbox, task, script);
	data = api_task(sandbox, &view);
	podcast_show(sandbox, task, script, data);
	return alone && wire_shows_array(&sandbox->wire, view.reads) ? json_pack("[o]", data)
								     : data;
}

/* true: the answer is complete. */
static bool spoil_status(struct request *request, const struct fault_set *set, const char *id,
	bool batch, struct answer *ret)
{
	struct wire *wire = &request->sandbox->wire;
	struct fault_value value;

	if (request_fault(request, set, FAULT_STATUS_SLOW, id, &value))
		ret->slow = value.number;
	if (request_fault(request, set, FAULT_STATUS_DROP, id, NULL))
		ret->way = ANSWER_RESET;
	else if (request_fault(request, set, FAULT_STATUS_500, id, NULL))
		answer_text(ret, 500, "text/plain", "internal server error\n");
	else if (request_fault(request, set, FAULT_STATUS_HTML, id, NULL))
		answer_html(ret, 200);
	else if (request_fault(request, set, FAULT_STATUS_GARBAGE, id, NULL))
		answer_garbage(ret);
	else if (request_fault(request, set, FAULT_STATUS_ANSWER, id, &value))
		canned_answer(request->sandbox->canned, (unsigned)value.number, ret);
	else if (request_fault(request, set, FAULT_STATUS_1003, id, NULL))
		wire_code(wire, 200, 1003, "resource not exists, may have expired", ret);
	else if (request_fault(request, set, FAULT_STATUS_NOTEXIST, id, NULL))
		wire_code(wire, 200, 1002, batch ? "batch not exist" : "task not exist", ret);
	else
		return false;
	return true;
}

static void handle_status(struct request *request, const char *id, bool batch, struct answer *ret)
{
	struct sandbox *sandbox = request->sandbox;
	const struct task *task[STATE_OUTPUTS_MAX] = {0};
	const struct fault_set *set = NULL;
	struct fault_value value;
	unsigned count;
	json_t *data;

	json_object_set_new(request->entry, "task", json_pack("[s]", id));
	state_count(sandbox->state, batch ? "batch-status" : "status");
	if (batch) {
		count = state_find_batch(sandbox->state, id, task);
	} else {
		task[0] = state_find(sandbox->state, id);
		count = task[0] ? 1 : 0;
	}
	if (count)
		set = &task[0]->generation->faults;
	if (spoil_status(request, set, id, batch, ret))
		return;
	if (!count) {
		wire_error(&sandbox->wire, batch ? WIRE_NO_BATCH : WIRE_NO_TASK, NULL, ret);
		return;
	}
	if (batch) {
		data = json_array();
		for (unsigned i = 0; i < count; i++)
			json_array_append_new(data, show_task(request, task[i], false));
	} else {
		data = show_task(request, task[0], true);
	}
	wire_success(&sandbox->wire, data, ret);
	if (request_fault(request, set, FAULT_STATUS_TRUNCATED, id, &value))
		answer_halve(ret, value.text[0] != '\0');
}

static void handle_balance(struct request *request, struct answer *ret)
{
	struct settings settings = state_settings(request->sandbox->state);

	state_count(request->sandbox->state, "balance");
	if (settings.credits_hidden)
		wire_error(&request->sandbox->wire, WIRE_NO_PATH, NULL, ret);
	else
		wire_success(&request->sandbox->wire, json_integer(settings.credits), ret);
}

static void handle_registry(struct request *request, const char *kind, struct answer *ret)
{
	struct sandbox *sandbox = request->sandbox;
	const char *known = request_header(request, MHD_HTTP_HEADER_IF_NONE_MATCH);
	json_t *data = catalogue_registry(sandbox->catalogue, kind);
	char *text = json_dumps(data, JSON_COMPACT | JSON_SORT_KEYS);
	char etag[sizeof(ret->etag)];

	state_count(sandbox->state, "registry");
	snprintf(etag, sizeof(etag), "\"%016llx\"",
		(unsigned long long)util_hash_text(text ? text : "", 0));
	free(text);
	if (known && strcmp(known, etag) == 0) {
		json_decref(data);
		answer_text(ret, 304, "application/json", "");
	} else {
		wire_success(&sandbox->wire, data, ret);
	}
	memcpy(ret->etag, etag, sizeof(etag));
}

/* ID of PREFIX ID "/status"; owned by the caller. NULL: another path, or an empty ID. */
static char *path_id(const char *path, const char *prefix)
{
	size_t head = strlen(prefix), size = strlen(path), tail = strlen("/status");

	if (size <= head + tail || strncmp(path, prefix, head) != 0 ||
		strcmp(path + size - tail, "/status") != 0 ||
		memchr(path + head, '/', size - head - tail))
		return NULL;
	return strndup(path + head, size - head - tail);
}

static bool handle_get(struct request *request, struct answer *ret)
{
	char *id;

	if (strcmp(request->path, "/v1/generation/balance") == 0) {
		handle_balance(request, ret);
		return true;
	}
	if (strcmp(request->path, "/v1/generation/podcast/speakers/list") == 0) {
		podcast_speakers(request, ret);
		return true;
	}
	if (strcmp(request->path, "/growthai/v1/image/models") == 0 ||
		strcmp(request->path, "/growthai/v1/video/models") == 0) {
		handle_registry(request, strstr(request->path, "image") ? "image" : "video", ret);
		return true;
	}
	if ((id = path_id(request->path, "/v1/generation/batch/")))
		handle_status(request, id, true, ret);
	else if ((id = path_id(request->path, generation)))
		handle_status(request, id, false, ret);
	free(id);
	return ret->body || ret->way == ANSWER_RESET;
}

static bool handle_post(struct request *request, struct answer *ret)
{
	size_t head = sizeof(generation) - 1;
	const struct endpoint *endpoint;

	if (upload_wanted(request)) {
		upload_handle(request, ret);
		return true;
	}
	if (strncmp(request->path, generation, head) != 0)
		return false;
	if (podcast_handle(request, request->path + head, ret))
		return true;
	endpoint = endpoints_find(request->path + head);
	if (endpoint)
		submit_handle(request, endpoint, ret);
	return endpoint;
}

void api_handle(struct request *request, struct answer *ret)
{
	struct wire *wire = &request->sandbox->wire;
	bool get = strcmp(request->method, "GET") == 0, post = strcmp(request->method, "POST") == 0;
	struct spoil spoil;

	if (spoil_choose(request, &spoil) && spoil_refuse(request, &spoil, ret))
		return;
	if (strcmp(request->auth, "none") == 0)
		wire_error(wire, WIRE_NO_KEY, NULL, ret);
	else if (strcmp(request->auth, "bad") == 0)
		wire_error(wire, WIRE_UNAUTHORIZED, NULL, ret);
	else if (!get && !post)
		wire_error(wire, WIRE_NO_METHOD, NULL, ret);
	else if (get ? !handle_get(request, ret) : !handle_post(request, ret))
		wire_error(wire, WIRE_NO_PATH, NULL, ret);
	spoil_answer(&spoil, ret);
}
