/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/faults.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/util.h"

enum fault_takes { TAKES_NOTHING, TAKES_OPTIONAL, TAKES_NUMBER, TAKES_TEXT, TAKES_WORD, TAKES_WAY };

struct fault_row {
	const char *name;
	enum fault_takes takes;
	unsigned times; /* unless *TIMES says otherwise; 0: always */
	bool task;      /* fixed when the task is made */
};

static const struct fault_row rows[FAULT_COUNT] = {
	[FAULT_SUBMIT_REJECT_DROP] = {"submit-reject-drop", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_401] = {"submit-401", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_403] = {"submit-403", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_429] = {"submit-429", TAKES_OPTIONAL, 1, false},
	[FAULT_SUBMIT_1001] = {"submit-1001", TAKES_NOTHING, 1, false},
	[FAULT_SUBMIT_1001_PARAM] = {"submit-1001-param", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_1001_EMPTY] = {"submit-1001-empty", TAKES_NOTHING, 1, false},
	[FAULT_SUBMIT_1002_AUTH] = {"submit-1002-auth", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_1004] = {"submit-1004", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_1007] = {"submit-1007", TAKES_NOTHING, 1, false},
	[FAULT_SUBMIT_1011] = {"submit-1011", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_1017] = {"submit-1017", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_6002] = {"submit-6002", TAKES_NOTHING, 1, false},
	[FAULT_SUBMIT_6010] = {"submit-6010", TAKES_NOTHING, 1, false},
	[FAULT_SUBMIT_6101] = {"submit-6101", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_MODERATION] = {"submit-moderation", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_DROP] = {"submit-drop", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_500] = {"submit-500", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_HTML] = {"submit-html", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_TRUNCATED] = {"submit-truncated", TAKES_WORD, 0, false},
	[FAULT_SUBMIT_NO_ID] = {"submit-no-id", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_GARBAGE] = {"submit-garbage", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_HUGE] = {"submit-huge", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_DEEP] = {"submit-deep", TAKES_NOTHING, 0, false},
	[FAULT_SUBMIT_SLOW] = {"submit-slow", TAKES_NUMBER, 0, false},
	[FAULT_STATUS_DROP] = {"status-drop", TAKES_NOTHING, 0, false},
	[FAULT_STATUS_500] = {"status-500", TAKES_NOTHING, 0, false},
	[FAULT_STATUS_HTML] = {"status-html", TAKES_NOTHING, 0, false},
	[FAULT_STATUS_TRUNCATED] = {"status-truncated", TAKES_WORD, 0, false},
	[FAULT_STATUS_1003] = {"status-1003", TAKES_NOTHING, 0, false},
	[FAULT_STATUS_NOTEXIST] = {"status-notexist", TAKES_NOTHING, 0, false},
	[FAULT_STATUS_GARBAGE] = {"status-garbage", TAKES_NOTHING, 0, false},
	[FAULT_STATUS_SLOW] = {"status-slow", TAKES_NUMBER, 0, false},
	[FAULT_STATUS_WEIRD] = {"status-weird", TAKES_NOTHING, 1, false},
	[FAULT_STATUS_FLIP] = {"status-flip", TAKES_NOTHING, 0, false},
	[FAULT_TASK_FAIL] = {"task-fail", TAKES_NOTHING, 0, true},
	[FAULT_TASK_FAIL_MODERATION] = {"task-fail-moderation", TAKES_NOTHING, 0, true},
	[FAULT_TASK_EMPTY] = {"task-empty", TAKES_NOTHING, 0, true},
	[FAULT_TASK_CANCELED] = {"task-canceled", TAKES_NOTHING, 0, true},
	[FAULT_IMAGES] = {"images", TAKES_NUMBER, 0, true},
	[FAULT_SPLIT] = {"split", TAKES_NOTHING, 0, true},
	[FAULT_LIFETIME] = {"lifetime", TAKES_NUMBER, 0, true},
	[FAULT_SECONDS] = {"seconds", TAKES_NUMBER, 0, true},
	[FAULT_BYTES] = {"bytes", TAKES_NUMBER, 0, true},
	[FAULT_MOOV_LAST] = {"moov-last", TAKES_NUMBER, 0, true},
	[FAULT_FILE] = {"file", TAKES_TEXT, 0, true},
	[FAULT_BAD_URL] = {"bad-url", TAKES_OPTIONAL, 0, true},
	[FAULT_LONG_URL] = {"long-url", TAKES_NOTHING, 0, true},
	[FAULT_CDN_LYING_SUFFIX] = {"cdn-lying-suffix", TAKES_NOTHING, 0, true},
	[FAULT_WEBHOOK_LOST] = {"webhook-lost", TAKES_NOTHING, 0, true},
	[FAULT_WEBHOOK_EARLY] = {"webhook-early", TAKES_NOTHING, 0, true},
	[FAULT_WEBHOOK_TWICE] = {"webhook-twice", TAKES_NOTHING, 0, true},
	[FAULT_CDN_NORANGE] = {"cdn-norange", TAKES_NOTHING, 0, false},
	[FAULT_CDN_NOLENGTH] = {"cdn-nolength", TAKES_NOTHING, 0, false},
	[FAULT_CDN_BADLENGTH] = {"cdn-badlength", TAKES_NOTHING, 0, false},
	[FAULT_CDN_SHORTLENGTH] = {"cdn-shortlength", TAKES_NOTHING, 0, false},
	[FAULT_CDN_RESET] = {"cdn-reset", TAKES_NUMBER, 0, false},
	[FAULT_CDN_RESET_ONCE] = {"cdn-reset-once", TAKES_NUMBER, 1, false},
	[FAULT_CDN_STALL] = {"cdn-stall", TAKES_NUMBER, 0, false},
	[FAULT_CDN_STALL_ONCE] = {"cdn-stall-once", TAKES_NUMBER, 1, false},
	[FAULT_CDN_404] = {"cdn-404", TAKES_OPTIONAL, 0, false},
	[FAULT_CDN_403] = {"cdn-403", TAKES_NOTHING, 0, false},
	[FAULT_CDN_404_ONCE] = {"cdn-404-once", TAKES_NOTHING, 1, false},
	[FAULT_CDN_500_ONCE] = {"cdn-500-once", TAKES_NOTHING, 1, false},
	[FAULT_CDN_REDIRECT] = {"cdn-redirect", TAKES_NOTHING, 0, false},
	[FAULT_CDN_REDIRECT_FILE] = {"cdn-redirect-file", TAKES_NOTHING, 0, false},
	[FAULT_CDN_HTML] = {"cdn-html", TAKES_NOTHING, 0, false},
	[FAULT_CDN_CHANGED] = {"cdn-changed", TAKES_NOTHING, 0, false},
	[FAULT_CDN_EMPTY] = {"cdn-empty", TAKES_NOTHING, 0, false},
	[FAULT_CDN_SLOW] = {"cdn-slow", TAKES_NUMBER, 0, false},
	[FAULT_COVER_404] = {"cover-404", TAKES_NOTHING, 0, false},
	[FAULT_NO_ETAG] = {"no-etag", TAKES_NOTHING, 0, false},
	[FAULT_UPLOAD_DROP] = {"upload-drop", TAKES_NOTHING, 0, false},
	[FAULT_UPLOAD_500] = {"upload-500", TAKES_NOTHING, 0, false},
	[FAULT_UPLOAD_1014] = {"upload-1014", TAKES_NOTHING, 0, false},
	[FAULT_UPLOAD_1015] = {"upload-1015", TAKES_NOTHING, 0, false},
	[FAULT_UPLOAD_1102] = {"upload-1102", TAKES_NOTHING, 0, false},
	[FAULT_UPLOAD_2004] = {"upload-2004", TAKES_NOTHING, 0, false},
	[FAULT_CDN_HTTP] = {"cdn-http", TAKES_WAY, 0, false},
	[FAULT_ANSWER_SUBMIT] = {"answer-submit", TAKES_WAY, 0, false},
	[FAULT_ANSWER_STATUS] = {"answer-status", TAKES_WAY, 0, false},
	[FAULT_ANSWER_BATCH] = {"answer-batch", TAKES_WAY, 0, false},
	[FAULT_ANSWER_UPLOAD] = {"answer-upload", TAKES_WAY, 0, false},
	[FAULT_ANSWER_MODELS] = {"answer-models", TAKES_WAY, 0, false},
	[FAULT_ANSWER_BALANCE] = {"answer-balance", TAKES_WAY, 0, false},
};

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

