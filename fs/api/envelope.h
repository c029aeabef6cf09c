/* SPDX-License-Identifier: MIT */
#pragma once
/* envelope: decodes every answer shape of the service (API reference 2, 3.8, 4) into plain structs.
 * Input is hostile: bounded size, depth, counts and string lengths; control bytes never pass.
 * Pure: no network. Structs own their strings; *_finish frees and accepts zeroed memory. */
#include <stddef.h>
#include "fs/api/errclass.h"
#include "fs/base/str.h"

#define ENVELOPE_MAX_BYTES (4 << 20) /* of one JSON answer */
#define ENVELOPE_MAX_TASKS 64
#define ENVELOPE_MAX_URLS 64	/* per task */
#define ENVELOPE_MAX_URL 8192	/* bytes; longer ones are refused */
/* Before the address of a result that is not fetched: another scheme, too long, blanks or control bytes. It is kept for
 * people to see, without those bytes and cut at so many; no URL begins like this, so that nothing fetches it. */
#define ENVELOPE_REFUSED "refused:"
#define ENVELOPE_MAX_REFUSED 16384
#define ENVELOPE_MAX_TASK_ID 256
#define ENVELOPE_MAX_LYRICS 65536 /* bytes; cut there */
#define ENVELOPE_MAX_SPEAKERS 256

enum task_state { TASK_WAITING, TASK_PROCESSING, TASK_SUCCEEDED, TASK_FAILED, TASK_UNKNOWN };

/* A submit's answer. */
struct api_submitted {
	struct strlist task_ids; /* at least one after success */
	int64_t batch_id;	 /* 0 none */
};

/* One task as the status endpoints tell it. */
struct api_task {
	char *id;		/* may be NULL */
	enum task_state state;
	char raw_state[32];	/* the service's word, printable */
	struct strlist urls;	/* results: images, videos, audios of all containers, in order, no doubles; http(s), or refused */
	struct strlist covers;	/* pictures of its sounds; those that are no good are left out */
	char *lyrics;		/* NULL none; of a song, of a podcast, or what was said in a recording; line feeds and tabs, no other
				 * control bytes */
	bool half_done;		/* of a podcast: its script is there, its sound is asked for separately */
	char message[512];	/* failure text, printable, "" none */
};

struct api_tasks {
	struct api_task *items;
	size_t count;
};

/* All take the HTTP status and body of an answer (http_status 0 is not for them). Return 0 with the
 * result filled, or a negative errno (-EREMOTEIO refused, -EBADMSG not understood, -ENOMEM) with *error
 * filled. A submit success without an id is ERRCLASS_PROTOCOL. Before any of them, text and code of
 * an error body on HTTP 4xx/5xx are used when there is one. */
int envelope_submitted(int http_status, const char *body, size_t length,
	struct api_submitted *ret_submitted, struct api_error *error);
/* The answer of an endpoint that makes a text at once: a string in `member` of data, cut at ENVELOPE_MAX_LYRICS. */
int envelope_text(int http_status, const char *body, size_t length, const char *member,
	char **ret_text, struct api_error *error);
int envelope_tasks(int http_status, const char *body, size_t length, struct api_tasks *ret_tasks,
	struct api_error *error);
int envelope_balance(int http_status, const char *body, size_t length, double *ret_credits,
	struct api_error *error);
int envelope_uploaded(int http_status, const char *body, size_t length, char **ret_url,
	struct api_error *error);
/* Who can speak in a podcast, each as "ID (NAME)", or "ID"; ENVELOPE_MAX_SPEAKERS at most. */
int envelope_speakers(int http_status, const char *body, size_t length, struct strlist *ret_speakers,
	struct api_error *error);

enum task_state envelope_task_state(const char *word); /* API reference 4.2, any case, trimmed */
void api_submitted_finish(struct api_submitted *submitted);
void api_tasks_finish(struct api_tasks *tasks);
