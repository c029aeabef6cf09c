/* SPDX-License-Identifier: MIT */
#include "fs/account/balance.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fs/api/client.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/queue/credits.h"

/* Enough for a loop that reads it all the time; who has just bought credits and looks sees them. */
#define FRESH_MS 2000

struct balance {
	void (*done)(void *arg, int result, double credits);
	void *arg;
	const struct balance_needs *needs; /* borrowed */
	struct api_call *call;             /* owned; NULL: it is known, and told from the loop */
	uint64_t mark;
	double known;
};

static void tell_known(void *arg)
{
	struct balance *balance = arg;

	balance->done(balance->arg, 0, balance->known);
	free(balance);
}

static void on_balance(void *arg, struct api_balance_answer *answer)
{
	struct balance *balance = arg;

	if (answer->result == 0)
		credits_heard(balance->needs->credits, answer->credits, balance->mark);
	else
		log_warning("balance: %s", answer->error.text[0] != '\0'
						   ? answer->error.text
						   : strerror(-answer->result));
	balance->done(balance->arg,
		answer->result < 0 && answer->error.class == ERRCLASS_AUTH ? -EKEYREJECTED
									   : answer->result,
		answer->credits);
	free(balance);
}

int balance_ask(const struct balance_needs *needs,
	void (*done)(void *arg, int result, double credits), void *arg,
	struct balance **ret_balance)
{
	struct balance *balance = calloc(1, sizeof(*balance));

	if (balance == NULL)
		return -ENOMEM;
	balance->done = done;
	balance->arg = arg;
	balance->needs = needs;
	balance->mark = credits_mark(needs->credits);
	int64_t when;
	bool fresh = credits_before(needs->credits, &balance->known, &when) &&
		     clock_wall_ms() - when < FRESH_MS;
	int r = fresh ? loop_defer(needs->loop, tell_known, balance)
		      : api_balance(needs->api, on_balance, balance, &balance->call);
	if (r < 0) {
		free(balance);
		return r;
	}
	*ret_balance = balance;
	return 0;
}

void balance_cancel(struct balance *balance)
{
	if (balance == NULL)
		return;
	api_cancel(balance->call);
	loop_defer_cancel(balance->needs->loop, tell_known, balance);
	free(balance);
}
