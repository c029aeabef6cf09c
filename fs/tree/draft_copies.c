/* SPDX-License-Identifier: MIT */
/* Drafts that ask for the same as another prompt: they wait until no name has changed for a while, since whoever copies may be about
 * to rename or remove. Then each is one more of the same. */
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/loop.h"
#include "fs/job/changes.h"
#include "fs/job/job.h"
#include "fs/job/place.h"
#include "fs/store/jobs.h"
#include "fs/tree/draft.h"
#include "fs/tree/draft_private.h"
#include "fs/tree/tree.h"

#define COPY_MAX_MS (INT64_C(5) * 60 * 1000) /* however many names change */

void draft_stop_copying(struct draft *draft)
{
	draft->copy_since = 0;
	list_remove(&draft->link);
	list_init(&draft->link);
}

void draft_wait_as_copy(struct draft *draft, int64_t job)
{
	struct drafts *drafts = draft->drafts;
	int64_t now = clock_mono_ms();
	struct job_record record = {0};
	CLEANUP_FREE char *path = NULL;

	if (draft->copy_since == 0) {
		draft->copy_since = now;
		list_append(&drafts->copies, &draft->link);
	}
	int64_t quiet = drafts->names_changed + drafts->needs->copies_ms - now;
	int64_t left = draft->copy_since + COPY_MAX_MS - now;
	loop_timer_arm(
		draft->timer, quiet < left ? (quiet > 0 ? quiet : 1) : (left > 0 ? left : 1));
	if (jobs_get(drafts->needs->store, job, &record) == 0 &&
		place_of(drafts->needs->store, record.place.dir, record.place.stem, &path) == 0)
		job_set_text(&draft->note,
			"a copy of %s.txt, which asks for the same: sent when no prompt was made, "
			"renamed or removed for a while; at once: echo submit into this file",
			path);
	job_record_finish(&record);
	changes_tell_status(drafts->needs->changes, draft->ino);
}

bool draft_may_copy(const struct draft *draft)
{
	const struct drafts *drafts = draft->drafts;
	int64_t now = clock_mono_ms();

	if (draft->copy_since == 0)
		return drafts->needs->copies_ms == 0;
	return now - drafts->names_changed >= drafts->needs->copies_ms ||
	       now - draft->copy_since >= COPY_MAX_MS;
}

void drafts_names_changed(struct drafts *drafts)
{
	drafts->names_changed = clock_mono_ms();
	if (!list_empty(&drafts->copies))
		loop_timer_arm(drafts->copies_timer, drafts->needs->settle_ms + 1);
}

void drafts_look_at_copies(void *arg)
{
	struct drafts *drafts = arg;
	struct list *item;

	list_for_each(item, &drafts->copies)
		loop_timer_arm(list_entry(item, struct draft, link)->timer, 0);
}
