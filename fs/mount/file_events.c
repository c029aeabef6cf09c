/* SPDX-License-Identifier: MIT */
/* .weryaifs/events: a read waits until something has happened. It has no end but that of the reader. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "fs/account/account.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/mount/about.h"
#include "fs/mount/file.h"
#include "fs/mount/parked.h"
#include "fs/mount/reply.h"
#include "fs/report/events.h"

struct events_file {
	struct handle handle;
	struct events_reader *reader;	/* owned */
	struct list reads;		/* parked_read.link, owned */
	struct fuse_pollhandle *poller; /* owned; NULL: nobody polls */
	off_t position;			/* behind what was read last */
};

static struct events_file *events_of(struct handle *handle)
{
	return container_of(handle, struct events_file, handle);
}

/* Bytes, 0 (none yet), or an error; *ret_data is the session's. */
static ssize_t take(struct events_file *file, size_t size, off_t offset, char **ret_data)
{
	*ret_data = reply_buffer(file->handle.session, size);
	if (*ret_data == NULL)
		return -ENOMEM;
	ssize_t length = events_read(file->reader, *ret_data, size, offset);
	if (length > 0)
		file->position = offset + length;
	return length;
}

static void wake_poller(struct events_file *file)
{
	if (file->poller == NULL)
		return;
	int r = fuse_lowlevel_notify_poll(file->poller);
	if (r < 0)
		log_errno(LOG_LEVEL_DEBUG, r, "mount: who polls the events was not woken");
	fuse_pollhandle_destroy(file->poller);
	file->poller = NULL;
	handle_keep_poller(&file->handle, 0);
}

static void there_is_more(void *arg)
{
	struct events_file *file = arg;
	struct list *item, *after;

	list_for_each_safe(item, after, &file->reads)
	{
		struct parked_read *read = list_entry(item, struct parked_read, link);
		char *data;
		ssize_t length = take(file, read->size, read->offset, &data);
		if (length != 0)
			parked_answer(read, length, data);
	}
	wake_poller(file);
}

static void events_file_read(struct handle *handle, fuse_req_t req, size_t size, off_t offset)
{
	struct events_file *file = events_of(handle);
	char *data;
	ssize_t length = take(file, size, offset, &data);

	if (length < 0)
		reply_error(req, (int)length);
	else if (length > 0)
		reply_data(req, data, (size_t)length);
	else
		parked_add(&file->reads, req, size, offset, -EINTR);
}

static unsigned events_file_poll(struct handle *handle, struct fuse_pollhandle *ph)
{
	struct events_file *file = events_of(handle);
	char byte;

	if (ph != NULL) {
		if (file->poller != NULL)
			fuse_pollhandle_destroy(file->poller);
		file->poller = ph;
	}
	return events_read(file->reader, &byte, 1, file->position) != 0 ? POLLIN | POLLRDNORM : 0;
}

static void events_file_destroy(struct handle *handle, bool closed)
{
	struct events_file *file = events_of(handle);

	events_close(file->reader);
	if (file->poller != NULL)
		fuse_pollhandle_destroy(file->poller);
	free(file);
}

static const struct handle_type events_type = {
	.kind = HANDLE_EVENTS,
	.direct_io = true,
	.read = events_file_read,
	.poll = events_file_poll,
	.destroy = events_file_destroy,
};

/* start: where it began with the last daemon; -1: it begins now. */
static int create(struct session *session, off_t start, struct handle **ret_handle)
{
	struct account *account = session->account;
	struct events_file *file = calloc(1, sizeof(*file));

	if (file == NULL)
		return -ENOMEM;
	list_init(&file->reads);
	int r = start < 0 ? account_events(account, there_is_more, file, &file->reader)
			  : account_events_again(account, start, there_is_more, file, &file->reader);
	if (r == 0)
		r = handle_init(&file->handle, session, ABOUT_EVENTS, &events_type);
	if (r < 0) {
		events_close(file->reader);
		free(file);
		return r;
	}
	*ret_handle = &file->handle;
	return 0;
}

int file_events_again(struct session *session, const char *text, struct handle **ret_handle)
{
	return text == NULL ? -ENODATA : create(session, strtoll(text, NULL, 10), ret_handle);
}

int file_events_open(struct session *session, int flags, struct handle **ret_handle)
{
	char start[24];

	if ((flags & O_ACCMODE) != O_RDONLY)
		return -EPERM;
	int r = create(session, -1, ret_handle);
	if (r < 0)
		return r;
	int length = snprintf(start, sizeof(start), "%lld", (long long)events_start(events_of(*ret_handle)->reader));
	handle_keep_text(*ret_handle, start, (size_t)length);
	return 0;
}
