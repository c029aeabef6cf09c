/* SPDX-License-Identifier: MIT */
#include "fs/mount/ops.h"

#include <errno.h>
#include <sys/statvfs.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/mount/about.h"
#include "fs/mount/client.h"
#include "fs/mount/ghost.h"
#include "fs/mount/handle.h"
#include "fs/mount/inode.h"
#include "fs/mount/passthrough.h"
#include "fs/mount/reply.h"
#include "fs/notify/notifier.h"
#include "fs/tree/copiers.h"
#include "fs/report/views.h"
#include "fs/tree/tree.h"

/* Read-ahead of results may be parked for long, and the kernel counts RELEASE among the same background requests: with
 * room for 64, as many stalled readers kept every prompt from being closed (tried). */
enum { MAX_BACKGROUND = 1024, CONGESTION = 768 };

struct tree_owner ops_owner(fuse_req_t req)
{
	const struct fuse_ctx *ctx = fuse_req_ctx(req);

	return (struct tree_owner){.uid = ctx->uid, .gid = ctx->gid};
}

struct notifier *ops_notifier(fuse_req_t req)
{
	struct notifier *notifier = session_of(req)->notifier;

	return notifier_is(notifier, fuse_req_ctx(req)->pid) ? notifier : NULL;
}

void ops_init(void *arg, struct fuse_conn_info *conn)
{
	struct session *session = arg;

	/* open_by_handle_at(2) and NFS: numbers are stable and "." and ".." can be looked up */
	conn->want |= conn->capable & FUSE_CAP_EXPORT_SUPPORT;
	/* Nothing but the mount changes the bytes of a cached file: sizes and times need no comparing. A reused
	 * buffer is as fast as splicing. */
	conn->want &= ~(unsigned)(FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_SPLICE_READ |
				  FUSE_CAP_SPLICE_WRITE | FUSE_CAP_SPLICE_MOVE);
	/* `ls -l` lists first and looks then: to guess from its first look-ups is too late */
	conn->want &= ~(unsigned)FUSE_CAP_READDIRPLUS_AUTO;
	passthrough_init(session, conn);
	conn->max_background = MAX_BACKGROUND;
	conn->congestion_threshold = CONGESTION;
	session->greeted = true;
	log_debug("mount: FUSE %u.%u, writes of %u bytes", conn->proto_major, conn->proto_minor,
		conn->max_write);
}

void ops_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
	struct tree_entry entry;
	int r = inode_get(session_of(req), ino, &entry);

	if (r < 0) {
		reply_error(req, r);
		return;
	}
	client_show_size(fuse_req_ctx(req)->pid, &entry);
	reply_attr(req, &entry);
}

/* The kernel's bits as the tree's; "now" is our clock. */
static unsigned decode_set(int to_set, struct stat *attr)
{
	unsigned what = 0;

	if (to_set & FUSE_SET_ATTR_MODE)
		what |= TREE_SET_MODE;
	if (to_set & FUSE_SET_ATTR_UID)
		what |= TREE_SET_UID;
	if (to_set & FUSE_SET_ATTR_GID)
		what |= TREE_SET_GID;
	if (to_set & FUSE_SET_ATTR_SIZE)
		what |= TREE_SET_SIZE;
	if (to_set & (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_ATIME_NOW))
		what |= TREE_SET_ATIME;
	if (to_set & (FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_MTIME_NOW))
		what |= TREE_SET_MTIME;
	if (to_set & FUSE_SET_ATTR_ATIME_NOW)
		attr->st_atim = clock_wall();
	if (to_set & FUSE_SET_ATTR_MTIME_NOW)
		attr->st_mtim = clock_wall();
	return what;
}

void ops_setattr(
	fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set, struct fuse_file_info *info)
{
	struct session *session = session_of(req);
	struct handle *handle = info != NULL ? handle_of(req, info) : NULL;
	unsigned what = decode_set(to_set, attr);
	struct tree_entry entry;
	int r = about_is(ino) || views_is(ino) ? -EPERM : 0;

	if (r == 0 && tree_is_dropped(session->tree, ino))
		r = -ESTALE;
	/* through the open file, which may have no name any more */
	if (r == 0 && (what & TREE_SET_SIZE) != 0 && handle != NULL &&
		handle->type->truncate != NULL) {
		r = handle->type->truncate(handle, attr->st_size);
		what &= ~(unsigned)TREE_SET_SIZE;
	}
	if (r == 0 && (to_set & FUSE_SET_ATTR_MTIME) != 0 && (to_set & FUSE_SET_ATTR_MTIME_NOW) == 0)
		copiers_dated(session->copiers, fuse_req_ctx(req)->pid, &attr->st_mtim);
	if (r == 0)
		r = ghost_is(ino) ? inode_get(session, ino, &entry)
				  : tree_set(session->tree, ino, attr, what, &entry);
	if (r < 0)
		reply_error(req, r);
	else
		reply_attr(req, &entry);
}

void ops_statfs(fuse_req_t req, fuse_ino_t ino)
{
	struct statvfs statvfs;
	int r = tree_statvfs(session_of(req)->tree, &statvfs);

	if (r < 0)
		reply_error(req, r);
	else
		reply_statvfs(req, &statvfs);
}
