/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "fs/account/account.h"
#include "fs/base/cleanup.h"
#include "fs/mount/client.h"
#include "fs/mount/file.h"
#include "fs/mount/reply.h"
#include "fs/mount/request.h"
#include "fs/tree/tree.h"

struct plain {
	struct handle handle;
	int flags; /* of the open that the tree counted */
	pid_t thread, process; /* of the last change of a prompt; 0: none yet */
};

static struct plain *plain_of(struct handle *handle)
{
	return container_of(handle, struct plain, handle);
}

/* Borrowed until that of another file is asked for. */
static int fd_of(struct handle *handle)
{
	return tree_fd(handle->session->tree, handle->ino);
}

static void plain_read(struct handle *handle, fuse_req_t req, size_t size, off_t offset)
{
	char *data = reply_buffer(handle->session, size);
	int fd = data == NULL ? -ENOMEM : fd_of(handle);
	size_t length = 0;

	if (fd < 0) {
		reply_error(req, fd);
		return;
	}
	while (length < size) {
		ssize_t n = pread(
			fd, data + length, size - length, offset + (off_t)length);
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

/* Of a prompt: what a process has left that was killed is not sent (flush.h). To ask at each write of one byte would take longer than the write. */
static pid_t writer_of(struct handle *handle)
{
	struct plain *plain = plain_of(handle);
	pid_t thread = request_thread(handle->session);

	if (!tree_is_prompt_written(handle->session->tree, handle->ino))
		return 0;
	if (thread != plain->thread)
		plain->process = thread > 0 ? client_process(thread) : 0;
	plain->thread = thread;
	return plain->process;
}

static int open_to_write(struct handle *handle)
{
	int r = tree_will_write(handle->session->tree, handle->ino, writer_of(handle));

	return r < 0 ? r : fd_of(handle);
}

static void plain_write(
	struct handle *handle, fuse_req_t req, const char *data, size_t size, off_t offset)
{
	int fd = open_to_write(handle);
	int r = fd < 0 ? fd : 0;
	size_t length = 0;

	while (r == 0 && length < size) {
		ssize_t n = pwrite(
			fd, data + length, size - length, offset + (off_t)length);
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
	int fd = open_to_write(handle);
	int r = fd < 0 ? fd : ftruncate(fd, size) < 0 ? -errno : 0;

	if (r < 0)
		failed(handle);
	return r;
}

static int plain_allocate(struct handle *handle, int mode, off_t offset, off_t length)
{
	int fd = open_to_write(handle);

	return fd < 0 ? fd : fallocate(fd, mode, offset, length) < 0 ? -errno : 0;
}

static int plain_seek(struct handle *handle, off_t offset, int whence, off_t *ret_offset)
{
	int fd = fd_of(handle);
	off_t found = fd < 0 ? fd : lseek(fd, offset, whence);

	if (fd < 0)
		return fd;
	if (found < 0)
		return -errno;
	*ret_offset = found;
	return 0;
}

static int plain_sync(struct handle *handle)
{
	int fd = fd_of(handle);

	return fd < 0 ? fd : tree_fsync(handle->session->tree, fd);
}

static void plain_destroy(struct handle *handle, bool closed)
{
	struct plain *plain = plain_of(handle);

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
	struct session *session, uint64_t ino, int flags, struct handle **ret_handle)
{
	struct plain *plain = calloc(1, sizeof(*plain));

	if (plain == NULL)
		return -ENOMEM;
	int r = handle_init(&plain->handle, session, ino, &plain_type);
	if (r < 0) {
		free(plain);
		return r;
	}
	plain->flags = plain->handle.flags = flags;
	*ret_handle = &plain->handle;
	return 0;
}

static int take_open(
	struct session *session, uint64_t ino, int counted, struct handle **ret_handle)
{
	int r = plain_create(session, ino, counted, ret_handle);

	if (r < 0)
		tree_close(session->tree, ino, counted);
	return r;
}

int file_plain_open(struct session *session, uint64_t ino, int flags, struct handle **ret_handle)
{
	int counted = flags & (O_ACCMODE | O_TRUNC);

	if ((flags & O_TRUNC) != 0) /* changes the bytes, whatever it was opened for */
		counted = O_RDWR | O_TRUNC;
	int r = tree_open(session->tree, ino, counted);

	return r < 0 ? r : take_open(session, ino, counted, ret_handle);
}

int file_plain_again(struct session *session, uint64_t ino, int flags, bool failed_before,
	struct handle **ret_handle)
{
	int r = tree_reopen(session->tree, ino, flags);

	if (r == 0)
		r = take_open(session, ino, flags, ret_handle);
	if (r == 0 && failed_before)
		failed(*ret_handle);
	return r;
}

int file_plain_created(struct session *session, uint64_t ino, struct handle **ret_handle)
{
	return plain_create(session, ino, O_RDWR, ret_handle);
}
