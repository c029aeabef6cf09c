/* SPDX-License-Identifier: MIT */
#include "fs/mount/file_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "fs/account/account.h"
#include "fs/base/cleanup.h"
#include "fs/mount/about.h"
#include "fs/mount/file.h"
#include "fs/mount/reply.h"
#include "fs/tree/shadow_text.h"
#include "fs/tree/sidecar.h"

int file_text_init(struct file_text *file, struct session *session, uint64_t ino,
	const struct handle_type *type, char *text, size_t length)
{
	int r = handle_init(&file->handle, session, ino, type);

	if (r < 0)
		return r;
	file->text = text;
	file->length = length;
	if (text != NULL)
		handle_keep_text(&file->handle, text, length);
	return 0;
}

static void text_destroy(struct handle *handle, bool closed)
{
	struct file_text *file = file_text_of(handle);

	free(file->text);
	free(file);
}

void file_text_read(struct handle *handle, fuse_req_t req, size_t size, off_t offset)
{
	struct file_text *file = file_text_of(handle);

	reply_slice(req, file->text, file->length, size, offset);
}

static const struct handle_type text_type = {
	.kind = HANDLE_TEXT,
	.direct_io = true,
	.read = file_text_read,
	.destroy = text_destroy,
};

/* Takes the text on success. */
static int create(struct session *session, uint64_t ino, const struct handle_type *type, char *text,
	size_t length, struct handle **ret_handle)
{
	struct file_text *file = malloc(sizeof(*file));

	if (file == NULL)
		return -ENOMEM;
	int r = file_text_init(file, session, ino, type, text, length);
	if (r < 0) {
		free(file);
		return r;
	}
	*ret_handle = &file->handle;
	return 0;
}

int file_text_again(struct session *session, uint64_t ino, char *text, size_t length,
	struct handle **ret_handle)
{
	return create(session, ino, &text_type, text, length, ret_handle);
}

int file_text_open(struct session *session, uint64_t ino, int flags,
	int (*make)(struct session *session, uint64_t ino, char **ret_text, size_t *ret_length),
	struct handle **ret_handle)
{
	CLEANUP_FREE char *text = NULL;
	size_t length;

	if ((flags & O_ACCMODE) != O_RDONLY)
		return -EPERM;
	int r = make(session, ino, &text, &length);
	if (r == 0)
		r = file_text_again(session, ino, text, length, ret_handle);
	if (r == 0)
		text = NULL;
	return r;
}

/* The copy of a shadow, or more of one; nothing else is dropped without a word. */
static void ghost_write(
	struct handle *handle, fuse_req_t req, const char *data, size_t size, off_t offset)
{
	bool dropped = offset > 0 || shadow_text_of(false, data, size) == SHADOW_COPY ||
		       shadow_text_of(true, data, size) == SHADOW_COPY || sidecar_is_copy(data, size);

	if (dropped)
		reply_written(req, size);
	else
		reply_error(req, -EPERM);
}

static int ghost_truncate(struct handle *handle, off_t size)
{
	return 0;
}

static const struct handle_type ghost_type = {
	.kind = HANDLE_TEXT,
	.direct_io = true,
	.read = file_text_read,
	.write = ghost_write,
	.truncate = ghost_truncate,
	.destroy = text_destroy,
};

int file_ghost_open(struct session *session, uint64_t ino, struct handle **ret_handle)
{
	CLEANUP_FREE char *text = strdup("");

	if (text == NULL)
		return -ENOMEM;
	int r = create(session, ino, &ghost_type, text, 0, ret_handle);
	if (r == 0)
		text = NULL;
	return r;
}

static int make_about(struct session *session, uint64_t ino, char **ret_text, size_t *ret_length)
{
	return about_text(session->account, ino, ret_text, ret_length);
}

int file_about_open(struct session *session, uint64_t ino, int flags, struct handle **ret_handle)
{
	return file_text_open(session, ino, flags, make_about, ret_handle);
}

static int make_model(struct session *session, uint64_t ino, char **ret_text, size_t *ret_length)
{
	return tree_model_text(session->tree, ino, ret_text, ret_length);
}

int file_model_open(struct session *session, uint64_t ino, int flags, struct handle **ret_handle)
{
	return file_text_open(session, ino, flags, make_model, ret_handle);
}

static int make_sidecar(struct session *session, uint64_t ino, char **ret_text, size_t *ret_length)
{
	return sidecar_text_of(session->tree, ino, ret_text, ret_length);
}

int file_sidecar_open(struct session *session, uint64_t ino, int flags, struct handle **ret_handle)
{
	return (flags & O_ACCMODE) == O_RDONLY ? file_text_open(session, ino, flags, make_sidecar, ret_handle)
					       : file_ghost_open(session, ino, ret_handle);
}
