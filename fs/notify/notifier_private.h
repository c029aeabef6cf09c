/* SPDX-License-Identifier: MIT */
#pragma once
/* notifier_private: what notifier.c (what is told, and when) and notifier_requests.c (what the child may do on the mount)
 * share. */
#include "fs/base/list.h"
#include "fs/job/changes.h"
#include "fs/notify/notifier.h"

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
	struct map *seen; /* prompt -> hash of the status that the events so far have told of */
};

/* notifier_requests.c */

/* What is told next; NULL: nothing. */
struct announcement *notifier_next(const struct notifier *notifier);
enum notifier_turn announcement_turn(const struct announcement *announcement);
void announcement_free(struct announcement *announcement);
void notifier_drop(struct notifier *notifier, struct announcement *announcement);
