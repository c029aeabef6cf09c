/* SPDX-License-Identifier: MIT */
/* What the last daemon has left to be told, and what it may not have noted any more. */
#include <errno.h>
#include <stdlib.h>

#include "fs/base/cleanup.h"
#include "fs/base/loop.h"
#include "fs/notify/notifier_private.h"
#include "fs/notify/told.h"

enum { SLICE = 32 }; /* statuses that are looked at in one turn */

static int take_again(struct notifier *notifier, int place)
{
	struct told_note *note = told_note_at(notifier->told, place);
	struct announcement *announcement = announcement_new(note->kind, note->dir, note->ino,
		note->name[0] != '\0' ? note->name : NULL, note->new_name[0] != '\0' ? note->new_name : NULL);

	if (announcement == NULL)
		return -ENOMEM;
	announcement->place = place;
	announcement->done = note->done;
	int r = notifier_take(notifier, announcement);
	if (r < 0) {
		announcement_free(announcement);
		return r;
	}
	if (note->sent)
		notifier->sent = announcement;
	return 0;
}

int notifier_again(struct notifier *notifier)
{
	CLEANUP_FREE int *places = NULL;
	size_t count;
	int r = told_notes_left(notifier->told, &places, &count);

	for (size_t i = 0; i < count && r == 0; i++)
		r = take_again(notifier, places[i]);
	notifier->former_child = told_child(notifier->told);
	notifier->to_recheck = told_open_count(notifier->told);
	return r;
}

void notifier_again_over(struct notifier *notifier)
{
	notifier->former_child = 0;
	notifier_lose_child(notifier);
	if (notifier->to_recheck > 0)
		loop_timer_arm(notifier->recheck, 0);
}

/* From the last one on: where one is taken out of the list, the last one takes its place. */
void notifier_recheck(void *arg)
{
	struct notifier *notifier = arg;

	for (int i = 0; i < SLICE && notifier->to_recheck > 0; i++) {
		size_t index = --notifier->to_recheck;
		if (index < told_open_count(notifier->told))
			changes_tell_status(notifier->needs.changes, (int64_t)told_open_at(notifier->told, index));
	}
	if (notifier->to_recheck > 0)
		loop_timer_arm(notifier->recheck, 0);
}
