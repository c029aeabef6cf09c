/* SPDX-License-Identifier: MIT */
#pragma once
/* notifier_private: what notifier.c (what is told, and when) and notifier_requests.c (what the child may do on the mount)
 * share. */
#include "fs/base/list.h"
#include "fs/job/changes.h"
#include "fs/notify/notifier.h"

struct announcement {
	struct list link; /* notifier.waiting */
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

	struct list waiting; /* announcement.link, owned; the first is with the child when `sent` */
	size_t count;
	bool sent;
	struct map *seen; /* prompt -> hash of the status that the events so far have told of */
};

/* notifier_requests.c */

/* What is told next, and is with the child when `sent`; NULL: nothing. */
struct announcement *notifier_first(const struct notifier *notifier);
void announcement_free(struct announcement *announcement);
void notifier_drop_first(struct notifier *notifier);
