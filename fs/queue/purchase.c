/* SPDX-License-Identifier: MIT */
#include "fs/queue/purchase.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/api/request.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/queue/bring_back.h"
#include "fs/queue/queue_private.h"
#include "fs/store/places.h"

/* What the place remembers. */
static int find_place(
	struct store *store, const struct purchase *purchase, struct bought_wish *wish)
{
	const struct wish_record *record = purchase->wish;

	*wish = (struct bought_wish){.path = purchase->path,
		.name = purchase->stem,
		.hash = record->hash,
		.request = record->request,
		.inputs = record->inputs,
		.owner = record->owner};
	int r = places_find(store, purchase->path, &wish->place, &wish->last);
	return r == -ENOENT ? 0 : r;
}

static int set_prompt(struct store *store, const struct purchase *purchase, int64_t job)
{
	int r = nodes_set_job(store, purchase->prompt->ino, job);

	return r < 0 ? r : nodes_set_draft(store, purchase->prompt->ino, DRAFT_NONE);
}

static int cancel(struct store *store, const struct purchase *purchase)
{
	return purchase->cancelled != 0 ? jobs_remove(store, purchase->cancelled) : 0;
}

/* A job of its own. INVALID ones, which have no hash, ask for nothing. */
static int write_job(struct store *store, struct purchase *purchase, struct bought_wish *wish)
{
	struct job_record *record = purchase->record;
	bool is_new = record->id == 0;
	int r = cancel(store, purchase);

	if (r == 0)
		r = places_need(store, purchase->path, &wish->place);
	if (r == 0)
		r = is_new ? jobs_add(store, record) : jobs_save(store, record);
	if (r < 0)
		return r;
	purchase->wish->job = record->id;
	purchase->wish->place = wish->place;
	snprintf(purchase->wish->name, sizeof(purchase->wish->name), "%s", purchase->stem);
	r = is_new ? wishes_add(store, purchase->wish) : wishes_set_content(store, purchase->wish);
	if (r == 0)
		r = wishes_set_hold(store, record->id, purchase->wish->hold);
	if (r == 0)
		r = bought_ask(
			store, wish->place, wish->hash[0] != '\0' ? wish : NULL, clock_wall_ms());
	return r < 0 ? r : set_prompt(store, purchase, record->id);
}

/* What the status says of a job that was not sent again. */
static int write_note(struct store *store, const struct purchase *purchase, int64_t id)
{
	struct job_record record = {0};
	CLEANUP_FREE char *differences = NULL;
	CLEANUP_FREE char *note = NULL;
	char when[CLOCK_TEXT];
	int r = jobs_get(store, id, &record);

	if (r < 0)
		return r;
	clock_format(record.submitted, when);
	if (record.body != NULL && purchase->record->body != NULL)
		r = api_request_differences(record.body, purchase->record->body, &differences);
	bool differs = differences != NULL && differences[0] != '\0';
	if (r == 0 &&
		asprintf(&note,
			"sent before, at %s: nothing was sent for what was saved since%s%s. To "
			"make new ones: echo submit into this file",
			when, differs ? "; what would be sent now differs in: " : "",
			differs ? differences : "") < 0) {
		note = NULL;
		r = -ENOMEM;
	}
	if (r == 0)
		r = wishes_set_note(store, id, note);
	job_record_finish(&record);
	return r;
}

/* Rules 1 and 2: a job of the past is the prompt's. */
static int write_past(struct store *store, struct purchase *purchase, struct bought_wish *wish)
{
	int64_t job = purchase->bought.job;
	int r = cancel(store, purchase);

	if (r == 0 && purchase->record->id != 0)
		r = jobs_remove(store, purchase->record->id);
	if (r == 0)
		r = places_need(store, purchase->path, &wish->place);
	if (r == 0 && purchase->bought.verdict == BOUGHT_ELSEWHERE)
		r = wishes_take(store, job, wish->place, purchase->stem);
	else if (r == 0)
		r = wishes_sent(store, job);
	if (r == 0)
		r = jobs_set_place(store, job, purchase->prompt->ino, purchase->prompt->parent,
			purchase->stem);
	if (r == 0)
		r = bought_ask(store, wish->place, wish, clock_wall_ms());
	if (r == 0)
		r = write_note(store, purchase, job);
	if (r == 0)
		r = bring_back(store, job, purchase->prompt->parent, purchase->stem);
	return r < 0 ? r : set_prompt(store, purchase, job);
}

static bool is_past(enum bought_verdict verdict)
{
	return verdict == BOUGHT_LAST || verdict == BOUGHT_EARLIER || verdict == BOUGHT_ELSEWHERE;
}

