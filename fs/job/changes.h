/* SPDX-License-Identifier: MIT */
#pragma once
/* changes: who hears that something has changed. Whatever changes a prompt's status, a name or a file says so here; it
 * knows nobody who listens.
 *
 * Two kinds hear of it. A watch waits for the status of one prompt (a reader of X.wait, a program that polls X.status).
 * A listener hears of everything (the inputs of waiting jobs, inotify, .weryaifs/events, the wait
 * for a directory, the sizes of statuses).
 *
 * Invariant: what is told of a status is told from the loop, after the transaction that made it, once for all changes
 * of a prompt in one turn. `anything` and those about results and names are called at once, by whoever made the change.
 * Ownership: a watch belongs to who asked for it, a listener is embedded in who listens. Loop thread only. */
#include <stdbool.h>
#include <stdint.h>

#include "fs/base/list.h"

struct changes;
struct changes_watch;
struct loop;

/* A name that weryaifs itself has made or taken away, beside those of results. */
enum changes_name {
	CHANGES_STATUS_MADE,   /* X.status, with its prompt, or it is still there although a user has removed it */
	CHANGES_STATUS_GONE,
	CHANGES_PROMPT_MADE,   /* X.txt, by a table */
	CHANGES_PROMPT_GONE,   /* to another name */
	CHANGES_DIRECTORY_MADE /* of a new model, or of a table's prompts */
};

struct changes_events { /* each may be NULL */
	/* Something changed that a waiting job may depend on. Comes often, from inside of anything: only note it. */
	void (*anything)(void *arg);
	/* by_itself: not, or not only, because a user gave the prompt another name */
	void (*status)(void *arg, uint64_t prompt_ino, bool by_itself);
	void (*result_appeared)(void *arg, uint64_t dir_ino, uint64_t ino, const char *name);
	/* an older result has become a numbered backup; comes before the appearing of the new one */
	void (*result_backed_up)(void *arg, uint64_t dir_ino, uint64_t ino, const char *old_name,
		const char *new_name);
	void (*name)(void *arg, enum changes_name what, uint64_t dir_ino, const char *name);
	/* Inside the transaction: a result that appears, or becomes a backup, is told of after it, in the same turn, or never. We may die between. */
	void (*result_foreseen)(void *arg, uint64_t dir_ino, uint64_t ino, const char *old_name, const char *name);
};

struct changes_listener {
	struct list link;
	const struct changes_events *events;
	void *arg;
};

int changes_create(struct loop *loop, struct changes **ret_changes);
/* What was not told yet is dropped. The listeners are gone by then. NULL is fine. */
void changes_destroy(struct changes *changes);

void changes_listen(struct changes *changes, struct changes_listener *listener,
	const struct changes_events *events, void *arg);
void changes_unlisten(struct changes_listener *listener); /* fine on zeroed memory, and twice */

/* Runs `changed` each time the status of this prompt may read differently; it may remove itself. */
int changes_watch(struct changes *changes, int64_t prompt_ino, void (*changed)(void *arg), void *arg,
	struct changes_watch **ret_watch);
void changes_unwatch(struct changes_watch *watch); /* NULL is fine */

/* The status of a prompt reads differently (0: of none that is still there). */
void changes_tell_status(struct changes *changes, int64_t prompt_ino);
/* The same for a prompt that a user has moved: it may read differently for its place alone. */
void changes_tell_moved(struct changes *changes, int64_t prompt_ino);
/* A name or a file has changed: no status by itself, but somebody may wait for it. */
void changes_tell_other(struct changes *changes);
/* old_name NULL: it is new. */
void changes_foresee_result(struct changes *changes, int64_t dir, int64_t ino, const char *old_name, const char *name);
void changes_tell_result(struct changes *changes, int64_t dir, int64_t ino, const char *name);
void changes_tell_backup(
	struct changes *changes, int64_t dir, int64_t ino, const char *old_name, const char *new_name);
/* After the commit. */
void changes_tell_name(struct changes *changes, enum changes_name what, int64_t dir, const char *name);
