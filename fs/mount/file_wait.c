/* SPDX-License-Identifier: MIT */
/* X.wait: reads are parked until the job is final. Where no end will come by itself it cannot be opened. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "fs/base/cleanup.h"
#include "fs/job/changes.h"
#include "fs/mount/client.h"
#include "fs/mount/file.h"
#include "fs/mount/file_text.h"
#include "fs/mount/parked.h"
#include "fs/mount/reply.h"
#include "fs/mount/request.h"
#include "fs/notify/notifier.h"
#include "fs/tree/tree.h"

struct wait_file {
	struct file_text text;
	struct list reads;           /* parked_read.link, owned */
	struct changes_watch *watch; /* owned; NULL until a read waits */
	struct notifier_idle told;   /* what inotify tells of the end comes before ours */
};

static struct wait_file *wait_of(struct handle *handle)
{
	return container_of(file_text_of(handle), struct wait_file, text);
}

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

static void all_is_told(struct notifier_idle *idle)
{
	struct wait_file *file = container_of(idle, struct wait_file, told);
	int r = list_empty(&file->reads) ? -EAGAIN : know_text(&file->text);

	if (r != -EAGAIN) /* sent once more since */
		parked_slice_all(&file->reads, r, file->text.text, file->text.length);
}

static void status_has_changed(void *arg)
{
	struct wait_file *file = arg;

	if (list_empty(&file->reads) || !list_empty(&file->told.link) || know_text(&file->text) == -EAGAIN)
		return;
	if (!notifier_await(file->text.handle.session->notifier, &file->told))
		all_is_told(&file->told);
}

static void wait_read(struct handle *handle, fuse_req_t req, size_t size, off_t offset)
{
	struct wait_file *file = wait_of(handle);
	int r = know_text(&file->text);

	if (r == 0) {
		file_text_read(handle, req, size, offset);
		return;
	}
	if (r == -EAGAIN)
		r = file->watch != NULL
			    ? 0
			    : changes_watch(handle->session->changes, TREE_NODE(handle->ino),
				      status_has_changed, file, &file->watch);
	if (r < 0)
		reply_error(req, r);
	else
		parked_add(&file->reads, req, size, offset, -EINTR);
}

static void wait_destroy(struct handle *handle, bool closed)
{
	struct wait_file *file = wait_of(handle);

	changes_unwatch(file->watch);
	notifier_await_cancel(&file->told);
	free(file->text.text);
	free(file);
}

static const struct handle_type wait_type = {
	.kind = HANDLE_WAIT,
	.direct_io = true,
	.read = wait_read,
	.destroy = wait_destroy,
};

int file_wait_again(struct session *session, uint64_t ino, char *text, size_t length,
	struct handle **ret_handle)
{
	struct wait_file *file = calloc(1, sizeof(*file));

	if (file == NULL)
		return -ENOMEM;
	list_init(&file->reads);
	list_init(&file->told.link);
	file->told.call = all_is_told;
	int r = file_text_init(&file->text, session, ino, &wait_type, text, length);
	if (r < 0) {
		free(file);
		return r;
	}
	*ret_handle = &file->text.handle;
	return 0;
}

int file_wait_open(struct session *session, uint64_t ino, int flags, struct handle **ret_handle)
{
	CLEANUP_FREE char *text = NULL;
	size_t length;

	if ((flags & O_ACCMODE) != O_RDONLY)
		return -EPERM;
	/* who goes by sizes reads nothing where there is no text, and takes that for success: the open can fail */
	int r = tree_wait_text(session->tree, (uint64_t)TREE_NODE(ino), &text, &length);
	if (r == -EAGAIN)
		r = client_of(request_thread(session)) == CLIENT_NFS ? -EIO : 0;
	return r < 0 ? r : file_wait_again(session, ino, NULL, 0, ret_handle);
}
