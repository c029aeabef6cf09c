/* SPDX-License-Identifier: MIT */
/* What is said about a refusal: cause, what to do, whether it cost something. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "fs/api/errclass_codes.h"

#define RESEND "then: echo submit > X.status."
#define NO_MODEL "The service does not have this model for this kind of request"
#define SAVE_AGAIN "and save it, which sends it again."

/* What a class says when its code has no words of its own. */
static const struct {
	const char *name;
	const char *cause;
	const char *advice; /* after a submission; "" where errclass_spent() says it all */
	const char *upload; /* after an upload */
} classes[ERRCLASS_COUNT] = {
	[ERRCLASS_NONE] = {"none", "The service accepted the request", "Nothing to do.",
		"Nothing to do."},
	[ERRCLASS_AUTH] = {"auth", "The service refused the API key",
		"Check the key (https://weryai.com/api/keys) and whether this address may use "
		"it: with another key it is sent by itself; to try it now: echo submit > X.status.",
		"Check the key (https://weryai.com/api/keys) and whether this address may use "
		"it."},
	[ERRCLASS_PARAMETER] = {"parameter", "The service refused a value of the request",
		"Correct the prompt " SAVE_AGAIN, "Use another file."},
	[ERRCLASS_NOT_FOUND] = {"not-found", "The service knows no such address or task",
		"If every request ends like this, correct base_url in the configuration, " RESEND,
		"If every request ends like this, correct base_url in the configuration."},
	[ERRCLASS_CREDITS] = {"credits", "The account has too few credits",
		"Buy credits (https://weryai.com/api/pricing): when the balance has risen it is "
		"sent by itself; to try it now: echo submit > X.status.",
		"Buy credits (https://weryai.com/api/pricing)."},
	[ERRCLASS_SUBSCRIPTION] = {"subscription",
		"The account's subscription does not include this",
		"Change the subscription, " RESEND " Or take another model.",
		"Change the subscription."},
	[ERRCLASS_MODERATION] = {"moderation", "The prompt or an input was refused for its content",
		"Change the prompt or the input " SAVE_AGAIN, "Use another file."},
	[ERRCLASS_THROTTLED] = {"throttled", "Requests came faster than the service takes them",
		"Wait a few minutes, " RESEND, "It is tried again by itself, more slowly."},
	[ERRCLASS_CONCURRENCY] = {"concurrency",
		"The account runs 20 tasks already, as many as it may",
		"Wait until one of them has ended, " RESEND, "It is tried again by itself."},
	[ERRCLASS_DAILY] = {"daily-limit", "The account's limit for this day is reached",
		"It is sent again by itself after midnight UTC; to try it now: echo submit > "
		"X.status.",
		"It is tried again by itself after midnight UTC."},
	[ERRCLASS_REFUSED] = {"refused", "The service refused the request",
		"Its own words say why; to send it again: echo submit > X.status.",
		"It is tried again by itself."},
	[ERRCLASS_SERVER] = {"server", "The service had trouble of its own", "",
		"It is tried again by itself."},
	[ERRCLASS_PROTOCOL] = {"protocol", "The service's answer could not be understood", "",
		"It is tried again by itself; if it stays so, check base_url in the "
		"configuration."},
	[ERRCLASS_NETWORK] = {"network", "No complete answer came from the service", "",
		"It is tried again by itself."},
};

const char *errclass_name(enum errclass class)
{
	return class < ERRCLASS_COUNT ? classes[class].name : "unknown";
}

int errclass_cause(const struct api_error *error, char *text, size_t size)
{
	const struct errcode *listed = errcode_find(error->code);
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
	else if (errclass_is_no_model(error))
		cause = NO_MODEL;
	else if (listed && listed->cause && listed->class == error->class)
		cause = listed->cause;
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
	const struct errcode *listed = errcode_find(error->code);

	if (error->class == ERRCLASS_NETWORK && error->not_sent)
		return "It is sent again by itself; nothing to do.";
	if (error->code_ambiguous)
		return "It is sent again a few times by itself; if it stays so, check the values "
		       "in the prompt, " RESEND;
	if (errclass_may_repeat(error))
		return "It is sent again by itself; nothing to do.";
	if (errclass_is_no_model(error))
		return "Put the prompt into another model's directory, which sends it again.";
	if (listed && listed->advice && listed->class == error->class)
		return listed->advice;
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

void errclass_explain_upload(const struct api_error *error, char *text, size_t size)
{
	if (size == 0)
		return;
	errclass_cause(error, text, size);
	add_sentence(text, size, classes[error->class].upload);
}

void errclass_explain_poll(const struct api_error *error, char *text, size_t size)
{
	if (size == 0)
		return;
	if (error->class == ERRCLASS_NOT_FOUND)
		snprintf(text, size, "The service does not know this task%s.",
			error->http_status == 404 ? " or this address (HTTP 404)" : "");
	else
		errclass_cause(error, text, size);
	add_sentence(text, size, "It is asked again by itself.");
	if (error->class == ERRCLASS_AUTH || error->class == ERRCLASS_NOT_FOUND)
		add_sentence(text, size,
			"Check whether key and base_url are those that it was sent with "
			"(https://weryai.com/api/history): nothing is lost meanwhile.");
}
