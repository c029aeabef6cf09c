/* SPDX-License-Identifier: MIT */
#include "fs/input/inputs_buy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/input/inputs_private.h"
#include "fs/job/place.h"
#include "fs/job/wish.h"
#include "fs/queue/purchase.h"

/* Where each input comes from, one a line; "?" where that cannot be told. */
static char *origins_of(const struct asker *asker, const struct reference *input)
{
	const struct prompt *prompt = &job_inputs_of(asker->job)->prompt;
	CLEANUP(buf_finish) struct buf text;

	buf_init(&text, 64 * 1024);
	for (size_t i = 0; i < prompt->ref_count; i++) {
		CLEANUP_FREE char *origin = NULL;
		if (reference_origin(asker->inputs, &prompt->refs[i], &input[i], &origin) < 0)
			text.failed = -ENOMEM;
		buf_addf(&text, "%s\n", origin != NULL ? origin : "?");
	}
	return buf_steal(&text);
}

/* What this job asks for, with the inputs as they are now. */
static int make_wish(const struct asker *asker, const struct reference *input, const char *body,
	struct wish_record *wish)
{
	const struct job *job = asker->job;
	const struct prompt *prompt = &job_inputs_of(job)->prompt;
	int r = wishes_get(asker->inputs->needs.store, job->record.id, wish);

	if (r < 0)
		return r;
	free(wish->inputs);
	wish->inputs = origins_of(asker, input);
	if (wish->inputs == NULL)
		return -ENOMEM;
	if (wish->hash[0] == '\0') {
		r = wish_hash(job->record.model, prompt, wish->hash);
		if (r < 0)
			return r;
	}
	return wish_request(job->record.mode, body, prompt->take, wish->request);
}

/* Copies count from the first time that they are seen to be one. */
static bool may_copy(const struct asker *asker)
{
	struct job_inputs *wait = job_inputs_of(asker->job);
	int64_t now = clock_mono_ms(), copies_ms = asker->inputs->needs.copies_ms;

	return copies_ms == 0 || (wait->copy_since != 0 && now - wait->copy_since >= copies_ms);
}

static void wait_as_copy(const struct asker *asker, struct inputs_bought *bought)
{
	struct job_inputs *wait = job_inputs_of(asker->job);
	int64_t now = clock_mono_ms();

	if (wait->copy_since == 0)
		wait->copy_since = now;
	bought->wait_ms = wait->copy_since + asker->inputs->needs.copies_ms - now;
}

static int decide(const struct asker *asker, struct job_record *record, struct wish_record *wish,
	bool past_only, struct inputs_bought *ret_bought)
{
	struct queue *queue = asker->inputs->needs.queue;
	struct store *store = asker->inputs->needs.store;
	bool asked = asker->job->released || wish->asked || record->dry_run;
	CLEANUP_FREE char *path = NULL;
	struct node node;
	int r = nodes_get(store, asker->place.ino, &node);

	if (r == 0)
		r = place_of(store, asker->place.dir, asker->place.stem, &path);
	if (r < 0)
		return r;
	struct purchase purchase = {.prompt = &node,
		.path = path,
		.stem = asker->place.stem,
		.record = record,
		.wish = wish,
		.settle_ms = asker->inputs->needs.settle_ms,
		.copies = may_copy(asker),
		.past_only = past_only,
		.hold = asked ? NULL : wish_hold_text(wish->hold)};
	record->trouble = (char *)purchase.hold;
	r = asked ? purchase_add(queue, &purchase) : purchase_decide(queue, &purchase);
	*ret_bought = (struct inputs_bought){.verdict = purchase.bought.verdict,
		.wait_ms = purchase.bought.wait_ms,
		.state = record->state,
		.trouble = purchase.hold};
	if (r == 0 && purchase.bought.verdict == BOUGHT_COPY)
		wait_as_copy(asker, ret_bought);
	return r;
}

int inputs_buy(const struct asker *asker, const struct reference *input, const char *body, bool later,
	struct inputs_bought *ret_bought)
{
	CLEANUP(wish_record_finish) struct wish_record wish = {0};
	/* its strings are the job's */
	struct job_record record = asker->job->record;
	int r = make_wish(asker, input, body, &wish);

	if (r < 0)
		return r;
	record.state = record.dry_run ? JOB_HELD : JOB_QUEUED;
	record.body = (char *)body;
	record.unmade = later;
	record.error = NULL;
	return decide(asker, &record, &wish, false, ret_bought);
}

int inputs_buy_without(
	const struct asker *asker, const struct reference *input, struct inputs_bought *ret_bought)
{
	CLEANUP(wish_record_finish) struct wish_record wish = {0};
	struct job_record record = asker->job->record;

	*ret_bought = (struct inputs_bought){.verdict = BOUGHT_NOT};
	if (asker->job->released || record.dry_run)
		return 0;
	int r = make_wish(asker, input, NULL, &wish);
	return r < 0 || wish.asked ? r : decide(asker, &record, &wish, true, ret_bought);
}
