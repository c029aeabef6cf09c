/* SPDX-License-Identifier: MIT */
#pragma once
/* client_private: one exchange with the service, for the files that know what is asked: client_submit.c and client_ask.c. */
#include "fs/api/client.h"
#include "fs/base/buf.h"
#include "fs/base/list.h"

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

/* Starts an exchange and takes over `url`, and where it succeeds what the prototype owns. NULL: no memory for it. */
int client_call_start(struct api_client *client, const struct api_call *prototype, char *url,
	const char *post, struct api_call **ret_call);
/* The exchange did not complete. */
int client_no_answer(const struct http_end *end, struct api_error *error);
