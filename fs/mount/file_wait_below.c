/* SPDX-License-Identifier: MIT */
/* DIR/.wait and .weryaifs/wait: what is waited for is known from the open on; reads are parked until all of it has ended. The report
 * comes first; where something has failed, the end of the file is an error instead. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "fs/account/account.h"
#include "fs/base/cleanup.h"
#include "fs/mount/about.h"
#include "fs/mount/file.h"
#include "fs/mount/handle.h"
#include "fs/mount/pending.h"
#include "fs/mount/reply.h"
#include "fs/notify/notifier.h"
#include "fs/report/wait_below.h"

struct wait_file {
	struct handle handle;
	struct wait_below *wait;    /* owned */
	struct list reads;	    /* parked_read.link, owned */
	struct notifier_idle told; /* what inotify tells of the end comes before ours */
	bool over;
};

struct parked_read {
	struct pending pending;
	struct list link;
	size_t size;
	off_t offset;
};

static struct wait_file *wait_of(struct handle *handle)
{
	return container_of(handle, struct wait_file, handle);
}

/* 0: *ret_text is the whole report; else the error that this read gets. */
static int report_at(const struct wait_file *file, off_t offset, const char **ret_text, size_t *ret_length)
{
	bool failed = false;
	int r = wait_below_text(file->wait, ret_text, ret_length, &failed);

	if (r < 0)
		return r;
	return failed && offset >= (off_t)*ret_length ? -EIO : 0;
}

static void answer_all(struct wait_file *file)
{
	file->over = true;
	while (!list_empty(&file->reads)) {
		struct parked_read *read = list_entry(file->reads.next, struct parked_read, link);
		const char *text = "";
		size_t length = 0;
		int r = report_at(file, read->offset, &text, &length);
		if (r < 0)
			pending_error(&read->pending, r);
		else
			pending_slice(&read->pending, text, length, read->size, read->offset);
		list_remove(&read->link);
		free(read);
	}
}

static void all_is_told(struct notifier_idle *idle)
{
	answer_all(container_of(idle, struct wait_file, told));
}

static void has_ended(void *arg)
{
	struct wait_file *file = arg;

	if (!notifier_await(file->handle.session->notifier, &file->told))
		answer_all(file);
}

static void read_give_up(struct pending *pending)
{
	struct parked_read *read = container_of(pending, struct parked_read, pending);

	list_remove(&read->link);
	free(read);
}

static void wait_read(struct handle *handle, fuse_req_t req, size_t size, off_t offset)
{
	struct wait_file *file = wait_of(handle);
	const char *text = "";
	size_t length = 0;
	int r = file->over ? report_at(file, offset, &text, &length) : -EAGAIN;

	if (r == 0) {
		reply_slice(req, text, length, size, offset);
		return;
	}
	struct parked_read *read = r == -EAGAIN ? calloc(1, sizeof(*read)) : NULL;
	if (read == NULL) {
		reply_error(req, r == -EAGAIN ? -ENOMEM : r);
		return;
	}
	read->size = size;
	read->offset = offset;
	list_append(&file->reads, &read->link);
	pending_init(&read->pending, req, -EINTR, read_give_up);
	pending_park(&read->pending);
}

static void wait_destroy(struct handle *handle, bool closed)
{
	struct wait_file *file = wait_of(handle);

	notifier_await_cancel(&file->told);
	wait_below_destroy(file->wait);
	free(file);
}

static const struct handle_type wait_below_type = {
	.direct_io = true,
	.read = wait_read,
	.destroy = wait_destroy,
};

int file_wait_below_open(struct session *session, uint64_t ino, int flags, struct handle **ret_handle)
{
	int64_t dir = ino == ABOUT_WAIT ? (int64_t)TREE_ROOT : TREE_NODE(ino);

	if ((flags & O_ACCMODE) != O_RDONLY)
		return -EPERM;
	struct wait_file *file = calloc(1, sizeof(*file));
	if (file == NULL)
		return -ENOMEM;
	list_init(&file->reads);
	list_init(&file->told.link);
	file->told.call = all_is_told;
	int r = account_wait_below(session->account, dir, has_ended, file, &file->wait);
	if (r == 0)
		r = handle_init(&file->handle, session, ino, &wait_below_type);
	if (r < 0) {
		wait_below_destroy(file->wait);
		free(file);
		return r;
	}
	*ret_handle = &file->handle;
	return 0;
}
