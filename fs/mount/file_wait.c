/* SPDX-License-Identifier: MIT */
/* X.wait: opening it succeeds at once, a read is parked until the job is final. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "fs/account/account.h"
#include "fs/base/cleanup.h"
#include "fs/job/changes.h"
#include "fs/mount/file.h"
#include "fs/mount/file_text.h"
#include "fs/mount/pending.h"
#include "fs/mount/reply.h"
#include "fs/notify/notifier.h"
#include "fs/tree/tree.h"

struct wait_read {
	struct pending pending;
	struct file_text *file; /* outlives us: the kernel closes no file with a read under way */
	struct changes_watch *watch;
	struct notifier_idle told; /* what inotify tells of the end comes before ours */
	size_t size;
	off_t offset;
};

/* The text stays as it was at first: later reads go on in it. -EAGAIN: the job is not final. */
static int know_text(struct file_text *file)
{
	if (file->text != NULL)
		return 0;
	int r = tree_wait_text(file->handle.session->tree, (uint64_t)TREE_NODE(file->handle.ino),
		&file->text, &file->length);
	if (r == 0)
		handle_keep_text(&file->handle, file->text, file->length);
	return r;
}

static void wait_free(struct wait_read *wait)
{
	changes_unwatch(wait->watch);
	notifier_await_cancel(&wait->told);
	free(wait);
}

static void wait_give_up(struct pending *pending)
{
	wait_free(container_of(pending, struct wait_read, pending));
}

/* The result of know_text(), which is not -EAGAIN. */
static void answer(struct wait_read *wait, int r)
{
	if (r < 0)
		pending_error(&wait->pending, r);
	else
		pending_slice(&wait->pending, wait->file->text, wait->file->length, wait->size,
			wait->offset);
	wait_free(wait);
}

static void all_is_told(struct notifier_idle *idle)
{
	struct wait_read *wait = container_of(idle, struct wait_read, told);
	int r = know_text(wait->file);

	if (r != -EAGAIN) /* sent once more since */
		answer(wait, r);
}

static void status_has_changed(void *arg)
{
	struct wait_read *wait = arg;
	int r = list_empty(&wait->told.link) ? know_text(wait->file) : -EAGAIN;

	if (r != -EAGAIN && !notifier_await(wait->file->handle.session->notifier, &wait->told))
		answer(wait, r);
}

static void wait_read(struct handle *handle, fuse_req_t req, size_t size, off_t offset)
{
	struct file_text *file = file_text_of(handle);
	struct wait_read *wait;
	int r = know_text(file);

	if (r == 0) {
		reply_slice(req, file->text, file->length, size, offset);
		return;
	}
	wait = r == -EAGAIN ? calloc(1, sizeof(*wait)) : NULL;
	if (wait == NULL) {
		reply_error(req, r == -EAGAIN ? -ENOMEM : r);
		return;
	}
	wait->file = file;
	wait->size = size;
	wait->offset = offset;
	wait->told.call = all_is_told;
	list_init(&wait->told.link);
	r = changes_watch(handle->session->changes, TREE_NODE(handle->ino), status_has_changed,
		wait, &wait->watch);
	if (r < 0) {
		free(wait);
		reply_error(req, r);
		return;
	}
	pending_init(&wait->pending, req, -EINTR, wait_give_up);
	pending_park(&wait->pending);
}

static const struct handle_type wait_type = {
	.kind = HANDLE_WAIT,
	.direct_io = true,
	.read = wait_read,
	.destroy = file_text_destroy,
};

int file_wait_again(struct session *session, uint64_t ino, char *text, size_t length,
	struct handle **ret_handle)
{
	return file_text_create(session, ino, &wait_type, text, length, ret_handle);
}

int file_wait_open(struct session *session, uint64_t ino, int flags, struct handle **ret_handle)
{
	if ((flags & O_ACCMODE) != O_RDONLY)
		return -EPERM;
	return file_text_create(session, ino, &wait_type, NULL, 0, ret_handle);
}
