/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/faults.h"
#include "tests/sandbox/util.h"

enum {
	OPTION_HELP = 256,
	OPTION_VERSION,
	OPTION_PORT,
	OPTION_PARENT_DEATH,
	OPTION_CATALOGUE,
	OPTION_SECONDS,
	OPTION_VIDEO_SECONDS,
	OPTION_WIRE,
	OPTION_STRICT,
	OPTION_ANSWERS,
	OPTION_REPLAY,
	OPTION_MAX_ACTIVE,
	OPTION_CREDITS,
	OPTION_CREDITS_HIDDEN,
	OPTION_MIN_GAP,
	OPTION_RATE,
	OPTION_DAILY_LIMIT,
	OPTION_LOG,
	OPTION_FAULT,
	OPTION_SEED,
	OPTION_DELAY,
	OPTION_CDN_RATE,
	OPTION_CDN_LATENCY,
	OPTION_CDN_BASE,
	OPTION_CDN_EXPIRE,
	OPTION_CDN_FRESH_404,
};

struct option_row {
	const char *name;
	const char *value; /* NULL: takes none */
	int id;
	const char *help;
};

static const struct option_row rows[] = {
	{"port", "N", OPTION_PORT, "listen on 127.0.0.1:N (default 0: any free port)"},
	{"parent-death", NULL, OPTION_PARENT_DEATH, "end when the process that started us ends"},
	{"catalogue", "FILE", OPTION_CATALOGUE, "models to offer (default: built in)"},
	{"seconds", "S", OPTION_SECONDS, "time a job takes (default 2)"},
	{"video-seconds", "S", OPTION_VIDEO_SECONDS, "time a video job takes (default: --seconds)"},
	{"wire", "seed|live|live-arrays", OPTION_WIRE, "dialect of the answers (default live)"},
	{"strict", "resolution,caller,defaults", OPTION_STRICT,
		"refuse a missing resolution, any caller_id, a tool's field left out"},
	{"answers", "FILE", OPTION_ANSWERS, "a table of answers for [[answer=LINE]]"},
	{"replay", "FILE", OPTION_REPLAY, "answer as in this file of weryaifs -o trace=FILE"},
	{"max-active", "N", OPTION_MAX_ACTIVE, "tasks that run at once, else 6010 (default 20)"},
	{"credits", "N", OPTION_CREDITS, "credits of the account (default 100000)"},
	{"credits-hidden", NULL, OPTION_CREDITS_HIDDEN, "the balance endpoint answers 404"},
	{"min-gap", "S", OPTION_MIN_GAP, "submissions closer than this are rate limited"},
	{"rate", "N/Ss", OPTION_RATE, "a bucket of N submissions, filled once in S seconds; else rate limited"},
	{"daily-limit", "N", OPTION_DAILY_LIMIT, "submissions before 6101 (default 0: no limit)"},
	{"log", "FILE", OPTION_LOG, "append one JSON line for every request"},
	{"fault", "NAME[=VALUE][:RATE[:COUNT]]", OPTION_FAULT, "misbehave; see README.md"},
	{"seed", "N", OPTION_SEED, "seed of the dice that faults with a rate throw"},
	{"delay", "S", OPTION_DELAY, "latency added to every API answer"},
	{"cdn-rate", "BYTES", OPTION_CDN_RATE, "bytes per second of one download (default 0: any)"},
	{"cdn-latency", "S", OPTION_CDN_LATENCY, "latency added to every download"},
	{"cdn-base", "URL", OPTION_CDN_BASE, "hand out result URLs under this base"},
	{"cdn-expire", "S", OPTION_CDN_EXPIRE, "result URLs answer 403 after S seconds"},
	{"cdn-fresh-404", "N", OPTION_CDN_FRESH_404, "first N requests of each URL answer 404"},
	{"help", NULL, OPTION_HELP, "print this and exit"},
	{"version", NULL, OPTION_VERSION, "print the version and exit"},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void print_help(void)
{
	puts("Usage: weryaifs-sandbox [OPTION]...\n"
	     "A server on loopback that speaks the WeryAI generation API and draws what is asked\n"
	     "for, without a key and without cost. When ready it prints one line with its URL.\n");
	for (size_t i = 0; i < ROWS; i++) {
		char left[64];

		snprintf(left, sizeof(left), "--%s%s%s", rows[i].name, rows[i].value ? " " : "",
			rows[i].value ? rows[i].value : "");
		if (strlen(left) > 24)
			printf("  %s\n  %-24s  %s\n", left, "", rows[i].help);
		else
			printf("  %-24s  %s\n", left, rows[i].help);
	}
	puts("\nFaults (also as [[NAME]], [[NAME=VALUE]], [[NAME*TIMES]] in a prompt):");
	faults_print_names(stdout);
}

static int complain(const char *name, const char *value, const char *want)
{
	fprintf(stderr, "weryaifs-sandbox: --%s %s: %s\n", name, value, want);
	return -EINVAL;
}

static int take_number(const char *name, const char *value, double max, double *ret)
{
	if (util_parse_number(value, 0, max, ret) < 0)
		return complain(name, value, "a number from 0 is wanted");
	return 0;
}

static int take_count(const char *name, const char *value, double max, uint64_t *ret)
{
	double number = 0;

	if (util_parse_number(value, 0, max, &number) < 0 || number != (double)(uint64_t)number)
		return complain(name, value, "a whole number in range is wanted");
	*ret = (uint64_t)number;
	return 0;
}

static int take_rate(const char *name, const char *value, struct options *options)
{
	char end[2] = "";

	if (sscanf(value, "%lf/%lf%1s", &options->rate, &options->rate_seconds, end) < 2 || options->rate < 1 ||
		options->rate_seconds <= 0 || (end[0] != '\0' && end[0] != 's'))
		return complain(name, value, "as in 60/60s");
	return 0;
}

static int take_dialect(const char *name, const char *value, enum dialect *ret)
{
	static const char *const words[] = {
		[DIALECT_SEED] = "seed",
		[DIALECT_LIVE] = "live",
		[DIALECT_LIVE_ARRAYS] = "live-arrays",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], value) == 0) {
			*ret = (enum dialect)i;
			return 0;
		}
	}
	return complain(name, value, "seed, live or live-arrays is wanted");
}

