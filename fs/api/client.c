/* SPDX-License-Identifier: MIT */
/* The service's addresses and our key, and one exchange with it; what is asked is in client_submit.c and client_ask.c. */
#include "fs/api/client_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/list.h"
#include "fs/base/log.h"
#include "fs/base/text.h"

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

int client_call_start(struct api_client *client, const struct api_call *prototype, char *url,
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

int client_no_answer(const struct http_end *end, struct api_error *error)
{
	*error = (struct api_error){
		.class = ERRCLASS_NETWORK,
		.not_sent = !end->maybe_sent,
		.retry_after_ms = -1,
	};
	snprintf(error->text, sizeof(error->text), "%s", end->text);
	return end->error;
}
