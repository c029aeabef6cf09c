/* SPDX-License-Identifier: MIT */
#include "fs/account/stats.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/job/job.h"

#define TEXT_MAX 16384

/* What both texts show. */
struct number {
	const char *key, *unit;  /* of stats; NULL none */
	const char *name, *help; /* of stats.prom; the name of a counter ends in _total */
	int64_t value;
	bool zero_is_none; /* people are not shown a zero */
};

#define NUMBERS 10

static void list_numbers(const struct stats *stats, struct number numbers[NUMBERS])
{
	const struct number all[] = {
		{"uptime", "s", "uptime_seconds", "Time since the mount.", stats->uptime_s},
		{"submissions today", NULL, "submissions_today", "Submissions of this day (UTC).",
			stats->submissions_today},
		{"submissions per day", NULL, "submissions_per_day", "The spending guard, 0: none.",
			stats->submissions_per_day, .zero_is_none = true},
		{"queued", NULL, "queue_length", "Prompts that wait to be sent.", stats->queued},
		{"time between submissions", "ms", "submit_interval_milliseconds",
			"From one submission to the next while prompts wait.", stats->queue_every_ms},
		{"active", NULL, "active_tasks", "Tasks that are sent and have not ended.",
			stats->active},
		{"max active", NULL, "max_active_tasks", "Tasks that may run at once.",
			stats->max_active},
		{"bytes fetched", NULL, "fetched_bytes_total", "Bytes received since the mount.",
			stats->bytes_fetched},
		{"cache bytes", NULL, "cache_bytes", "Bytes of results on this disk.",
			stats->cache_bytes},
		{"transfers", NULL, "transfers_total", "Downloads started since the mount.",
			stats->transfers},
	};
	_Static_assert(array_length(all) == NUMBERS, "one place for each");
	memcpy(numbers, all, sizeof(all));
}

static int finish(struct buf *text, char **ret_text)
{
	*ret_text = buf_steal(text);
	buf_finish(text);
	return *ret_text == NULL ? -ENOMEM : 0;
}

int stats_format(const struct stats *stats, char **ret_text)
{
	struct number numbers[NUMBERS];
	struct buf text;

	list_numbers(stats, numbers);
	buf_init(&text, TEXT_MAX);
	for (size_t i = 0; i < NUMBERS; i++) {
		const struct number *number = &numbers[i];
		if (number->value != 0 || !number->zero_is_none)
			buf_addf(&text, "%s: %" PRId64 "%s%s\n", number->key, number->value,
				number->unit == NULL ? "" : " ",
				number->unit == NULL ? "" : number->unit);
	}
	if (stats->queue_ends != 0) {
		char when[CLOCK_TEXT];
		clock_format(stats->queue_ends, when);
		buf_addf(&text, "queue sent by: %s\n", when);
	}
	if (stats->paused != NULL)
		buf_addf(&text, "stopped: %s\n", stats->paused);
	for (int state = 1; state < JOB_STATE_COUNT; state++)
		if (stats->states[state] > 0)
			buf_addf(&text, "jobs %s: %" PRId64 "\n",
				job_state_name((enum job_state)state), stats->states[state]);
	buf_addf(&text, "results asked for: %" PRId64 "\nresults made: %" PRId64 "\nresults failed: %" PRId64
			"\nresults unknown: %" PRId64 "\ncredits spent: %.10g\ncredits estimated: %.10g\n",
		stats->spend.asked, stats->spend.made, stats->spend.failed, stats->spend.unknown, stats->spend.measured,
		stats->spend.estimated);
	if (stats->credits_known) {
		char when[CLOCK_TEXT];
		clock_format(stats->credits_at, when);
		buf_addf(&text, "credits: %.10g\ncredits read: %s\n", stats->credits, when);
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

int stats_format_prometheus(const struct stats *stats, char **ret_text)
{
	struct number numbers[NUMBERS];
	struct buf text;

	list_numbers(stats, numbers);
	buf_init(&text, TEXT_MAX);
	for (size_t i = 0; i < NUMBERS; i++)
		add_number(&text, numbers[i].name, numbers[i].help, numbers[i].value);
	add_number(&text, "stopped", "1: nothing is sent, for the reason in stats.",
		stats->paused != NULL);
	add_head(&text, "jobs", "Jobs in the ledger by state.");
	for (int state = 1; state < JOB_STATE_COUNT; state++) {
		if (job_state_shown((enum job_state)state) != (enum job_state)state)
			continue;
		buf_addf(&text, "weryaifs_jobs{state=\"%s\"} %" PRId64 "\n",
			job_state_name((enum job_state)state), stats->states[state]);
	}
	add_head(&text, "results_total", "Results of all submissions, by what became of them; of the rest it is not known yet.");
	buf_addf(&text, "weryaifs_results_total{outcome=\"asked\"} %" PRId64 "\nweryaifs_results_total{outcome=\"made\"} %" PRId64
			"\nweryaifs_results_total{outcome=\"failed\"} %" PRId64
			"\nweryaifs_results_total{outcome=\"unknown\"} %" PRId64 "\n",
		stats->spend.asked, stats->spend.made, stats->spend.failed, stats->spend.unknown);
	add_head(&text, "credits_spent_total", "Credits that submissions have cost.");
	buf_addf(&text, "weryaifs_credits_spent_total{kind=\"measured\"} %.10g\n"
			"weryaifs_credits_spent_total{kind=\"estimated\"} %.10g\n",
		stats->spend.measured, stats->spend.estimated);
	if (stats->credits_known) {
		add_head(&text, "credits", "The balance when it was last read.");
		buf_addf(&text, "weryaifs_credits %.10g\n", stats->credits);
	}
	return finish(&text, ret_text);
}
