/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/state.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/util.h"

#define TASKS_MAX 500000

struct state {
	pthread_mutex_t lock; /* of all below */
	struct settings settings;
	struct task **task; /* owned, in order of creation */
	size_t count, space;
	struct generation **generation; /* owned */
	size_t generation_count;
	struct task **active; /* those not final yet, and some that became so unnoticed */
	size_t active_count, active_space, active_peak;
	struct strmap *by_id, *by_batch; /* to struct task; the batch's first */
	struct strmap *counters;
	double last_submit; /* monotonic; 0: none yet */
	uint64_t submitted;
	double tokens, filled; /* of the rate's bucket, as it was at that time; 0: it is full */
};

void generation_destroy(struct generation *generation)
{
	if (!generation)
		return;
	free(generation->model);
	free(generation->prompt);
	free(generation->ratio);
	free(generation->resolution);
	free(generation->input);
	free(generation->lyrics);
	free(generation->speech);
	free(generation->webhook);
	free(generation);
}

struct state *state_create(const struct options *options)
{
	struct state *state = xcalloc(1, sizeof(*state));

	pthread_mutex_init(&state->lock, NULL);
	state->settings = (struct settings){
		.seconds = options->seconds,
		.video_seconds = options->video_seconds,
		.min_gap = options->min_gap,
		.rate = options->rate,
		.rate_seconds = options->rate_seconds,
		.delay = options->delay,
		.cdn_rate = options->cdn_rate,
		.cdn_latency = options->cdn_latency,
		.cdn_expire = options->cdn_expire,
		.credits = options->credits,
		.max_active = options->max_active,
		.daily_limit = options->daily_limit,
		.credits_hidden = options->credits_hidden,
	};
	state->by_id = strmap_create();
	state->by_batch = strmap_create();
	state->counters = strmap_create();
	return state;
}

void state_destroy(struct state *state)
{
	if (!state)
		return;
	for (size_t i = 0; i < state->count; i++)
		free(state->task[i]);
	for (size_t i = 0; i < state->generation_count; i++)
		generation_destroy(state->generation[i]);
	free(state->task);
	free(state->generation);
	free(state->active);
	strmap_destroy(state->by_id, NULL);
	strmap_destroy(state->by_batch, NULL);
	strmap_destroy(state->counters, free);
	pthread_mutex_destroy(&state->lock);
	free(state);
}

struct settings state_settings(struct state *state)
{
	struct settings settings;

	pthread_mutex_lock(&state->lock);
	settings = state->settings;
	pthread_mutex_unlock(&state->lock);
	return settings;
}

void state_change(struct state *state, void (*change)(struct settings *, void *), void *arg)
{
	pthread_mutex_lock(&state->lock);
	change(&state->settings, arg);
	pthread_mutex_unlock(&state->lock);
}

enum phase state_phase(const struct task *task)
{
	double age = util_monotonic() - task->created;
	const struct fault_set *faults = &task->generation->faults;

	if (age < task->seconds / 3)
		return PHASE_WAITING;
	if (age < task->seconds)
		return PHASE_PROCESSING;
	if (faults_has(faults, FAULT_TASK_FAIL, NULL) ||
		faults_has(faults, FAULT_TASK_FAIL_MODERATION, NULL))
		return PHASE_FAILED;
	if (faults_has(faults, FAULT_TASK_CANCELED, NULL))
		return PHASE_CANCELED;
	return PHASE_SUCCEEDED;
}

static size_t count_active_locked(struct state *state)
{
	size_t kept = 0;

	for (size_t i = 0; i < state->active_count; i++)
		if (state_phase(state->active[i]) <= PHASE_PROCESSING)
			state->active[kept++] = state->active[i];
	state->active_count = kept;
	return kept;
}

