/* SPDX-License-Identifier: MIT */
#include "fs/job/bought.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/ids.h"
#include "fs/job/job.h"

#define OTHER_NAME_MS (7 * CLOCK_DAY_MS) /* a wish of another name is taken up that long */
#define LOOK_MAX 10000                   /* rows of one wish that are looked at */

bool bought_is_paid(enum job_state state, bool has_task)
{
	switch (state) {
	case JOB_SUBMITTING:
	case JOB_PENDING:
	case JOB_PROCESSING:
	case JOB_FETCHING:
	case JOB_SUCCESS:
	case JOB_UNKNOWN:
		return true;
	case JOB_FAILED:
		return has_task;
	case JOB_INVALID:
	case JOB_WAITING:
	case JOB_QUEUED:
	case JOB_HELD:
	case JOB_BLOCKED:
	case JOB_STATE_COUNT:
		break;
	}
	return false;
}

/* One origin a line; "?" is one that cannot be told, and equals all. */
static bool is_same_inputs(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return true;
	while (*a != '\0' && *b != '\0') {
		size_t length = strcspn(a, "\n"), other = strcspn(b, "\n");
		bool told = !(length == 1 && *a == '?') && !(other == 1 && *b == '?');
		if (told && (length != other || memcmp(a, b, length) != 0))
			return false;
		a += length + (a[length] != '\0');
		b += other + (b[other] != '\0');
	}
	return *a == *b;
}

/* Do the two ask for the same? */
static bool is_same_wish(const struct bought_wish *wish, const struct wish_record *record)
{
	if (record->request[0] != '\0' && strcmp(record->request, wish->request) == 0)
		return true;
	return record->hash[0] != '\0' && strcmp(record->hash, wish->hash) == 0 &&
	       is_same_inputs(record->inputs, wish->inputs);
}

/* A look through the rows of one wish. */
struct search {
	const struct bought_wish *wish;
	int64_t now, settle_ms;
	int64_t job;     /* found; 0: none */
	int64_t wait_ms; /* rule 2: until it is gone for long enough; 0: it is */
	unsigned looked;
};

static int find_here(void *arg, const struct wish_record *record)
{
	struct search *search = arg;

	if (!bought_is_paid(record->state, record->has_task) ||
		!is_same_wish(search->wish, record))
		return 0;
	/* the latest, unless the last one that it asked for is among them */
	if (search->job == 0 || record->job == search->wish->last)
		search->job = record->job;
	return search->job == search->wish->last;
}

static int find_gone(void *arg, const struct wish_record *record)
{
	struct search *search = arg;
	int64_t gone_ms = search->now - record->gone;

	if (++search->looked > LOOK_MAX)
		return 1;
	/* the clock was set back: then nothing is known of when */
	if (gone_ms < 0)
		gone_ms = search->settle_ms;
	if (record->place == search->wish->place || record->owner != search->wish->owner ||
		!bought_is_paid(record->state, record->has_task) ||
		!is_same_wish(search->wish, record))
		return 0;
	if (gone_ms >= OTHER_NAME_MS && strcmp(record->name, search->wish->name) != 0)
		return 0;
	/* the first is the right one: one that comes behind it is not taken because this one has not been gone for long */
	search->job = record->job;
	search->wait_ms = gone_ms < search->settle_ms ? search->settle_ms - gone_ms : 0;
	return 1;
}

static int find_copied(void *arg, const struct wish_record *record)
{
	struct search *search = arg;

	if (++search->looked > LOOK_MAX)
		return 1;
	if (record->place == search->wish->place || job_state_shown(record->state) == JOB_INVALID ||
		!is_same_wish(search->wish, record))
		return 0;
	search->job = record->job;
	return 1;
}

static int decide_here(struct store *store, struct search *search, struct bought *bought)
{
	const struct bought_wish *wish = search->wish;
	int r = wish->place == 0 ? 0 : wishes_list_place(store, wish->place, find_here, search);

	if (r < 0 || search->job == 0)
		return r;
	bought->verdict = search->job == wish->last ? BOUGHT_LAST : BOUGHT_EARLIER;
	bought->job = search->job;
	return 1;
}

static int decide_gone(struct store *store, struct search *search, struct bought *bought)
{
	const struct bought_wish *wish = search->wish;
	int r = wishes_list_gone(
		store, wish->hash, wish->request, wish->path, wish->name, find_gone, search);

	if (r < 0 || search->job == 0)
		return r < 0 ? r : 0;
	bought->verdict = search->wait_ms > 0 ? BOUGHT_SOON : BOUGHT_ELSEWHERE;
	bought->job = search->job;
	bought->wait_ms = search->wait_ms;
	return 1;
}

int bought_decide(struct store *store, const struct bought_wish *wish, int64_t now,
	int64_t settle_ms, struct bought *ret_bought)
{
	struct search search = {.wish = wish, .now = now, .settle_ms = settle_ms};
	struct bought bought = {0};
	int r = decide_here(store, &search, &bought);

	if (r == 0)
		r = decide_gone(store, &search, &bought);
	if (r == 0) {
		search.looked = 0;
		r = wishes_list_there(store, wish->hash, wish->request, find_copied, &search);
		if (r >= 0 && search.job != 0) {
			bought.verdict = BOUGHT_COPY;
			bought.job = search.job;
		}
	}
	if (r < 0)
		return r;
	*ret_bought = bought;
	return 0;
}

/* Rows of one place that ask for it again, and that do not any more. */
struct asking {
	const struct bought_wish *wish;
	struct ids back, gone;
};

static int sort_row(void *arg, const struct wish_record *record)
{
	struct asking *asking = arg;
	bool same = asking->wish != NULL && is_same_wish(asking->wish, record);

	if (same && record->gone != 0)
		return ids_add(&asking->back, record->job);
	if (!same && record->gone == 0)
		return ids_add(&asking->gone, record->job);
	return 0;
}

int bought_ask(struct store *store, int64_t place, const struct bought_wish *wish, int64_t now)
{
	struct asking asking = {.wish = wish};
	int r = wishes_list_place(store, place, sort_row, &asking);

	for (size_t i = 0; i < asking.back.count && r >= 0; i++)
		r = wishes_set_gone(store, asking.back.items[i], 0);
	for (size_t i = 0; i < asking.gone.count && r >= 0; i++)
		r = wishes_set_gone(store, asking.gone.items[i], now);
	ids_finish(&asking.back);
	ids_finish(&asking.gone);
	return r;
}
