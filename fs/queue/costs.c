/* SPDX-License-Identifier: MIT */
#include "fs/queue/costs.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fs/api/request.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/hash.h"
#include "fs/base/log.h"
#include "fs/job/job_table.h"
#include "fs/model/model.h"
#include "fs/store/store.h"
#include "fs/store/tally.h"

#define POSTS_MAX 1024 /* between two readings; of more nothing is said */
#define SAME(a, b) (fabs((a) - (b)) < 1e-6)

struct post {
	int64_t job, price;
	uint64_t model; /* its hash */
	int number;	/* of results */
	bool further;	/* the second request of its job: added to what the first one has cost */
	double part;	/* of what all have cost */
};

struct costs {
	struct store *store;
	struct job_table *jobs;
	bool known;
	double balance; /* of the last reading that counts */
	struct post posts[POSTS_MAX];
	size_t count; /* since then */
};

int costs_create(struct store *store, struct job_table *jobs, struct costs **ret_costs)
{
	struct costs *costs = calloc(1, sizeof(*costs));

	if (costs == NULL)
		return -ENOMEM;
	costs->store = store;
	costs->jobs = jobs;
	*ret_costs = costs;
	return 0;
}

void costs_destroy(struct costs *costs)
{
	free(costs);
}

static int64_t price_of(const struct job_record *record)
{
	CLEANUP_FREE char *text = NULL;

	if (record->mode == NULL || record->body == NULL || api_request_priced(record->body, &text) < 0)
		return 0;
	uint64_t hash = hash_add(HASH_START, record->mode, strlen(record->mode) + 1);
	return (int64_t)(hash_add(hash, text, strlen(text)) | 1);
}

int costs_expected(struct store *store, const struct model_table *models, const struct job_record *record, int64_t *ret_price,
	double *ret_credits)
{
	int64_t price = price_of(record);
	const struct model *model = model_table_find(models, record->model);
	int r = price == 0 ? -ENOENT : prices_get(store, price, ret_credits);

	if (ret_price != NULL)
		*ret_price = price;
	if (r != -ENOENT)
		return r;
	*ret_credits = model == NULL || record->body == NULL ? NAN : model->credits * api_request_number(record->body);
	return 0;
}

void costs_posted(struct costs *costs, const struct job_record *record)
{
	if (costs->count == POSTS_MAX) {
		costs->known = false;
		costs->count = 0;
	}
	costs->posts[costs->count++] = (struct post){.job = record->id,
		.price = price_of(record),
		.model = hash_add(HASH_START, record->model, strlen(record->model)),
		.number = api_request_number(record->body),
		.further = record->step_asked != 0};
	if (record->step_asked != 0)
		costs->posts[costs->count - 1].price = 0;
}

void costs_refused(struct costs *costs, int64_t job)
{
	size_t kept = 0;

	for (size_t i = 0; i < costs->count; i++)
		if (costs->posts[i].job != job)
			costs->posts[kept++] = costs->posts[i];
	costs->count = kept;
}

static int write_nothing(struct store *store, void *arg)
{
	const struct job_cost nothing = {0, COST_ALONE, NAN};

	return tally_set_cost(store, *(int64_t *)arg, &nothing);
}

void costs_spared(struct costs *costs, int64_t job)
{
	costs_refused(costs, job);
	if (store_run(costs->store, false, write_nothing, &job) < 0)
		log_warning("costs: that job %" PRId64 " has cost nothing is not recorded", job);
}

bool costs_are_open(const struct costs *costs)
{
	return costs->count > 0;
}

/* --- whose is what --- */

static bool are_same(const struct costs *costs, bool by_price)
{
	for (size_t i = 1; i < costs->count; i++) {
		const struct post *post = &costs->posts[i];
		if (by_price ? post->price != costs->posts[0].price : post->model != costs->posts[0].model)
			return false;
	}
	return !by_price || costs->posts[0].price != 0;
}

static void divide(struct costs *costs, double fall)
{
	double number = 0;

	for (size_t i = 0; i < costs->count; i++)
		number += costs->posts[i].number;
	for (size_t i = 0; i < costs->count; i++)
		costs->posts[i].part = fall * costs->posts[i].number / number;
}