/* Of several that ask for one job the first takes it up. */
static void wait_for_turn(struct purchase *purchase)
{
	struct bought *bought = &purchase->bought;
	int64_t wait = bought->verdict != BOUGHT_ELSEWHERE || purchase->turn_ms == NULL
			       ? 0
			       : purchase->turn_ms(purchase->turn_arg, bought->job);

	if (wait > 0)
		*bought = (struct bought){BOUGHT_SOON, bought->job, wait};
}

/* A restore may be bringing the results, too. */
static int wait_for_results(struct store *store, struct purchase *purchase)
{
	int64_t wait = 0;
	int r = !is_past(purchase->bought.verdict) || purchase->past_only
			? 0
			: bring_back_wait_ms(store, purchase->bought.job, purchase->prompt,
				  purchase->settle_ms, &wait);

	if (r == 0 && wait > 0)
		purchase->bought = (struct bought){BOUGHT_SOON, purchase->bought.job, wait};
	return r;
}

static int decide(struct store *store, void *arg)
{
	struct purchase *purchase = arg;
	struct bought_wish wish;
	int64_t now = clock_wall_ms();
	int r = find_place(store, purchase, &wish);

	if (r == 0)
		r = bought_decide(store, &wish, now, purchase->settle_ms, &purchase->bought);
	if (r < 0)
		return r;
	wait_for_turn(purchase);
	r = wait_for_results(store, purchase);
	if (r < 0)
		return r;
	if (purchase->past_only && (purchase->bought.verdict == BOUGHT_SOON ||
					   purchase->bought.verdict == BOUGHT_COPY))
		purchase->bought = (struct bought){.verdict = BOUGHT_NOT};
	if (purchase->past_only && purchase->bought.verdict == BOUGHT_NOT)
		return 0;
	switch (purchase->bought.verdict) {
	case BOUGHT_LAST:
	case BOUGHT_EARLIER:
	case BOUGHT_ELSEWHERE:
		return write_past(store, purchase, &wish);
	case BOUGHT_COPY:
		if (purchase->copies || purchase->hold != NULL)
			break;
		return wish.place != 0 ? bought_ask(store, wish.place, &wish, now) : 0;
	case BOUGHT_SOON:
		return wish.place != 0 ? bought_ask(store, wish.place, &wish, now) : 0;
	case BOUGHT_NOT:
		break;
	}
	purchase->bought.verdict = BOUGHT_NOT;
	return write_job(store, purchase, &wish);
}

static int add(struct store *store, void *arg)
{
	struct purchase *purchase = arg;
	struct bought_wish wish;
	int r = find_place(store, purchase, &wish);

	purchase->bought = (struct bought){.verdict = BOUGHT_NOT};
	return r < 0 ? r : write_job(store, purchase, &wish);
}

static int write_nothing(struct store *store, void *arg)
{
	struct purchase *purchase = arg;
	struct bought_wish wish;
	int r = find_place(store, purchase, &wish);

	if (r == 0)
		r = cancel(store, purchase);
	if (r == 0 && wish.place != 0)
		r = bought_ask(store, wish.place, NULL, clock_wall_ms());
	return r < 0 ? r : set_prompt(store, purchase, 0);
}

static int run(struct queue *queue, struct purchase *purchase,
	int (*change)(struct store *store, void *arg))
{
	int64_t id = purchase->record != NULL ? purchase->record->id : 0;
	enum job_state state = purchase->record != NULL ? purchase->record->state : JOB_INVALID;

	if (purchase->hold != NULL && purchase->record->state == JOB_QUEUED)
		purchase->record->state = JOB_HELD;
	int r = store_run(queue->needs.store, false, change, purchase);
	if (r < 0 || purchase->bought.verdict != BOUGHT_NOT) {
		/* it is not in the ledger, or as it was before */
		if (purchase->record != NULL) {
			purchase->record->id = id;
			purchase->record->state = state;
		}
	}
	if (r < 0)
		return r;
	bool waits =
		purchase->bought.verdict == BOUGHT_SOON || purchase->bought.verdict == BOUGHT_COPY;
	if (purchase->cancelled != 0 && !waits)
		queue_drop(queue, purchase->cancelled);
	return purchase->bought.job != 0 && !waits ? queue_take_up(queue, purchase->bought.job) : 0;
}

int purchase_decide(struct queue *queue, struct purchase *purchase)
{
	return run(queue, purchase, decide);
}

int purchase_add(struct queue *queue, struct purchase *purchase)
{
	return run(queue, purchase, add);
}

int purchase_nothing(struct queue *queue, struct purchase *purchase)
{
	return run(queue, purchase, write_nothing);
}
