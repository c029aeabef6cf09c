/* SPDX-License-Identifier: MIT */
#include "fs/mount/ghost.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/kept/carried.h"
#include "fs/mount/mount_private.h"
#include "fs/prompt/prompt.h"
#include "fs/tree/tree.h"

enum { LIFE_MS = 5000, GHOSTS_MAX = 1024, ANYBODY = 0 };

struct ghost {
	struct list link; /* session.ghosts, the oldest first */
	uint64_t parent, ino;
	pid_t pid;		 /* whose it is; ANYBODY: of a copy */
	struct tree_owner owner; /* of a copy */
	int64_t until; /* monotonic ms */
	char name[256];
};

/* Where the next daemon finds it. One that lives so long that its place is needed again is not found any more. */
static struct carried_ghost *carried_of(struct session *session, uint64_t ino)
{
	return session->carried == NULL ? NULL : carried_ghost(session->carried,
		(uint32_t)((ino & ~GHOST_BIT) % CARRIED_GHOSTS));
}

static void carry(struct session *session, const struct ghost *ghost)
{
	struct carried_ghost *carried = carried_of(session, ghost->ino);

	if (carried == NULL)
		return;
	carried->ino = 0;
	atomic_thread_fence(memory_order_seq_cst);
	carried->parent = ghost->parent;
	carried->until = ghost->until;
	carried->pid = ghost->pid;
	memcpy(carried->name, ghost->name, sizeof(carried->name));
	atomic_thread_fence(memory_order_seq_cst);
	carried->ino = ghost->ino;
}

static void ghost_free(struct session *session, struct ghost *ghost)
{
	struct carried_ghost *carried = carried_of(session, ghost->ino);

	if (carried != NULL && carried->ino == ghost->ino)
		carried->ino = 0;
	list_remove(&ghost->link);
	session->ghost_count--;
	free(ghost);
}

static struct ghost *oldest(struct session *session)
{
	return list_empty(&session->ghosts) ? NULL
					    : list_entry(session->ghosts.next, struct ghost, link);
}

static void forget_old(struct session *session, size_t room)
{
	int64_t now = clock_mono_ms();
	struct ghost *ghost;

	while ((ghost = oldest(session)) != NULL &&
		(ghost->until <= now || session->ghost_count + room > GHOSTS_MAX))
		ghost_free(session, ghost);
}

static uint64_t next_number(struct session *session)
{
	return session->carried == NULL ? ++session->ghost_number
					: ++carried_head(session->carried)->last_ghost;
}

static void keep(struct session *session, struct ghost *ghost)
{
	list_append(&session->ghosts, &ghost->link);
	session->ghost_count++;
}

/* NULL: there is no memory, or no such name. */
static struct ghost *add(struct session *session, uint64_t parent, const char *name, size_t stem,
	const char *suffix, pid_t pid)
{
	struct ghost *ghost;

	if (stem + strlen(suffix) >= sizeof(ghost->name))
		return NULL;
	forget_old(session, 1);
	ghost = calloc(1, sizeof(*ghost));
	if (ghost == NULL)
		return NULL;
	ghost->parent = parent;
	ghost->ino = GHOST_BIT | next_number(session);
	ghost->pid = pid;
	ghost->until = clock_mono_ms() + LIFE_MS;
	memcpy(ghost->name, name, stem);
	memcpy(ghost->name + stem, suffix, strlen(suffix) + 1);
	keep(session, ghost);
	carry(session, ghost);
	return ghost;
}

void ghost_all_again(struct session *session)
{
	uint64_t last = carried_head(session->carried)->last_ghost;
	uint64_t first = last < CARRIED_GHOSTS ? 0 : last - CARRIED_GHOSTS;

	for (uint64_t number = first + 1; number <= last; number++) {
		const struct carried_ghost *carried = carried_of(session, GHOST_BIT | number);
		struct ghost *ghost;

		if (carried->ino != (GHOST_BIT | number) || (ghost = calloc(1, sizeof(*ghost))) == NULL)
			continue;
		ghost->parent = carried->parent;
		ghost->ino = carried->ino;
		ghost->pid = carried->pid;
		ghost->until = carried->until;
		snprintf(ghost->name, sizeof(ghost->name), "%s", carried->name);
		keep(session, ghost);
	}
}

void ghost_add(struct session *session, uint64_t parent, const char *name, pid_t pid)
{
	if (prompt_is_name(name) && parent != TREE_LOST)
		add(session, parent, name, strlen(name) - strlen(".txt"), ".status", pid);
	else if (prompt_is_table_name(name) && parent != TREE_LOST)
		add(session, parent, name, strlen(name), ".status", pid);
}

void ghost_add_moved(struct session *session, uint64_t parent, const char *name, pid_t pid)
{
	add(session, parent, name, strlen(name), "", pid);
}

static struct ghost *find(struct session *session, uint64_t parent, const char *name, pid_t pid)
{
	struct list *item;

	if (list_empty(&session->ghosts))
		return NULL;
	forget_old(session, 0);
	list_for_each(item, &session->ghosts)
	{
		struct ghost *ghost = list_entry(item, struct ghost, link);
		if (ghost->parent == parent && (ghost->pid == pid || ghost->pid == ANYBODY) &&
			strcmp(ghost->name, name) == 0)
			return ghost;
	}
	return NULL;
}

static int describe(struct session *session, uint64_t ino, struct tree_entry *ret_entry)
{
	int r = tree_get(session->tree, TREE_ROOT, ret_entry);

	if (r == 0)
		tree_entry_make(ret_entry, ino, TREE_STATUS, 0);
	return r;
}

static int describe_ghost(
	struct session *session, const struct ghost *ghost, struct tree_entry *ret_entry)
{
	int r = describe(session, ghost->ino, ret_entry);

	if (r == 0 && ghost->pid == ANYBODY) {
		ret_entry->st.st_uid = ghost->owner.uid;
		ret_entry->st.st_gid = ghost->owner.gid;
	}
	return r;
}

int ghost_add_copy(struct session *session, uint64_t parent, const char *name,
	const struct tree_owner *owner, struct tree_entry *ret_entry)
{
	struct ghost *ghost = add(session, parent, name, strlen(name), "", ANYBODY);

	if (ghost == NULL)
		return -ENOMEM;
	ghost->owner = *owner;
	return describe_ghost(session, ghost, ret_entry);
}

int ghost_find(struct session *session, uint64_t parent, const char *name, pid_t pid,
	struct tree_entry *ret_entry)
{
	struct ghost *ghost = find(session, parent, name, pid);

	return ghost == NULL ? -ENOENT : describe_ghost(session, ghost, ret_entry);
}

int ghost_of_gone(struct session *session, struct tree_entry *ret_entry)
{
	return describe(session, GHOST_BIT | next_number(session), ret_entry);
}

int ghost_take(struct session *session, uint64_t parent, const char *name, pid_t pid)
{
	struct ghost *ghost = find(session, parent, name, pid);

	if (ghost == NULL)
		return -ENOENT;
	ghost_free(session, ghost);
	return 0;
}

int ghost_get(struct session *session, uint64_t ino, struct tree_entry *ret_entry)
{
	struct list *item;

	list_for_each(item, &session->ghosts)
	{
		struct ghost *ghost = list_entry(item, struct ghost, link);
		if (ghost->ino == ino)
			return describe_ghost(session, ghost, ret_entry);
	}
	return -ENOENT;
}

void ghost_end_all(struct session *session)
{
	struct ghost *ghost;

	while ((ghost = oldest(session)) != NULL)
		ghost_free(session, ghost);
}
