/* SPDX-License-Identifier: MIT */
#pragma once
/* notifier_private: what the files of this room share. Bottom up: told (for the next daemon), announcement (what waits to be told),
 * notifier_again (what the last daemon has left), notifier_process (the child's life; notifier_child.c is what runs in it),
 * notifier (what is told, and when); beside it notifier_requests (what the child may do on the mount). */
#include "fs/base/list.h"
#include "fs/job/changes.h"
#include "fs/notify/notifier.h"
#include "fs/notify/told.h"

enum { FORESEEN_MAX = 128 }; /* results of one job, and the older ones that they replace */

/* Whose turn it is: a result never waits for statuses, however many of them change. */
enum notifier_turn { NOTIFIER_RESULTS, NOTIFIER_NAMES, NOTIFIER_STATUSES, NOTIFIER_TURNS };

struct announcement {
	struct list link; /* one of notifier.waiting */
	char kind;
	uint64_t dir, ino; /* NOTIFIER_MODIFY: the prompt, no dir; of a status or directory that comes or goes no ino */
	char *name;        /* owned; of NOTIFIER_MODIFY none, it is that of this moment */
	char *new_name;    /* owned; NOTIFIER_RENAME */
	unsigned tries;
	bool done; /* its request has come */
	int place; /* of its note (told.h) */
};

struct notifier {
	struct notifier_needs needs;
	struct changes_listener listener;
	char token[40];
	struct notifier_process *child;
	bool active; /* between start and stop */
	bool mute;   /* the child does not see the mount: said once */
	struct loop_timer *patience;
	struct list idles; /* notifier_idle.link, borrowed */

	struct list waiting[NOTIFIER_TURNS]; /* announcement.link, owned; who is first in the first that is not empty is next */
	size_t count[NOTIFIER_TURNS];
	struct map *modified; /* prompt -> its NOTIFIER_MODIFY that waits; several changes are told of as one */
	struct announcement *sent; /* borrowed; with the child; NULL none */
	struct told *told;	     /* owned; the same for the next daemon, and of each prompt the status that was told last */
	struct {
		uint64_t ino;
		char kind;
		int place; /* of its note */
	} foreseen[FORESEEN_MAX]; /* announcements to come, when the transaction that makes them true has ended */
	size_t foreseen_count;
	pid_t former_child;	     /* the last daemon's, until this one has begun; 0: none */
	struct loop_timer *recheck;  /* goes through what may have changed while there was no daemon */
	size_t to_recheck;
};

/* announcement.c */

struct announcement *announcement_new( /* NULL: out of memory */
	char kind, uint64_t dir, uint64_t ino, const char *name, const char *new_name);
void announcement_free(struct announcement *announcement);
enum notifier_turn announcement_turn(const struct announcement *announcement);
/* Takes it, and notes it unless it has a note. -ENOMEM; -ENOBUFS: there are too many. */
int notifier_take(struct notifier *notifier, struct announcement *announcement);
void notifier_drop(struct notifier *notifier, struct announcement *announcement);
/* One that comes in this turn, or not at all: noted already, since the end of a transaction takes its time. */
void notifier_foresee(struct notifier *notifier, char kind, uint64_t dir, uint64_t ino, const char *name, const char *new_name);
void notifier_forget_foreseen(void *notifier); /* at the end of the turn */
/* What is told next; NULL: nothing. */
struct announcement *notifier_next(const struct notifier *notifier);
void notifier_set_sent(struct notifier *notifier, struct announcement *announcement); /* NULL: none any more */
void notifier_lose_child(struct notifier *notifier); /* nothing is with the child any more */
void announcement_set_done(struct notifier *notifier, struct announcement *announcement);

/* notifier_again.c */

int notifier_again(struct notifier *notifier);
/* What the child of the last daemon was in the midst of has come to its end. */
void notifier_again_over(struct notifier *notifier);
void notifier_recheck(void *notifier); /* of its timer */
