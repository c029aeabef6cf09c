/* SPDX-License-Identifier: MIT */
#pragma once
/* options: the command line of weryaifs-sandbox. */
#include <stdbool.h>
#include <stdint.h>

#define OPTIONS_FAULTS_MAX 64

enum dialect {
	DIALECT_SEED, /* the envelope as first documented: status 0, upper-case states */
	DIALECT_LIVE, /* the envelope as the service was seen to answer: status 200, now and then an array */
	DIALECT_LIVE_ARRAYS, /* the same, and always an array */
};

/* What the service may refuse, and nobody knows whether it does. */
enum {
	STRICT_RESOLUTION = 1, /* a missing resolution where the model lists some */
	STRICT_CALLER = 2,     /* a caller_id: nobody knows what makes one known */
	STRICT_DEFAULTS = 4,   /* a tool's field that the official tools always send */
};

struct options {
	uint16_t port; /* 0: any free one */
	bool parent_death;
	const char *catalogue; /* NULL: the built-in one */
	double seconds, video_seconds;
	enum dialect dialect;
	unsigned strict; /* STRICT_*, or-ed */
	const char *answers; /* a table of answers that prompts can order; NULL: none */
	const char *replay;  /* a trace to answer from; NULL: none */
	unsigned max_active;
	int64_t credits;
	bool credits_hidden;
	double min_gap;
	double rate, rate_seconds; /* so many submissions in so many seconds; 0: any */
	uint64_t daily_limit; /* 0: none */
	const char *log;      /* NULL: none */
	const char *fault[OPTIONS_FAULTS_MAX];
	unsigned fault_count;
	uint64_t seed; /* of the dice that faults with a rate throw */
	double delay;
	double cdn_rate; /* bytes per second, 0: no limit */
	double cdn_latency;
	const char *cdn_base; /* NULL: ourselves; no trailing slash */
	double cdn_expire;    /* 0: never */
	uint64_t cdn_fresh_404;
};

/* Strings are borrowed from argv. Returns 0 to go on, 1 where --help or --version was served, or
 * -EINVAL after a message on standard error. */
int options_parse(int argc, char **argv, struct options *ret);
