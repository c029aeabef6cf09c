/* SPDX-License-Identifier: MIT */
#include "fs/account/account.h"

#include <errno.h>
#include <stdlib.h>

#include "fs/account/balance.h"
#include "fs/account/remember.h"
#include "fs/account/stats.h"
#include "fs/account/submit.h"
#include "fs/base/clock.h"
#include "fs/fetch/fetch.h"
#include "fs/input/inputs.h"
#include "fs/job/changes.h"
#include "fs/job/job_table.h"
#include "fs/job/lease.h"
#include "fs/job/writers.h"
#include "fs/net/http.h"
#include "fs/queue/credits.h"
#include "fs/queue/queue.h"
#include "fs/report/events.h"
#include "fs/report/gallery.h"
#include "fs/report/wait_below.h"
#include "fs/store/cache.h"
#include "fs/store/jobs.h"
#include "fs/store/store.h"
#include "fs/tree/tree.h"

struct account {
	struct loop *loop; /* borrowed, like the next three */
	struct store *store;
	struct http *http;
	struct api_client *api;
	const struct model_table *models; /* the table in force */
	struct account_options options;
	int64_t started; /* monotonic ms */

	struct changes *changes; /* owned, like the rest; bottom up */
	struct leases *leases;
	struct writers *writers;
	struct job_table *jobs;
	struct fetches *fetches;
	struct credits *credits;
	struct queue *queue;
	struct inputs *inputs;
	struct tree *tree;
	struct galleries *galleries;
	struct events *events;
	struct balance_needs balance;
	struct submit_needs submit;
	struct model_refresh *refresh; /* NULL: the models stay as they are */
};

/* The status of the job's prompt says why a result could not be fetched. */
static void tell_trouble(void *arg, int64_t job)
{
	struct account *account = arg;
	struct job_record record;

	if (jobs_get(account->store, job, &record) < 0)
		return;
	changes_tell_status(account->changes, record.place.ino);
	job_record_finish(&record);
}

static int make_jobs(struct account *account)
{
	int r = changes_create(account->loop, &account->changes);

	if (r == 0)
		r = leases_create(account->store, account->options.settle_ms, &account->leases);
	if (r == 0) {
		account->writers = writers_create();
		r = account->writers == NULL ? -ENOMEM : 0;
	}
	return r < 0 ? r : job_table_create(account->store, account->changes, &account->jobs);
}

static int make_fetches(struct account *account)
{
	const struct account_options *options = &account->options;
	const struct fetch_needs needs = {.loop = account->loop,
		.store = account->store,
		.http = account->http,
		.api = account->api,
		.worker = options->worker,
		.cache = options->cache,
		.cache_size = options->cache_size,
		.stall_ms = options->stall_timeout_ms,
		.trouble = tell_trouble,
		.arg = account};

	return fetches_create(&needs, &account->fetches);
}

static int make_queue(struct account *account)
{
	const struct account_options *options = &account->options;
	const struct credits_needs credits = {.loop = account->loop,
		.store = account->store,
		.api = account->api,
		.changes = account->changes};
	int r = credits_create(&credits, &account->credits);

	if (r < 0)
		return r;
	const struct queue_needs needs = {.loop = account->loop,
		.store = account->store,
		.http = account->http,
		.api = account->api,
		.jobs = account->jobs,
		.changes = account->changes,
		.leases = account->leases,
		.fetches = account->fetches,
		.credits = account->credits,
		.models = &account->models,
		.read_only = options->read_only,
		.max_active = options->max_active,
		.submit_gap_ms = options->submit_gap_ms,
		.submissions_per_day = options->submissions_per_day,
		.first_poll_ms = options->first_poll_ms,
		.poll_interval_ms = options->poll_interval_ms,
		.slow_poll_interval_ms = options->slow_poll_interval_ms,
		.slow_poll_after_ms = options->slow_poll_after_ms,
		.cache_size = options->cache_size,
		.stall_ms = options->stall_timeout_ms,
		.eager = options->eager,
		.uid = options->uid,
		.gid = options->gid};
	return queue_create(&needs, &account->queue);
}

