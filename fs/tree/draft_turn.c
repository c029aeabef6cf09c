/* SPDX-License-Identifier: MIT */
/* Drafts that take up a job as soon as its own prompt has been gone for long enough. The one that asked first gets it, though another
 * one's timer may come a moment earlier: what the ledger counts by the clock on the wall, timers count by another one. */
#include "fs/base/clock.h"
#include "fs/base/loop.h"
#include "fs/base/map.h"
#include "fs/tree/draft_private.h"

void draft_leave_turn(struct draft *draft)
{
	if (draft->awaits != 0)
		map_remove(draft->drafts->awaited, (uint64_t)draft->awaits);
	draft->awaits = 0;
}

void draft_wait_for(struct draft *draft, const struct bought *bought)
{
	struct map *awaited = draft->drafts->awaited;
	uint64_t job = (uint64_t)bought->job;

	if (draft->awaits != bought->job)
		draft_leave_turn(draft);
	/* without memory the timers decide */
	if (draft->awaits == 0 && map_get(awaited, job) == NULL && map_put(awaited, job, draft) == 0)
		draft->awaits = bought->job;
	draft->examined_at = clock_mono_ms() + bought->wait_ms;
	loop_timer_arm(draft->timer, bought->wait_ms);
}

int64_t draft_turn_ms(void *arg, int64_t job)
{
	const struct draft *draft = arg;
	const struct draft *first = map_get(draft->drafts->awaited, (uint64_t)job);

	if (first == NULL || first == draft)
		return 0;
	int64_t left = first->examined_at - clock_mono_ms();
	return left > 0 ? left + 1 : 1;
}
