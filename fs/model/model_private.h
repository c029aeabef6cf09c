/* SPDX-License-Identifier: MIT */
#pragma once
/* model_private: the table, for model.c (looking up), model_config.c (the configuration's part) and model_make.c. */
#include <stdbool.h>

#include "fs/api/tool.h"
#include "fs/model/model.h"

struct model_table {
	struct model_spec *specs;
	size_t spec_count;
	struct tool_list tools;
	struct model_spec *shells; /* of the tools, in their order: key and name */
	struct model *models;      /* sorted by dir */
	size_t count;
};

/* model.c */
/* A key becomes a directory name and goes into messages; a live registry may say anything. */
bool model_is_key(const char *key);
struct tool_spec *model_find_tool(const struct model_table *table, const char *key);  /* NULL: none, */
struct model_spec *model_find_spec(const struct model_table *table, const char *key); /* the same */
int model_compare(const void *a, const void *b); /* by directory */
void model_finish(struct model *model);

/* model_config.c. Errors as those of model_table_create(). */
/* What the sections say the models are. */
int model_apply_sections(struct model_table *table, const struct model_param *params, size_t count,
	char **ret_message);
/* A declared tool without fields is a section with a line missing. */
int model_check_tools(const struct model_table *table, char **ret_message);
/* One pass: with `sections` the [model KEY] ones, which are stronger, else [defaults]. */
int model_apply_defaults(struct model_table *table, const struct model_param *params, size_t count,
	bool sections, char **ret_message);
