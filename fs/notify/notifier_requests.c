/* SPDX-License-Identifier: MIT */
/* The requests of the child: it finds nothing where the announced result is, and creates it; what it gets is the result. The
 * same with a status and a directory; where a status was it finds one, and removes it. */
#include <errno.h>
#include <string.h>

#include "fs/notify/notifier_child.h"
#include "fs/notify/notifier_private.h"
#include "fs/notify/notifier_process.h"
#include "fs/tree/tree.h"

/* What the child is about to do, if that is this. */
static struct announcement *current(const struct notifier *notifier, char kind)
{
	struct announcement *announcement = notifier->sent;

	/* one that comes again may have been answered a moment before the end, or not */
	bool now = announcement != NULL && (!announcement->done || notifier->former_child != 0);

	return now && announcement->kind == kind ? announcement : NULL;
}

/* The same for what it makes or removes, if that is this name. */
static struct announcement *current_name(
	const struct notifier *notifier, const char *kinds, uint64_t parent, const char *name)
{
	struct announcement *announcement = NULL;

	for (; *kinds != '\0' && announcement == NULL; kinds++)
		announcement = current(notifier, *kinds);
	return announcement != NULL && announcement->dir == parent &&
			       strcmp(announcement->name, name) == 0
		       ? announcement
		       : NULL;
}

static const char makes[] = {NOTIFIER_CREATE, NOTIFIER_STATUS, NOTIFIER_DIRECTORY, '\0'};
static const char removes[] = {NOTIFIER_REMOVE, '\0'};

bool notifier_is(const struct notifier *notifier, pid_t pid)
{
	return notifier != NULL && pid > 0 &&
	       (notifier_process_id(notifier->child) == pid || notifier->former_child == pid);
}

/* Is there still what the order is about? */
static int find_announced(struct notifier *notifier, const struct announcement *announcement,
	const char *name, struct tree_entry *ret_entry)
{
	int r = tree_lookup(notifier->needs.tree, announcement->dir, name, ret_entry);

	return r == 0 && announcement->ino != 0 && ret_entry->ino != announcement->ino ? -ENOENT
											: r;
}

int notifier_lookup(
	struct notifier *notifier, uint64_t parent, const char *name, struct tree_entry *ret_entry)
{
	struct announcement *announcement;

	if (parent == TREE_ROOT && strcmp(name, notifier->token) == 0)
		return -NOTIFIER_HERE;
	if (current_name(notifier, makes, parent, name) != NULL)
		return -ENOENT;
	if (current_name(notifier, removes, parent, name) != NULL)
		return NOTIFIER_GONE;
	announcement = current(notifier, NOTIFIER_RENAME);
	if (announcement == NULL || announcement->dir != parent)
		return 0;
	if (strcmp(announcement->new_name, name) == 0)
		return -ENOENT;
	if (strcmp(announcement->name, name) != 0)
		return 0;
	int r = find_announced(notifier, announcement, announcement->new_name, ret_entry);
	return r < 0 ? r : 1;
}

int notifier_made(
	struct notifier *notifier, uint64_t parent, const char *name, struct tree_entry *ret_entry)
{
	struct announcement *announcement = current_name(notifier, makes, parent, name);

	if (announcement == NULL)
		return -EPERM;
	int r = find_announced(notifier, announcement, name, ret_entry);
	if (r < 0)
		return r == -ENOENT ? -EEXIST : r; /* for good, not to be tried again */
	announcement_set_done(notifier, announcement);
	return 0;
}

int notifier_removed(struct notifier *notifier, uint64_t parent, const char *name)
{
	struct announcement *announcement = current_name(notifier, removes, parent, name);

	if (announcement == NULL)
		return -EPERM;
	announcement_set_done(notifier, announcement);
	return 0;
}

int notifier_renamed(struct notifier *notifier, uint64_t parent, const char *name,
	uint64_t new_parent, const char *new_name)
{
	struct announcement *announcement = current(notifier, NOTIFIER_RENAME);

	if (announcement == NULL || announcement->dir != parent ||
		announcement->dir != new_parent || strcmp(announcement->name, name) != 0 ||
		strcmp(announcement->new_name, new_name) != 0)
		return -EPERM;
	announcement_set_done(notifier, announcement);
	return 0;
}
