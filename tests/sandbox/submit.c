/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/submit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/sandbox/callback.h"
#include "tests/sandbox/canned.h"
#include "tests/sandbox/spoil.h"
#include "tests/sandbox/validate.h"

#define HUGE_PADDING (8u << 20)
#define DEEP_LEVELS 100000

struct reject_row {
	enum fault_id id;
	int http, code;
	const char *text;
};

/* Refusals on order; no task is made, nothing is charged. */
static const struct reject_row rejects[] = {
	{FAULT_SUBMIT_401, 401, 401, "Unauthorized: invalid API key"},
	{FAULT_SUBMIT_403, 403, 403, "Forbidden: this IP address is not allowed"},
	{FAULT_SUBMIT_429, 429, 429, "too many requests"},
	{FAULT_SUBMIT_1001, 200, 1001, "请求频率超过限制: request rate limit exceeded"},
	{FAULT_SUBMIT_1001_PARAM, 200, 1001, "parameter error: aspect_ratio is not supported"},
	{FAULT_SUBMIT_1001_EMPTY, 200, 1001, ""},
	{FAULT_SUBMIT_1002_AUTH, 200, 1002, "authentication failed: invalid API key"},
	{FAULT_SUBMIT_1004, 200, 1004, "insufficient credits"},
	{FAULT_SUBMIT_1007, 200, 1007, "the queue is full"},
	{FAULT_SUBMIT_1011, 200, 1011, "Insufficient credits"},
	{FAULT_SUBMIT_1017, 200, 1017, "VIP permission denied: a subscription is needed"},
	{FAULT_SUBMIT_6002, 200, 6002, "workflow rate limit exceeded"},
	{FAULT_SUBMIT_6010, 200, 6010, "too many concurrent tasks, max 20"},
	{FAULT_SUBMIT_6101, 200, 6101, "OpenAPI daily limit exceeded"},
};

/* true: the answer is complete, and there is no task. */
static bool reject(struct request *request, const struct generation *generation,
	const char *subject, struct answer *ret)
{
	const struct fault_set *set = &generation->faults;
	const char *model = generation->model, *prompt = generation->prompt;
	int code = 0;
	struct wire *wire = &request->sandbox->wire;
	struct fault_value value;

	if (request_fault(request, set, FAULT_SUBMIT_REJECT_DROP, subject, NULL)) {
		ret->way = ANSWER_RESET;
		return true;
	}
	for (size_t i = 0; i < sizeof(rejects) / sizeof(rejects[0]); i++) {
		const struct reject_row *row = &rejects[i];

		if (!request_fault(request, set, row->id, subject, &value))
			continue;
		wire_code(wire, row->http, row->code, row->text, ret);
		if (value.text[0])
			answer_retry_after(ret, value.text);
		return true;
	}
	if (faults_refuse(request->sandbox->faults, model, prompt, &code) ||
		(request_fault(request, set, FAULT_SUBMIT_CODE, subject, &value) &&
			(code = (int)value.number))) {
		spoil_code(wire, code, ret);
		return true;
	}
	if (request_fault(request, set, FAULT_ANSWER, subject, &value)) {
		canned_answer(request->sandbox->canned, (unsigned)value.number, ret);
		return true;
	}
	if (request_fault(request, set, FAULT_SUBMIT_MODERATION, subject, NULL)) {
		wire_error(wire, WIRE_MODERATION, NULL, ret);
		return true;
	}
	return false;
}

static void pad(json_t *data)
{
	char *padding = xcalloc(1, HUGE_PADDING + 1);

	memset(padding, 'x', HUGE_PADDING);
	json_object_set_new(data, "padding", json_string(padding));
	free(padding);
}

/* The answer to a submission that was taken: right, or lost on its way. */
static void answer_taken(struct request *request, const struct fault_set *set, const char *subject,
	const struct submission *submission, struct answer *ret)
{
	struct wire *wire = &request->sandbox->wire;
	json_t *data = wire_submitted(wire, submission);
	struct fault_value value;

	if (request_fault(request, set, FAULT_SUBMIT_SLOW, subject, &value))
		ret->slow = value.number;
	if (request_fault(request, set, FAULT_SUBMIT_NO_ID, subject, NULL))
		json_object_clear(data);
	if (request_fault(request, set, FAULT_SUBMIT_HUGE, subject, NULL))
		pad(data);
	wire_success(wire, data, ret);
	if (request_fault(request, set, FAULT_SUBMIT_DROP, subject, NULL))
		ret->way = ANSWER_RESET;
	else if (request_fault(request, set, FAULT_SUBMIT_500, subject, NULL))
		answer_text(ret, 500, "text/plain", "internal server error\n");
	else if (request_fault(request, set, FAULT_SUBMIT_HTML, subject, NULL))
		answer_html(ret, 200);
	else if (request_fault(request, set, FAULT_SUBMIT_GARBAGE, subject, NULL))
		answer_garbage(ret);
	else if (request_fault(request, set, FAULT_SUBMIT_DEEP, subject, NULL))
		answer_deep(ret, DEEP_LEVELS);
	else if (request_fault(request, set, FAULT_SUBMIT_TRUNCATED, subject, &value))
		answer_halve(ret, value.text[0] != '\0');
}

