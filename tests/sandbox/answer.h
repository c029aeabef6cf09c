/* SPDX-License-Identifier: MIT */
#pragma once
/* answer: what an API request is answered with, before it is sent. Also the ways to spoil it. */
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum answer_way {
	ANSWER_WHOLE,
	ANSWER_CUT,   /* announce all, send half, close */
	ANSWER_RESET, /* no byte, the connection is reset */
};

struct answer {
	int http, code; /* code: the business code, as logged */
	char *body;     /* owned, not terminated */
	size_t size;
	const char *type;
	bool gzip;            /* the body is compressed */
	char etag[40];        /* empty: none */
	char retry_after[64]; /* empty: no such header */
	double slow;          /* seconds to wait before it is sent */
	enum answer_way way;
};

/* Each of these replaces the body. */
void answer_json(struct answer *answer, int http, int code, json_t *json); /* takes json */
void answer_text(struct answer *answer, int http, const char *type, const char *text);
void answer_html(struct answer *answer, int http);
void answer_garbage(struct answer *answer);
void answer_deep(struct answer *answer, unsigned depth);

/* The header as an order has it: what is sent as it is, or @SECONDS, a date so far from now. */
void answer_retry_after(struct answer *answer, const char *text);

void answer_gzip(struct answer *answer);
/* Keeps the first half. cut: announce the whole length. */
void answer_halve(struct answer *answer, bool cut);
void answer_finish(struct answer *answer);