static int take_strict(const char *name, const char *value, unsigned *ret)
{
	static const char *const words[] = {"resolution", "caller", "defaults"};
	char *copy = xstrdup(value), *rest = copy, *word;
	int r = 0;

	while (r == 0 && (word = strsep(&rest, ","))) {
		size_t i = 0;

		while (i < sizeof(words) / sizeof(words[0]) && strcmp(words[i], word) != 0)
			i++;
		if (i == sizeof(words) / sizeof(words[0]))
			r = complain(
				name, value, "any of resolution, caller and defaults is wanted");
		else
			*ret |= 1u << i;
	}
	free(copy);
	return r;
}

static int take(const struct option_row *row, const char *value, struct options *options)
{
	uint64_t count = 0;
	int r = 0;

	switch (row->id) {
	case OPTION_PORT:
		r = take_count(row->name, value, 65535, &count);
		options->port = (uint16_t)count;
		return r;
	case OPTION_PARENT_DEATH:
		options->parent_death = true;
		return 0;
	case OPTION_CATALOGUE:
		options->catalogue = value;
		return 0;
	case OPTION_SECONDS:
		return take_number(row->name, value, 1e6, &options->seconds);
	case OPTION_VIDEO_SECONDS:
		return take_number(row->name, value, 1e6, &options->video_seconds);
	case OPTION_WIRE:
		return take_dialect(row->name, value, &options->dialect);
	case OPTION_STRICT:
		return take_strict(row->name, value, &options->strict);
	case OPTION_ANSWERS:
		options->answers = value;
		return 0;
	case OPTION_REPLAY:
		options->replay = value;
		return 0;
	case OPTION_MAX_ACTIVE:
		r = take_count(row->name, value, 1e6, &count);
		options->max_active = (unsigned)count;
		return r;
	case OPTION_CREDITS:
		r = take_count(row->name, value, 1e15, &count);
		options->credits = (int64_t)count;
		return r;
	case OPTION_CREDITS_HIDDEN:
		options->credits_hidden = true;
		return 0;
	case OPTION_MIN_GAP:
		return take_number(row->name, value, 1e6, &options->min_gap);
	case OPTION_RATE:
		return take_rate(row->name, value, options);
	case OPTION_DAILY_LIMIT:
		return take_count(row->name, value, 1e9, &options->daily_limit);
	case OPTION_LOG:
		options->log = value;
		return 0;
	case OPTION_FAULT:
		if (options->fault_count == OPTIONS_FAULTS_MAX)
			return complain(row->name, value, "too many faults");
		options->fault[options->fault_count++] = value;
		return 0;
	case OPTION_SEED:
		return take_count(row->name, value, 1e15, &options->seed);
	case OPTION_DELAY:
		return take_number(row->name, value, 3600, &options->delay);
	case OPTION_CDN_RATE:
		return take_number(row->name, value, 1e12, &options->cdn_rate);
	case OPTION_CDN_LATENCY:
		return take_number(row->name, value, 3600, &options->cdn_latency);
	case OPTION_CDN_BASE:
		options->cdn_base = value;
		return 0;
	case OPTION_CDN_EXPIRE:
		return take_number(row->name, value, 1e6, &options->cdn_expire);
	case OPTION_CDN_FRESH_404:
		return take_count(row->name, value, 1e6, &options->cdn_fresh_404);
	case OPTION_HELP:
		print_help();
		return 1;
	default:
		puts("weryaifs-sandbox " SANDBOX_VERSION);
		return 1;
	}
}

int options_parse(int argc, char **argv, struct options *ret)
{
	struct option table[ROWS + 1] = {0};
	struct options options = {
		.seconds = 2,
		.video_seconds = -1,
		.dialect = DIALECT_LIVE,
		.max_active = 20,
		.credits = 100000,
	};
	int id, index = 0;

	util_random(&options.seed, sizeof(options.seed));
	for (size_t i = 0; i < ROWS; i++)
		table[i] = (struct option){rows[i].name,
			rows[i].value ? required_argument : no_argument, NULL, rows[i].id};
	while ((id = getopt_long(argc, argv, "", table, &index)) != -1) {
		int r;

		if (id == '?')
			return -EINVAL;
		r = take(&rows[index], optarg, &options);
		if (r)
			return r;
	}
	if (optind < argc) {
		fprintf(stderr, "weryaifs-sandbox: %s: no such argument; see --help\n",
			argv[optind]);
		return -EINVAL;
	}
	if (options.video_seconds < 0)
		options.video_seconds = options.seconds;
	*ret = options;
	return 0;
}
