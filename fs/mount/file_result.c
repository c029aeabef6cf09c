/* SPDX-License-Identifier: MIT */
/* A result: a read is parked until its bytes are there. The kernel's cache keeps them, so each byte is read from us
 * about once. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "fs/account/account.h"
#include "fs/base/cleanup.h"
#include "fs/fetch/delivery.h"
#include "fs/mount/file.h"
#include "fs/mount/pending.h"
#include "fs/mount/reply.h"
#include "fs/tree/tree.h"

#define LONG (64 * 1024) /* from here on copying takes longer than waking the worker */

struct result_file {
	struct handle handle;
	struct fetch *fetch; /* owned */
};

struct parked_read {
	struct pending pending;
	struct delivery read;
	bool starting; /* inside delivery_read(), which may answer at once */
};

static struct result_file *result_of(struct handle *handle)
{
	return container_of(handle, struct result_file, handle);
}

static void read_give_up(struct pending *pending)
{
	struct parked_read *parked = container_of(pending, struct parked_read, pending);

	delivery_cancel(&parked->read);
	free(parked);
}

static void data_sent(void *arg)
{
	fetch_release(arg);
}

static void read_done(void *arg, ssize_t length, const char *data, struct block *held)
{
	struct parked_read *parked = arg;

	if (length < 0)
		pending_error(&parked->pending, (int)length);
	else if (held == NULL || length < LONG ||
		 pending_send(&parked->pending, data, (size_t)length, data_sent, held) < 0)
		pending_data(&parked->pending, data, (size_t)length);
	else
		held = NULL;
	if (held != NULL)
		fetch_release(held);
	if (!parked->starting)
		free(parked);
}

static void result_file_read(struct handle *handle, fuse_req_t req, size_t size, off_t offset)
{
	struct parked_read *parked = calloc(1, sizeof(*parked));

	if (parked == NULL) {
		reply_error(req, -ENOMEM);
		return;
	}
	pending_init(&parked->pending, req, -EIO, read_give_up);
	parked->starting = true;
	int r = delivery_read(&parked->read, result_of(handle)->fetch, offset, size, read_done, parked);
	parked->starting = false;
	if (r < 0)
		pending_error(&parked->pending, r);
	if (pending_answered(&parked->pending))
		free(parked);
	else
		pending_park(&parked->pending);
}

/* One piece of data; the kernel has checked neither end. */
static int result_file_seek(struct handle *handle, off_t offset, int whence, off_t *ret_offset)
{
	struct tree_entry entry;
	int r = tree_get(handle->session->tree, handle->ino, &entry);

	if (r < 0)
		return r;
	if (offset < 0 || offset >= entry.st.st_size)
		return -ENXIO;
	*ret_offset = whence == SEEK_DATA ? offset : entry.st.st_size;
	return 0;
}

static void result_file_opened(struct handle *handle)
{
	fetch_expect(result_of(handle)->fetch);
}

static int result_file_whole(struct handle *handle)
{
	return delivery_whole(result_of(handle)->fetch);
}

static void result_file_destroy(struct handle *handle, bool closed)
{
	struct result_file *file = result_of(handle);

	fetch_close(file->fetch);
	free(file);
}

static const struct handle_type result_type = {
	.kind = HANDLE_RESULT,
	.keep_cache = true,
	.read = result_file_read,
	.opened = result_file_opened,
	.seek = result_file_seek,
	.whole = result_file_whole,
	.destroy = result_file_destroy,
};

int file_result_open(struct session *session, uint64_t ino, int flags, struct handle **ret_handle)
{
	struct result_file *file;

	if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC) != 0)
		return -EPERM;
	file = malloc(sizeof(*file));
	if (file == NULL)
		return -ENOMEM;
	int r = fetch_open(session->fetches, TREE_NODE(ino), &file->fetch);
	if (r < 0) {
		free(file);
		return r;
	}
	r = handle_init(&file->handle, session, ino, &result_type);
	if (r < 0) {
		fetch_close(file->fetch);
		free(file);
		return r;
	}
	*ret_handle = &file->handle;
	return 0;
}
