/* SPDX-License-Identifier: MIT */
#pragma once
/* wire: the answers in all dialects (API reference 2, 3.8, 4, 5).
 *
 * The seed dialect is what the first documents say, the live one what the service was seen to do;
 * where sources allow several shapes, the live dialect walks through all of them.
 *
 * Threads: any. */
#include <stdatomic.h>
#include <stdbool.h>

#include "tests/sandbox/answer.h"
#include "tests/sandbox/options.h"
#include "tests/sandbox/state.h"

struct wire {
	enum dialect dialect;
	atomic_uint turn; /* which of the equivalent shapes comes next */
};

enum wire_error {
	WIRE_PARAMETER = 1,
	WIRE_MODEL,
	WIRE_FORMAT,
	WIRE_TOO_LARGE,
	WIRE_UNAUTHORIZED,
	WIRE_NO_KEY,
	WIRE_NO_TASK,
	WIRE_NO_BATCH,
	WIRE_CREDITS,
	WIRE_MODERATION,
	WIRE_RATE,
	WIRE_ACTIVE,
	WIRE_DAILY,
	WIRE_UPLOAD,
	WIRE_NO_PATH,
	WIRE_NO_METHOD,
};

void wire_success(struct wire *wire, json_t *data, struct answer *ret); /* takes data */
/* text: what follows the class's own words; NULL: nothing. */
void wire_error(struct wire *wire, enum wire_error error, const char *text, struct answer *ret);
void wire_code(struct wire *wire, int http, int code, const char *text, struct answer *ret);

/* `data` of a submission. */
json_t *wire_submitted(struct wire *wire, const struct submission *submission);

/* How one task is shown. */
struct wire_task {
	const struct task *task;
	enum phase phase;
	uint64_t reads; /* how often its status was asked for before */
	bool weird;     /* in an unknown state's word */
	char **url;     /* of the results, where it succeeded; borrowed */
	unsigned url_count;
	const char *cover; /* of a song, whose words come with it; NULL: none */
};
json_t *wire_task(struct wire *wire, const struct wire_task *view);
/* Whether a task stands in an array when it is asked for alone, after so many questions. */
bool wire_shows_array(const struct wire *wire, uint64_t reads);
