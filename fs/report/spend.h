/* SPDX-License-Identifier: MIT */
#pragma once
/* spend: what was asked for, made and paid for, by day, model and state: .weryaifs/spend for people, spend.csv for programs. It says
 * what the ledger's sums say (fs/store/tally.h). The caller frees the text. */
#include <stdint.h>

struct store;

int spend_format(struct store *store, char **ret_text);
/* A row for each day, model and state: day,model,state,asked,made,failed,unknown,credits,credits_estimated. */
int spend_format_csv(struct store *store, char **ret_text);

/* Of all days; for stats.prom. */
struct spend_total {
	int64_t asked, made, failed, unknown; /* results; what is neither is on its way */
	double measured, estimated;	      /* credits */
};

int spend_sum(struct store *store, struct spend_total *ret_total);
