/* SPDX-License-Identifier: MIT */
#pragma once
/* errclass: what a refusal means. One table: HTTP status + code + text -> class -> sentence,
 * and whether a paid request may be sent again. Codes 1001 and 1002 mean opposite things in the two
 * published tables (API reference 5.2); the text decides (errclass_words.h). Pure; allocates nothing. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum errclass {
	ERRCLASS_NONE,         /* success */
	ERRCLASS_AUTH,         /* key missing, wrong, refused for this address */
	ERRCLASS_PARAMETER,    /* the request itself is wrong */
	ERRCLASS_NOT_FOUND,    /* no such task or batch (any more) */
	ERRCLASS_CREDITS,      /* not enough credits */
	ERRCLASS_SUBSCRIPTION, /* the plan does not include it */
	ERRCLASS_MODERATION,   /* refused for its content */
	ERRCLASS_THROTTLED,    /* too fast, queue full: a complete rejection, may be repeated */
	ERRCLASS_CONCURRENCY,  /* 6010: too many tasks at once: repeat after one ends */
	ERRCLASS_DAILY,        /* daily cap: repeat tomorrow */
	ERRCLASS_REFUSED, /* refused in a way that is in no published table: its own words say why */
	ERRCLASS_SERVER,  /* trouble at the service: nothing is known of a POST */
	ERRCLASS_PROTOCOL, /* an answer that could not be understood */
	ERRCLASS_NETWORK,  /* no complete answer */
	ERRCLASS_COUNT
};

/* What a refused submission is about, and so what else it would be refused for. */
enum errclass_hit {
	ERRCLASS_HITS_PROMPT,  /* this request alone */
	ERRCLASS_HITS_MODEL,   /* all that goes to this model just now */
	ERRCLASS_HITS_ACCOUNT, /* everything */
	ERRCLASS_HITS_KEY /* the prompt, unless the balance is refused as well: then everything (API reference 11.8) */
};

/* Were credits spent by a request that ended like this? */
enum errclass_spent { SPENT_NO, SPENT_YES, SPENT_UNKNOWN };

/* What comes next for a submission that ended like this. */
enum errclass_next {
	ERRCLASS_NEXT_NONE,	/* it was accepted */
	ERRCLASS_NEXT_FAIL,	/* refused, and it would be again */
	ERRCLASS_NEXT_AGAIN,	/* sent again by itself, later */
	ERRCLASS_NEXT_CREDITS,	/* sent again when the balance has risen */
	ERRCLASS_NEXT_TOMORROW, /* sent again after midnight UTC */
	ERRCLASS_NEXT_KEY,	/* the balance is asked: refused too, and it waits for another key; answered, and it has failed */
	ERRCLASS_NEXT_UNKNOWN	/* it may have been taken: never sent again by itself */
};

struct api_error {
	enum errclass class;
	int http_status; /* 0 none */
	int64_t code;    /* the business code; 0 none */
	bool code_ambiguous; /* 1001 with an empty or generic text: throttled with a small cap on attempts */
	bool not_sent;          /* ERRCLASS_NETWORK: no byte of the request reached the service */
	int64_t retry_after_ms; /* -1 none */
	char field[64];         /* the offending parameter as the service names it, "" none */
	char text[512]; /* the service's own words or the transport's, printable UTF-8, "" none */
};

/* Fills class, code_ambiguous and, where the text tells it, field from the other fields. HTTP 5xx is ERRCLASS_SERVER
 * whatever the body says; below that the body's code decides (API reference 11.6). `text` must be the service's own, not
 * a gateway's page. */
void errclass_classify(struct api_error *error);
const char *errclass_name(enum errclass class); /* "auth", "credits", …, for the log */
/* May a submission that ended like this be sent again by itself? (money rule 1) Only complete rejections. */
bool errclass_may_repeat(const struct api_error *error);
enum errclass_next errclass_next(const struct api_error *error);
enum errclass_hit errclass_hits(const struct api_error *error); /* of one that was refused */
/* The service does not have this model, or not for this kind of request. */
bool errclass_is_no_model(const struct api_error *error);
/* For a submission. */
enum errclass_spent errclass_spent(const struct api_error *error);
/* The cause alone: "The account has too few credits (HTTP 403, code 1011)." Returns as snprintf(3). */
int errclass_cause(const struct api_error *error, char *text, size_t size);
/* For a submission: cause, what to do and whether credits were spent, in a few sentences without the service's
 * own text: "The account has too few credits (code 1011). Buy credits, then: echo submit > X.status. No credits
 * were spent." ASCII, NUL-terminated, cut when `size` is below ERRCLASS_EXPLAIN. */
#define ERRCLASS_EXPLAIN 640
void errclass_explain(const struct api_error *error, char *text, size_t size);
/* The same for an upload, which never costs anything. */
void errclass_explain_upload(const struct api_error *error, char *text, size_t size);
/* The same for a question about a task that was paid for: it is asked again whatever the answer was. */
void errclass_explain_poll(const struct api_error *error, char *text, size_t size);
