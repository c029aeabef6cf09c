/* SPDX-License-Identifier: MIT */
#pragma once
/* client: the service as asynchronous calls. Owns addresses and key; knows no jobs.
 *
 * Callbacks: exactly one per call, never from inside the function that started it, none after
 *            api_cancel(). Their argument structs are valid during the callback only; a callback may
 *            take strings out (set them NULL). They may start further calls.
 * Money:     api_submit() sends at most one POST (http `once`), never repeats, and says what is known. */
#include "fs/api/envelope.h"
#include "fs/api/registry.h"
#include "fs/api/request.h"
#include "fs/net/http.h"

struct api_client;
struct api_call;

struct api_options {
	const char *base_url;	     /* "https://api.weryai.com"; a trailing slash is stripped */
	const char *models_base_url; /* "https://api-growth-agent.weryai.com" */
	int64_t request_timeout_ms;  /* of a whole JSON exchange */
};

int api_create(struct http *http, const struct api_options *options, struct api_client **ret_client);
void api_destroy(struct api_client *client); /* cancels what runs */
/* Copied, and wiped when replaced or destroyed. NULL: no key. */
int api_set_key(struct api_client *client, const char *key);

enum api_outcome {
	API_ACCEPTED,	/* task ids are known */
	API_REJECTED,	/* a complete, understood refusal: no task exists */
	API_NOT_SENT,	/* certainly did not arrive */
	API_UNCERTAIN	/* anything else: timeout, reset, garbage, HTTP 5xx, success without an id */
};

struct api_submit_answer {
	enum api_outcome outcome;
	struct api_submitted submitted; /* API_ACCEPTED, unless there is a text */
	char *text;			/* API_ACCEPTED: what an endpoint that answers at once has made */
	struct api_error error;		/* otherwise */
};

/* `endpoint` is what comes behind /v1/generation/, in small letters, digits and "-_/" (else -EINVAL). `body` as
 * api_request_encode() or tool_request_encode() made it: the bytes that were recorded are the bytes sent. `member` not
 * NULL: the answer is a text, in that member of data. */
int api_submit(struct api_client *client, const char *endpoint, const char *member, const char *body,
	void (*done)(void *arg, struct api_submit_answer *answer), void *arg, struct api_call **ret_call);

/* The second request of a task whose first half is done (API reference 3.20), to `then` (tool.h); its body is empty. The same
 * answer. */
int api_submit_then(struct api_client *client, const char *then, const char *task_id,
	void (*done)(void *arg, struct api_submit_answer *answer), void *arg, struct api_call **ret_call);

struct api_tasks_answer {
	int result; /* 0, or negative errno with error filled */
	struct api_tasks tasks;
	struct api_error error;
};
typedef void api_tasks_done(void *arg, struct api_tasks_answer *answer);
int api_task_status(struct api_client *client, const char *task_id, api_tasks_done *done, void *arg,
	struct api_call **ret_call);
int api_batch_status(struct api_client *client, int64_t batch_id, api_tasks_done *done, void *arg,
	struct api_call **ret_call);

/* A file to the service's own store, from where it takes input media (API reference 3.9). Free of charge, so it may be
 * repeated. `file` is read until `done` or api_cancel(); name, type, size, read, sent and arg are to be set. */
struct api_upload_answer {
	int result; /* 0, or negative errno with error filled */
	char *url;
	struct api_error error;
};
int api_upload(struct api_client *client, const struct http_upload *file,
	void (*done)(void *arg, struct api_upload_answer *answer), void *arg, struct api_call **ret_call);

struct api_balance_answer {
	int result;
	double credits;
	struct api_error error;
};
int api_balance(struct api_client *client, void (*done)(void *arg, struct api_balance_answer *answer),
	void *arg, struct api_call **ret_call);

struct api_models_answer {
	int result;
	struct model_list models;
	struct api_error error;
};
int api_models(struct api_client *client, enum api_kind kind,
	void (*done)(void *arg, struct api_models_answer *answer), void *arg, struct api_call **ret_call);

void api_cancel(struct api_call *call); /* NULL is fine */
