/* SPDX-License-Identifier: MIT */
#pragma once
/* inputs_buy: the last step of a job that has waited for its inputs: what it asks for is known now, so that it can be decided
 * whether that was bought before (fs/queue/purchase.h). */
#include "fs/input/reference.h"
#include "fs/job/bought.h"

struct inputs_bought {
	enum bought_verdict verdict; /* BOUGHT_NOT: the job is what follows; other than SOON and COPY: its rows are gone */
	int64_t wait_ms;	     /* of SOON and COPY: ask again then */
	enum job_state state;	     /* QUEUED, or HELD */
	const char *trouble;	     /* why it is HELD, static; NULL: it is not, or the dry run says so */
};

/* All inputs are there: `body` is what is sent, `later` whether a dry run's addresses are missing in it. */
int inputs_buy(const struct asker *asker, const struct reference *input, const char *body, bool later,
	struct inputs_bought *ret_bought);
/* One is not there, which changes nothing: BOUGHT_NOT, unless just this was bought before. */
int inputs_buy_without(
	const struct asker *asker, const struct reference *input, struct inputs_bought *ret_bought);
