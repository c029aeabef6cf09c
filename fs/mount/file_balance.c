/* SPDX-License-Identifier: MIT */
/* .weryaifs/balance: the first read asks the service, and is parked until it answers. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "fs/account/account.h"
#include "fs/account/balance.h"
#include "fs/base/cleanup.h"
#include "fs/mount/about.h"
#include "fs/mount/file.h"
#include "fs/mount/file_text.h"
#include "fs/mount/parked.h"
#include "fs/mount/reply.h"

struct balance_file {
	struct file_text text;
	struct list reads;        /* parked_read.link, owned */
	struct balance *question; /* owned; NULL: the service is not asked */
	size_t told;              /* its size when it was opened */
};

static struct balance_file *balance_of(struct handle *handle)
{
	return container_of(file_text_of(handle), struct balance_file, text);
}

static void balance_done(void *arg, int result, double credits)
{
	struct balance_file *file = arg;
	struct file_text *text = &file->text;
	int length = result < 0 ? result : about_balance_text(credits, file->told, &text->text);

	file->question = NULL;
	if (length < 0) {
		text->text = NULL;
		parked_slice_all(&file->reads, result < 0 ? result : -ENOMEM, NULL, 0);
		return;
	}
	text->length = (size_t)length;
	handle_keep_text(&text->handle, text->text, text->length);
	parked_slice_all(&file->reads, 0, text->text, text->length);
}

static void balance_read(struct handle *handle, fuse_req_t req, size_t size, off_t offset)
{
	struct balance_file *file = balance_of(handle);
	int r = 0;

	if (file->text.text != NULL) {
		file_text_read(handle, req, size, offset);
		return;
	}
	if (file->question == NULL)
		r = account_balance(
			handle->session->account, balance_done, file, &file->question);
	if (r < 0)
		reply_error(req, r);
	else
		parked_add(&file->reads, req, size, offset, -EIO);
}

static void balance_destroy(struct handle *handle, bool closed)
{
	struct balance_file *file = balance_of(handle);

	balance_cancel(file->question);
	free(file->text.text);
	free(file);
}

static const struct handle_type balance_type = {
	.kind = HANDLE_BALANCE,
	.direct_io = true,
	.read = balance_read,
	.destroy = balance_destroy,
};

int file_balance_again(struct session *session, uint64_t ino, char *text, size_t length,
	struct handle **ret_handle)
{
	struct balance_file *file = calloc(1, sizeof(*file));

	if (file == NULL)
		return -ENOMEM;
	list_init(&file->reads);
	file->told = about_balance_length(session->account);
	int r = file_text_init(&file->text, session, ino, &balance_type, text, length);
	if (r < 0) {
		free(file);
		return r;
	}
	*ret_handle = &file->text.handle;
	return 0;
}

int file_balance_open(struct session *session, uint64_t ino, int flags, struct handle **ret_handle)
{
	return (flags & O_ACCMODE) != O_RDONLY
		       ? -EPERM
		       : file_balance_again(session, ino, NULL, 0, ret_handle);
}
