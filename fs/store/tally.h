/* SPDX-License-Identifier: MIT */
#pragma once
/* tally: what the jobs that were sent have asked for, made and cost, summed up by day, model and state, as rows that triggers keep
 * (schema.c): each change of a job changes them in the same transaction, so that they never say anything else than the jobs do. And what a
 * kind of request was seen to cost. Changes run inside the caller's transaction. */
#include <stdint.h>

#include "fs/store/jobs.h"

enum cost_kind { /* how a cost is known; values are on disk */
	COST_UNKNOWN = 0,
	COST_ALONE = 1,	   /* the balance before and after it, and nothing was sent between */
	COST_SHARED = 2,   /* the same of several; of each its part by what such requests cost. Or of one, and more than usual */
	COST_DIVIDED = 3,  /* the same of several that differ: some part of it */
	COST_EXPECTED = 4, /* by what the same request has cost before, or by the configuration */
};

struct job_cost {
	double credits; /* COST_UNKNOWN: NAN */
	enum cost_kind kind;
	double most; /* COST_SHARED, COST_DIVIDED: what all of them have cost together */
};

struct tally_row {
	const char *day; /* "2026-11-27", UTC; "": of all days; borrowed, like the next one */
	const char *model;
	enum job_state state;
	int64_t jobs;
	int64_t asked, made; /* results */
	double measured, expected; /* credits: COST_ALONE and COST_SHARED; the others */
};

/* Rows with this day ("": the sums of all days), or from it on with the latest day first; by model and state. */
int tally_list(struct store *store, const char *day, int (*visit)(void *arg, const struct tally_row *row), void *arg);
int tally_list_since(struct store *store, const char *day, int (*visit)(void *arg, const struct tally_row *row), void *arg);
/* Credits of a day, measured and expected. */
int tally_credits(struct store *store, const char *day, double *ret_credits);

/* It is sent, and asks for so many results; `price`: of its kind, 0 none; `expected`: credits that it will probably cost, NAN not known. */
int tally_sent(struct store *store, int64_t job, int asked, int64_t price, double expected);
int tally_made(struct store *store, int64_t job, int made);
int tally_set_cost(struct store *store, int64_t job, const struct job_cost *cost);
int tally_get_cost(struct store *store, int64_t job, struct job_cost *ret_cost); /* -ENOENT: no such job */

/* What a request of this kind costs: now, and of all that were not measured. */
int prices_set(struct store *store, int64_t price, double credits, int64_t now);
int prices_get(struct store *store, int64_t price, double *ret_credits); /* -ENOENT */
