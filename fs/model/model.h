/* SPDX-License-Identifier: MIT */
#pragma once
/* model: the model table in force: the built-in catalogue (or a live registry) with the configuration's
 * defaults and [model KEY] sections on top; one `struct model` per directory of the mount.
 *
 * A key that makes images and videos has two directories, KEY for images and KEY.video (API reference 7.3).
 * Ownership: the table owns everything reachable from it; pointers live as long as the table. */
#include "fs/api/registry.h"

/* One line of configuration, as text; `where` ("FILE:LINE", "-o") goes into messages. model NULL: all. */
struct model_param {
	const char *model, *key, *value, *where;
};

struct model_defaults { /* NULL / API_UNSET: none configured */
	char *ratio, *negative, *resolution, *quality, *webhook;
	int number, duration, audio, web_search;
	int64_t caller;
	bool has_caller;
};

struct model {
	char *dir;	    /* directory name */
	enum api_kind kind; /* what this directory makes */
	const struct model_spec *spec; /* of a tool: its key and name, and no modes */
	const struct tool_spec *tool;  /* NULL: a model */
	struct model_defaults defaults;
	double credits; /* that one result costs, by the configuration; NAN: it does not say */
};

struct model_table;

/* 0, -ENOMEM, or -EINVAL with a sentence in *ret_message that names `where`, the wrong word and the right ones
 * (caller frees). A [model KEY] section whose key the list lacks declares a model and needs `modes`, or a tool and needs
 * `endpoint` and `fields`. A value in [defaults] that only some models know is not an error: it applies to those that
 * take it. */
int model_table_create(const struct model_list *list, const struct model_param *params,
	size_t param_count, struct model_table **ret_table, char **ret_message);
void model_table_destroy(struct model_table *table);
size_t model_table_count(const struct model_table *table);
const struct model *model_table_at(const struct model_table *table, size_t index); /* sorted by dir */
const struct model *model_table_find(const struct model_table *table, const char *dir); /* NULL: none */
int model_table_format(const struct model_table *table, char **ret_json); /* for .weryaifs/models.json; caller frees */
