/* SPDX-License-Identifier: MIT */
#include "fs/queue/queue_takes.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/buf.h"

#define KINDS_MAX 512 /* models and modes; of others nothing is learned */
#define NAME_MAX 128
#define ENOUGH 3     /* jobs */
#define WEIGHT 8     /* the latest one counts so much less than all before */
#define LONGEST_MS (INT64_C(24) * 3600 * 1000)
#define BURST 6      /* questions in one interval, when an end is likely */
#define SELDOM 10    /* intervals, at most, between questions before an end is likely */
#define SHORT 4      /* intervals: a shorter job is not asked for before its end is likely */

struct kind {
	char model[NAME_MAX], mode[NAME_MAX];
	int64_t mean_ms, spread_ms, saved_ms;
	unsigned count;
};

struct queue_takes {
	struct kind *kinds; /* owned */
	size_t count;
};

struct queue_takes *queue_takes_create(void)
{
	return calloc(1, sizeof(struct queue_takes));
}

void queue_takes_destroy(struct queue_takes *takes)
{
	if (takes == NULL)
		return;
	free(takes->kinds);
	free(takes);
}

static struct kind *find(const struct queue_takes *takes, const char *model, const char *mode)
{
	for (size_t i = 0; i < takes->count; i++)
		if (strcmp(takes->kinds[i].model, model) == 0 && strcmp(takes->kinds[i].mode, mode) == 0)
			return &takes->kinds[i];
	return NULL;
}

/* NULL: there is no room for it, or no memory. */
static struct kind *find_or_add(struct queue_takes *takes, const char *model, const char *mode)
{
	struct kind *kind = find(takes, model, mode);

	if (kind != NULL || takes->count == KINDS_MAX || strlen(model) >= NAME_MAX || strlen(mode) >= NAME_MAX ||
		model[0] == '\0' || mode[0] == '\0')
		return kind;
	struct kind *more = reallocarray(takes->kinds, takes->count + 1, sizeof(*more));
	if (more == NULL)
		return NULL;
	takes->kinds = more;
	kind = &more[takes->count++];
	*kind = (struct kind){0};
	snprintf(kind->model, sizeof(kind->model), "%s", model);
	snprintf(kind->mode, sizeof(kind->mode), "%s", mode);
	return kind;
}

int queue_takes_learn(struct queue_takes *takes, const char *model, const char *mode, int64_t ms, int64_t before_ms)
{
	struct kind *kind = ms <= 0 || ms > LONGEST_MS ? NULL : find_or_add(takes, model, mode);

	if (kind == NULL)
		return 0;
	ms = before_ms > 0 ? (ms + before_ms) / 2 : ms * 9 / 10;
	int64_t weight = kind->count < WEIGHT ? (int64_t)kind->count + 1 : WEIGHT;
	int64_t off = ms > kind->mean_ms ? ms - kind->mean_ms : kind->mean_ms - ms;
	if (kind->count == 0)
		off = ms / 4;
	kind->mean_ms += (ms - kind->mean_ms) / weight;
	kind->spread_ms += (off - kind->spread_ms) / weight;
	if (kind->count < ENOUGH + WEIGHT)
		kind->count++;
	int64_t moved = kind->mean_ms > kind->saved_ms ? kind->mean_ms - kind->saved_ms : kind->saved_ms - kind->mean_ms;
	if (kind->count < ENOUGH || moved * 10 < kind->saved_ms)
		return 0;
	kind->saved_ms = kind->mean_ms;
	return 1;
}

static int64_t within(int64_t value, int64_t least, int64_t most)
{
	return value < least ? least : value > most ? most : value;
}

int64_t queue_takes_wait(const struct queue_takes *takes, const char *model, const char *mode, int64_t age_ms,
	unsigned asked, int64_t interval_ms)
{
	const struct kind *kind = find(takes, model, mode);

	if (kind == NULL || kind->count < ENOUGH || interval_ms <= 0)
		return -1;
	int64_t mean = kind->mean_ms, least = mean / 30 > interval_ms / 12 ? mean / 30 : interval_ms / 12;
	int64_t spread = kind->spread_ms > least ? kind->spread_ms : least;
	int64_t early = mean - spread * 3 / 2, late = mean + spread * 2;
	int64_t saved = mean / interval_ms - (int64_t)asked;
	int64_t left = late - (age_ms > early ? age_ms : early);
	int64_t step = within(left / (saved > 1 ? saved : 1), interval_ms / BURST, interval_ms);
	int64_t first = within(early + step / 2, interval_ms / 3, INT64_MAX);
	if (age_ms < early && age_ms < first) {
		/* one that fails at once is not to look as if it ran for minutes */
		int64_t seldom = within(mean / 6, 2 * interval_ms, SELDOM * interval_ms);
		bool is_far = mean > SHORT * interval_ms && age_ms + seldom < first - step;
		return is_far ? seldom : first - age_ms;
	}
	if (age_ms > late + spread)
		return -1;
	/* no more in all than one in each interval */
	int64_t allowed = ((int64_t)asked + 1) * interval_ms - age_ms;
	return allowed > step ? (allowed < interval_ms ? allowed : interval_ms) : step;
}

char *queue_takes_text(const struct queue_takes *takes)
{
	struct buf text;

	buf_init(&text, KINDS_MAX * (2 * NAME_MAX + 64));
	for (size_t i = 0; i < takes->count; i++) {
		const struct kind *kind = &takes->kinds[i];
		if (kind->count >= ENOUGH)
			buf_addf(&text, "%s %s %" PRId64 " %" PRId64 "\n", kind->model, kind->mode, kind->mean_ms,
				kind->spread_ms);
	}
	char *result = buf_ok(&text) ? buf_steal(&text) : NULL;
	buf_finish(&text);
	return result;
}

void queue_takes_recall(struct queue_takes *takes, const char *text)
{
	char model[NAME_MAX], mode[NAME_MAX];
	int64_t mean, spread;

	for (const char *line = text; line != NULL && *line != '\0'; line = strchr(line, '\n'), line += line != NULL) {
		if (sscanf(line, "%127s %127s %" SCNd64 " %" SCNd64, model, mode, &mean, &spread) != 4 || mean <= 0 ||
			mean > LONGEST_MS || spread < 0 || spread > LONGEST_MS)
			continue;
		struct kind *kind = find_or_add(takes, model, mode);
		if (kind != NULL) {
			kind->mean_ms = kind->saved_ms = mean;
			kind->spread_ms = spread;
			kind->count = ENOUGH;
		}
	}
}
