/* SPDX-License-Identifier: MIT */
#include "fs/key_trial.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "fs/api/client.h"
#include "fs/base/loop.h"

struct key_trial {
	struct api_call *call;    /* owned */
	struct loop_timer *timer; /* owned; armed while it is asked */
	void (*done)(void *arg, const char *refusal);
	void *arg;
};

static void end(struct key_trial *trial, const char *refusal)
{
	void (*done)(void *arg, const char *refusal) = trial->done;

	loop_timer_disarm(trial->timer);
	trial->done = NULL;
	if (done != NULL)
		done(trial->arg, refusal);
}

static void on_balance(void *arg, struct api_balance_answer *answer)
{
	struct key_trial *trial = arg;
	char cause[ERRCLASS_EXPLAIN], text[ERRCLASS_EXPLAIN + 512];

	trial->call = NULL;
	if (answer->result == 0 || answer->error.class != ERRCLASS_AUTH) {
		end(trial, NULL);
		return;
	}
	errclass_cause(&answer->error, cause, sizeof(cause));
	snprintf(text, sizeof(text),
		"%s Prompts wait until there is another key: weryaifs --set-key, or see "
		"https://weryai.com/api/keys. The mount is there all the same.",
		cause);
	end(trial, text);
}

static void on_timer(void *arg)
{
	struct key_trial *trial = arg;

	api_cancel(trial->call);
	trial->call = NULL;
	end(trial, NULL);
}

int key_trial_start(struct loop *loop, struct api_client *api,
	void (*done)(void *arg, const char *refusal), void *arg, struct key_trial **ret_trial)
{
	struct key_trial *trial = calloc(1, sizeof(*trial));

	if (trial == NULL)
		return -ENOMEM;
	trial->done = done;
	trial->arg = arg;
	int r = loop_timer_create(loop, on_timer, trial, &trial->timer);
	if (r == 0)
		r = api_balance(api, on_balance, trial, &trial->call);
	if (r < 0) {
		key_trial_destroy(trial);
		return r;
	}
	loop_timer_arm(trial->timer, KEY_TRIAL_MS);
	*ret_trial = trial;
	return 0;
}

void key_trial_destroy(struct key_trial *trial)
{
	if (trial == NULL)
		return;
	api_cancel(trial->call);
	if (trial->timer != NULL)
		loop_timer_destroy(trial->timer);
	free(trial);
}
