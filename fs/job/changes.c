/* SPDX-License-Identifier: MIT */
/* Telling of changes: those who watch a prompt's status, and the events of gen, from the loop. */
#include <errno.h>
#include <stdlib.h>

#include "fs/base/log.h"
#include "fs/account/account_private.h"
#include "fs/tree/status.h"
#include "fs/input/inputs.h"

struct status_watch {
	int64_t ino;
	void (*changed)(void *arg);
	void *arg;
	struct list link; /* in gen->watches */
};

struct status_change {
	int64_t ino;
	bool by_itself;
	struct list link; /* in gen->changed */
};

int status_watch_add(struct gen *gen, int64_t ino, void (*changed)(void *arg), void *arg,
	struct status_watch **ret_watch)
{
	struct status_watch *watch = malloc(sizeof(*watch));

	if (watch == NULL)
		return -ENOMEM;
	*watch = (struct status_watch){.ino = ino, .changed = changed, .arg = arg};
	list_append(&gen->watches, &watch->link);
	*ret_watch = watch;
	return 0;
}

void status_watch_remove(struct status_watch *watch)
{
	if (watch == NULL)
		return;
	list_remove(&watch->link);
	free(watch);
}

/* The callbacks may remove any watch, so each is taken from the list anew; one that stays goes to a list of its own. */
static void tell_watches(struct gen *gen, int64_t ino)
{
	struct list told, *item;

	list_init(&told);
	for (;;) {
		struct status_watch *watch = NULL;
		list_for_each(item, &gen->watches)
		{
			watch = list_entry(item, struct status_watch, link);
			if (watch->ino == ino)
				break;
			watch = NULL;
		}
		if (watch == NULL)
			break;
		list_remove(&watch->link);
		list_append(&told, &watch->link);
		watch->changed(watch->arg);
	}
	while (!list_empty(&told)) {
		item = told.next;
		list_remove(item);
		list_append(&gen->watches, item);
	}
}

static void tell_all(void *arg)
{
	struct gen *gen = arg;

	while (!list_empty(&gen->changed)) {
		struct status_change *change =
			list_entry(gen->changed.next, struct status_change, link);
		int64_t ino = change->ino;
		bool by_itself = change->by_itself;
		list_remove(&change->link);
		free(change);
		tell_watches(gen, ino);
		if (gen->events.status_changed != NULL)
			gen->events.status_changed(gen->events_arg, (uint64_t)ino, by_itself);
	}
}

static struct status_change *find_change(struct gen *gen, int64_t ino)
{
	struct list *item;

	list_for_each(item, &gen->changed)
	{
		struct status_change *change = list_entry(item, struct status_change, link);
		if (change->ino == ino)
			return change;
	}
	return NULL;
}

static void note_change(struct gen *gen, int64_t ino, bool by_itself)
{
	struct status_change *change;

	waiting_recheck(gen);
	if (ino == 0)
		return;
	change = find_change(gen, ino);
	if (change != NULL) {
		change->by_itself = change->by_itself || by_itself;
		return;
	}
	change = malloc(sizeof(*change));
	bool first = list_empty(&gen->changed);
	if (change == NULL || (first && loop_defer(gen->loop, tell_all, gen) < 0)) {
		log_error("status: out of memory: readers of inode %lld are not woken",
			(long long)ino);
		free(change);
		return;
	}
	change->ino = ino;
	change->by_itself = by_itself;
	list_append(&gen->changed, &change->link);
}

void status_changed(struct gen *gen, int64_t ino)
{
	note_change(gen, ino, true);
}

void status_moved(struct gen *gen, int64_t ino)
{
	note_change(gen, ino, false);
}

void status_drop_changes(struct gen *gen)
{
	loop_defer_cancel(gen->loop, tell_all, gen);
	while (!list_empty(&gen->changed)) {
		struct status_change *change =
			list_entry(gen->changed.next, struct status_change, link);
		list_remove(&change->link);
		free(change);
	}
}
