/* SPDX-License-Identifier: MIT */
#include "fs/gen/stats.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "fs/base/buf.h"
#include "fs/base/clock.h"
#include "fs/gen/credits.h"
#include "fs/gen/gen_private.h"
#include "fs/gen/queue.h"
#include "fs/gen/result.h"
#include "fs/store/cache.h"
#include "fs/store/jobs.h"

#define TEXT_MAX 16384

struct counts {
	int64_t states[JOB_STATE_COUNT], cached, today, uptime_s;
	bool credits_known;
	double credits;
	int64_t credits_at;
};

static int gather(struct gen *gen, struct counts *counts)
{
	char now[CLOCK_TEXT], day[sizeof("2026-11-21")];
	int r = jobs_count_states(gen->store, counts->states);

	clock_format(clock_wall_ms(), now);
	snprintf(day, sizeof(day), "%.10s", now);
	if (r == 0)
		r = cache_total(gen->store, &counts->cached);
	if (r == 0)
		r = spend_get(gen->store, day, &counts->today);
	counts->uptime_s = (clock_mono_ms() - gen->started) / 1000;
	counts->credits_known = credits_latest(gen->credits, &counts->credits, &counts->credits_at);
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
	buf_addf(&text, "uptime: %" PRId64 " s\nsubmissions today: %" PRId64 "\n", counts.uptime_s,
		counts.today);
	if (gen->options.submissions_per_day > 0)
		buf_addf(&text, "submissions per day: %d\n", gen->options.submissions_per_day);
	buf_addf(&text, "queued: %d\nactive: %d\nmax active: %d\n", queue_waiting(gen->queue),
		queue_active(gen->queue), gen->options.max_active);
	if (queue_stopped(gen->queue) != NULL)
		buf_addf(&text, "stopped: %s\n", queue_stopped(gen->queue));
	for (int state = 1; state < JOB_STATE_COUNT; state++)
		if (counts.states[state] > 0)
			buf_addf(&text, "jobs %s: %" PRId64 "\n",
				job_state_name((enum job_state)state), counts.states[state]);
	if (counts.credits_known) {
		char when[CLOCK_TEXT];
		clock_format(counts.credits_at, when);
		buf_addf(&text, "credits: %.10g\ncredits read: %s\n", counts.credits, when);
	}
	buf_addf(&text,
		"bytes fetched: %" PRIu64 "\ncache bytes: %" PRId64 "\ntransfers: %" PRIu64 "\n",
		http_bytes_received(gen->http), counts.cached, results_transfers(gen->results));
	return finish(&text, ret_text);
}

static void add_head(struct buf *text, const char *name, const char *type, const char *help)
{
	buf_addf(text, "# HELP weryaifs_%s %s\n# TYPE weryaifs_%s %s\n", name, help, name, type);
}

static void add_number(
	struct buf *text, const char *name, const char *type, const char *help, int64_t value)
{
	add_head(text, name, type, help);
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
	add_number(&text, "uptime_seconds", "gauge", "Time since the mount.", counts.uptime_s);
	add_number(&text, "submissions_today", "gauge", "Submissions of this day (UTC).",
		counts.today);
	add_number(&text, "submissions_per_day", "gauge", "The spending guard, 0: none.",
		gen->options.submissions_per_day);
	add_number(&text, "queue_length", "gauge", "Prompts that wait to be sent.",
		queue_waiting(gen->queue));
	add_number(&text, "active_tasks", "gauge", "Tasks that are sent and have not ended.",
		queue_active(gen->queue));
	add_number(&text, "max_active_tasks", "gauge", "Tasks that may run at once.",
		gen->options.max_active);
	add_number(&text, "stopped", "gauge", "1: nothing is sent, for the reason in stats.",
		queue_stopped(gen->queue) != NULL);
	add_head(&text, "jobs", "gauge", "Jobs in the ledger by state.");
	for (int state = 1; state < JOB_STATE_COUNT; state++)
		buf_addf(&text, "weryaifs_jobs{state=\"%s\"} %" PRId64 "\n",
			job_state_name((enum job_state)state), counts.states[state]);
	if (counts.credits_known) {
		add_head(&text, "credits", "gauge", "The balance when it was last read.");
		buf_addf(&text, "weryaifs_credits %.10g\n", counts.credits);
	}
	add_number(&text, "fetched_bytes_total", "counter", "Bytes received since the mount.",
		(int64_t)http_bytes_received(gen->http));
	add_number(&text, "transfers_total", "counter", "Downloads started since the mount.",
		(int64_t)results_transfers(gen->results));
	add_number(&text, "cache_bytes", "gauge", "Bytes of results on this disk.", counts.cached);
	return finish(&text, ret_text);
}
