/* SPDX-License-Identifier: MIT */
/* What waits to be told, in three queues, with a note of each for the next daemon. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/loop.h"
#include "fs/base/map.h"
#include "fs/notify/notifier_child.h"
#include "fs/notify/notifier_private.h"
#include "fs/notify/told.h"

enum { WAITING_MAX = 100000 }; /* announcements of one turn; of what comes then nobody is told */

void announcement_free(struct announcement *announcement)
{
	free(announcement->name);
	free(announcement->new_name);
	free(announcement);
}

struct announcement *announcement_new(
	char kind, uint64_t dir, uint64_t ino, const char *name, const char *new_name)
{
	struct announcement *announcement = malloc(sizeof(*announcement));

	if (announcement == NULL)
		return NULL;
	*announcement = (struct announcement){.kind = kind, .dir = dir, .ino = ino, .place = TOLD_NOWHERE};
	if (name != NULL)
		announcement->name = strdup(name);
	if (new_name != NULL)
		announcement->new_name = strdup(new_name);
	if ((name != NULL && announcement->name == NULL) ||
		(new_name != NULL && announcement->new_name == NULL)) {
		announcement_free(announcement);
		return NULL;
	}
	return announcement;
}

enum notifier_turn announcement_turn(const struct announcement *announcement)
{
	switch (announcement->kind) {
	case NOTIFIER_CREATE:
	case NOTIFIER_RENAME:
		return NOTIFIER_RESULTS;
	case NOTIFIER_MODIFY:
		return NOTIFIER_STATUSES;
	default:
		return NOTIFIER_NAMES;
	}
}

struct announcement *notifier_next(const struct notifier *notifier)
{
	for (int turn = 0; turn < NOTIFIER_TURNS; turn++)
		if (!list_empty(&notifier->waiting[turn]))
			return list_entry(notifier->waiting[turn].next, struct announcement, link);
	return NULL;
}

void notifier_foresee(struct notifier *notifier, char kind, uint64_t dir, uint64_t ino, const char *name, const char *new_name)
{
	size_t count = notifier->foreseen_count;

	if (count == FORESEEN_MAX ||
		(count == 0 && loop_defer(notifier->needs.loop, notifier_forget_foreseen, notifier) < 0))
		return;
	notifier->foreseen[count].ino = ino;
	notifier->foreseen[count].kind = kind;
	notifier->foreseen[count].place = told_note(notifier->told, kind, dir, ino, name, new_name);
	notifier->foreseen_count++;
}

void notifier_forget_foreseen(void *arg)
{
	struct notifier *notifier = arg;

	for (size_t i = 0; i < notifier->foreseen_count; i++)
		told_note_free(notifier->told, notifier->foreseen[i].place);
	notifier->foreseen_count = 0;
}

/* TOLD_NOWHERE: it was not foreseen. */
static int take_foreseen(struct notifier *notifier, const struct announcement *announcement)
{
	for (size_t i = 0; i < notifier->foreseen_count; i++) {
		if (notifier->foreseen[i].ino != announcement->ino || notifier->foreseen[i].kind != announcement->kind)
			continue;
		int place = notifier->foreseen[i].place;
		notifier->foreseen[i].place = TOLD_NOWHERE;
		return place;
	}
	return TOLD_NOWHERE;
}

int notifier_take(struct notifier *notifier, struct announcement *announcement)
{
	enum notifier_turn turn = announcement_turn(announcement);

	if (notifier->count[turn] >= WAITING_MAX)
		return -ENOBUFS;
	if (announcement->kind == NOTIFIER_MODIFY &&
		map_put(notifier->modified, announcement->ino, announcement) < 0)
		return -ENOMEM;
	list_append(&notifier->waiting[turn], &announcement->link);
	notifier->count[turn]++;
	if (announcement->place == TOLD_NOWHERE)
		announcement->place = take_foreseen(notifier, announcement);
	if (announcement->place == TOLD_NOWHERE)
		announcement->place = told_note(notifier->told, announcement->kind, announcement->dir, announcement->ino,
			announcement->name, announcement->new_name);
	return 0;
}

void notifier_drop(struct notifier *notifier, struct announcement *announcement)
{
	list_remove(&announcement->link);
	notifier->count[announcement_turn(announcement)]--;
	if (notifier->sent == announcement)
		notifier->sent = NULL;
	if (map_get(notifier->modified, announcement->ino) == announcement)
		map_remove(notifier->modified, announcement->ino);
	told_note_free(notifier->told, announcement->place);
	announcement_free(announcement);
}

void notifier_set_sent(struct notifier *notifier, struct announcement *announcement)
{
	struct told_note *before = notifier->sent != NULL ? told_note_at(notifier->told, notifier->sent->place) : NULL;
	struct told_note *note = announcement != NULL ? told_note_at(notifier->told, announcement->place) : NULL;

	if (before != NULL)
		before->sent = false;
	if (note != NULL)
		note->sent = true;
	notifier->sent = announcement;
}

void notifier_lose_child(struct notifier *notifier)
{
	/* the one that it was at may have been told of already: once is better than twice */
	if (notifier->sent != NULL && notifier->sent->done)
		notifier_drop(notifier, notifier->sent);
	notifier_set_sent(notifier, NULL);
}

void announcement_set_done(struct notifier *notifier, struct announcement *announcement)
{
	struct told_note *note = told_note_at(notifier->told, announcement->place);

	announcement->done = true;
	if (note != NULL)
		note->done = true;
}
