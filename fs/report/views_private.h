/* SPDX-License-Identifier: MIT */
#pragma once
/* What looking up (views.c) and listing (views_list.c) both know of the numbers and names of views. */
#include "fs/base/buf.h"
#include "fs/report/views.h"
#include "fs/store/nodes.h"

/* A number is VIEW_BIT, what it is, and the year, month, day, state, directory or file that it is of. */
enum view_kind { DATES = 1, YEAR, MONTH, DAY, STATES, STATE, MODELS, MODEL, DEEP_LINK, LINK };

#define VIEW_KIND_SHIFT 48
#define VIEW_OF(kind, value) (VIEW_BIT | (uint64_t)(kind) << VIEW_KIND_SHIFT | (uint64_t)(value))
#define LAST_MONTH 12

struct view_root {
	const char *name;
	enum view_kind kind;
};

#define VIEW_ROOTS 3
extern const struct view_root views_roots[VIEW_ROOTS];

static inline enum view_kind view_kind_of(uint64_t ino)
{
	return (enum view_kind)((ino & ~VIEW_BIT) >> VIEW_KIND_SHIFT);
}

static inline int64_t view_value_of(uint64_t ino)
{
	return (int64_t)(ino & ((UINT64_C(1) << VIEW_KIND_SHIFT) - 1));
}

/* Days since 1970 -> months since the year 0. */
int64_t views_month_of(int64_t day);
/* "fox.1234.png" of fox.png. */
void views_name_link(const struct node *node, char name[300]);
/* -ENOENT: there is no such model's directory. */
int views_model_name(const struct views_needs *needs, int64_t dir, char name[256]);
/* A year, month or day by its name. -ENOENT: nothing was made then. */
int views_find_date(const struct views_needs *needs, uint64_t dir, const char *name, struct tree_entry *ret_entry);
bool views_is_shown(int state);
