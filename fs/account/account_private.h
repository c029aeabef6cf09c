/* SPDX-License-Identifier: MIT */
#pragma once
/* account_private: one account at work, for account_make.c, which makes its rooms, and account.c, the door for the mount. */
#include <stdint.h>

#include "fs/account/account.h"
#include "fs/account/balance.h"
#include "fs/account/submit.h"
#include "fs/report/views.h"

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
	struct tables *tables;
	struct galleries *galleries;
	struct events *events;
	struct views_needs views;
	struct balance_needs balance;
	struct submit_needs submit;
	struct model_refresh *refresh; /* NULL: the models stay as they are */
};
