/* SPDX-License-Identifier: MIT */
#pragma once
/* stats: the counters of .weryaifs in words: for people, and for Prometheus. Pure. The caller frees the text. */
#include <stdbool.h>
#include <stdint.h>

#include "fs/report/spend.h"
#include "fs/store/jobs.h"

struct stats {
	int64_t uptime_s, submissions_today, submissions_per_day, queued, active, max_active;
	int64_t queue_every_ms, queue_ends; /* queue.h */
	int64_t bytes_fetched, cache_bytes, transfers;
	int64_t states[JOB_STATE_COUNT]; /* jobs by state, as users are told (job_state_shown()) */
	struct spend_total spend;
	const char *paused; /* NULL: the queue runs */
	bool credits_known;
	double credits;
	int64_t credits_at;
};

int stats_format(const struct stats *stats, char **ret_text); /* `key: value` lines */
/* https://prometheus.io/docs/instrumenting/exposition_formats/, version 0.0.4 */
int stats_format_prometheus(const struct stats *stats, char **ret_text);
