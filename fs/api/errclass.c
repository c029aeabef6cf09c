/* SPDX-License-Identifier: MIT */
#include "fs/api/errclass.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fs/base/cleanup.h"

#define RESEND "then: echo submit > X.status."
#define SAVE_AGAIN "and save it, which sends it again."

struct meaning {
	enum errclass class;
	const char *cause;
	const char *advice; /* NULL: that of the class */
};

/* What a class says when its code has no words of its own. */
static const struct {
	const char *name;
	const char *cause;
	const char *advice;   /* after a submission; "" where errclass_spent() says it all */
	const char *question; /* after a question */
} classes[ERRCLASS_COUNT] = {
	[ERRCLASS_NONE] = {"none", "The service accepted the request", "Nothing to do.",
		"Nothing to do."},
	[ERRCLASS_AUTH] = {"auth", "The service refused the API key",
		"Check the key (https://weryai.com/api/keys) and whether this address may use "
		"it, " RESEND,
		"Check the key (https://weryai.com/api/keys) and whether this address may use it; "
		"tasks that run are not lost."},
	[ERRCLASS_PARAMETER] = {"parameter", "The service refused a value of the request",
		"Correct the prompt " SAVE_AGAIN, "Asking again does not help."},
	[ERRCLASS_NOT_FOUND] = {"not-found", "The service knows no such address or task",
		"If every request ends like this, correct base_url in the configuration, " RESEND,
		"If every request ends like this, correct base_url in the configuration; else the "
		"task is too new or has expired (https://weryai.com/api/history)."},
	[ERRCLASS_CREDITS] = {"credits", "The account has too few credits",
		"Buy credits (https://weryai.com/api/pricing): when the balance has risen it is "
		"sent by itself; to try it now: echo submit > X.status.",
		"Buy credits (https://weryai.com/api/pricing)."},
	[ERRCLASS_SUBSCRIPTION] = {"subscription",
		"The account's subscription does not include this",
		"Change the subscription, " RESEND " Or take another model.",
		"Change the subscription."},
	[ERRCLASS_MODERATION] = {"moderation", "The prompt or an input was refused for its content",
		"Change the prompt or the input " SAVE_AGAIN, "Asking again does not help."},
	[ERRCLASS_THROTTLED] = {"throttled", "Requests came faster than the service takes them",
		"Wait a few minutes, " RESEND, "It is asked again by itself, more slowly."},
	[ERRCLASS_CONCURRENCY] = {"concurrency",
		"The account runs 20 tasks already, as many as it may",
		"Wait until one of them has ended, " RESEND, "It is asked again by itself."},
	[ERRCLASS_DAILY] = {"daily-limit", "The account's limit for this day is reached",
		"It is sent again by itself after midnight UTC; to try it now: echo submit > "
		"X.status.",
		"It is asked again by itself, or works tomorrow."},
	[ERRCLASS_SERVER] = {"server", "The service had trouble of its own", "",
		"It is asked again by itself."},
	[ERRCLASS_PROTOCOL] = {"protocol", "The service's answer could not be understood", "",
		"It is asked again by itself; if it stays so, check base_url in the "
		"configuration."},
	[ERRCLASS_NETWORK] = {"network", "No complete answer came from the service", "",
		"It is asked again by itself."},
};

/* API reference 5.1. Codes 1001 and 1002 are in conflict: see classify_1001(), classify_1002(). */
static const struct {
	int64_t code;
	struct meaning meaning;
} codes[] = {
	{1003, {ERRCLASS_NOT_FOUND, "The service knows no such task or batch any more",
		       "To ask anew: echo submit > X.status."}},
	{1004, {ERRCLASS_CREDITS, NULL, NULL}},
	{1005, {ERRCLASS_MODERATION, NULL, NULL}},
	{1006, {ERRCLASS_PARAMETER, "The service does not have this model for this kind of request",
		       "Put the prompt into another model's directory, which sends it again."}},
	{1007, {ERRCLASS_THROTTLED, "The service's queue is full", NULL}},
	{1009, {ERRCLASS_AUTH, "The API key has no permission for this", NULL}},
	{1010, {ERRCLASS_NOT_FOUND, "The service found no data for this request", NULL}},
	{1011, {ERRCLASS_CREDITS, NULL, NULL}},
	{1014, {ERRCLASS_PARAMETER, "An input image is too large",
		       "Make the image smaller and save it and the prompt again."}},
	{1015, {ERRCLASS_DAILY, "The account's uploads for this day are used up", NULL}},
	{1017, {ERRCLASS_SUBSCRIPTION, NULL, NULL}},
	{1102, {ERRCLASS_SERVER, "An upload failed at the service", NULL}},
	{2001, {ERRCLASS_MODERATION, "An input image was refused for its content",
		       "Use another image and save the prompt, which sends it again."}},
	{2003, {ERRCLASS_MODERATION, NULL, NULL}},
	{2004, {ERRCLASS_PARAMETER, "The service does not take the format of an input image",
		       "Use jpg, png or webp and save the prompt, which sends it again."}},
	{5000, {ERRCLASS_SERVER, NULL, NULL}},
	{6001, {ERRCLASS_SERVER, "The service's workflow failed", NULL}},
	{6002, {ERRCLASS_THROTTLED, "The service starts no more generations for the moment", NULL}},
	{6003, {ERRCLASS_SERVER, "The service failed while it charged the credits", NULL}},
	{6004, {ERRCLASS_SERVER, "The service failed while it started the generation", NULL}},
	{6010, {ERRCLASS_CONCURRENCY, NULL, NULL}},
	{6101, {ERRCLASS_DAILY, NULL, NULL}},
};

