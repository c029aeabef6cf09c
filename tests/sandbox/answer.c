/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/sandbox/gzip.h"
#include "tests/sandbox/util.h"

static void replace(
	struct answer *answer, int http, int code, const char *type, char *body, size_t size)
{
	free(answer->body);
	answer->http = http;
	answer->code = code;
	answer->type = type;
	answer->body = body;
	answer->size = size;
}

void answer_json(struct answer *answer, int http, int code, json_t *json)
{
	char *body = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	if (!body) {
		answer_text(answer, 500, "text/plain", "the sandbox could not make an answer\n");
		return;
	}
	replace(answer, http, code, "application/json;charset=UTF-8", body, strlen(body));
}

void answer_text(struct answer *answer, int http, const char *type, const char *text)
{
	replace(answer, http, 0, type, xstrdup(text), strlen(text));
}

void answer_html(struct answer *answer, int http)
{
	answer_text(answer, http, "text/html; charset=utf-8",
		"<!DOCTYPE html>\n<html><head><title>Gateway</title></head>\n"
		"<body><h1>Bad gateway</h1><p>The upstream server is not ready. "
		"{\"status\":0}</p>\n"
		"</body></html>\n");
}

void answer_garbage(struct answer *answer)
{
	size_t size = 512;
	char *body = xcalloc(1, size);

	util_random(body, size);
	body[0] = '{'; /* the cruel start: it looks like an answer */
	replace(answer, 200, 0, "application/json", body, size);
}

void answer_deep(struct answer *answer, unsigned depth)
{
	static const char head[] = "{\"status\":200,\"success\":true,\"data\":";
	size_t size = sizeof(head) - 1 + 2 * (size_t)depth + 1;
	char *body = xcalloc(1, size), *at = body + sizeof(head) - 1;

	memcpy(body, head, sizeof(head) - 1);
	memset(at, '[', depth);
	memset(at + depth, ']', depth);
	at[2 * (size_t)depth] = '}';
	replace(answer, 200, 200, "application/json", body, size);
}

void answer_retry_after(struct answer *answer, const char *text)
{
	time_t date;
	struct tm tm;

	if (text[0] == '@') {
		date = time(NULL) + (time_t)strtol(text + 1, NULL, 10);
		gmtime_r(&date, &tm);
		strftime(answer->retry_after, sizeof(answer->retry_after),
			"%a, %d %b %Y %H:%M:%S GMT", &tm);
	} else {
		snprintf(answer->retry_after, sizeof(answer->retry_after), "%s", text);
	}
}

void answer_halve(struct answer *answer, bool cut)
{
	if (cut)
		answer->way = ANSWER_CUT;
	else
		answer->size /= 2;
}

void answer_gzip(struct answer *answer)
{
	unsigned char *packed =
		gzip_store((const unsigned char *)answer->body, answer->size, &answer->size);

	free(answer->body);
	answer->body = (char *)packed;
	answer->gzip = true;
}

void answer_finish(struct answer *answer)
{
	free(answer->body);
	*answer = (struct answer){0};
}
