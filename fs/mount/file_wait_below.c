/* SPDX-License-Identifier: MIT */
/* DIR/.wait and .weryaifs/wait: what is waited for is known from the open on; reads are parked until all of it has ended. The report
 * comes first; where something has failed, the end of the file is an error instead. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "fs/account/account.h"
#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/mount/about.h"
#include "fs/mount/client.h"
#include "fs/mount/file.h"
#include "fs/mount/handle.h"
#include "fs/mount/parked.h"
#include "fs/mount/reply.h"
#include "fs/mount/request.h"
#include "fs/notify/notifier.h"
#include "fs/report/wait_below.h"

struct wait_file {
	struct handle handle;
	struct wait_below *wait;   /* owned; NULL: it is over */
	struct list reads;	   /* parked_read.link, owned */
	struct notifier_idle told; /* what inotify tells of the end comes before ours */
	struct buf report;	   /* once it is over: a mark, and the lines */
	int error;		   /* of the wait itself */
};

/* The first byte of a report: has something failed? So it lives on with the text if the daemon does not. */
#define ALL_WELL 'w'
#define NOT_ALL 'f'
#define REPORT_MAX (64 * 1024 * 1024 + 1)

static struct wait_file *wait_of(struct handle *handle)
{
	return container_of(handle, struct wait_file, handle);
}

/* 0: *ret_text is all of its lines; else the error that this read gets. */
static int report_at(const struct wait_file *file, off_t offset, const char **ret_text, size_t *ret_length)
{
	if (file->error < 0)
		return file->error;
	*ret_text = file->report.data + 1;
	*ret_length = file->report.length - 1;
	return file->report.data[0] == NOT_ALL && offset >= (off_t)*ret_length ? -EIO : 0;
}

static void keep_report(struct wait_file *file)
{
	const char *text = "";
	size_t length = 0;
	bool failed = false;
	int r = wait_below_text(file->wait, &text, &length, &failed);

	buf_add(&file->report, (const char[]){failed ? NOT_ALL : ALL_WELL}, 1);
	buf_add(&file->report, text, length);
	file->error = r < 0 ? r : file->report.failed;
	wait_below_destroy(file->wait);
	file->wait = NULL;
	if (file->error == 0)
		handle_keep_text(&file->handle, file->report.data, file->report.length);
}

static void answer_all(struct wait_file *file)
{
	keep_report(file);
	while (!list_empty(&file->reads)) {
		struct parked_read *read = list_entry(file->reads.next, struct parked_read, link);
		const char *text = "";
		size_t length = 0;
		int r = report_at(file, read->offset, &text, &length);
		if (r < 0)
			parked_answer(read, r, NULL);
		else
			parked_slice(read, text, length);
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

static void wait_read(struct handle *handle, fuse_req_t req, size_t size, off_t offset)
{
	struct wait_file *file = wait_of(handle);
	const char *text = "";
	size_t length = 0;
	if (file->wait != NULL) {
		parked_add(&file->reads, req, size, offset, -EINTR);
		return;
	}
	int r = report_at(file, offset, &text, &length);
	if (r < 0)
		reply_error(req, r);
	else
		reply_slice(req, text, length, size, offset);
}

static void wait_destroy(struct handle *handle, bool closed)
{
	struct wait_file *file = wait_of(handle);

	notifier_await_cancel(&file->told);
	wait_below_destroy(file->wait);
	buf_finish(&file->report);
	free(file);
}

static const struct handle_type wait_below_type = {
	.kind = HANDLE_WAIT_BELOW,
	.direct_io = true,
	.read = wait_read,
	.destroy = wait_destroy,
};

static int start(struct wait_file *file, const char *report, size_t length)
{
	struct session *session = file->handle.session;
	int64_t dir = file->handle.ino == ABOUT_WAIT ? (int64_t)TREE_ROOT : TREE_NODE(file->handle.ino);

	/* one that was under way when the last daemon died looks anew at what is there */
	return length > 0 ? buf_add(&file->report, report, length)
			  : account_wait_below(session->account, dir, has_ended, file, &file->wait);
}

int file_wait_below_again(struct session *session, uint64_t ino, const char *report, size_t length,
	struct handle **ret_handle)
{
	struct wait_file *file = calloc(1, sizeof(*file));

	if (file == NULL)
		return -ENOMEM;
	list_init(&file->reads);
	list_init(&file->told.link);
	file->told.call = all_is_told;
	buf_init(&file->report, REPORT_MAX);
	int r = handle_init(&file->handle, session, ino, &wait_below_type);
	if (r < 0) {
		free(file);
		return r;
	}
	r = start(file, report, length);
	if (r < 0) {
		handle_close(&file->handle);
		return r;
	}
	*ret_handle = &file->handle;
	return 0;
}

int file_wait_below_open(struct session *session, uint64_t ino, int flags, struct handle **ret_handle)
{
	if ((flags & O_ACCMODE) != O_RDONLY)
		return -EPERM;
	if (client_of(request_thread(session)) == CLIENT_NFS)
		return -EIO;
	return file_wait_below_again(session, ino, NULL, 0, ret_handle);
}