/* 11 characters of URL-safe base64, as the service's look; '-' may come first. */
static void make_id(struct state *state, char id[16])
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned char raw[11];

	do {
		util_random(raw, sizeof(raw));
		for (unsigned i = 0; i < sizeof(raw); i++)
			id[i] = digits[raw[i] & 63];
		id[sizeof(raw)] = '\0';
	} while (strmap_get(state->by_id, id));
}

static struct task *add_task_locked(struct state *state, const struct generation *generation)
{
	struct task *task = xcalloc(1, sizeof(*task));

	if (state->count == state->space) {
		state->space = state->space ? state->space * 2 : 64;
		state->task = xrealloc(state->task, state->space * sizeof(struct task *));
		state->generation =
			xrealloc(state->generation, state->space * sizeof(struct generation *));
	}
	if (state->active_count == state->active_space) {
		state->active_space = state->active_space ? state->active_space * 2 : 64;
		state->active =
			xrealloc(state->active, state->active_space * sizeof(struct task *));
	}
	make_id(state, task->id);
	task->serial = state->count;
	task->seed = util_hash_text(task->id, util_hash_text(generation->prompt, 1));
	task->generation = generation;
	task->created = util_monotonic();
	task->wall = util_wall();
	state->task[state->count++] = task;
	state->active[state->active_count++] = task;
	strmap_set(state->by_id, task->id, task);
	return task;
}

/* How much is in the rate's bucket now. */
static double fill_bucket_locked(struct state *state, double now)
{
	const struct settings *settings = &state->settings;
	double more = state->filled == 0 ? settings->rate : (now - state->filled) * settings->rate / settings->rate_seconds;

	state->tokens = state->tokens + more < settings->rate ? state->tokens + more : settings->rate;
	state->filled = now;
	return state->tokens;
}

static int admit_locked(struct state *state, unsigned tasks, int64_t price)
{
	const struct settings *settings = &state->settings;
	double now = util_monotonic();

	if (state->last_submit > 0 && now - state->last_submit < settings->min_gap)
		return -EAGAIN;
	if (settings->rate > 0 && fill_bucket_locked(state, now) < 1)
		return -EAGAIN;
	if (settings->daily_limit && state->submitted >= settings->daily_limit)
		return -EDQUOT;
	if (count_active_locked(state) + tasks > settings->max_active)
		return -EBUSY;
	if (settings->credits < price || state->count + tasks > TASKS_MAX)
		return -ENOSPC;
	state->last_submit = now;
	state->tokens -= 1;
	return 0;
}

static double task_seconds(const struct settings *settings, const struct generation *generation)
{
	struct fault_value value;

	if (faults_has(&generation->faults, FAULT_SECONDS, &value))
		return value.number;
	return generation->endpoint->kind == MEDIA_VIDEO ? settings->video_seconds
							 : settings->seconds;
}

int state_submit(struct state *state, struct generation *generation, struct submission *ret)
{
	bool split = faults_has(&generation->faults, FAULT_SPLIT, NULL) &&
		     !generation->endpoint->single_id;
	int64_t price =
		(generation->endpoint->kind == MEDIA_VIDEO ? 10 : 1) * (int64_t)generation->number;
	struct submission submission = {0};
	struct fault_value value;
	unsigned outputs = generation->number;
	int r;

	if (faults_has(&generation->faults, FAULT_IMAGES, &value))
		outputs = value.number > STATE_OUTPUTS_MAX ? STATE_OUTPUTS_MAX
							   : (unsigned)value.number;
	if (split && outputs == 0)
		split = false;
	submission.count = split ? outputs : 1;
	pthread_mutex_lock(&state->lock);
	r = admit_locked(state, submission.count, price);
	if (r < 0) {
		pthread_mutex_unlock(&state->lock);
		return r;
	}
	state->submitted++;
	state->settings.credits -= price;
	util_random(&submission.batch, sizeof(submission.batch));
	/* Above 2^53, so that whoever takes it for a double is found out. */
	submission.batch = (submission.batch & 0x0fffffffffffffff) | 0x1000000000000001;
	for (unsigned i = 0; i < submission.count; i++) {
		struct task *task = add_task_locked(state, generation);

		task->batch = submission.batch;
		task->outputs = split ? 1 : outputs;
		task->first = split ? i : 0;
		task->seconds = task_seconds(&state->settings, generation);
		submission.task[i] = task;
		if (i == 0) {
			char *key = xformat("%lld", (long long)task->batch);

			state->generation[state->generation_count++] = generation;
			strmap_set(state->by_batch, key, task);
			free(key);
		}
	}
	if (count_active_locked(state) > state->active_peak)
		state->active_peak = state->active_count;
	pthread_mutex_unlock(&state->lock);
	*ret = submission;
	return 0;
}

