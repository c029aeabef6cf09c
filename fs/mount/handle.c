/* SPDX-License-Identifier: MIT */
#include "fs/mount/handle.h"

#include "fs/mount/inode.h"

int handle_init(struct handle *handle, struct session *session, uint64_t ino,
	const struct handle_type *type)
{
	int r = inode_ref(session, ino);

	if (r < 0)
		return r;
	*handle = (struct handle){.session = session, .ino = ino, .type = type};
	list_append(&session->handles, &handle->link);
	return 0;
}

static void finish(struct handle *handle, bool closed)
{
	struct session *session = handle->session;
	uint64_t ino = handle->ino;

	list_remove(&handle->link);
	handle->type->destroy(handle, closed);
	inode_unref(session, ino, 1);
}

void handle_close(struct handle *handle)
{
	finish(handle, true);
}

void handle_end_all(struct session *session)
{
	while (!list_empty(&session->handles))
		finish(list_entry(session->handles.next, struct handle, link), false);
}