static void refuse(struct request *request, int error, struct answer *ret)
{
	struct wire *wire = &request->sandbox->wire;

	switch (error) {
	case -EAGAIN:
		wire_error(wire, WIRE_RATE, NULL, ret);
		break;
	case -EBUSY:
		wire_error(wire, WIRE_ACTIVE, NULL, ret);
		break;
	case -EDQUOT:
		wire_error(wire, WIRE_DAILY, NULL, ret);
		break;
	default:
		wire_error(wire, WIRE_CREDITS, NULL, ret);
		break;
	}
}

static void submit(struct request *request, struct generation *generation, struct answer *ret)
{
	struct sandbox *sandbox = request->sandbox;
	const struct fault_set set = generation->faults;
	struct submission submission;
	char subject[24];
	json_t *ids;
	int r;

	snprintf(subject, sizeof(subject), "%016llx",
		(unsigned long long)util_hash_text(
			generation->prompt, util_hash_text(generation->endpoint->path, 0)));
	if (reject(request, generation, subject, ret)) {
		generation_destroy(generation);
		return;
	}
	if (generation->endpoint->synchronous) {
		generation_destroy(generation);
		wire_success(&sandbox->wire,
			json_pack("{s:s, s:i}", "prompt", "a picture that somebody made",
				"cost_mill", 100),
			ret);
		return;
	}
	faults_fix_task(sandbox->faults, &generation->faults, subject);
	r = state_submit(sandbox->state, generation, &submission);
	if (r < 0) {
		generation_destroy(generation);
		refuse(request, r, ret);
		return;
	}
	state_count(sandbox->state, "accepted");
	ids = json_array();
	for (unsigned i = 0; i < submission.count; i++)
		callbacks_add(sandbox->callbacks, submission.task[i]);
	for (unsigned i = 0; i < submission.count; i++)
		json_array_append_new(ids, json_string(submission.task[i]->id));
	json_object_set_new(request->entry, "task", ids);
	json_object_set_new(request->entry, "batch", json_integer((json_int_t)submission.batch));
	answer_taken(request, &set, subject, &submission, ret);
}

static bool is_json_type(const struct request *request)
{
	const char *type = request_header(request, MHD_HTTP_HEADER_CONTENT_TYPE);
	size_t size = strlen("application/json");

	return type && strncasecmp(type, "application/json", size) == 0 &&
	       (type[size] == '\0' || type[size] == ';' || type[size] == ' ');
}

void submit_handle(struct request *request, const struct endpoint *endpoint, struct answer *ret)
{
	struct sandbox *sandbox = request->sandbox;
	struct generation *generation = NULL;
	struct validate_error refusal;
	json_error_t error;
	json_t *body;
	char *name = xformat("post %s", endpoint->path);

	name[4] = '-';
	state_count(sandbox->state, name);
	free(name);
	if (request->body_too_big) {
		wire_error(&sandbox->wire, WIRE_PARAMETER, "the request is too long", ret);
		return;
	}
	if (!is_json_type(request)) {
		wire_error(&sandbox->wire, WIRE_PARAMETER,
			"Content-Type is invalid, application/json is required", ret);
		return;
	}
	body = json_loadb((const char *)request->body.data, request->body.size,
		JSON_REJECT_DUPLICATES, &error);
	if (!body) {
		char *text = xformat("the body is invalid JSON at byte %d", error.position);

		wire_error(&sandbox->wire, WIRE_PARAMETER, text, ret);
		free(text);
		return;
	}
	json_object_set_new(request->entry, "body", body);
	if (validate_request(sandbox, endpoint, body, &generation, &refusal) < 0)
		wire_error(&sandbox->wire, refusal.error, refusal.text, ret);
	else
		submit(request, generation, ret);
}
