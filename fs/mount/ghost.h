/* SPDX-License-Identifier: MIT */
#pragma once
/* ghost: the shadows of a prompt that has just lost its name, for the one who took it away; and shadows that a copy or a
 * restore has just brought, which are dropped.
 *
 * `rm X.txt X.status`, rsync --delete and whoever else has made a list goes on to X.status when there is no such file
 * any more; for that process it can still be found, removed and renamed, once, and nothing happens. Everybody else sees
 * the truth at once, and so does the listing. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fs/base/list.h"

struct session;
struct tree_entry;
struct tree_owner;

/* Numbers of ghosts; none of the tree's is like them. */
#define GHOST_BIT (UINT64_C(1) << 60)

static inline bool ghost_is(uint64_t ino)
{
	return (ino & GHOST_BIT) != 0;
}

/* The process has removed or renamed what had this name; nothing where it was no prompt's. Without memory there is no
 * ghost. */
void ghost_add(struct session *session, uint64_t parent, const char *name, pid_t pid);
/* The process has renamed a shadow, or a ghost, to this: mv(1) looks what has become of it. */
void ghost_add_moved(struct session *session, uint64_t parent, const char *name, pid_t pid);
/* A copy of a shadow has come: whoever brings it, in whichever thread, finds it for a while. -ENOMEM. */
int ghost_add_copy(struct session *session, uint64_t parent, const char *name, const struct tree_owner *owner,
	struct tree_entry *ret_entry);
/* -ENOENT: none. */
int ghost_find(struct session *session, uint64_t parent, const char *name, pid_t pid,
	struct tree_entry *ret_entry);
/* It was removed or renamed. -ENOENT: none. */
int ghost_take(struct session *session, uint64_t parent, const char *name, pid_t pid);
/* One without a name, for who removes what is gone already. */
int ghost_of_gone(struct session *session, struct tree_entry *ret_entry);
int ghost_get(struct session *session, uint64_t ino, struct tree_entry *ret_entry); /* -ENOENT */
void ghost_all_again(struct session *session); /* those of the last daemon */
void ghost_end_all(struct session *session);
