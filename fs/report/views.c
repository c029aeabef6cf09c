/* SPDX-License-Identifier: MIT */
#include "fs/report/views.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/job/job.h"
#include "fs/job/place.h"
#include "fs/store/found.h"
#include "fs/store/nodes.h"
#include "fs/tree/status.h"

/* A number is VIEW_BIT, what it is, and the year, month, day, state, directory or file that it is of. */
enum kind { DATES = 1, YEAR, MONTH, DAY, STATES, STATE, MODELS, MODEL, DEEP_LINK, LINK };

#define KIND_SHIFT 48
#define OF(kind, value) (VIEW_BIT | (uint64_t)(kind) << KIND_SHIFT | (uint64_t)(value))
#define DAY_S 86400
#define LAST_MONTH 12
#define STATE_SHIFT 44 /* of a cookie: how many of the states that are shown as one were listed */

static enum kind kind_of(uint64_t ino)
{
	return (enum kind)((ino & ~VIEW_BIT) >> KIND_SHIFT);
}

static int64_t value_of(uint64_t ino)
{
	return (int64_t)(ino & ((UINT64_C(1) << KIND_SHIFT) - 1));
}

static const char *const roots[] = {"by-date", "by-state", "by-model"};
static const enum kind root_kinds[] = {DATES, STATES, MODELS};

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

static int64_t month_of(int64_t day)
{
	struct tm tm = date_of(day);

	return (int64_t)(tm.tm_year + 1900) * LAST_MONTH + tm.tm_mon;
}

/* The days that a directory of days has. */
static void span_of(uint64_t ino, int64_t *ret_first, int64_t *ret_last)
{
	int64_t value = value_of(ino);

	*ret_first = *ret_last = value;
	if (kind_of(ino) == YEAR) {
		*ret_first = first_day(value * LAST_MONTH);
		*ret_last = first_day((value + 1) * LAST_MONTH) - 1;
	} else if (kind_of(ino) == MONTH) {
		*ret_first = first_day(value);
		*ret_last = first_day(value + 1) - 1;
	}
}

/* --- entries --- */

