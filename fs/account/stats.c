/* SPDX-License-Identifier: MIT */
#include "fs/account/stats.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/queue/credits.h"
#include "fs/account/account_private.h"
#include "fs/queue/queue.h"
#include "fs/fetch/fetch.h"
#include "fs/store/cache.h"
#include "fs/store/jobs.h"

#define TEXT_MAX 16384

/* What both texts show. */
struct number {
	const char *key, *unit;  /* of stats; NULL none */
	const char *name, *help; /* of stats.prom; the name of a counter ends in _total */
	int64_t value;
	bool zero_is_none; /* people are not shown a zero */
};

struct counts {
	struct number numbers[9];
	int64_t states[JOB_STATE_COUNT];
	const char *stopped; /* NULL: the queue runs */
	bool credits_known;
	double credits;
	int64_t credits_at;
};

static int gather(struct gen *gen, struct counts *ret_counts)
{
	char day[CLOCK_DAY];
	int64_t cached = 0, today = 0;
	int r = cache_total(gen->store, &cached);

	clock_day(clock_wall_ms(), day);
	if (r == 0)
		r = spend_get(gen->store, day, &today);
	struct counts counts = {.stopped = queue_stopped(gen->queue)};
	const struct number numbers[] = {
		{"uptime", "s", "uptime_seconds", "Time since the mount.",
			(clock_mono_ms() - gen->started) / 1000},
		{"submissions today", NULL, "submissions_today", "Submissions of this day (UTC).",
			today},
		{"submissions per day", NULL, "submissions_per_day", "The spending guard, 0: none.",
			gen->options.submissions_per_day, .zero_is_none = true},
		{"queued", NULL, "queue_length", "Prompts that wait to be sent.",
			queue_waiting(gen->queue)},
		{"active", NULL, "active_tasks", "Tasks that are sent and have not ended.",
			queue_active(gen->queue)},
		{"max active", NULL, "max_active_tasks", "Tasks that may run at once.",
			gen->options.max_active},
		{"bytes fetched", NULL, "fetched_bytes_total", "Bytes received since the mount.",
			(int64_t)http_bytes_received(gen->http)},
		{"cache bytes", NULL, "cache_bytes", "Bytes of results on this disk.", cached},
		{"transfers", NULL, "transfers_total", "Downloads started since the mount.",
			(int64_t)results_transfers(gen->results)},
	};
	_Static_assert(sizeof(numbers) == sizeof(counts.numbers), "one place for each");
	memcpy(counts.numbers, numbers, sizeof(numbers));
	counts.credits_known = credits_latest(gen->credits, &counts.credits, &counts.credits_at);
	if (r == 0)
		r = jobs_count_states(gen->store, counts.states);
	*ret_counts = counts;
	return r;
}

static int finish(struct buf *text, char **ret_text)
{
	*ret_text = buf_steal(text);
	buf_finish(text);
	return *ret_text == NULL ? -ENOMEM : 0;
}

int stats_format(struct gen *gen, char **ret_text)
{
	struct counts counts;
	struct buf text;
	int r = gather(gen, &counts);

	if (r < 0)
		return r;
	buf_init(&text, TEXT_MAX);
	for (size_t i = 0; i < array_length(counts.numbers); i++) {
		const struct number *number = &counts.numbers[i];
		if (number->value != 0 || !number->zero_is_none)
			buf_addf(&text, "%s: %" PRId64 "%s%s\n", number->key, number->value,
				number->unit == NULL ? "" : " ",
				number->unit == NULL ? "" : number->unit);
	}
	if (counts.stopped != NULL)
		buf_addf(&text, "stopped: %s\n", counts.stopped);
	for (int state = 1; state < JOB_STATE_COUNT; state++)
		if (counts.states[state] > 0)
			buf_addf(&text, "jobs %s: %" PRId64 "\n",
				job_state_name((enum job_state)state), counts.states[state]);
	if (counts.credits_known) {
		char when[CLOCK_TEXT];
		clock_format(counts.credits_at, when);
		buf_addf(&text, "credits: %.10g\ncredits read: %s\n", counts.credits, when);
	}
	return finish(&text, ret_text);
}

static void add_head(struct buf *text, const char *name, const char *help)
{
	buf_addf(text, "# HELP weryaifs_%s %s\n# TYPE weryaifs_%s %s\n", name, help, name,
		strstr(name, "_total") != NULL ? "counter" : "gauge");
}

static void add_number(struct buf *text, const char *name, const char *help, int64_t value)
{
	add_head(text, name, help);
	buf_addf(text, "weryaifs_%s %" PRId64 "\n", name, value);
}

int stats_format_prometheus(struct gen *gen, char **ret_text)
{
	struct counts counts;
	struct buf text;
	int r = gather(gen, &counts);

	if (r < 0)
		return r;
	buf_init(&text, TEXT_MAX);
	for (size_t i = 0; i < array_length(counts.numbers); i++)
		add_number(&text, counts.numbers[i].name, counts.numbers[i].help,
			counts.numbers[i].value);
	add_number(&text, "stopped", "1: nothing is sent, for the reason in stats.",
		counts.stopped != NULL);
	add_head(&text, "jobs", "Jobs in the ledger by state.");
	for (int state = 1; state < JOB_STATE_COUNT; state++)
		buf_addf(&text, "weryaifs_jobs{state=\"%s\"} %" PRId64 "\n",
			job_state_name((enum job_state)state), counts.states[state]);
	if (counts.credits_known) {
		add_head(&text, "credits", "The balance when it was last read.");
		buf_addf(&text, "weryaifs_credits %.10g\n", counts.credits);
	}
	return finish(&text, ret_text);
}
