/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/account/account.h"
#include "fs/account/account.h"
#include "fs/base/cleanup.h"
#include "fs/mount/about.h"
#include "fs/mount/client.h"
#include "fs/mount/ghost.h"
#include "fs/mount/inode.h"
#include "fs/mount/ops.h"
#include "fs/mount/reply.h"
#include "fs/mount/request.h"
#include "fs/notify/notifier.h"
#include "fs/report/views.h"
#include "fs/tree/copiers.h"
#include "fs/tree/sidecar.h"
#include "fs/tree/tree.h"

static void reply_made(fuse_req_t req, int result, const struct tree_entry *entry)
{
	if (result < 0)
		reply_error(req, result);
	else
		reply_entry(req, entry, 0);
}

void ops_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct notifier *notifier = ops_notifier(req);
	struct session *session = session_of(req);
	pid_t pid = fuse_req_ctx(req)->pid;
	struct tree_entry entry;
	int r = notifier != NULL ? notifier_lookup(notifier, parent, name, &entry) : 0;

	if (copiers_hide(session->copiers, parent, name, pid)) {
		reply_error(req, -ENOENT);
		return;
	}
	if (r == 0)
		r = inode_lookup(session, parent, name, &entry);
	else if (r == NOTIFIER_GONE)
		r = ghost_of_gone(session, &entry);
	if (r == -ENOENT && notifier == NULL)
		r = ghost_find(session, parent, name, pid, &entry);
	if (r < 0) {
		reply_error(req, r);
		return;
	}
	client_show_size(fuse_req_ctx(req)->pid, &entry);
	reply_entry(req, &entry,
		entry.kind == TREE_RESULT && entry.ino != parent
			? inode_quiet_ms(session, parent)
			: 0);
}

void ops_forget(fuse_req_t req, fuse_ino_t ino, uint64_t count)
{
	inode_unref(session_of(req), ino, count);
	reply_none(req);
}

void ops_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets)
{
	for (size_t i = 0; i < count; i++)
		inode_unref(session_of(req), forgets[i].ino, forgets[i].nlookup);
	reply_none(req);
}

/* The request comes again, and has made the file: only its close is missing. */
static int made_before(struct session *session, uint64_t parent, const char *name,
	struct tree_entry *ret_entry)
{
	int r = inode_lookup(session, parent, name, ret_entry);

	return r < 0 ? r : tree_reopen(session->tree, ret_entry->ino, O_RDWR);
}

int ops_take_shadow(fuse_req_t req, uint64_t parent, const char *name, bool exclusive,
	struct tree_entry *ret_entry)
{
	struct session *session = session_of(req);
	struct tree_owner owner = ops_owner(req);
	pid_t pid = fuse_req_ctx(req)->pid;

	if (!place_is_shadow_name(name))
		return -EPERM;
	int r = inode_lookup(session, parent, name, ret_entry);
	if (r == 0 && !exclusive) {
		/* from here on it finds what it has made */
		copiers_brought(session->copiers, parent, name, pid);
		return 0;
	}
	if (r == 0 && !copiers_hide(session->copiers, parent, name, pid))
		return -EEXIST;
	r = tree_takes_shadow(session->tree, parent, name, exclusive);
	if (r < 0)
		return r;
	copiers_brought(session->copiers, parent, name, pid);
	return ghost_add_copy(session, parent, name, &owner, ret_entry);
}

void ops_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev)
{
	struct notifier *notifier = ops_notifier(req);
	struct session *session = session_of(req);
	struct tree_owner owner = ops_owner(req);
	struct tree_entry entry;
	int r;

	if (notifier != NULL) {
		reply_made(req, notifier_made(notifier, parent, name, &entry), &entry);
		return;
	}
	if (S_ISREG(mode) && ops_take_shadow(req, parent, name, true, &entry) == 0) {
		reply_entry(req, &entry, 0);
		return;
	}
	if (!S_ISREG(mode))
		r = -EPERM;
	else if (!request_was_done(session))
		r = tree_create(session->tree, parent, name, mode, &owner, &entry);
	else
		r = made_before(session, parent, name, &entry);
	if (r == 0) {
		copiers_brought(session->copiers, parent, name, fuse_req_ctx(req)->pid);
		tree_close(session->tree, entry.ino, O_RDWR);
	}
	reply_made(req, r, &entry);
}

