/* SPDX-License-Identifier: MIT */
/* Makes the rooms of an account, bottom up, and takes them down. */
#include <errno.h>
#include <stdlib.h>

#include "fs/account/account_private.h"
#include "fs/account/remember.h"
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
#include "fs/table/tables.h"
#include "fs/tree/tree.h"

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
		.along = options->along,
		.cache_size = options->cache_size,
		.brings_in = options->brings_in,
		.evicts = options->evicts,
		.keep_after_ms = options->keep_after_ms,
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
		.changes = account->changes,
		.jobs = account->jobs};
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
		.writers = account->writers,
		.fetches = account->fetches,
		.credits = account->credits,
		.models = &account->models,
		.read_only = options->read_only,
		.max_active = options->max_active,
		.submit_gap_ms = options->submit_gap_ms,
		.submit_gap_min_ms = options->submit_gap_min_ms,
		.submissions_per_day = options->submissions_per_day,
		.credits_per_day = options->credits_per_day,
		.first_poll_ms = options->first_poll_ms,
		.poll_interval_ms = options->poll_interval_ms,
		.slow_poll_interval_ms = options->slow_poll_interval_ms,
		.slow_poll_after_ms = options->slow_poll_after_ms,
		.cache_size = options->cache_size,
		.stall_ms = options->stall_timeout_ms,
		.embeds = options->embeds,
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

static int table_settled(void *arg, int64_t ino)
{
	struct account *account = arg;

	return tables_settled(account->tables, ino);
}

static int make_tables(struct account *account)
{
	const struct tables_needs needs = {.loop = account->loop,
		.store = account->store,
		.changes = account->changes,
		.writers = account->writers,
		.tree = account->tree,
		.models = &account->models,
		.ask_above = account->options.ask_above,
		.allow_unknown = account->options.allow_unknown};

	return tables_create(&needs, &account->tables);
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
		.sidecar = options->sidecar,
		.manual = options->manual,
		.webhook_url = options->webhook_url,
		.uid = options->uid,
		.gid = options->gid,
		.resumes = options->resumes,
		.table_settled = table_settled,
		.arg = account};

	account->balance = (struct balance_needs){account->loop, account->api, account->credits};
	int r = tree_start(&needs, &account->tree);
	account->views = (struct views_needs){account->store, account->tree};
	if (r == 0)
		r = make_tables(account);
	if (r == 0)
		r = galleries_create(account->store, account->tree, &account->galleries);
	const struct events_needs events = {
		account->store, account->jobs, account->tree, account->changes, options->events};
	if (r == 0)
		r = events_create(&events, &account->events);
	account->submit = (struct submit_needs){.store = account->store,
		.jobs = account->jobs,
		.queue = account->queue,
		.inputs = account->inputs,
		.tree = account->tree,
		.tables = account->tables};
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
	if (r == 0)
		r = tables_resume(account->tables);
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
	tables_destroy(account->tables);
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
