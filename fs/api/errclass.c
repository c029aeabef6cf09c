/* SPDX-License-Identifier: MIT */
/* Which class a refusal is of, and what follows for the request. */
#include "fs/api/errclass.h"

#include <stdio.h>
#include <string.h>

#include "fs/api/errclass_codes.h"
#include "fs/api/errclass_words.h"

static enum errclass classify_1001(struct api_error *error)
{
	const char *text = error->text;

	if (error->http_status == 401 || error->http_status == 403)
		return ERRCLASS_AUTH;
	if (error->http_status == 429 || errwords_rate(text))
		return ERRCLASS_THROTTLED;
	if (errwords_parameter(text))
		return ERRCLASS_PARAMETER;
	if (errwords_maybe_rate(text))
		return ERRCLASS_THROTTLED;
	if (strcasestr(text, "exceed") || error->http_status == 400 || error->http_status == 422)
		return ERRCLASS_PARAMETER;
	error->code_ambiguous = true;
	return ERRCLASS_THROTTLED;
}

static enum errclass classify_1002(const struct api_error *error)
{
	const char *text = error->text;

	if (error->http_status == 401 || error->http_status == 403)
		return ERRCLASS_AUTH;
	if (errwords_no_task(text))
		return ERRCLASS_NOT_FOUND;
	if (errwords_content(text))
		return ERRCLASS_MODERATION;
	if (errwords_credentials(text))
		return ERRCLASS_AUTH;
	return ERRCLASS_PARAMETER;
}

/* An HTTP status, or a body's `status` that repeats one. `said`: a JSON object came with it. */
static enum errclass classify_http(int64_t status, bool said)
{
	switch (status) {
	case 400:
	case 405:
	case 413:
	case 415:
	case 422:
		return ERRCLASS_PARAMETER;
	case 401:
	case 403:
		return ERRCLASS_AUTH;
	case 402:
		return ERRCLASS_CREDITS;
	case 404:
		return ERRCLASS_NOT_FOUND;
	case 408: /* the request, the answer or what is behind them was lost on the way */
	case 425:
	case 499:
		return ERRCLASS_SERVER;
	case 429:
		return ERRCLASS_THROTTLED;
	}
	if (status >= 300 && status <= 399)
		return ERRCLASS_PROTOCOL;
	return said && status >= 400 && status <= 499 ? ERRCLASS_REFUSED : ERRCLASS_SERVER;
}

/* A `status` of the body that no table has. */
static enum errclass classify_unlisted(int64_t code)
{
	if (code >= 100 && code <= 399)
		return ERRCLASS_PROTOCOL; /* an HTTP status that is no refusal */
	if (code >= 400 && code <= 599)
		return classify_http(code, true);
	return ERRCLASS_REFUSED;
}

/* The body's code means something beside this HTTP status. */
static bool code_decides(const struct api_error *error, const struct errcode *listed)
{
	if (!listed)
		return false;
	/* A 429 is a whole refusal, so a code of the server class beside it adds no doubt. */
	return error->http_status != 429 || listed->class != ERRCLASS_SERVER;
}

static enum errclass classify(struct api_error *error)
{
	const struct errcode *listed = errcode_find(error->code);
	int http = error->http_status;
	bool silent = error->code == 0 || error->code == 200;

	if (http == 0)
		return ERRCLASS_NETWORK;
	if (http < 200 || http >= 500 || (http >= 300 && http <= 399))
		return classify_http(http, false);
	if (error->code == 1001)
		return classify_1001(error);
	if (error->code == 1002 && http != 429)
		return classify_1002(error);
	if (code_decides(error, listed))
		return listed->class;
	if (http == 400 || http == 422 ||
		(http < 300 && (error->code == 400 || error->code == 422)))
		return classify_1002(error);
	if (http >= 400)
		return classify_http(http, !silent || error->text[0] != '\0');
	return silent ? ERRCLASS_NONE : classify_unlisted(error->code);
}

void errclass_classify(struct api_error *error)
{
	const char *field;

	error->code_ambiguous = false;
	error->class = classify(error);
	if (error->class != ERRCLASS_PARAMETER || error->field[0] != '\0')
		return;
	field = errwords_field(error->text);
	if (field)
		snprintf(error->field, sizeof(error->field), "%s", field);
}

bool errclass_may_repeat(const struct api_error *error)
{
	if (error->class != ERRCLASS_THROTTLED && error->class != ERRCLASS_CONCURRENCY)
		return false;
	return error->http_status == 429 || error->code == 429 || error->code == 1001 ||
	       error->code == 1007 || error->code == 6002 || error->code == 6010;
}

enum errclass_next errclass_next(const struct api_error *error)
{
	switch (error->class) {
	case ERRCLASS_NONE:
		return ERRCLASS_NEXT_NONE;
	case ERRCLASS_SERVER:
	case ERRCLASS_PROTOCOL:
		return ERRCLASS_NEXT_UNKNOWN;
	case ERRCLASS_NETWORK:
		return error->not_sent ? ERRCLASS_NEXT_AGAIN : ERRCLASS_NEXT_UNKNOWN;
	case ERRCLASS_THROTTLED:
	case ERRCLASS_CONCURRENCY:
		return errclass_may_repeat(error) ? ERRCLASS_NEXT_AGAIN : ERRCLASS_NEXT_FAIL;
	case ERRCLASS_CREDITS:
		return ERRCLASS_NEXT_CREDITS;
	case ERRCLASS_DAILY:
		return ERRCLASS_NEXT_TOMORROW;
	case ERRCLASS_AUTH:
		return ERRCLASS_NEXT_KEY;
	default:
		return ERRCLASS_NEXT_FAIL;
	}
}

bool errclass_is_no_model(const struct api_error *error)
{
	return error->class == ERRCLASS_PARAMETER &&
	       (error->code == 1006 || errwords_no_model(error->text));
}

enum errclass_hit errclass_hits(const struct api_error *error)
{
	switch (error->class) {
	case ERRCLASS_AUTH:
		return ERRCLASS_HITS_KEY;
	case ERRCLASS_CREDITS:
	case ERRCLASS_CONCURRENCY:
		return ERRCLASS_HITS_ACCOUNT;
	case ERRCLASS_DAILY: /* 1015: uploads alone are used up */
		return error->code == 1015 ? ERRCLASS_HITS_PROMPT : ERRCLASS_HITS_ACCOUNT;
	case ERRCLASS_THROTTLED:
		return ERRCLASS_HITS_MODEL;
	default:
		return errclass_is_no_model(error) ? ERRCLASS_HITS_MODEL : ERRCLASS_HITS_PROMPT;
	}
}

enum errclass_spent errclass_spent(const struct api_error *error)
{
	switch (error->class) {
	case ERRCLASS_NONE:
		return SPENT_YES;
	case ERRCLASS_SERVER:
	case ERRCLASS_PROTOCOL:
		return SPENT_UNKNOWN;
	case ERRCLASS_REFUSED: /* it had begun to charge or to start */
		return error->code == 6003 || error->code == 6004 ? SPENT_UNKNOWN : SPENT_NO;
	case ERRCLASS_NETWORK:
		return error->not_sent ? SPENT_NO : SPENT_UNKNOWN;
	default:
		return SPENT_NO;
	}
}
