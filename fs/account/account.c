/* SPDX-License-Identifier: MIT */
/* What the mount asks of an account; it has been made by account_make.c. */

#include "fs/account/account_private.h"
#include "fs/account/saved.h"
#include "fs/account/stats.h"
#include "fs/base/clock.h"
#include "fs/fetch/fetch.h"
#include "fs/input/inputs.h"
#include "fs/net/http.h"
#include "fs/queue/credits.h"
#include "fs/queue/queue.h"
#include "fs/report/events.h"
#include "fs/report/gallery.h"
#include "fs/report/wait_below.h"
#include "fs/report/spend.h"
#include "fs/store/cache.h"
#include "fs/store/jobs.h"
#include "fs/store/store.h"
#include "fs/tree/tree.h"

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

int account_save_status(
	struct account *account, uint64_t prompt_ino, const char *text, size_t length)
{
	return saved_status(&account->submit, prompt_ino, text, length);
}

int account_rename_to_shadow(struct account *account, uint64_t parent, const char *name,
	uint64_t new_parent, const char *new_name, unsigned flags)
{
	return saved_by_rename(&account->submit, parent, name, new_parent, new_name, flags);
}

int account_balance(struct account *account, void (*done)(void *arg, int result, double credits),
	void *arg, struct balance **ret_balance)
{
	return balance_ask(&account->balance, done, arg, ret_balance);
}

bool account_balance_known(const struct account *account, double *ret_credits)
{
	int64_t when;

	return credits_latest(account->credits, ret_credits, &when);
}

int account_wait_below(struct account *account, int64_t dir, void (*done)(void *arg), void *arg,
	struct wait_below **ret_wait)
{
	struct wait_below_needs needs = {account->loop, account->store, account->tree, account->changes};

	return wait_below_create(&needs, dir, done, arg, ret_wait);
}

int account_running(const struct account *account)
{
	return queue_active(account->queue);
}

int account_events(struct account *account, void (*more)(void *arg), void *arg, struct events_reader **ret_reader)
{
	return events_open(account->events, more, arg, ret_reader);
}

int account_events_again(struct account *account, off_t start, void (*more)(void *arg), void *arg,
	struct events_reader **ret_reader)
{
	return events_open_again(account->events, start, more, arg, ret_reader);
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
		.queue_every_ms = queue_every_ms(account->queue),
		.queue_ends = queue_ends(account->queue),
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
		r = spend_sum(account->store, &stats->spend);
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

int account_spend(struct account *account, bool csv, char **ret_text)
{
	return csv ? spend_format_csv(account->store, ret_text) : spend_format(account->store, ret_text);
}

const struct views_needs *account_views(const struct account *account)
{
	return &account->views;
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
