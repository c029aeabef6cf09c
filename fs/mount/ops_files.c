/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "fs/base/compat.h"
#include "fs/mount/about.h"
#include "fs/mount/file.h"
#include "fs/mount/flush.h"
#include "fs/mount/ghost.h"
#include "fs/mount/inode.h"
#include "fs/mount/ops.h"
#include "fs/mount/passthrough.h"
#include "fs/mount/reply.h"
#include "fs/mount/request.h"
#include "fs/notify/notifier.h"
#include "fs/tree/copiers.h"
#include "fs/tree/tree.h"

static int open_entry(struct session *session, const struct tree_entry *entry, int flags,
	struct handle **ret_handle)
{
	if (entry->ino == ABOUT_BALANCE)
		return file_balance_open(session, entry->ino, flags, ret_handle);
	if (entry->ino == ABOUT_EVENTS)
		return file_events_open(session, flags, ret_handle);
	if (entry->ino == ABOUT_WAIT)
		return file_wait_below_open(session, entry->ino, flags, ret_handle);
	if (ghost_is(entry->ino))
		return file_ghost_open(session, entry->ino, ret_handle);
	if (about_is(entry->ino))
		return file_about_open(session, entry->ino, flags, ret_handle);
	switch (entry->kind) {
	case TREE_FILE:
		return file_plain_open(session, entry->ino, flags, ret_handle);
	case TREE_RESULT:
		return file_result_open(session, entry->ino, flags, ret_handle);
	case TREE_STATUS:
		return file_status_open(session, entry->ino, flags, ret_handle);
	case TREE_SIDECAR:
		return file_sidecar_open(session, entry->ino, flags, ret_handle);
	case TREE_MODEL:
		return file_model_open(session, entry->ino, flags, ret_handle);
	case TREE_WAIT:
		return file_wait_open(session, entry->ino, flags, ret_handle);
	case TREE_GALLERY:
		return file_gallery_open(session, entry->ino, flags, ret_handle);
	case TREE_WAIT_BELOW:
		return file_wait_below_open(session, entry->ino, flags, ret_handle);
	case TREE_DIR:
		break;
	}
	return -EISDIR;
}

/* The kernel has seen that there is no such name, but a result may have appeared since. */
static int open_existing(struct session *session, uint64_t parent, const char *name, int flags,
	struct tree_entry *ret_entry, struct handle **ret_handle)
{
	int r = inode_lookup(session, parent, name, ret_entry);

	return r < 0 ? r : open_entry(session, ret_entry, flags, ret_handle);
}

static int made(struct session *session, uint64_t ino, struct handle **ret_handle)
{
	int r = file_plain_created(session, ino, ret_handle);

	if (r < 0)
		tree_close(session->tree, ino, O_RDWR);
	return r;
}

/* The request comes again: it has made the file, and may have opened it. */
static int created_before(struct session *session, uint64_t parent, const char *name, int flags,
	struct tree_entry *ret_entry, struct handle **ret_handle)
{
	int r = inode_lookup(session, parent, name, ret_entry);

	if (r < 0)
		return r;
	*ret_handle = handle_made_by(session, request_unique(session));
	return *ret_handle != NULL ? 0
				   : file_plain_again(session, ret_entry->ino, O_RDWR, false, ret_handle);
}

static int create(fuse_req_t req, uint64_t parent, const char *name, mode_t mode, int flags,
	struct tree_entry *ret_entry, struct handle **ret_handle)
{
	struct session *session = session_of(req);
	struct tree_owner owner = ops_owner(req);
	bool exclusive = (flags & O_EXCL) != 0;
	int r = ops_take_shadow(req, parent, name, exclusive, ret_entry);

	if (r == 0)
		return open_entry(session, ret_entry, flags, ret_handle);
	r = tree_create(session->tree, parent, name, mode, &owner, ret_entry);
	if (r == -EEXIST && !exclusive)
		return open_existing(session, parent, name, flags, ret_entry, ret_handle);
	if (r == 0)
		copiers_brought(session->copiers, parent, name, fuse_req_ctx(req)->pid);
	return r < 0 ? r : made(session, ret_entry->ino, ret_handle);
}

void ops_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
	struct fuse_file_info *info)
{
	struct notifier *notifier = ops_notifier(req);
	struct session *session = session_of(req);
	struct tree_entry entry;
	struct handle *handle;
	int r;