uint64_t views_parent(uint64_t ino)
{
	int64_t value = value_of(ino);

	switch (kind_of(ino)) {
	case YEAR:
		return OF(DATES, 0);
	case MONTH:
		return OF(YEAR, value / LAST_MONTH);
	case DAY:
		return OF(MONTH, month_of(value));
	case STATE:
		return OF(STATES, 0);
	case MODEL:
		return OF(MODELS, 0);
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
	enum kind kind = kind_of(ino);

	if (kind != DEEP_LINK && kind != LINK)
		return -EINVAL;
	int r = tree_path(needs->tree, (uint64_t)value_of(ino), &path);
	if (r < 0)
		return r;
	return asprintf(ret_target, "%s%s", kind == LINK ? "../../../" : "../../../../../", path) < 0 ? -ENOMEM : 0;
}

int views_get(const struct views_needs *needs, uint64_t ino, struct tree_entry *ret_entry)
{
	enum kind kind = kind_of(ino);
	bool link = kind == DEEP_LINK || kind == LINK;
	CLEANUP_FREE char *target = NULL;
	int r = kind < DATES || kind > LINK ? -ENOENT : tree_get(needs->tree, TREE_ABOUT, ret_entry);

	if (r == 0 && link) {
		r = tree_get(needs->tree, (uint64_t)value_of(ino), ret_entry);
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

/* "fox.1234.png" of fox.png. */
static void name_link(const struct node *node, char name[300])
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

static int model_name(const struct views_needs *needs, int64_t dir, char name[256])
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

	if (kind_of(dir) == DAY)
		return node->kind == NODE_RESULT && node->mtime / FOUND_DAY_NS == value_of(dir);
	r = status_attribute(needs->tree, node, kind_of(dir) == STATE ? "state" : "model", &word);
	if (r < 0)
		return r == -ENODATA ? 0 : r;
	if (kind_of(dir) == STATE)
		return node->kind == NODE_FILE && strcmp(word, job_state_name((enum job_state)value_of(dir))) == 0;
	r = model_name(needs, value_of(dir), model);
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
	name_link(&node, real);
	if (strcmp(real, name) != 0)
		return -ENOENT;
	r = belongs(needs, dir, &node);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return views_get(needs, OF(kind_of(dir) == DAY ? DEEP_LINK : LINK, number), ret_entry);
}

/* "11" of a year, "2026" of all: two digits, but for the year. -1: it is no number. */
static int64_t parse_number(const char *name, size_t length)
{
	return strlen(name) == length && strspn(name, "0123456789") == length ? atoll(name) : -1;
}

static int find_date(const struct views_needs *needs, uint64_t dir, const char *name, struct tree_entry *ret_entry)
{
	int64_t number = parse_number(name, kind_of(dir) == DATES ? 4 : 2), first, last;
	uint64_t ino = 0;
	bool any = false;

	if (kind_of(dir) == DATES && number >= 1970)
		ino = OF(YEAR, number);
	else if (kind_of(dir) == YEAR && number >= 1 && number <= LAST_MONTH)
		ino = OF(MONTH, value_of(dir) * LAST_MONTH + number - 1);
	else if (kind_of(dir) == MONTH && number >= 1 && number <= 31)
		ino = OF(DAY, first_day(value_of(dir)) + number - 1);
	if (ino == 0 || (kind_of(ino) == DAY && month_of(value_of(ino)) != value_of(dir)))
		return -ENOENT;
	span_of(ino, &first, &last);
	int r = found_between(needs->store, first, last, &any);
	if (r == 0 && !any)
		r = -ENOENT;
	return r < 0 ? r : views_get(needs, ino, ret_entry);
}

static bool is_shown(int state)
{
	return job_state_shown((enum job_state)state) == (enum job_state)state;
}

static int find_state(const struct views_needs *needs, const char *name, struct tree_entry *ret_entry)
{
	for (int state = 1; state < JOB_STATE_COUNT; state++)
		if (is_shown(state) && strcmp(job_state_name((enum job_state)state), name) == 0)
			return views_get(needs, OF(STATE, state), ret_entry);
	return -ENOENT;
}

static int find_model(const struct views_needs *needs, const char *name, struct tree_entry *ret_entry)
{
	struct node node;
	int r = nodes_find(needs->store, TREE_ROOT, name, &node);

	if (r == 0 && node.kind != NODE_MODEL)
		r = -ENOENT;
	return r < 0 ? r : views_get(needs, OF(MODEL, node.ino), ret_entry);
}

int views_lookup(const struct views_needs *needs, uint64_t parent, const char *name, struct tree_entry *ret_entry)
{
	if (parent == TREE_ABOUT) {
		for (size_t i = 0; i < array_length(roots); i++)
			if (strcmp(roots[i], name) == 0)
				return views_get(needs, OF(root_kinds[i], 0), ret_entry);
		return -ENOENT;
	}
	switch (kind_of(parent)) {
	case DATES:
	case YEAR:
	case MONTH:
		return find_date(needs, parent, name, ret_entry);
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

/* --- listings --- */

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
			r = views_get(listing->needs, OF(kind_of(dir) == DAY ? DEEP_LINK : LINK, node.ino), &entry);
		if (r == -ENOENT) {
			r = 0;
			continue;
		}
		if (r < 0)
			return r;
		name_link(&node, name);
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
		if (kind_of(dir) == DAY)
			r = found_on_day(store, value_of(dir), after, note, listing);
		else if (kind_of(dir) == STATE)
			r = found_in_state(store, state, after, note, listing);
		else
			r = (r = model_name(listing->needs, value_of(dir), model)) < 0
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
		if (state > 0 && job_state_shown((enum job_state)state) == (enum job_state)value_of(dir))
			r = list_files(listing, dir, (enum job_state)state, after, (uint64_t)state << STATE_SHIFT);
	}
	return r;
}

/* The years, months or days that have something; the cookie is the number of the next one. */
static int list_dates(struct listing *listing, uint64_t dir, uint64_t cookie)
{
	int64_t first, last, begin = 1, end = kind_of(dir) == YEAR ? LAST_MONTH : 31;
	char name[24];
	int r = 0;

	if (kind_of(dir) == DATES) {
		r = found_days(listing->needs->store, &first, &last);
		if (r < 0)
			return r == -ENOENT ? 0 : r;
		begin = month_of(first) / LAST_MONTH;
		end = month_of(last) / LAST_MONTH;
	}
	for (int64_t i = cookie > 0 ? (int64_t)cookie : begin; i <= end && r == 0; i++) {
		struct tree_entry entry;
		snprintf(name, sizeof(name), kind_of(dir) == DATES ? "%04lld" : "%02lld", (long long)i);
		r = find_date(listing->needs, dir, name, &entry);
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
		if (model_name(listing->needs, (int64_t)models.next[i], name) < 0)
			continue;
		r = emit_dir(listing, name, OF(MODEL, models.next[i]), models.next[i]);
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
		for (uint64_t i = cookie; i < array_length(roots) && r == 0; i++)
			r = emit_dir(listing, roots[i], OF(root_kinds[i], 0), i + 1);
		return r;
	}
	if (kind_of(dir) == STATES) {
		for (uint64_t i = cookie > 0 ? cookie : 1; i < JOB_STATE_COUNT && r == 0; i++)
			if (is_shown((int)i))
				r = emit_dir(listing, job_state_name((enum job_state)i), OF(STATE, i), i + 1);
		return r;
	}
	if (kind_of(dir) == STATE)
		return list_state(listing, dir, cookie);
	if (kind_of(dir) == MODELS)
		return list_models(listing, cookie);
	if (kind_of(dir) == DAY || kind_of(dir) == MODEL)
		return list_files(listing, dir, JOB_SUCCESS, (int64_t)cookie, 0);
	return list_dates(listing, dir, cookie);
}
