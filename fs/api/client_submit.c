/* SPDX-License-Identifier: MIT */
/* The one call that costs: it is sent once at most, and the answer says what is known. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/api/client_private.h"
#include "fs/api/tool.h"
#include "fs/base/cleanup.h"

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
		r = client_no_answer(end, &answer.error);
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
	int r = client_call_start(client, &call, url, body, ret_call);
	if (r < 0)
		free(call.member);
	return r;
}

int api_submit_then(struct api_client *client, const char *then, const char *task_id,
	void (*done)(void *arg, struct api_submit_answer *answer), void *arg,
	struct api_call **ret_call)
{
	struct api_call call = {
		.what = "submit", .answer = answer_submit, .done.submit = done, .arg = arg};
	CLEANUP_FREE char *segment = http_escape(task_id);
	const char *task = strstr(then, TOOL_TASK);
	char *url;

	if (!tool_then_is_good(then) || !*task_id || strcmp(task_id, ".") == 0 ||
		strcmp(task_id, "..") == 0)
		return -EINVAL;
	if (!segment || asprintf(&url, "%s/v1/generation/%.*s%s%s", client->base_url,
				(int)(task - then), then, segment, task + strlen(TOOL_TASK)) < 0)
		url = NULL;
	return client_call_start(client, &call, url, "{}", ret_call);
}
