/* SPDX-License-Identifier: MIT */
/* DIR/.gallery.html: a page of what was made in a directory and below, as it is at the moment of the open. */
#include <errno.h>
#include <string.h>

#include "fs/account/account.h"
#include "fs/mount/file.h"
#include "fs/mount/file_text.h"
#include "fs/tree/tree.h"

static int make(struct session *session, uint64_t ino, char **ret_text, size_t *ret_length)
{
	const char *text;
	int r = account_gallery(session->account, TREE_NODE(ino), 1, &text, ret_length);

	if (r < 0)
		return r;
	*ret_text = strndup(text, *ret_length);
	return *ret_text == NULL ? -ENOMEM : 0;
}

int file_gallery_open(struct session *session, uint64_t ino, int flags, struct handle **ret_handle)
{
	return file_text_open(session, ino, flags, make, ret_handle);
}