const char *faults_name(enum fault_id id)
{
	return rows[id].name;
}

void faults_print_names(FILE *file)
{
	int column = 0;

	for (int id = 0; id < FAULT_COUNT; id++) {
		static const char *const suffix[] = {"", "[=N]", "=N", "=TEXT", "[=cut]", "=WAY"};

		column += fprintf(
			file, "%s%s%s", column ? " " : "  ", rows[id].name, suffix[rows[id].takes]);
		if (column > 80) {
			fputc('\n', file);
			column = 0;
		}
	}
	if (column)
		fputc('\n', file);
}

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

/* README.md has the table: a word, or NUMBER[-RETRY_AFTER]. */
static bool is_way(const char *text)
{
	static const char *const words[] = {
		"drop", "cut", "slow", "half", "garbage", "type", "empty"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i], text) == 0)
			return true;
	size_t digits = strspn(text, "0123456789");
	return (digits == 3 || digits == 4) && (text[digits] == '\0' || text[digits] == '-');
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
		if (strlen(rows[id].name) == name_size &&
			memcmp(rows[id].name, text, name_size) == 0)
			break;
	if (id == FAULT_COUNT)
		return -ENOENT;
	if (equal) {
		size_t value_size = size - name_size - 1;

		if (value_size == 0 || value_size >= sizeof(value.text))
			return -EINVAL;
		memcpy(value.text, equal + 1, value_size);
	}
	switch (rows[id].takes) {
	case TAKES_NOTHING:
		if (equal)
			return -EINVAL;
		break;
	case TAKES_OPTIONAL:
	case TAKES_NUMBER:
		if (!equal && rows[id].takes == TAKES_OPTIONAL)
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
		if (!is_way(value.text))
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
		set.marker[set.count++].times = times < 0 ? rows[id].times : (uint64_t)times;
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
	key = xformat("%s%s %s", prefix, rows[id].name, subject);
	within = (*strmap_counter(faults->attempts, key))++ < times;
	free(key);
	return within;
}

static bool global_hit(
	struct faults *faults, enum fault_id id, const char *subject, struct fault_value *ret)
{
	bool once = rows[id].times && strstr(rows[id].name, "-once");

	for (unsigned i = 0; i < faults->count; i++) {
		struct global *global = &faults->global[i];

		if (global->id != id || global->left == 0)
			continue;
		if (global->rate < 1 && dice_throw(faults) >= global->rate)
			continue;
		if (once && !attempt_within(faults, "all ", id, subject, rows[id].times))
			continue;
		if (global->left > 0)
			global->left--;
		*ret = global->value;
		return true;
	}
	return false;
}

void faults_fix_task(struct faults *faults, struct fault_set *set)
{
	pthread_mutex_lock(&faults->lock);
	for (int id = 0; id < FAULT_COUNT && set->count < FAULT_SET_MAX; id++) {
		struct fault_value value = {0};

		if (!rows[id].task || faults_has(set, (enum fault_id)id, NULL) ||
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
