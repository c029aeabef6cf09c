/* SPDX-License-Identifier: MIT */
/* .weryaifs/balance: the first read asks the service, and is parked until it answers. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "fs/account/account.h"
#include "fs/account/balance.h"
#include "fs/base/cleanup.h"
#include "fs/mount/file.h"
#include "fs/mount/file_text.h"
#include "fs/mount/pending.h"
#include "fs/mount/reply.h"

struct balance_read {
	struct pending pending;
	struct file_text *file; /* outlives us: the kernel closes no file with a read under way */
	struct balance *question;
	size_t size;
	off_t offset;
};

static void balance_give_up(struct pending *pending)
{
	struct balance_read *balance = container_of(pending, struct balance_read, pending);

	balance_cancel(balance->question);
	free(balance);
}

static int set_text(struct file_text *file, double credits)
{
	char *text;

	if (file->text != NULL)
		return 0; /* another read of the same open file was first */
	int length = asprintf(&text, "%.15g\n", credits);
	if (length < 0)
		return -ENOMEM;
	file->text = text;
	file->length = (size_t)length;
	handle_keep_text(&file->handle, file->text, file->length);
	return 0;
}

static void balance_done(void *arg, int result, double credits)
{
	struct balance_read *balance = arg;
	struct file_text *file = balance->file;
	int r = result < 0 ? result : set_text(file, credits);

	if (r < 0)
		pending_error(&balance->pending, r);
	else
		pending_slice(&balance->pending, file->text, file->length, balance->size,
			balance->offset);
	free(balance);
}

static void balance_read(struct handle *handle, fuse_req_t req, size_t size, off_t offset)
{
	struct file_text *file = file_text_of(handle);
	struct balance_read *balance;

	if (file->text != NULL) {
		reply_slice(req, file->text, file->length, size, offset);
		return;
	}
	balance = calloc(1, sizeof(*balance));
	if (balance == NULL) {
		reply_error(req, -ENOMEM);
		return;
	}
	balance->file = file;
	balance->size = size;
	balance->offset = offset;
	pending_init(&balance->pending, req, -EIO, balance_give_up);
	int r = account_balance(
		handle->session->account, balance_done, balance, &balance->question);
	if (r < 0) {
		pending_error(&balance->pending, r);
		free(balance);
		return;
	}
	pending_park(&balance->pending);
}

static const struct handle_type balance_type = {
	.kind = HANDLE_BALANCE,
	.direct_io = true,
	.read = balance_read,
	.destroy = file_text_destroy,
};

int file_balance_again(struct session *session, uint64_t ino, char *text, size_t length,
	struct handle **ret_handle)
{
	return file_text_create(session, ino, &balance_type, text, length, ret_handle);
}

int file_balance_open(struct session *session, uint64_t ino, int flags, struct handle **ret_handle)
{
	if ((flags & O_ACCMODE) != O_RDONLY)
		return -EPERM;
	return file_text_create(session, ino, &balance_type, NULL, 0, ret_handle);
}
