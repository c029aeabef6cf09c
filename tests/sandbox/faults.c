/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/fault_rows.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/util.h"

#define GLOBALS_MAX 64

struct faults {
	pthread_mutex_t lock; /* of all below */
	uint64_t dice;
	unsigned count;
	struct global {
		enum fault_id id;
		struct fault_value value;
		double rate;
		double left; /* negative: without end */
	} global[GLOBALS_MAX];
	struct strmap *attempts; /* "NAME SUBJECT" to a counter */
};

struct faults *faults_create(uint64_t seed)
{
	struct faults *faults = xcalloc(1, sizeof(*faults));

	pthread_mutex_init(&faults->lock, NULL);
	faults->dice = seed;
	faults->attempts = strmap_create();
	return faults;
}

void faults_destroy(struct faults *faults)
{
	if (!faults)
		return;
	pthread_mutex_destroy(&faults->lock);
	strmap_destroy(faults->attempts, free);
	free(faults);
}

/* NAME[=VALUE] of `size` bytes. -ENOENT: no such name. -EINVAL: the value does not fit. */
static int parse_named(
	const char *text, size_t size, enum fault_id *ret_id, struct fault_value *ret_value)
{
	const char *equal = memchr(text, '=', size);
	size_t name_size = equal ? (size_t)(equal - text) : size;
	struct fault_value value = {0};
	int id;

	for (id = 0; id < FAULT_COUNT; id++)
		if (strlen(fault_rows[id].name) == name_size &&
			memcmp(fault_rows[id].name, text, name_size) == 0)
			break;
	if (id == FAULT_COUNT)
		return -ENOENT;
	if (equal) {
		size_t value_size = size - name_size - 1;

		if (value_size == 0 || value_size >= sizeof(value.text))
			return -EINVAL;
		memcpy(value.text, equal + 1, value_size);
	}
	switch (fault_rows[id].takes) {
	case TAKES_NOTHING:
		if (equal)
			return -EINVAL;
		break;
	case TAKES_OPTIONAL:
	case TAKES_NUMBER:
		if (!equal && fault_rows[id].takes == TAKES_OPTIONAL)
			break;
		if (util_parse_number(value.text, 0, 1e15, &value.number) < 0)
			return -EINVAL;
		break;
	case TAKES_TEXT:
		if (!equal)
			return -EINVAL;
		break;
	case TAKES_WORD:
		if (equal && strcmp(value.text, "cut") != 0)
			return -EINVAL;
		break;
	case TAKES_WAY:
		if (!fault_is_way(value.text))
			return -EINVAL;
		break;
	}
	*ret_id = (enum fault_id)id;
	*ret_value = value;
	return 0;
}

int faults_add(struct faults *faults, const char *spec, const char **ret_error)
{
	struct global global = {.rate = 1, .left = -1};
	char *copy = xstrdup(spec), *rest = copy, *name, *rate, *count;
	int r = 0;

	*ret_error = NULL;
	name = strsep(&rest, ":");
	rate = strsep(&rest, ":");
	count = strsep(&rest, ":");
	if (parse_named(name, strlen(name), &global.id, &global.value) < 0)
		*ret_error = "no such fault, or its value does not fit; --help lists them";
	else if (rate && util_parse_number(rate, 0, 1, &global.rate) < 0)
		*ret_error = "RATE is a number from 0 to 1";
	else if (count && util_parse_number(count, 0, 1e15, &global.left) < 0)
		*ret_error = "COUNT is a whole number";
	else if (rest)
		*ret_error = "NAME[=VALUE][:RATE[:COUNT]] is wanted";
	free(copy);
	if (*ret_error)
		return -EINVAL;
	pthread_mutex_lock(&faults->lock);
	if (faults->count == GLOBALS_MAX) {
		*ret_error = "too many faults";
		r = -EINVAL;
	} else {
		faults->global[faults->count++] = global;
	}
	pthread_mutex_unlock(&faults->lock);
	return r;
}

void faults_clear(struct faults *faults)
{
	pthread_mutex_lock(&faults->lock);
	faults->count = 0;
	pthread_mutex_unlock(&faults->lock);
}

int faults_parse_markers(const char *prompt, struct fault_set *ret)
{
	struct fault_set set = {0};
	const char *open = prompt;

	while ((open = strstr(open, "[["))) {
		const char *close = strstr(open + 2, "]]");
		struct fault_value value;
		enum fault_id id;
		double times = -1;
		size_t size;
		char *star;
		char text[FAULT_TEXT_MAX + 64];
		int r;

		if (!close)
			break;
		open += 2;
		size = (size_t)(close - open);
		if (size >= sizeof(text))
			continue;
		memcpy(text, open, size);
		text[size] = '\0';
		star = strrchr(text, '*');
		if (star && util_parse_number(star + 1, 1, 1e15, &times) == 0)
			size = (size_t)(star - text);
		r = parse_named(text, size, &id, &value);
		if (r == -ENOENT)
			continue;
		if (r < 0 || set.count == FAULT_SET_MAX)
			return -EINVAL;
		set.marker[set.count].id = id;
		set.marker[set.count].value = value;
		set.marker[set.count++].times = times < 0 ? fault_rows[id].times : (uint64_t)times;
	}
	*ret = set;
	return 0;
}

