/* SPDX-License-Identifier: MIT */
#include "fs/job/changes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/base/map.h"

#define BUCKETS 1024 /* a power of two */
#define SLICE 64     /* statuses that are told in one turn of the loop: listeners read what they say */

struct changes {
	struct loop *loop;     /* borrowed */
	struct list listeners; /* changes_listener.link, borrowed */
	struct list watches[BUCKETS]; /* changes_watch.link, borrowed; by inode */
	struct list untold;    /* status_change.link, owned: told at the end of this turn, or of the next ones */
	struct map *changed;   /* inode -> its status_change */
};

/* Calls what each listener has for `event` with `arguments` in brackets, where `listener` stands for the one that is called; it may leave. */
#define tell_listeners(changes, event, arguments) \
	do { \
		struct list *item_, *after_; \
		list_for_each_safe(item_, after_, &(changes)->listeners) \
		{ \
			struct changes_listener *listener = list_entry(item_, struct changes_listener, link); \
			if (listener->events->event != NULL) \
				listener->events->event arguments; \
		} \
	} while (0)

struct changes_watch {
	int64_t ino;
	void (*changed)(void *arg);
	void *arg;
	struct list link; /* bucket() */
};

struct status_change {
	int64_t ino;
	bool by_itself;
	struct list link; /* changes.untold */
};

static struct list *bucket(struct changes *changes, int64_t ino)
{
	return &changes->watches[(uint64_t)ino & (BUCKETS - 1)];
}

int changes_create(struct loop *loop, struct changes **ret_changes)
{
	struct changes *changes = calloc(1, sizeof(*changes));

	if (changes == NULL)
		return -ENOMEM;
	changes->loop = loop;
	list_init(&changes->listeners);
	for (size_t i = 0; i < BUCKETS; i++)
		list_init(&changes->watches[i]);
	list_init(&changes->untold);
	changes->changed = map_create();
	if (changes->changed == NULL) {
		free(changes);
		return -ENOMEM;
	}
	*ret_changes = changes;
	return 0;
}

void changes_listen(struct changes *changes, struct changes_listener *listener,
	const struct changes_events *events, void *arg)
{
	listener->events = events;
	listener->arg = arg;
	list_append(&changes->listeners, &listener->link);
}

void changes_unlisten(struct changes_listener *listener)
{
	if (listener->link.next != NULL)
		list_remove(&listener->link);
}

int changes_watch(struct changes *changes, int64_t prompt_ino, void (*changed)(void *arg),
	void *arg, struct changes_watch **ret_watch)
{
	struct changes_watch *watch = malloc(sizeof(*watch));

	if (watch == NULL)
		return -ENOMEM;
	*watch = (struct changes_watch){.ino = prompt_ino, .changed = changed, .arg = arg};
	list_append(bucket(changes, prompt_ino), &watch->link);
	*ret_watch = watch;
	return 0;
}

void changes_unwatch(struct changes_watch *watch)
{
	if (watch == NULL)
		return;
	list_remove(&watch->link);
	free(watch);
}

static struct changes_watch *find_watch(struct changes *changes, int64_t ino)
{
	struct list *item;

	list_for_each(item, bucket(changes, ino))
	{
		struct changes_watch *watch = list_entry(item, struct changes_watch, link);
		if (watch->ino == ino)
			return watch;
	}
	return NULL;
}

/* The callbacks may remove any watch, so each is looked for anew; one that stays is kept in a list of its own meanwhile. */
static void tell_watches(struct changes *changes, int64_t ino)
{
	struct changes_watch *watch;
	struct list told;

	list_init(&told);
	while ((watch = find_watch(changes, ino)) != NULL) {
		list_remove(&watch->link);
		list_append(&told, &watch->link);
		watch->changed(watch->arg);
	}
	while (!list_empty(&told)) {
		struct list *item = told.next;
		list_remove(item);
		list_append(bucket(changes, ino), item);
	}
}

static void forget(struct changes *changes, struct status_change *change)
{
	map_remove(changes->changed, (uint64_t)change->ino);
	list_remove(&change->link);
	free(change);
}

static void tell_one(struct changes *changes, struct status_change *change)
{
	int64_t ino = change->ino;
	bool by_itself = change->by_itself;

	forget(changes, change);
	tell_watches(changes, ino);
	tell_listeners(changes, status, (listener->arg, (uint64_t)ino, by_itself));
}

static void tell_some(void *arg)
{
	struct changes *changes = arg;
	int told = 0;

	while (!list_empty(&changes->untold)) {
		if (told++ >= SLICE && loop_defer(changes->loop, tell_some, changes) == 0)
			return;
		tell_one(changes, list_entry(changes->untold.next, struct status_change, link));
	}
}

void changes_destroy(struct changes *changes)
{
	if (changes == NULL)
		return;
	loop_defer_cancel(changes->loop, tell_some, changes);
	while (!list_empty(&changes->untold))
		forget(changes, list_entry(changes->untold.next, struct status_change, link));
	map_destroy(changes->changed);
	free(changes);
}

static void note_status(struct changes *changes, int64_t ino, bool by_itself)
{
	struct status_change *change = map_get(changes->changed, (uint64_t)ino);

	changes_tell_other(changes);
	if (ino == 0)
		return;
	if (change != NULL) {
		change->by_itself = change->by_itself || by_itself;
		return;
	}
	change = malloc(sizeof(*change));
	bool first = list_empty(&changes->untold);
	int r = change == NULL ? -ENOMEM : map_put(changes->changed, (uint64_t)ino, change);
	if (r == 0 && first) {
		r = loop_defer(changes->loop, tell_some, changes);
		if (r < 0)
			map_remove(changes->changed, (uint64_t)ino);
	}
	if (r < 0) {
		log_error("status: out of memory: readers of inode %" PRId64 " are not woken", ino);
		free(change);
		return;
	}
	*change = (struct status_change){.ino = ino, .by_itself = by_itself};
	list_append(&changes->untold, &change->link);
}

void changes_tell_status(struct changes *changes, int64_t prompt_ino)
{
	note_status(changes, prompt_ino, true);
}

void changes_tell_moved(struct changes *changes, int64_t prompt_ino)
{
	note_status(changes, prompt_ino, false);
}

void changes_tell_other(struct changes *changes)
{
	tell_listeners(changes, anything, (listener->arg));
}

void changes_tell_result(struct changes *changes, int64_t dir, int64_t ino, const char *name)
{
	tell_listeners(changes, result_appeared, (listener->arg, (uint64_t)dir, (uint64_t)ino, name));
}

void changes_tell_backup(struct changes *changes, int64_t dir, int64_t ino, const char *old_name,
	const char *new_name)
{
	tell_listeners(changes, result_backed_up, (listener->arg, (uint64_t)dir, (uint64_t)ino, old_name, new_name));
}

void changes_tell_name(struct changes *changes, enum changes_name what, int64_t dir, const char *name)
{
	tell_listeners(changes, name, (listener->arg, what, (uint64_t)dir, name));
}

void changes_foresee_result(struct changes *changes, int64_t dir, int64_t ino, const char *old_name, const char *name)
{
	tell_listeners(changes, result_foreseen, (listener->arg, (uint64_t)dir, (uint64_t)ino, old_name, name));
}
