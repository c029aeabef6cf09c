/* SPDX-License-Identifier: MIT */
#pragma once
/* file_text: an open file whose whole text is known: the part that file_text.c and the waiting texts (file_wait.c,
 * file_balance.c) share. */
#include "fs/base/cleanup.h"
#include "fs/mount/handle.h"

struct file_text {
	struct handle handle;
	char *text; /* owned; NULL: not known yet */
	size_t length;
};

static inline struct file_text *file_text_of(struct handle *handle)
{
	return container_of(handle, struct file_text, handle);
}

/* Takes text (NULL: not known yet) on success. */
int file_text_init(struct file_text *file, struct session *session, uint64_t ino,
	const struct handle_type *type, char *text, size_t length);
/* One whose text is made at its open; make() gives it away. -EPERM: it is opened for writing. */
int file_text_open(struct session *session, uint64_t ino, int flags,
	int (*make)(struct session *session, uint64_t ino, char **ret_text, size_t *ret_length),
	struct handle **ret_handle);
/* handle_type.read of such a file, the text being known. */
void file_text_read(struct handle *handle, fuse_req_t req, size_t size, off_t offset);
