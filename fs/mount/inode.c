/* SPDX-License-Identifier: MIT */
#include "fs/mount/inode.h"

#include <errno.h>
#include <string.h>

#include "fs/base/clock.h"
#include "fs/account/account.h"
#include "fs/base/log.h"
#include "fs/base/map.h"
#include "fs/mount/about.h"
#include "fs/kept/carried.h"
#include "fs/mount/ghost.h"
#include "fs/mount/mount_private.h"
#include "fs/notify/notifier.h"
#include "fs/report/views.h"

/* DIR/.gallery.html. */
static int gallery_entry(struct session *session, uint64_t dir, struct tree_entry *ret_entry)
{
	const char *text;
	size_t length;
	int r = tree_get(session->tree, dir, ret_entry);

	if (r < 0)
		return r;
	if (ret_entry->kind != TREE_DIR || dir < TREE_FIRST_FREE)
		return -ENOENT;
	r = account_gallery(session->account, TREE_NODE(dir), 1, &text, &length);
	if (r < 0)
		return r;
	tree_entry_make(ret_entry, dir | TREE_GALLERY_BIT, TREE_GALLERY, length);
	return 0;
}

int inode_get(struct session *session, uint64_t ino, struct tree_entry *ret_entry)
{
	if (ghost_is(ino))
		return ghost_get(session, ino, ret_entry);
	if ((ino & TREE_GALLERY_BIT) != 0)
		return gallery_entry(session, (uint64_t)TREE_NODE(ino), ret_entry);
	if (about_is(ino))
		return about_get(session->account, ino, ret_entry);
	if (views_is(ino))
		return views_get(account_views(session->account), ino, ret_entry);
	return tree_is_dropped(session->tree, ino) ? -ESTALE
						   : tree_get(session->tree, ino, ret_entry);
}

int inode_parent(struct session *session, uint64_t ino, uint64_t *ret_parent)
{
	if (views_is(ino)) {
		*ret_parent = views_parent(ino);
		return 0;
	}
	if (!about_is(ino))
		return tree_parent(session->tree, ino, ret_parent);
	*ret_parent = about_is_at_root(ino) ? TREE_ROOT : TREE_ABOUT;
	return 0;
}

int inode_lookup(
	struct session *session, uint64_t parent, const char *name, struct tree_entry *ret_entry)
{
	uint64_t ino = parent;

	/* "." and ".." come from file handles (open_by_handle_at(2), NFS), never from a path */
	if (strcmp(name, ".") == 0)
		return inode_get(session, parent, ret_entry);
	if (strcmp(name, "..") == 0) {
		int r = inode_parent(session, parent, &ino);
		return r < 0 ? r : inode_get(session, ino, ret_entry);
	}
	if (strcmp(name, PLACE_GALLERY) == 0)
		return gallery_entry(session, parent, ret_entry);
	ino = about_find(parent, name);
	if (ino != 0 && (session->readme || !about_is_at_root(ino)))
		return about_get(session->account, ino, ret_entry);
	if (views_is(parent))
		return views_lookup(account_views(session->account), parent, name, ret_entry);
	if (about_is(parent))
		return -ENOTDIR;
	int r = parent == TREE_ABOUT ? views_lookup(account_views(session->account), parent, name, ret_entry) : -ENOENT;
	return r != -ENOENT ? r : tree_lookup(session->tree, parent, name, ret_entry);
}

int64_t inode_quiet_ms(struct session *session, uint64_t dir)
{
	if (!notifier_is_quiet(session->notifier))
		return 0;
	int64_t quiet_ms = tree_quiet_ms(session->tree, dir);
	if (quiet_ms > 0)
		carried_lease(session->carried, dir, clock_mono_ms() + quiet_ms);
	return quiet_ms;
}

int inode_quiet_again(struct session *session)
{
	const struct carried_head *head = carried_head(session->carried);
	int r = tree_quiet_before(session->tree, 0, head->others_until_ms);

	for (int i = 0; i < CARRIED_LEASES && r == 0; i++)
		if (head->leases[i].dir != 0)
			r = tree_quiet_before(
				session->tree, head->leases[i].dir, head->leases[i].until_ms);
	return r;
}

/* The count itself is the map's value. With a keeper the next daemon has to have it; of what is not in the tree nobody
 * counts then, since nothing follows from it. */
static uint64_t held(const struct session *session, uint64_t key)
{
	if (session->carried == NULL)
		return (uintptr_t)map_get(session->known, key);
	const uint32_t *count = carried_count(session->carried, key);
	return count != NULL ? *count : 0;
}

static int hold(struct session *session, uint64_t key, uint64_t count)
{
	if (session->carried == NULL)
		return map_put(session->known, key, (void *)(uintptr_t)count);
	uint32_t *place = carried_count(session->carried, key);
	if (place != NULL)
		*place = (uint32_t)count;
	return 0;
}

int inode_ref(struct session *session, uint64_t ino)
{
	uint64_t key = (uint64_t)TREE_NODE(ino);

	return hold(session, key, held(session, key) + 1);
}

static void inode_gone(struct session *session, uint64_t key)
{
	if (session->carried == NULL)
		map_remove(session->known, key);
	else
		hold(session, key, 0);
	if (!about_is(key) && !ghost_is(key) && !views_is(key))
		tree_forget(session->tree, key);
}

void inode_unref(struct session *session, uint64_t ino, uint64_t count)
{
	uint64_t key = (uint64_t)TREE_NODE(ino), now = held(session, key);

	if (now == 0)
		return; /* the root, which the kernel knows without having been told */
	if (count >= now) {
		if (count > now)
			log_warning("inode: %llu forgotten more often than it was told",
				(unsigned long long)ino);
		inode_gone(session, key);
		return;
	}
	/* cannot fail: the key is there */
	hold(session, key, now - count);
}

void inode_unref_all(struct session *session)
{
	uint64_t key;

	while (map_any(session->known, &key) != NULL)
		inode_gone(session, key);
	if (session->carried != NULL) /* counted elsewhere, also before us */
		tree_forget_all(session->tree);
}
