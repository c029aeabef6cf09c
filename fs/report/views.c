/* SPDX-License-Identifier: MIT */
#include "fs/report/views_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fs/base/cleanup.h"
#include "fs/job/job.h"
#include "fs/job/place.h"
#include "fs/store/found.h"
#include "fs/tree/status.h"

#define DAY_S 86400

const struct view_root views_roots[VIEW_ROOTS] = {{"by-date", DATES}, {"by-state", STATES}, {"by-model", MODELS}};

/* --- days --- */

/* The first day of a month, months counted from the year 0. */
static int64_t first_day(int64_t month)
{
	struct tm tm = {.tm_year = (int)(month / LAST_MONTH) - 1900, .tm_mon = (int)(month % LAST_MONTH), .tm_mday = 1};

	return (int64_t)timegm(&tm) / DAY_S;
}

static struct tm date_of(int64_t day)
{
	time_t seconds = (time_t)(day * DAY_S);
	struct tm tm = {0};

	gmtime_r(&seconds, &tm);
	return tm;
}

int64_t views_month_of(int64_t day)
{
	struct tm tm = date_of(day);

	return (int64_t)(tm.tm_year + 1900) * LAST_MONTH + tm.tm_mon;
}

/* The days that a directory of days has. */
static void span_of(uint64_t ino, int64_t *ret_first, int64_t *ret_last)
{
	int64_t value = view_value_of(ino);

	*ret_first = *ret_last = value;
	if (view_kind_of(ino) == YEAR) {
		*ret_first = first_day(value * LAST_MONTH);
		*ret_last = first_day((value + 1) * LAST_MONTH) - 1;
	} else if (view_kind_of(ino) == MONTH) {
		*ret_first = first_day(value);
		*ret_last = first_day(value + 1) - 1;
	}
}

/* --- entries --- */

uint64_t views_parent(uint64_t ino)
{
	int64_t value = view_value_of(ino);

	switch (view_kind_of(ino)) {
	case YEAR:
		return VIEW_OF(DATES, 0);
	case MONTH:
		return VIEW_OF(YEAR, value / LAST_MONTH);
	case DAY:
		return VIEW_OF(MONTH, views_month_of(value));
	case STATE:
		return VIEW_OF(STATES, 0);
	case MODEL:
		return VIEW_OF(MODELS, 0);
	case DATES:
	case STATES:
	case MODELS:
	case DEEP_LINK:
	case LINK:
		break;
	}
	return TREE_ABOUT;
}

int views_target(const struct views_needs *needs, uint64_t ino, char **ret_target)
{
	CLEANUP_FREE char *path = NULL;
	enum view_kind kind = view_kind_of(ino);

	if (kind != DEEP_LINK && kind != LINK)
		return -EINVAL;
	int r = tree_path(needs->tree, (uint64_t)view_value_of(ino), &path);
	if (r < 0)
		return r;
	return asprintf(ret_target, "%s%s", kind == LINK ? "../../../" : "../../../../../", path) < 0 ? -ENOMEM : 0;
}

int views_get(const struct views_needs *needs, uint64_t ino, struct tree_entry *ret_entry)
{
	enum view_kind kind = view_kind_of(ino);
	bool link = kind == DEEP_LINK || kind == LINK;
	CLEANUP_FREE char *target = NULL;
	int r = kind < DATES || kind > LINK ? -ENOENT : tree_get(needs->tree, TREE_ABOUT, ret_entry);

	if (r == 0 && link) {
		r = tree_get(needs->tree, (uint64_t)view_value_of(ino), ret_entry);
		if (r == 0)
			r = views_target(needs, ino, &target);
	}
	if (r < 0)
		return r;
	struct stat *st = &ret_entry->st;
	st->st_mode = link ? S_IFLNK | 0777 : S_IFDIR | 0555;
	st->st_nlink = link ? 1 : 2;
	st->st_size = link ? (off_t)strlen(target) : 0;
	st->st_blocks = 0;
	st->st_ino = ino;
	ret_entry->ino = ino;
	ret_entry->kind = TREE_STATUS; /* the kernel keeps nothing of it */
	return 0;
}

void views_name_link(const struct node *node, char name[300])
{
	const char *suffix = strrchr(node->name, '.');
	int stem = (int)(suffix != NULL && suffix != node->name ? (size_t)(suffix - node->name) : node->name_length);
	/* a name that is as long as names may be gives way */
	int room = 255 - 22 - (int)(node->name_length - (size_t)stem);

	snprintf(name, 300, "%.*s.%lld%s", stem < room ? stem : room, node->name, (long long)node->ino, node->name + stem);
}

/* The number in such a name; 0: there is none. */
static int64_t number_in(const char *name)
{
	const char *end = strrchr(name, '.'), *dot;
	char digits[24];

	for (int tries = 0; end != NULL && tries < 2; tries++) {
		/* with a suffix behind the number, or without one */
		const char *stop = tries == 0 ? end : name + strlen(name);
		for (dot = stop - 1; dot > name && *dot != '.'; dot--)
			;
		size_t length = (size_t)(stop - dot - 1);
		if (*dot != '.' || length == 0 || length >= sizeof(digits))
			continue;
		memcpy(digits, dot + 1, length);
		digits[length] = '\0';
		if (strspn(digits, "0123456789") == length)
			return strtoll(digits, NULL, 10);
	}
	return 0;
}