static int make_inputs(struct account *account)
{
	const struct account_options *options = &account->options;
	const struct inputs_needs needs = {.loop = account->loop,
		.store = account->store,
		.http = account->http,
		.api = account->api,
		.jobs = account->jobs,
		.changes = account->changes,
		.writers = account->writers,
		.queue = account->queue,
		.models = &account->models,
		.settle_ms = options->settle_ms,
		.copies_ms = options->copies_ms,
		.stall_ms = options->stall_timeout_ms,
		.allow_unknown = options->allow_unknown,
		.webhook_url = options->webhook_url,
		.mountpoint = options->mountpoint};

	return inputs_create(&needs, &account->inputs);
}

static int make_tree(struct account *account)
{
	const struct account_options *options = &account->options;
	const struct tree_needs needs = {.loop = account->loop,
		.store = account->store,
		.jobs = account->jobs,
		.changes = account->changes,
		.leases = account->leases,
		.writers = account->writers,
		.fetches = account->fetches,
		.credits = account->credits,
		.queue = account->queue,
		.inputs = account->inputs,
		.models = &account->models,
		.settle_ms = options->settle_ms,
		.settle_max_ms = options->settle_max_ms,
		.copies_ms = options->copies_ms,
		.ask_above = options->ask_above,
		.allow_unknown = options->allow_unknown,
		.dry_run = options->dry_run,
		.manual = options->manual,
		.webhook_url = options->webhook_url,
		.uid = options->uid,
		.gid = options->gid,
		.resumes = options->resumes};

	account->balance = (struct balance_needs){account->loop, account->api, account->credits};
	int r = tree_start(&needs, &account->tree);
	if (r == 0)
		r = galleries_create(account->store, account->tree, &account->galleries);
	const struct events_needs events = {account->store, account->jobs, account->tree, account->changes};
	if (r == 0)
		r = events_create(&events, &account->events);
	account->submit = (struct submit_needs){.store = account->store,
		.jobs = account->jobs,
		.queue = account->queue,
		.inputs = account->inputs,
		.tree = account->tree};
	return r;
}

/* What the last mount has left to be done. */
static int resume(struct account *account)
{
	int r = remember_wishes(account->store, account->models);

	if (r == 0)
		r = queue_resume(account->queue);
	if (r == 0)
		r = inputs_resume(account->inputs);
	return r < 0 ? r : tree_resume(account->tree);
}

int account_create(struct loop *loop, struct store *store, struct http *http,
	struct api_client *api, const struct model_table *models,
	const struct account_options *options, struct account **ret_account)
{
	struct account *account = calloc(1, sizeof(*account));

	if (account == NULL)
		return -ENOMEM;
	*account = (struct account){.loop = loop,
		.store = store,
		.http = http,
		.api = api,
		.models = models,
		.options = *options,
		.started = clock_mono_ms()};
	int r = make_jobs(account);
	if (r == 0)
		r = make_fetches(account);
	if (r == 0)
		r = make_queue(account);
	if (r == 0)
		r = make_inputs(account);
	if (r == 0)
		r = make_tree(account);
	if (r == 0)
		r = resume(account);
	if (r < 0) {
		account_destroy(account);
		return r;
	}
	*ret_account = account;
	return 0;
}

void account_destroy(struct account *account)
{
	if (account == NULL)
		return;
	model_refresh_destroy(account->refresh);
	/* first the jobs: what is done for them by the queue and the inputs is called off */
	job_table_destroy(account->jobs);
	events_destroy(account->events);
	galleries_destroy(account->galleries);
	tree_destroy(account->tree);
	inputs_destroy(account->inputs);
	queue_destroy(account->queue);
	credits_destroy(account->credits);
	fetches_destroy(account->fetches);
	writers_destroy(account->writers);
	leases_destroy(account->leases);
	changes_destroy(account->changes);
	free(account);
}

/* A model is in force when it has a directory. */
static int put_in_force(void *arg, const struct model_table *table)
{
	struct account *account = arg;
	const struct model_table *old = account->models;

	account->models = table;
	int r = tree_plant(account->tree);
	if (r < 0)
		account->models = old;
	else
		inputs_recheck(account->inputs);
	return r;
}