/* By what such requests have cost before, where that makes the same together; what is left belongs to those of one price that is not known
 * yet. */
static bool divide_by_prices(struct costs *costs, double fall)
{
	int64_t strange = 0;
	size_t strangers = 0;

	for (size_t i = 0; i < costs->count; i++) {
		struct post *post = &costs->posts[i];
		post->part = NAN;
		if (post->price != 0 && prices_get(costs->store, post->price, &post->part) == 0) {
			fall -= post->part;
			continue;
		}
		if (post->price == 0 || (strangers > 0 && post->price != strange))
			return false;
		strange = post->price;
		strangers++;
	}
	if (strangers == 0 || fall < 0)
		return strangers == 0 && SAME(fall, 0);
	for (size_t i = 0; i < costs->count; i++)
		if (isnan(costs->posts[i].part))
			costs->posts[i].part = fall / (double)strangers;
	return true;
}

static enum cost_kind share(struct costs *costs, double fall)
{
	if (costs->count == 1) {
		struct post *post = &costs->posts[0];
		double usual;
		post->part = fall;
		/* more than one like it has cost: another program may have spent of this account */
		bool more = post->price != 0 && prices_get(costs->store, post->price, &usual) == 0 && fall > usual &&
			    !SAME(fall, usual);
		return more ? COST_SHARED : COST_ALONE;
	}
	if (divide_by_prices(costs, fall))
		return COST_SHARED;
	divide(costs, fall);
	return are_same(costs, false) ? COST_SHARED : COST_DIVIDED;
}

struct shared {
	struct costs *costs;
	enum cost_kind kind;
	double fall;
};

/* What its first request has cost, where that was measured. */
static int add_first(struct store *store, int64_t job, struct job_cost *cost)
{
	struct job_cost first;
	int r = tally_get_cost(store, job, &first);

	if (r < 0 || first.kind == COST_UNKNOWN || first.kind == COST_EXPECTED)
		return r == -ENOENT ? 0 : r;
	cost->credits += first.credits;
	if (cost->kind == COST_ALONE && first.kind == COST_ALONE)
		return 0;
	cost->most = (isnan(cost->most) ? cost->credits - first.credits : cost->most) +
		     (isnan(first.most) ? first.credits : first.most);
	if (cost->kind < first.kind)
		cost->kind = first.kind;
	return 0;
}

static int write_costs(struct store *store, void *arg)
{
	const struct shared *shared = arg;
	const struct costs *costs = shared->costs;
	int r = 0;

	for (size_t i = 0; i < costs->count && r == 0; i++) {
		const struct post *post = &costs->posts[i];
		struct job_cost cost = {post->part, shared->kind, shared->kind == COST_ALONE ? NAN : shared->fall};
		if (post->further)
			r = add_first(store, post->job, &cost);
		if (r == 0)
			r = tally_set_cost(store, post->job, &cost);
	}
	if (r == 0 && shared->fall > 0 && are_same(costs, true))
		r = prices_set(store, costs->posts[0].price, shared->fall / (double)costs->count, clock_wall_ms());
	return r;
}

static bool have_ended(const struct costs *costs)
{
	for (size_t i = 0; i < costs->count; i++)
		if (job_table_find(costs->jobs, costs->posts[i].job) != NULL)
			return false;
	return true;
}

void costs_read(struct costs *costs, double balance)
{
	double fall = costs->balance - balance;

	/* what runs may be charged at its end */
	if (costs->known && costs->count > 0 && SAME(fall, 0) && !have_ended(costs))
		return;
	if (costs->known && costs->count > 0 && fall > -1e-6) {
		struct shared shared = {costs, share(costs, fall), fall};
		int r = store_run(costs->store, false, write_costs, &shared);
		if (r < 0)
			log_errno(LOG_LEVEL_WARNING, r, "costs: what job %" PRId64 " has cost is not recorded",
				costs->posts[0].job);
	}
	costs->known = true;
	costs->balance = balance;
	costs->count = 0;
}