void ops_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
	struct session *session = session_of(req);
	struct notifier *notifier = ops_notifier(req);
	struct tree_owner owner = ops_owner(req);
	struct tree_entry entry;
	int r = notifier != NULL ? notifier_made(notifier, parent, name, &entry)
		: request_was_done(session)
			? inode_lookup(session, parent, name, &entry)
			: tree_mkdir(session->tree, parent, name, mode, &owner, &entry);

	if (r == 0)
		copiers_made_dir(session->copiers, entry.ino, fuse_req_ctx(req)->pid);
	reply_made(req, r, &entry);
}

void ops_unlink(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct notifier *notifier = ops_notifier(req);
	pid_t pid = fuse_req_ctx(req)->pid;
	struct session *session = session_of(req);
	char sidecar[256];
	int r = about_find(parent, name) != 0 || views_is(parent) ? -EPERM : 0;

	if (notifier != NULL) {
		reply_error(req, notifier_removed(notifier, parent, name));
		return;
	}
	bool had_sidecar = sidecar_of(session->tree, parent, name, sidecar);
	bool is_shadow = place_is_shadow_name(name) || sidecar_is(session->tree, parent, name);
	if (r == 0 && !request_was_done(session))
		r = tree_unlink(session->tree, parent, name);
	if (r == 0)
		ghost_add(session, parent, name, pid);
	else if (r == -ENOENT)
		r = ghost_take(session, parent, name, pid);
	if (r == 0 && had_sidecar)
		ghost_add_moved(session, parent, sidecar, pid);
	if (r == 0 && is_shadow)
		copiers_removed(session->copiers, parent, name, pid);
	reply_error(req, r);
}

void ops_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct session *session = session_of(req);

	if (views_is(parent))
		reply_error(req, -EPERM);
	else
		reply_error(req, request_was_done(session) ? 0 : tree_rmdir(session->tree, parent, name));
}

void ops_readlink(fuse_req_t req, fuse_ino_t ino)
{
	CLEANUP_FREE char *target = NULL;
	int r = views_is(ino) ? views_target(account_views(session_of(req)->account), ino, &target) : -EINVAL;

	if (r < 0)
		reply_error(req, r);
	else
		reply_target(req, target);
}

void ops_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
	reply_error(req, -EPERM);
}

void ops_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
	reply_error(req, -EPERM);
}

void ops_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
	const char *new_name, unsigned flags)
{
	struct notifier *notifier = ops_notifier(req);
	pid_t pid = fuse_req_ctx(req)->pid;
	struct session *session = session_of(req);
	struct tree_owner owner = ops_owner(req);
	struct tree_entry entry;
	char sidecar[256];
	bool had_sidecar = notifier == NULL && sidecar_of(session->tree, parent, name, sidecar);
	bool is_shadow = place_is_shadow_name(name) || (notifier == NULL && sidecar_is(session->tree, parent, name));
	int r;

	if (notifier != NULL)
		r = notifier_renamed(notifier, parent, name, new_parent, new_name);
	else if (about_find(parent, name) != 0 || about_find(new_parent, new_name) != 0 || views_is(parent) ||
		 views_is(new_parent))
		r = -EPERM;
	else if (request_was_done(session))
		r = 0;
	else if (place_is_shadow_name(new_name))
		r = account_rename_to_shadow(
			session->account, parent, name, new_parent, new_name, flags);
	else
		r = tree_rename(session->tree, parent, name, new_parent, new_name, flags);
	if (r == 0 && notifier == NULL)
		ghost_add(session, parent, name, pid);
	else if (r == -ENOENT)
		r = ghost_take(session, parent, name, pid);
	if (r == 0 && had_sidecar)
		ghost_add_moved(session, parent, sidecar, pid);
	if (r == 0 && is_shadow)
		ghost_add_moved(session, new_parent, new_name, pid);
	else if (r == 0 && place_is_shadow_name(new_name) &&
		 inode_lookup(session, new_parent, new_name, &entry) == -ENOENT)
		r = ghost_add_copy(session, new_parent, new_name, &owner, &entry);
	reply_error(req, r);
}