static const struct meaning *code_meaning(int64_t code)
{
	/* API reference 5.2: the whole range is content safety. */
	static const struct meaning content = {ERRCLASS_MODERATION, NULL, NULL};

	for (size_t i = 0; i < array_length(codes); i++)
		if (codes[i].code == code)
			return &codes[i].meaning;
	return code >= 2000 && code <= 2999 ? &content : NULL;
}

static bool mentions(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcasestr(text, *words))
			return true;
	return false;
}

/* A whole word: "rate" is in "generate" and "key" in "model_key". */
static bool has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = strcasestr(text, word); at; at = strcasestr(at + 1, word)) {
		bool starts = at == text || !(isalnum((unsigned char)at[-1]) || at[-1] == '_');
		bool ends = !(isalnum((unsigned char)at[length]) || at[length] == '_');

		if (starts && ends)
			return true;
	}
	return false;
}

static bool says_rate_limit(const char *text)
{
	static const char *const certain[] = {"rate limit", "rate_limit", "rate-limit", "ratelimit",
		"rate exceed", "frequency", "frequently", "too many request", "too many call",
		"too many task", "too fast", "频率", "频繁", "限流", "过快", NULL};

	return mentions(text, certain);
}

static bool says_wrong_parameter(const char *text)
{
	static const char *const words[] = {"cannot be empty", "can not be empty", "required",
		"invalid", "not support", "unsupported", "parameter", "must be", "must not",
		"is empty", "missing", "too long", "length", "frame rate", "too many image",
		"too many video", "too many audio", "too many char", "参数", "不能为空", "不支持",
		"无效", NULL};

	return mentions(text, words);
}

/* What is likely a limit on requests when nothing speaks of a parameter. */
static bool says_maybe_rate_limit(const char *text)
{
	return has_word(text, "rate") || strcasestr(text, "too many") ||
	       (strcasestr(text, "limit") && strcasestr(text, "request"));
}

static enum errclass classify_1001(struct api_error *error)
{
	const char *text = error->text;

	if (error->http_status == 401 || error->http_status == 403)
		return ERRCLASS_AUTH;
	if (error->http_status == 429 || says_rate_limit(text))
		return ERRCLASS_THROTTLED;
	if (says_wrong_parameter(text))
		return ERRCLASS_PARAMETER;
	if (says_maybe_rate_limit(text))
		return ERRCLASS_THROTTLED;
	if (strcasestr(text, "exceed") || error->http_status == 400 || error->http_status == 422)
		return ERRCLASS_PARAMETER;
	error->code_ambiguous = true;
	return ERRCLASS_THROTTLED;
}

static enum errclass classify_1002(const struct api_error *error)
{
	static const char *const unknown[] = {"task not exist", "batch not exist",
		"task does not exist", "batch does not exist", "no tasks found", "task not found",
		"batch not found", "任务不存在", NULL};
	static const char *const content[] = {"sensitive", "moderation", "content policy",
		"content safety", "敏感", "违规", "审核", NULL};
	static const char *const credentials[] = {"api key", "api_key", "apikey", "api-key",
		"unauthor", "authenticat", "authoriz", "密钥", "未授权", "鉴权", "认证", NULL};
	const char *text = error->text;

	if (error->http_status == 401 || error->http_status == 403)
		return ERRCLASS_AUTH;
	if (mentions(text, unknown))
		return ERRCLASS_NOT_FOUND;
	if (mentions(text, content))
		return ERRCLASS_MODERATION;
	if (mentions(text, credentials) || has_word(text, "token") ||
		(has_word(text, "key") && !strcasestr(text, "model key")))
		return ERRCLASS_AUTH;
	return ERRCLASS_PARAMETER;
}

/* An HTTP status, or a body's `status` that repeats one. */
static enum errclass classify_http(int64_t status)
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
	case 429:
		return ERRCLASS_THROTTLED;
	}
	return status >= 300 && status <= 399 ? ERRCLASS_PROTOCOL : ERRCLASS_SERVER;
}

static enum errclass classify(struct api_error *error)
{
	const struct meaning *meaning = code_meaning(error->code);
	int http = error->http_status;