int account_follow(struct account *account, const struct model_registry *registry)
{
	const struct model_refresh_needs needs = {.loop = account->loop,
		.store = account->store,
		.api = account->api,
		.registry = registry,
		.models = &account->models,
		.put_in_force = put_in_force,
		.arg = account};

	return model_refresh_create(&needs, &account->refresh);
}

void account_stop(struct account *account, void (*done)(void *arg), void *arg)
{
	queue_stop(account->queue, done, arg);
}

void account_retry(struct account *account)
{
	queue_retry(account->queue);
	inputs_retry(account->inputs);
}

bool account_called_back(struct account *account, const char *token)
{
	return queue_called_back(account->queue, token);
}

struct tree *account_tree(struct account *account)
{
	return account->tree;
}

struct fetches *account_fetches(struct account *account)
{
	return account->fetches;
}

struct changes *account_changes(struct account *account)
{
	return account->changes;
}

const struct model_table *account_models(const struct account *account)
{
	return account->models;
}

int account_submit(struct account *account, uint64_t prompt_ino)
{
	return submit_prompt(&account->submit, prompt_ino);
}

int account_retry_prompt(struct account *account, uint64_t prompt_ino)
{
	return submit_retry(&account->submit, prompt_ino);
}

int account_balance(struct account *account, void (*done)(void *arg, int result, double credits),
	void *arg, struct balance **ret_balance)
{
	return balance_ask(&account->balance, done, arg, ret_balance);
}

int account_wait_below(struct account *account, int64_t dir, void (*done)(void *arg), void *arg,
	struct wait_below **ret_wait)
{
	struct wait_below_needs needs = {account->loop, account->store, account->tree, account->changes};

	return wait_below_create(&needs, dir, done, arg, ret_wait);
}

int account_events(struct account *account, void (*more)(void *arg), void *arg, struct events_reader **ret_reader)
{
	return events_open(account->events, more, arg, ret_reader);
}

int account_gallery(
	struct account *account, int64_t dir, unsigned page, const char **ret_text, size_t *ret_length)
{
	return galleries_page(account->galleries, dir, page, ret_text, ret_length);
}

static int gather_stats(struct account *account, struct stats *stats)
{
	int64_t states[JOB_STATE_COUNT];
	char day[CLOCK_DAY];

	*stats = (struct stats){.uptime_s = (clock_mono_ms() - account->started) / 1000,
		.submissions_per_day = account->options.submissions_per_day,
		.queued = queue_waiting(account->queue),
		.active = queue_active(account->queue),
		.max_active = account->options.max_active,
		.bytes_fetched = (int64_t)http_bytes_received(account->http),
		.transfers = (int64_t)fetch_transfers(account->fetches),
		.paused = queue_paused(account->queue)};
	stats->credits_known =
		credits_latest(account->credits, &stats->credits, &stats->credits_at);
	clock_day(clock_wall_ms(), day);
	int r = cache_total(account->store, &stats->cache_bytes);
	if (r == 0)
		r = spend_get(account->store, day, &stats->submissions_today);
	if (r == 0)
		r = jobs_count_states(account->store, states);
	/* as users are told */
	for (int i = 1; i < JOB_STATE_COUNT && r == 0; i++)
		stats->states[job_state_shown((enum job_state)i)] += states[i];
	return r;
}

int account_stats(struct account *account, bool prometheus, char **ret_text)
{
	struct stats stats;
	int r = gather_stats(account, &stats);

	if (r < 0)
		return r;
	return prometheus ? stats_format_prometheus(&stats, ret_text)
			  : stats_format(&stats, ret_text);
}

void account_serves(struct account *account, int64_t request)
{
	store_serves(account->store, request);
}

int account_served(struct account *account, uint64_t *ret_request)
{
	int64_t request = 0;
	int r = store_served(account->store, &request);

	*ret_request = (uint64_t)request;
	return r;
}

int account_serves_anew(struct account *account)
{
	return store_served_forget(account->store);
}
