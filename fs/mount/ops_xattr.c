/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/limits.h>

#include "fs/mount/about.h"
#include "fs/mount/ghost.h"
#include "fs/mount/ops.h"
#include "fs/mount/reply.h"
#include "fs/mount/request.h"
#include "fs/report/views.h"
#include "fs/tree/tree.h"

/* Files that are nobody's have no attributes; those that a ghost is given are dropped. */
static bool is_bare(fuse_ino_t ino)
{
	return about_is(ino) || ghost_is(ino) || views_is(ino);
}

static int check(const struct session *session, fuse_ino_t ino)
{
	return tree_is_dropped(session->tree, ino) ? -ESTALE : 0;
}

/* The answer of both: the length alone when size is 0, else the bytes, or -ERANGE when they are more than size. */
static void reply_bytes(fuse_req_t req, int result, const char *data, size_t size, size_t length)
{
	if (result < 0)
		reply_error(req, result);
	else if (size == 0)
		reply_length(req, length);
	else
		reply_data(req, data, length);
}

void ops_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
	struct session *session = session_of(req);
	char *value = reply_buffer(session, size);
	size_t length = 0;
	int r = check(session, ino);

	if (r == 0 && value == NULL)
		r = -ENOMEM;
	else if (r == 0)
		r = is_bare(ino) ? -ENODATA : tree_xattr_get(session->tree, ino, name, value, size, &length);
	reply_bytes(req, r, value, size, length);
}

void ops_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size)
{
	struct session *session = session_of(req);
	char *list = reply_buffer(session, size);
	size_t length = 0;
	int r = check(session, ino);

	if (r == 0 && list == NULL)
		r = -ENOMEM;
	else if (r == 0 && !is_bare(ino))
		r = tree_xattr_list(session->tree, ino, list, size, &length);
	/* more than the kernel takes: say so, as listxattr(2) does, instead of an impossible length */
	if (r == 0 && length > XATTR_LIST_MAX)
		r = -E2BIG;
	reply_bytes(req, r, list, size, length);
}

void ops_setxattr(
	fuse_req_t req, fuse_ino_t ino, const char *name, const char *value, size_t size, int flags)
{
	struct session *session = session_of(req);
	int r = about_is(ino) ? -EPERM : check(session, ino);

	if (r == 0 && !ghost_is(ino) && !request_was_done(session))
		r = tree_xattr_set(session->tree, ino, name, value, size, flags);
	reply_error(req, r);
}

void ops_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name)
{
	struct session *session = session_of(req);
	int r = about_is(ino) ? -EPERM : check(session, ino);

	if (r == 0 && !ghost_is(ino) && !request_was_done(session))
		r = tree_xattr_remove(session->tree, ino, name);
	reply_error(req, r);
}
