/* SPDX-License-Identifier: MIT */
/* X.status: the text of the moment of the open. For who polls it, as the files of sysfs: poll(2) tells of a change, and
 * reading from the start again has the new text. The notification is safe to send from the loop, unlike those that
 * take names or bytes out of the kernel's caches: it takes no lock that a request of ours may hold. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "fs/account/account.h"
#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/job/changes.h"
#include "fs/mount/file.h"
#include "fs/mount/file_text.h"
#include "fs/mount/reply.h"
#include "fs/mount/request.h"
#include "fs/tree/shadow_text.h"
#include "fs/tree/status_hash.h"
#include "fs/tree/tree.h"

struct status_file {
	struct file_text text;
	struct changes_watch *watch;    /* once somebody polls */
	struct fuse_pollhandle *poller; /* owned; NULL: nobody waits */
	off_t copied;                   /* the end of what is being copied here, and dropped; 0 nothing */
	bool doubtful;                  /* this text may be another one than its reader has been given */
};

static struct status_file *status_of(struct handle *handle)
{
	return container_of(file_text_of(handle), struct status_file, text);
}

static int text_now(struct handle *handle, char **ret_text, size_t *ret_length)
{
	return tree_status_text(
		handle->session->tree, (uint64_t)TREE_NODE(handle->ino), ret_text, ret_length);
}

static void status_read(struct handle *handle, fuse_req_t req, size_t size, off_t offset)
{
	struct status_file *file = status_of(handle);
	size_t length;
	char *text;

	if (offset == 0 && file->watch != NULL && text_now(handle, &text, &length) == 0) {
		free(file->text.text);
		file->text.text = text;
		file->text.length = length;
		/* a read that comes again may have been answered just before the last daemon died: then its reader has the text that is
		 * kept, and must be woken for this one */
		file->doubtful = request_comes_again(handle->session);
		if (!file->doubtful)
			handle_keep_text(handle, text, length);
	}
	file_text_read(handle, req, size, offset);
}

/* One write is one command. What comes behind the beginning of a copy is part of it. */
static void status_write(
	struct handle *handle, fuse_req_t req, const char *data, size_t size, off_t offset)
{
	struct status_file *file = status_of(handle);
	int r = 0;

	if (shadow_text_of(false, data, size) == SHADOW_COPY ||
		(offset > 0 && offset == file->copied))
		file->copied = offset + (off_t)size;
	else if (!request_was_done(handle->session)) /* nothing is bought a second time */
		r = account_save_status(handle->session->account,
			(uint64_t)TREE_NODE(handle->ino), data, size);
	if (r < 0)
		reply_error(req, r);
	else
		reply_written(req, size);
}

/* `>` truncates before it writes */
static int status_truncate(struct handle *handle, off_t size)
{
	return 0;
}

static void set_poller(struct status_file *file, struct fuse_pollhandle *poller)
{
	if (file->poller != NULL)
		fuse_pollhandle_destroy(file->poller);
	file->poller = poller;
}

static void status_has_changed(void *arg)
{
	struct status_file *file = arg;

	if (file->poller == NULL)
		return;
	int r = fuse_lowlevel_notify_poll(file->poller);
	if (r < 0)
		log_errno(LOG_LEVEL_DEBUG, r, "mount: who polls a status was not woken");
	set_poller(file, NULL);
	handle_keep_poller(&file->text.handle, 0);
}

static int watch(struct status_file *file)
{
	struct handle *handle = &file->text.handle;

	if (file->watch != NULL)
		return 0;
	return changes_watch(handle->session->changes, TREE_NODE(handle->ino), status_has_changed,
		file, &file->watch);
}

static unsigned status_poll(struct handle *handle, struct fuse_pollhandle *ph)
{
	unsigned events = POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM;
	struct status_file *file = status_of(handle);
	size_t length;
	char *text;

	if (ph != NULL)
		set_poller(file, ph);
	if (watch(file) < 0)
		return events | POLLERR;
	if (text_now(handle, &text, &length) < 0)
		return events | POLLERR;
	if (file->doubtful || status_hash(text, length) != status_hash(file->text.text, file->text.length))
		events |= POLLPRI;
	free(text);
	return events;
}

static void status_destroy(struct handle *handle, bool closed)
{
	struct status_file *file = status_of(handle);

	changes_unwatch(file->watch);
	set_poller(file, NULL);
	free(file->text.text);
	free(file);
}

static const struct handle_type status_type = {
	.kind = HANDLE_STATUS,
	.direct_io = true,
	.read = status_read,
	.write = status_write,
	.truncate = status_truncate,
	.poll = status_poll,
	.destroy = status_destroy,
};

int file_status_again(struct session *session, uint64_t ino, char *text, size_t length,
	bool polled, struct handle **ret_handle)
{
	struct status_file *file = calloc(1, sizeof(*file));

	if (file == NULL)
		return -ENOMEM;
	int r = file_text_init(&file->text, session, ino, &status_type, text, length);
	if (r < 0) {
		free(file);
		return r;
	}
	/* who polled it reads the new text from the start, also when this fails: at the next poll it is tried again */
	if (polled)
		(void)watch(file);
	*ret_handle = &file->text.handle;
	return 0;
}

int file_status_open(struct session *session, uint64_t ino, int flags, struct handle **ret_handle)
{
	CLEANUP_FREE char *text = NULL;
	size_t length;
	int r = tree_status_opened(session->tree, (uint64_t)TREE_NODE(ino), &text, &length);

	if (r == 0)
		r = file_status_again(session, ino, text, length, false, ret_handle);
	if (r == 0)
		text = NULL;
	return r;
}
