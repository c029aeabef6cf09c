/* SPDX-License-Identifier: MIT */
#pragma once
/* notifier: lets inotify tell of what changes by itself: a result that appears, an older one that becomes a backup,
 * a status that comes or goes with its prompt or reads differently, the directory of a new model.
 *
 * The kernel raises events for system calls only, and a call of ours on our own mount would wait for ourselves. So a
 * child makes them (notifier_child.h); the ops know its requests by its process id and let it do what users cannot:
 * it finds no file where the announced result is, and creates it; what it gets is the result. It finds a file
 * where a status was, and removes it. Nothing changes in
 * the tree, which was committed before. One order is on its way at a time, and only what the order is about is
 * answered differently, and only to the child.
 * Failures are silence, never an error: a child that dies is started again; an announcement that is not true any more
 * (the result was removed, the directory was moved) is dropped or made again for the new place.
 *
 * States:      of the child (notifier_process.h): none, running, dead and to be started again. Of an announcement: it waits
 *              (announcement.c); it is with the child, one at a time (notifier.sent); its request has come.
 * Ownership:   needs are borrowed; it owns the child and the announcements. Knows neither FUSE nor jobs: the mount asks it
 *              about the child's requests, and opens what it names.
 * Calls back:  `call` of who waits until all is told. Listens to fs/job/changes.h. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fs/base/list.h"

struct changes;
struct fetches;
struct loop;
struct notifier;
struct tree;
struct tree_entry;

struct notifier_needs { /* all borrowed */
	struct loop *loop;
	struct tree *tree;
	struct fetches *fetches;
	struct changes *changes;
	const char *mountpoint;
	/* The child as somebody else's: its process id, and our end of its socket. NULL: it is ours. */
	int (*start_child)(void *arg, pid_t *ret_pid, int *ret_socket);
	void *start_arg;
	int memory_fd; /* told.h; -1: there is no next daemon */
	off_t memory_at;
	bool resumes; /* the last daemon has left something there */
};

/* Starts nothing yet. -ENOMEM. */
int notifier_create(const struct notifier_needs *needs, struct notifier **ret_notifier);
/* The mount is usable: starts the child. Where that fails it is tried again later. */
void notifier_start(struct notifier *notifier);
/* No child any more, or none soon: it is killed, and reaped by notifier_destroy(), after the mount is gone. */
void notifier_stop(struct notifier *notifier);    /* NULL is fine */
void notifier_destroy(struct notifier *notifier); /* NULL is fine */

/* For who answers that a job has ended: its events come first, and the mount is not busy with them any more, so that
 * `cat X.wait && umount ...` works. Bounded: a child that hangs delays nobody for long. */
struct notifier_idle {
	struct list link; /* notifier.idles */
	void (*call)(struct notifier_idle *idle);
};

/* false: there is nothing to wait for. true: `call` runs later, once. */
bool notifier_await(struct notifier *notifier, struct notifier_idle *idle);
void notifier_await_cancel(struct notifier_idle *idle); /* fine on one that is not awaiting */

/* Everything has been told: what the kernel finds in the tree now is not about to be made or renamed by the child. */
bool notifier_is_quiet(const struct notifier *notifier); /* NULL is fine */

/* The requests of the child. Its look-ups: 1: answered in *ret_entry; 0: as for everybody; NOTIFIER_GONE: it is about to
 * remove what is not there any more; or a negative errno. */
enum { NOTIFIER_GONE = 2 };
bool notifier_is(const struct notifier *notifier, pid_t pid);
int notifier_lookup(struct notifier *notifier, uint64_t parent, const char *name,
	struct tree_entry *ret_entry);
/* 0: what it creates is the announced result, in *ret_entry, which the caller opens; or a status, or a directory. */
int notifier_made(struct notifier *notifier, uint64_t parent, const char *name,
	struct tree_entry *ret_entry);
/* 0: there is nothing left to be done. */
int notifier_removed(struct notifier *notifier, uint64_t parent, const char *name);
int notifier_renamed(struct notifier *notifier, uint64_t parent, const char *name,
	uint64_t new_parent, const char *new_name);