	if (http == 0)
		return ERRCLASS_NETWORK;
	if (http < 200 || http == 408 || http >= 500 || (http >= 300 && http <= 399))
		return classify_http(http);
	if (error->code == 1001)
		return classify_1001(error);
	if (error->code == 1002 && http != 429)
		return classify_1002(error);
	/* A 429 is a whole refusal, so a code of the server class beside it adds no doubt. */
	if (meaning && !(http == 429 && meaning->class == ERRCLASS_SERVER))
		return meaning->class;
	if (http == 400 || http == 422)
		return classify_1002(error);
	if (http >= 400)
		return classify_http(http);
	return error->code == 0 || error->code == 200 ? ERRCLASS_NONE : classify_http(error->code);
}

void errclass_classify(struct api_error *error)
{
	error->code_ambiguous = false;
	error->class = classify(error);
}

const char *errclass_name(enum errclass class)
{
	return class < ERRCLASS_COUNT ? classes[class].name : "unknown";
}

bool errclass_may_repeat(const struct api_error *error)
{
	if (error->class != ERRCLASS_THROTTLED && error->class != ERRCLASS_CONCURRENCY)
		return false;
	return error->http_status == 429 || error->code == 1001 || error->code == 1007 ||
	       error->code == 6002 || error->code == 6010;
}

enum errclass_spent errclass_spent(const struct api_error *error)
{
	switch (error->class) {
	case ERRCLASS_NONE:
		return SPENT_YES;
	case ERRCLASS_SERVER:
	case ERRCLASS_PROTOCOL:
		return SPENT_UNKNOWN;
	case ERRCLASS_NETWORK:
		return error->not_sent ? SPENT_NO : SPENT_UNKNOWN;
	default:
		return SPENT_NO;
	}
}

int errclass_cause(const struct api_error *error, char *text, size_t size)
{
	const struct meaning *meaning = code_meaning(error->code);
	const char *cause = classes[error->class].cause;
	char http[24] = "", code[40] = "", field[80] = "";

	if (error->code_ambiguous)
		cause = "The service refused without saying why: too many requests, or a value "
			"that it does not take";
	else if (error->http_status >= 300 && error->http_status <= 399)
		cause = "The service answered with a redirect, which is not followed: check "
			"base_url in the configuration";
	else if (error->class == ERRCLASS_NETWORK && error->not_sent)
		cause = "The service could not be reached";
	else if (meaning && meaning->cause && meaning->class == error->class)
		cause = meaning->cause;
	if (error->http_status >= 300)
		snprintf(http, sizeof(http), "HTTP %d", error->http_status);
	if (error->code != 0 && error->code != 200 && error->code != error->http_status)
		snprintf(code, sizeof(code), "%scode %" PRId64, http[0] ? ", " : "", error->code);
	if (error->field[0] && error->class == ERRCLASS_PARAMETER)
		snprintf(field, sizeof(field), ", parameter %s", error->field);
	if (http[0] || code[0])
		return snprintf(text, size, "%s (%s%s%s).", cause, http, code, field);
	return snprintf(text, size, "%s%s.", cause, field);
}

static const char *submission_advice(const struct api_error *error)
{
	const struct meaning *meaning = code_meaning(error->code);

	if (error->class == ERRCLASS_NETWORK && error->not_sent)
		return "It is sent again by itself; nothing to do.";
	if (error->code_ambiguous)
		return "It is sent again a few times by itself; if it stays so, check the values "
		       "in the prompt, " RESEND;
	if (errclass_may_repeat(error))
		return "It is sent again by itself; nothing to do.";
	if (meaning && meaning->advice && meaning->class == error->class)
		return meaning->advice;
	return classes[error->class].advice;
}

static const char *spent_sentence(const struct api_error *error)
{
	switch (errclass_spent(error)) {
	case SPENT_NO:
		return "No credits were spent.";
	case SPENT_YES:
		return "Credits were spent.";
	case SPENT_UNKNOWN:
		break;
	}
	return "Whether credits were spent is not known, so nothing is sent again by itself. Look "
	       "at https://weryai.com/api/history, and only if the request is not there: echo "
	       "submit > X.status.";
}

/* Appends " sentence" when there is one. */
static void add_sentence(char *text, size_t size, const char *sentence)
{
	size_t length = strlen(text);

	if (*sentence && length < size)
		snprintf(text + length, size - length, " %s", sentence);
}

void errclass_explain(const struct api_error *error, char *text, size_t size)
{
	if (size == 0)
		return;
	errclass_cause(error, text, size);
	add_sentence(text, size, submission_advice(error));
	add_sentence(text, size, spent_sentence(error));
}

void errclass_explain_question(const struct api_error *error, char *text, size_t size)
{
	if (size == 0)
		return;
	errclass_cause(error, text, size);
	add_sentence(text, size, classes[error->class].question);
}
