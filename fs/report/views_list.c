/* SPDX-License-Identifier: MIT */
/* views_list: what the directories of views have, a slice after the other. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/job/job.h"
#include "fs/report/views_private.h"
#include "fs/store/found.h"

#define STATE_SHIFT 44 /* of a cookie: how many of the states that are shown as one were listed */

struct listing {
	const struct views_needs *needs;
	int (*emit)(void *arg, const char *name, const struct tree_entry *entry, uint64_t next);
	void *arg;
	struct {
		int64_t ino, behind;
	} found[FOUND_SLICE];
	size_t count;
};

static int emit_dir(struct listing *listing, const char *name, uint64_t ino, uint64_t next)
{
	struct tree_entry entry;
	int r = views_get(listing->needs, ino, &entry);

	return r < 0 ? r : listing->emit(listing->arg, name, &entry, next);
}

static int note(void *arg, int64_t ino, int64_t behind)
{
	struct listing *listing = arg;

	listing->found[listing->count].ino = ino;
	listing->found[listing->count++].behind = behind;
	return listing->count == FOUND_SLICE;
}

/* What was found is looked up after the query, since that asks the store, too. */
static int emit_links(struct listing *listing, uint64_t dir, uint64_t high)
{
	int r = 0;

	for (size_t i = 0; i < listing->count && r == 0; i++) {
		struct tree_entry entry;
		struct node node;
		char name[300];
		r = nodes_get(listing->needs->store, listing->found[i].ino, &node);
		if (r == 0)
			r = views_get(listing->needs, VIEW_OF(view_kind_of(dir) == DAY ? DEEP_LINK : LINK, node.ino), &entry);
		if (r == -ENOENT) {
			r = 0;
			continue;
		}
		if (r < 0)
			return r;
		views_name_link(&node, name);
		r = listing->emit(listing->arg, name, &entry, high | (uint64_t)listing->found[i].behind);
	}
	return r;
}

/* All of one kind, a slice after the other. */
static int list_files(struct listing *listing, uint64_t dir, enum job_state state, int64_t after, uint64_t high)
{
	struct store *store = listing->needs->store;
	char model[256] = "";
	int r;

	do {
		listing->count = 0;
		if (view_kind_of(dir) == DAY)
			r = found_on_day(store, view_value_of(dir), after, note, listing);
		else if (view_kind_of(dir) == STATE)
			r = found_in_state(store, state, after, note, listing);
		else
			r = (r = views_model_name(listing->needs, view_value_of(dir), model)) < 0
				    ? r
				    : found_of_model(store, model, after, note, listing);
		if (r < 0)
			return r;
		r = emit_links(listing, dir, high);
		if (listing->count > 0)
			after = listing->found[listing->count - 1].behind;
	} while (r == 0 && listing->count == FOUND_SLICE);
	return r;
}

/* One directory may show several of the ledger's states as one. */
static int list_state(struct listing *listing, uint64_t dir, uint64_t cookie)
{
	int r = 0;

	for (int state = (int)(cookie >> STATE_SHIFT); state < JOB_STATE_COUNT && r == 0; state++) {
		int64_t after = state == (int)(cookie >> STATE_SHIFT)
					? (int64_t)(cookie & ((UINT64_C(1) << STATE_SHIFT) - 1))
					: 0;
		if (state > 0 && job_state_shown((enum job_state)state) == (enum job_state)view_value_of(dir))
			r = list_files(listing, dir, (enum job_state)state, after, (uint64_t)state << STATE_SHIFT);
	}
	return r;
}

/* The years, months or days that have something; the cookie is the number of the next one. */
static int list_dates(struct listing *listing, uint64_t dir, uint64_t cookie)
{
	int64_t first, last, begin = 1, end = view_kind_of(dir) == YEAR ? LAST_MONTH : 31;
	char name[24];
	int r = 0;

	if (view_kind_of(dir) == DATES) {
		r = found_days(listing->needs->store, &first, &last);
		if (r < 0)
			return r == -ENOENT ? 0 : r;
		begin = views_month_of(first) / LAST_MONTH;
		end = views_month_of(last) / LAST_MONTH;
	}
	for (int64_t i = cookie > 0 ? (int64_t)cookie : begin; i <= end && r == 0; i++) {
		struct tree_entry entry;
		snprintf(name, sizeof(name), view_kind_of(dir) == DATES ? "%04lld" : "%02lld", (long long)i);
		r = views_find_date(listing->needs, dir, name, &entry);
		r = r == -ENOENT ? 0 : r < 0 ? r : listing->emit(listing->arg, name, &entry, (uint64_t)i + 1);
	}
	return r;
}

struct models {
	struct listing *listing;
	uint64_t next[FOUND_SLICE]; /* directories */
	size_t count;
};

static int note_model(void *arg, const struct node *node)
{
	struct models *models = arg;

	if (node->kind != NODE_MODEL)
		return 0;
	models->next[models->count++] = (uint64_t)node->ino;
	return models->count == FOUND_SLICE;
}

static int list_models(struct listing *listing, uint64_t cookie)
{
	struct models models = {.listing = listing};
	char name[256];
	int r = nodes_list(listing->needs->store, TREE_ROOT, (int64_t)cookie, note_model, &models);

	for (size_t i = 0; i < models.count && r >= 0; i++) {
		if (views_model_name(listing->needs, (int64_t)models.next[i], name) < 0)
			continue;
		r = emit_dir(listing, name, VIEW_OF(MODEL, models.next[i]), models.next[i]);
		if (r > 0)
			break;
	}
	return r;
}

int views_list(const struct views_needs *needs, uint64_t dir, uint64_t cookie,
	int (*emit)(void *arg, const char *name, const struct tree_entry *entry, uint64_t next), void *arg)
{
	CLEANUP_FREE struct listing *listing = calloc(1, sizeof(*listing));
	int r = 0;

	if (listing == NULL)
		return -ENOMEM;
	listing->needs = needs;
	listing->emit = emit;
	listing->arg = arg;
	if (dir == TREE_ABOUT) {
		for (uint64_t i = cookie; i < VIEW_ROOTS && r == 0; i++)
			r = emit_dir(listing, views_roots[i].name, VIEW_OF(views_roots[i].kind, 0), i + 1);
		return r;
	}
	if (view_kind_of(dir) == STATES) {
		for (uint64_t i = cookie > 0 ? cookie : 1; i < JOB_STATE_COUNT && r == 0; i++)
			if (views_is_shown((int)i))
				r = emit_dir(listing, job_state_name((enum job_state)i), VIEW_OF(STATE, i), i + 1);
		return r;
	}
	if (view_kind_of(dir) == STATE)
		return list_state(listing, dir, cookie);
	if (view_kind_of(dir) == MODELS)
		return list_models(listing, cookie);
	if (view_kind_of(dir) == DAY || view_kind_of(dir) == MODEL)
		return list_files(listing, dir, JOB_SUCCESS, (int64_t)cookie, 0);
	return list_dates(listing, dir, cookie);
}
