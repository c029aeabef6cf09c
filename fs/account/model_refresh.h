/* SPDX-License-Identifier: MIT */
#pragma once
/* model_refresh: keeps the table of models up to date: asks the live registry now and then, merges what it says with the
 * built-in catalogue and the configuration, and keeps it for the next mount. Until it answers, what it said last is in
 * force. */
#include <stddef.h>
#include <stdint.h>

#include "fs/model/model.h"

struct api_client;
struct loop;
struct model_refresh;
struct store;

/* What the live registry is merged with; borrowed. */
struct model_registry {
	const struct model_list *builtin;
	const struct model_param *params; /* as for model_table_create() */
	size_t param_count;
	int64_t refresh_ms; /* between two questions */
};

struct model_refresh_needs { /* all borrowed */
	struct loop *loop;
	struct store *store;
	struct api_client *api;
	const struct model_registry *registry;
	const struct model_table *const *models; /* the table in force */
	/* Makes its directories, and *models this table. On an error the old one stays. */
	int (*put_in_force)(void *arg, const struct model_table *table);
	void *arg;
};

int model_refresh_create(
	const struct model_refresh_needs *needs, struct model_refresh **ret_refresh);
void model_refresh_destroy(struct model_refresh *refresh); /* NULL is fine; with the tables it made */