	if (notifier != NULL) {
		r = notifier_made(notifier, parent, name, &entry);
		handle = request_comes_again(session) ? handle_made_by(session, request_unique(session)) : NULL;
		if (r == 0 && handle == NULL)
			r = file_result_open(session, entry.ino, O_RDONLY, &handle);
	} else if (request_was_done(session)) {
		r = created_before(session, parent, name, info->flags, &entry, &handle);
	} else {
		r = create(req, parent, name, mode, info->flags, &entry, &handle);
		if (r == 0 && (info->flags & O_EXCL) != 0)
			copiers_made(session->copiers, parent, name, fuse_req_ctx(req)->pid);
	}
	if (r < 0) {
		reply_error(req, r);
		return;
	}
	passthrough_open(req, handle, entry.st.st_size);
	reply_create(req, &entry, handle);
}

void ops_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
	struct session *session = session_of(req);
	struct tree_entry entry;
	struct handle *handle;
	int r = inode_get(session, ino, &entry);

	handle = request_comes_again(session) ? handle_made_by(session, request_unique(session))
					      : NULL;
	if (r == 0 && handle == NULL)
		r = open_entry(session, &entry, info->flags, &handle);
	if (r < 0) {
		reply_error(req, r);
		return;
	}
	passthrough_open(req, handle, entry.st.st_size);
	reply_open(req, handle);
}

void ops_read(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *info)
{
	struct handle *handle = handle_of(req, info);

	if (handle != NULL)
		handle->type->read(handle, req, size, offset);
	else
		reply_error(req, -EIO);
}

void ops_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
	struct fuse_file_info *info)
{
	struct handle *handle = handle_of(req, info);

	if (handle == NULL)
		reply_error(req, -EIO);
	else if (handle->type->write != NULL)
		handle->type->write(handle, req, data, size, offset);
	else
		reply_error(req, -EBADF);
}

void ops_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t offset, off_t length,
	struct fuse_file_info *info)
{
	const int known = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE;
	struct handle *handle = handle_of(req, info);

	if (handle == NULL)
		reply_error(req, -EIO);
	else if (handle->type->allocate == NULL || (mode & ~known) != 0)
		reply_error(req, -EOPNOTSUPP);
	else
		reply_error(req, handle->type->allocate(handle, mode, offset, length));
}

void ops_lseek(
	fuse_req_t req, fuse_ino_t ino, off_t offset, int whence, struct fuse_file_info *info)
{
	struct handle *handle = handle_of(req, info);
	off_t found = 0;
	int r = -EINVAL;

	if (handle == NULL)
		r = -EIO;
	else if (handle->type->seek != NULL && (whence == SEEK_DATA || whence == SEEK_HOLE))
		r = handle->type->seek(handle, offset, whence, &found);
	if (r < 0)
		reply_error(req, r);
	else
		reply_offset(req, found);
}

void ops_poll(
	fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info, struct fuse_pollhandle *ph)
{
	struct handle *handle = handle_of(req, info);

	if (handle != NULL && handle->type->poll != NULL) {
		unsigned can = handle->type->poll(handle, ph);
		if (ph != NULL)
			handle_keep_poller(handle, request_poller(session_of(req)));
		reply_poll(req, can);
		return;
	}
	if (ph != NULL)
		fuse_pollhandle_destroy(ph);
	reply_poll(req, POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM);
}

void ops_fsync(fuse_req_t req, fuse_ino_t ino, int data_only, struct fuse_file_info *info)
{
	struct handle *handle = handle_of(req, info);

	if (handle == NULL)
		reply_error(req, -EIO);
	else
		reply_error(req, handle->type->sync != NULL ? handle->type->sync(handle) : 0);
}

void ops_fsyncdir(fuse_req_t req, fuse_ino_t ino, int data_only, struct fuse_file_info *info)
{
	reply_error(req, tree_fsync(session_of(req)->tree, -1));
}

void ops_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
	const struct handle *handle = handle_of(req, info);
	bool writes = handle != NULL && (handle->flags & O_ACCMODE) != O_RDONLY;
	pid_t writer = writes ? tree_writer(session_of(req)->tree, handle->ino) : 0;

	if (writer != 0)
		flush_answer(req, handle->ino, writer);
	else
		reply_error(req, 0);
}

void ops_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info)
{
	struct handle *handle = handle_of(req, info);

	if (handle != NULL) {
		passthrough_close(req, handle);
		handle_close(handle);
	}
	reply_error(req, 0);
}
