/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/spoil.h"

#include <stdlib.h>
#include <string.h>

#define FOREVER 3600 /* seconds; ends when the client leaves */

static const struct {
	const char *method, *path; /* how it begins; the first that fits */
	enum fault_id id;
} endpoints[] = {
	{"GET", "/v1/generation/balance", FAULT_ANSWER_BALANCE},
	{"GET", "/v1/generation/batch/", FAULT_ANSWER_BATCH},
	{"GET", "/v1/generation/", FAULT_ANSWER_STATUS},
	{"GET", "/growthai/", FAULT_ANSWER_MODELS},
	{"POST", "/v1/generation/upload-file", FAULT_ANSWER_UPLOAD},
	{"POST", "/growthai/v1/generation/upload-file", FAULT_ANSWER_UPLOAD},
	{"POST", "/v1/generation/podcast/generate/text", FAULT_ANSWER_SUBMIT},
	{"POST", "/v1/generation/podcast/", FAULT_ANSWER_SOUND},
	{"POST", "/v1/generation/", FAULT_ANSWER_SUBMIT},
};

/* Markers of the task or batch that is asked for. */
static const struct fault_set *find_markers(struct request *request, enum fault_id id, char *name)
{
	const struct task *tasks[STATE_OUTPUTS_MAX];
	const struct task *task = NULL;

	name[strcspn(name, "/")] = '\0';
	if (id == FAULT_ANSWER_STATUS)
		task = state_find(request->sandbox->state, name);
	else if (id == FAULT_ANSWER_BATCH &&
		 state_find_batch(request->sandbox->state, name, tasks) > 0)
		task = tasks[0];
	return task ? &task->generation->faults : NULL;
}

bool spoil_choose(struct request *request, struct spoil *ret)
{
	struct fault_value value;

	ret->way[0] = '\0';
	for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
		size_t size = strlen(endpoints[i].path);
		char *rest;

		if (strcmp(endpoints[i].method, request->method) != 0 ||
			strncmp(endpoints[i].path, request->path, size) != 0)
			continue;
		rest = xstrdup(request->path + size);
		if (request_fault(request, find_markers(request, endpoints[i].id, rest),
			    endpoints[i].id, request->path, &value))
			memcpy(ret->way, value.text, sizeof(ret->way));
		free(rest);
		break;
	}
	return ret->way[0] != '\0';
}

void spoil_code(struct wire *wire, int code, struct answer *ret)
{
	static const struct {
		int code;
		const char *text;
	} texts[] = {{401, "Unauthorized: invalid API key"},
		{403, "Forbidden: this IP address is not allowed"}, {429, "too many requests"},
		{1001, "Request rate limit exceeded"}, {1006, "model not supported"},
		{1007, "the queue is full"}, {1009, "permission denied"},
		{1002, "authentication failed: invalid API key"}, {1004, "insufficient credits"},
		{1011, "Insufficient credits"}, {1015, "uploads exceed the daily limit"},
		{6101, "OpenAPI daily limit exceeded"}};
	const char *text = "refused on order";

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].code == code)
			text = texts[i].text;
	wire_code(wire, code < 1000 ? code : 200, code, text, ret);
}

bool spoil_refuse(struct request *request, const struct spoil *spoil, struct answer *ret)
{
	int number = (int)strtol(spoil->way, NULL, 10);
	const char *rest = strchr(spoil->way, '-');

	if (number == 0 || (number >= 500 && number <= 599))
		return false;
	spoil_code(&request->sandbox->wire, number, ret);
	if (rest)
		answer_retry_after(ret, rest + 1);
	return true;
}

void spoil_answer(const struct spoil *spoil, struct answer *answer)
{
	const char *way = spoil->way, *rest = strchr(way, '-');
	int number = (int)strtol(way, NULL, 10);

	if (strcmp(way, "drop") == 0)
		answer->way = ANSWER_RESET;
	else if (strcmp(way, "cut") == 0 || strcmp(way, "half") == 0)
		answer_halve(answer, way[0] == 'c');
	else if (strcmp(way, "slow") == 0)
		answer->slow = FOREVER;
	else if (strcmp(way, "garbage") == 0)
		answer_garbage(answer);
	else if (strcmp(way, "type") == 0)
		answer->type = "text/html";
	else if (strcmp(way, "empty") == 0)
		answer->size = 0;
	else if (strcmp(way, "gzip") == 0)
		answer_gzip(answer);
	else if (number == 502)
		answer_html(answer, number);
	else if (number != 0)
		answer_text(answer, number, "text/plain", "trouble on order\n");
	if (number != 0 && rest)
		answer_retry_after(answer, rest + 1);
}