static bool task_lives(const struct task *task)
{
	struct fault_value value;

	return !faults_has(&task->generation->faults, FAULT_LIFETIME, &value) ||
	       util_monotonic() - task->created < value.number;
}

const struct task *state_find(struct state *state, const char *id)
{
	const struct task *task;

	pthread_mutex_lock(&state->lock);
	task = strmap_get(state->by_id, id);
	pthread_mutex_unlock(&state->lock);
	return task && task_lives(task) ? task : NULL;
}

unsigned state_find_batch(
	struct state *state, const char *batch, const struct task *ret[STATE_OUTPUTS_MAX])
{
	const struct task *first;
	unsigned count = 0;

	pthread_mutex_lock(&state->lock);
	first = strmap_get(state->by_batch, batch);
	for (size_t i = first ? (size_t)first->serial : state->count;
		i < state->count && count < STATE_OUTPUTS_MAX; i++) {
		if (state->task[i]->batch != first->batch)
			break;
		ret[count++] = state->task[i];
	}
	pthread_mutex_unlock(&state->lock);
	return first && task_lives(first) ? count : 0;
}

void state_count_more(struct state *state, const char *name, uint64_t more)
{
	pthread_mutex_lock(&state->lock);
	*strmap_counter(state->counters, name) += more;
	pthread_mutex_unlock(&state->lock);
}

uint64_t state_count(struct state *state, const char *name)
{
	uint64_t *counter, was;

	pthread_mutex_lock(&state->lock);
	counter = strmap_counter(state->counters, name);
	was = (*counter)++;
	pthread_mutex_unlock(&state->lock);
	return was;
}

/* Names with a blank are counters of single tasks and URLs: of no interest to a reader. */
static void add_counter(const char *name, void *value, void *arg)
{
	if (!strchr(name, ' '))
		json_object_set_new(arg, name, json_integer((json_int_t) * (uint64_t *)value));
}

json_t *state_stats(struct state *state)
{
	json_t *stats = json_object(), *counters = json_object(), *tasks;
	json_int_t phases[PHASE_CANCELED + 1] = {0};

	pthread_mutex_lock(&state->lock);
	for (size_t i = 0; i < state->count; i++)
		phases[state_phase(state->task[i])]++;
	strmap_each(state->counters, add_counter, counters);
	json_object_set_new(stats, "submissions", json_integer((json_int_t)state->submitted));
	json_object_set_new(stats, "created", json_integer((json_int_t)state->count));
	json_object_set_new(
		stats, "active", json_integer(phases[PHASE_WAITING] + phases[PHASE_PROCESSING]));
	json_object_set_new(stats, "active_peak", json_integer((json_int_t)state->active_peak));
	json_object_set_new(stats, "credits", json_integer(state->settings.credits));
	pthread_mutex_unlock(&state->lock);
	tasks = json_pack("{s:I, s:I, s:I, s:I, s:I}", "waiting", phases[PHASE_WAITING],
		"processing", phases[PHASE_PROCESSING], "succeeded", phases[PHASE_SUCCEEDED],
		"failed", phases[PHASE_FAILED], "canceled", phases[PHASE_CANCELED]);
	json_object_set_new(stats, "tasks", tasks);
	json_object_set_new(stats, "counters", counters);
	return stats;
}
