/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "fs/account/account.h"
#include "fs/base/cleanup.h"
#include "fs/mount/file.h"
#include "fs/mount/reply.h"
#include "fs/tree/tree.h"

struct plain {
	struct handle handle;
	int fd;    /* owned */
	int flags; /* of the open that the tree counted */
};

static struct plain *plain_of(struct handle *handle)
{
	return container_of(handle, struct plain, handle);
}

static void plain_read(struct handle *handle, fuse_req_t req, size_t size, off_t offset)
{
	char *data = reply_buffer(handle->session, size);
	size_t length = 0;

	if (data == NULL) {
		reply_error(req, -ENOMEM);
		return;
	}
	while (length < size) {
		ssize_t n = pread(
			plain_of(handle)->fd, data + length, size - length, offset + (off_t)length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			reply_error(req, -errno);
			return;
		}
		if (n == 0)
			break;
		length += (size_t)n;
	}
	reply_data(req, data, length);
}

static void failed(struct handle *handle)
{
	tree_write_failed(handle->session->tree, handle->ino);
	handle_keep_failure(handle);
}

static void plain_write(
	struct handle *handle, fuse_req_t req, const char *data, size_t size, off_t offset)
{
	int r = tree_will_write(handle->session->tree, handle->ino);
	size_t length = 0;

	while (r == 0 && length < size) {
		ssize_t n = pwrite(
			plain_of(handle)->fd, data + length, size - length, offset + (off_t)length);
		if (n >= 0)
			length += (size_t)n;
		else if (errno != EINTR)
			r = -errno;
	}
	if (r < 0)
		failed(handle);
	/* what was written counts, as in write(2); the error comes back with the next one */
	if (length > 0 || r == 0)
		reply_written(req, length);
	else
		reply_error(req, r);
}

static int plain_truncate(struct handle *handle, off_t size)
{
	int r = tree_will_write(handle->session->tree, handle->ino);

	if (r == 0 && ftruncate(plain_of(handle)->fd, size) < 0)
		r = -errno;
	if (r < 0)
		failed(handle);
	return r;
}

static int plain_allocate(struct handle *handle, int mode, off_t offset, off_t length)
{
	int r = tree_will_write(handle->session->tree, handle->ino);

	if (r == 0 && fallocate(plain_of(handle)->fd, mode, offset, length) < 0)
		r = -errno;
	return r;
}

static int plain_seek(struct handle *handle, off_t offset, int whence, off_t *ret_offset)
{
	off_t found = lseek(plain_of(handle)->fd, offset, whence);

	if (found < 0)
		return -errno;
	*ret_offset = found;
	return 0;
}

static int plain_sync(struct handle *handle)
{
	return tree_fsync(handle->session->tree, plain_of(handle)->fd);
}

static void plain_destroy(struct handle *handle, bool closed)
{
	struct plain *plain = plain_of(handle);

	close(plain->fd);
	/* A writer whose mount ended under it has not closed the file: what it wrote stays a draft. */
	if (closed)
		tree_close(handle->session->tree, handle->ino, plain->flags);
	free(plain);
}

static const struct handle_type plain_type = {
	.kind = HANDLE_PLAIN,
	.keep_cache = true,
	.read = plain_read,
	.write = plain_write,
	.truncate = plain_truncate,
	.allocate = plain_allocate,
	.seek = plain_seek,
	.sync = plain_sync,
	.destroy = plain_destroy,
};

static int plain_create(
	struct session *session, uint64_t ino, int fd, int flags, struct handle **ret_handle)
{
	struct plain *plain = malloc(sizeof(*plain));

	if (plain == NULL)
		return -ENOMEM;
	int r = handle_init(&plain->handle, session, ino, &plain_type);
	if (r < 0) {
		free(plain);
		return r;
	}
	plain->fd = fd;
	plain->flags = plain->handle.flags = flags;
	*ret_handle = &plain->handle;
	return 0;
}

static int take_open(
	struct session *session, uint64_t ino, int fd, int counted, struct handle **ret_handle)
{
	int r = plain_create(session, ino, fd, counted, ret_handle);

	if (r < 0) {
		close(fd);
		tree_close(session->tree, ino, counted);
	}
	return r;
}

int file_plain_open(struct session *session, uint64_t ino, int flags, struct handle **ret_handle)
{
	int fd, counted = flags & (O_ACCMODE | O_TRUNC);

	if ((flags & O_TRUNC) != 0) /* changes the bytes, whatever it was opened for */
		counted = O_RDWR | O_TRUNC;
	int r = tree_open(session->tree, ino, counted, &fd);

	return r < 0 ? r : take_open(session, ino, fd, counted, ret_handle);
}

int file_plain_again(struct session *session, uint64_t ino, int flags, bool failed_before,
	struct handle **ret_handle)
{
	int fd;
	int r = tree_reopen(session->tree, ino, flags, &fd);

	if (r == 0)
		r = take_open(session, ino, fd, flags, ret_handle);
	if (r == 0 && failed_before)
		failed(*ret_handle);
	return r;
}

int file_plain_created(struct session *session, uint64_t ino, int fd, struct handle **ret_handle)
{
	return plain_create(session, ino, fd, O_RDWR, ret_handle);
}