int views_model_name(const struct views_needs *needs, int64_t dir, char name[256])
{
	struct node node;
	int r = nodes_get(needs->store, dir, &node);

	if (r == 0 && node.kind != NODE_MODEL)
		r = -ENOENT;
	if (r == 0)
		snprintf(name, 256, "%s", node.name);
	return r;
}

/* Does this file belong into this directory now? */
static int belongs(const struct views_needs *needs, uint64_t dir, const struct node *node)
{
	CLEANUP_FREE char *word = NULL;
	char model[256];
	int r = 0;

	if (view_kind_of(dir) == DAY)
		return node->kind == NODE_RESULT && node->mtime / FOUND_DAY_NS == view_value_of(dir);
	r = status_attribute(needs->tree, node, view_kind_of(dir) == STATE ? "state" : "model", &word);
	if (r < 0)
		return r == -ENODATA ? 0 : r;
	if (view_kind_of(dir) == STATE)
		return node->kind == NODE_FILE && strcmp(word, job_state_name((enum job_state)view_value_of(dir))) == 0;
	r = views_model_name(needs, view_value_of(dir), model);
	return r < 0 ? r : node->kind == NODE_RESULT && strcmp(word, model) == 0;
}

static int find_link(const struct views_needs *needs, uint64_t dir, const char *name, struct tree_entry *ret_entry)
{
	int64_t number = number_in(name);
	struct node node;
	char real[300];
	int r = number < (int64_t)TREE_FIRST_FREE ? -ENOENT : nodes_get(needs->store, number, &node);

	if (r < 0 || node.parent == 0)
		return r < 0 ? r : -ENOENT;
	views_name_link(&node, real);
	if (strcmp(real, name) != 0)
		return -ENOENT;
	r = belongs(needs, dir, &node);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return views_get(needs, VIEW_OF(view_kind_of(dir) == DAY ? DEEP_LINK : LINK, number), ret_entry);
}

/* "11" of a year, "2026" of all: two digits, but for the year. -1: it is no number. */
static int64_t parse_number(const char *name, size_t length)
{
	return strlen(name) == length && strspn(name, "0123456789") == length ? atoll(name) : -1;
}

int views_find_date(const struct views_needs *needs, uint64_t dir, const char *name, struct tree_entry *ret_entry)
{
	int64_t number = parse_number(name, view_kind_of(dir) == DATES ? 4 : 2), first, last;
	uint64_t ino = 0;
	bool any = false;

	if (view_kind_of(dir) == DATES && number >= 1970)
		ino = VIEW_OF(YEAR, number);
	else if (view_kind_of(dir) == YEAR && number >= 1 && number <= LAST_MONTH)
		ino = VIEW_OF(MONTH, view_value_of(dir) * LAST_MONTH + number - 1);
	else if (view_kind_of(dir) == MONTH && number >= 1 && number <= 31)
		ino = VIEW_OF(DAY, first_day(view_value_of(dir)) + number - 1);
	if (ino == 0 || (view_kind_of(ino) == DAY && views_month_of(view_value_of(ino)) != view_value_of(dir)))
		return -ENOENT;
	span_of(ino, &first, &last);
	int r = found_between(needs->store, first, last, &any);
	if (r == 0 && !any)
		r = -ENOENT;
	return r < 0 ? r : views_get(needs, ino, ret_entry);
}

bool views_is_shown(int state)
{
	return job_state_shown((enum job_state)state) == (enum job_state)state;
}

static int find_state(const struct views_needs *needs, const char *name, struct tree_entry *ret_entry)
{
	for (int state = 1; state < JOB_STATE_COUNT; state++)
		if (views_is_shown(state) && strcmp(job_state_name((enum job_state)state), name) == 0)
			return views_get(needs, VIEW_OF(STATE, state), ret_entry);
	return -ENOENT;
}

static int find_model(const struct views_needs *needs, const char *name, struct tree_entry *ret_entry)
{
	struct node node;
	int r = nodes_find(needs->store, TREE_ROOT, name, &node);

	if (r == 0 && node.kind != NODE_MODEL)
		r = -ENOENT;
	return r < 0 ? r : views_get(needs, VIEW_OF(MODEL, node.ino), ret_entry);
}

int views_lookup(const struct views_needs *needs, uint64_t parent, const char *name, struct tree_entry *ret_entry)
{
	if (parent == TREE_ABOUT) {
		for (size_t i = 0; i < VIEW_ROOTS; i++)
			if (strcmp(views_roots[i].name, name) == 0)
				return views_get(needs, VIEW_OF(views_roots[i].kind, 0), ret_entry);
		return -ENOENT;
	}
	switch (view_kind_of(parent)) {
	case DATES:
	case YEAR:
	case MONTH:
		return views_find_date(needs, parent, name, ret_entry);
	case STATES:
		return find_state(needs, name, ret_entry);
	case MODELS:
		return find_model(needs, name, ret_entry);
	case DAY:
	case STATE:
	case MODEL:
		return find_link(needs, parent, name, ret_entry);
	case DEEP_LINK:
	case LINK:
		break;
	}
	return -ENOTDIR;
}
