/* SPDX-License-Identifier: MIT */
#pragma once
/* costs: what each submission has cost, by the balance before and after it.
 *
 * A reading of the balance counts while no POST is on its way. Between two readings that count lie some POSTs: what the balance has
 * fallen by is what those have cost, and where it was one it is that one's alone; where that is more than one like it has cost it is at
 * most so much, as another program may have spent of the account meanwhile. What a request has cost is remembered by what its price may
 * depend on (api_request_priced()), and expected of the next one like it; of one whose like was not seen what the configuration says
 * ([model KEY] credits), else nothing.
 * Where the balance has risen somebody has bought credits, and nothing can be said.
 * Ownership: store and jobs are borrowed. Loop thread only. */
#include <stdbool.h>
#include <stdint.h>

#include "fs/store/jobs.h"

struct costs;
struct job_table;
struct model_table;
struct store;

int costs_create(struct store *store, struct job_table *jobs, struct costs **ret_costs);
void costs_destroy(struct costs *costs); /* NULL is fine */
/* A job's POST starts; it was certainly not charged. */
void costs_posted(struct costs *costs, const struct job_record *record);
void costs_refused(struct costs *costs, int64_t job);
void costs_spared(struct costs *costs, int64_t job); /* and it has ended: it is known to have cost nothing */
/* A reading that counts. */
void costs_read(struct costs *costs, double balance);
/* Is there a POST since the last reading? */
bool costs_are_open(const struct costs *costs);

/* What a request will probably cost: as much as the same one has cost before; else what the configuration says of its model's results; NAN:
 * nobody knows. *ret_price (may be NULL): by what its price is known; 0: by nothing. */
int costs_expected(struct store *store, const struct model_table *models, const struct job_record *record, int64_t *ret_price,
	double *ret_credits);