static double dice_throw(struct faults *faults)
{
	faults->dice = util_mix(faults->dice);
	return (double)(faults->dice >> 11) * 0x1p-53;
}

static bool attempt_within(struct faults *faults, const char *prefix, enum fault_id id,
	const char *subject, uint64_t times)
{
	char *key;
	bool within;

	if (times == 0)
		return true;
	key = xformat("%s%s %s", prefix, fault_rows[id].name, subject);
	within = (*strmap_counter(faults->attempts, key))++ < times;
	free(key);
	return within;
}

static bool global_hit(
	struct faults *faults, enum fault_id id, const char *subject, struct fault_value *ret)
{
	bool once = fault_rows[id].times && strstr(fault_rows[id].name, "-once");

	for (unsigned i = 0; i < faults->count; i++) {
		struct global *global = &faults->global[i];

		if (global->id != id || global->left == 0)
			continue;
		if (global->rate < 1 && dice_throw(faults) >= global->rate)
			continue;
		if (once && !attempt_within(faults, "all ", id, subject, fault_rows[id].times))
			continue;
		if (global->left > 0)
			global->left--;
		*ret = global->value;
		return true;
	}
	return false;
}

/* Those in the prompt whose TIMES are over shape this task no longer. */
static void drop_over(struct faults *faults, struct fault_set *set, const char *subject)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < set->count; i++) {
		enum fault_id id = set->marker[i].id;

		if (!fault_rows[id].task ||
			attempt_within(faults, "", id, subject, set->marker[i].times))
			set->marker[kept++] = set->marker[i];
	}
	set->count = kept;
}

void faults_fix_task(struct faults *faults, struct fault_set *set, const char *subject)
{
	pthread_mutex_lock(&faults->lock);
	drop_over(faults, set, subject);
	for (int id = 0; id < FAULT_COUNT && set->count < FAULT_SET_MAX; id++) {
		struct fault_value value = {0};

		if (!fault_rows[id].task || faults_has(set, (enum fault_id)id, NULL) ||
			!global_hit(faults, (enum fault_id)id, "", &value))
			continue;
		set->marker[set->count].id = (enum fault_id)id;
		set->marker[set->count].times = 0;
		set->marker[set->count++].value = value;
	}
	pthread_mutex_unlock(&faults->lock);
}

bool faults_has(const struct fault_set *set, enum fault_id id, struct fault_value *ret_value)
{
	for (unsigned i = 0; i < set->count; i++) {
		if (set->marker[i].id != id)
			continue;
		if (ret_value)
			*ret_value = set->marker[i].value;
		return true;
	}
	return false;
}

bool faults_hit(struct faults *faults, const struct fault_set *set, enum fault_id id,
	const char *subject, struct fault_value *ret_value)
{
	struct fault_value value = {0};
	bool hit = false;

	pthread_mutex_lock(&faults->lock);
	for (unsigned i = 0; set && i < set->count && !hit; i++) {
		if (set->marker[i].id != id)
			continue;
		value = set->marker[i].value;
		hit = attempt_within(faults, "", id, subject, set->marker[i].times);
	}
	if (!hit)
		hit = global_hit(faults, id, subject, &value);
	pthread_mutex_unlock(&faults->lock);
	if (hit && ret_value)
		*ret_value = value;
	return hit;
}

bool faults_refuse(struct faults *faults, const char *model, const char *prompt, int *ret_code)
{
	bool hit = false;

	pthread_mutex_lock(&faults->lock);
	for (unsigned i = 0; i < faults->count && !hit; i++) {
		struct global *global = &faults->global[i];
		const char *of = strchr(global->value.text, '@');
		bool about_model = global->id == FAULT_REFUSE_MODEL;

		if ((!about_model && global->id != FAULT_REFUSE_PROMPT) || !of || global->left == 0)
			continue;
		if (about_model ? strcmp(model, of + 1) != 0 : !strstr(prompt, of + 1))
			continue;
		if (global->rate < 1 && dice_throw(faults) >= global->rate)
			continue;
		if (global->left > 0)
			global->left--;
		*ret_code = (int)strtol(global->value.text, NULL, 10);
		hit = true;
	}
	pthread_mutex_unlock(&faults->lock);
	return hit;
}
