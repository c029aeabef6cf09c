/* SPDX-License-Identifier: MIT */
#pragma once
/* state: the account and its tasks: admission, time, counters.
 *
 * A task moves by the clock alone: waiting for the first third of its time, then processing, then
 * final. Tasks are never freed before state_destroy, and all their fields are constant, so that a
 * pointer to one may be kept.
 *
 * Threads: any; one private lock. */
#include <jansson.h>
#include <stdint.h>

#include "tests/sandbox/endpoints.h"
#include "tests/sandbox/faults.h"
#include "tests/sandbox/options.h"

#define STATE_OUTPUTS_MAX 64 /* results of one task, and tasks of one submission */

/* What was asked for; all owned. */
struct generation {
	const struct endpoint *endpoint;
	char *model, *prompt;             /* never NULL */
	char *ratio, *resolution, *input, *webhook; /* NULL: not given */
	char *speech; /* what was said, of a recording that is read; NULL: none */
	char *lyrics; /* of a song, which has a cover as well; NULL: no song */
	unsigned duration, number;
	bool vector;
	struct fault_set faults;
};
void generation_destroy(struct generation *generation);

struct task {
	char id[16];
	int64_t batch;
	uint64_t serial, seed; /* seed: of its bytes */
	const struct generation *generation;
	unsigned outputs, first; /* results, and the number of the first within the submission */
	double created, seconds; /* monotonic */
	double wall;             /* when it was created */
};

enum phase { PHASE_WAITING, PHASE_PROCESSING, PHASE_SUCCEEDED, PHASE_FAILED, PHASE_CANCELED };

struct submission {
	int64_t batch;
	unsigned count;
	const struct task *task[STATE_OUTPUTS_MAX];
};

/* What can be changed while we run. */
struct settings {
	double seconds, video_seconds, min_gap, rate, rate_seconds, delay, cdn_rate, cdn_latency, cdn_expire;
	int64_t credits;
	uint64_t max_active, daily_limit;
	bool down, credits_hidden;
};

struct state;
struct state *state_create(const struct options *options);
void state_destroy(struct state *state);

struct settings state_settings(struct state *state);
void state_change(struct state *state, void (*change)(struct settings *, void *), void *arg);

/* Takes the generation on success only. Refusals, nothing changed: -EAGAIN too close to the last
 * one, -EBUSY too many active, -EDQUOT the day's limit, -ENOSPC credits. */
int state_submit(struct state *state, struct generation *generation, struct submission *ret);

/* NULL: not known (any more). */
const struct task *state_find(struct state *state, const char *id);
/* How many tasks of the batch there are; 0: no such batch. */
unsigned state_find_batch(
	struct state *state, const char *batch, const struct task *ret[STATE_OUTPUTS_MAX]);
enum phase state_phase(const struct task *task);

/* Adds one to the counter of this name; returns what it was. */
uint64_t state_count(struct state *state, const char *name);
void state_count_more(struct state *state, const char *name, uint64_t more);
json_t *state_stats(struct state *state);
