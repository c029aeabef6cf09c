/* SPDX-License-Identifier: MIT */
/* The files that were open when the last daemon died: opened again, under the numbers that the kernel knows them by. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "fs/base/cleanup.h"
#include "fs/base/log.h"
#include "fs/kept/carried.h"
#include "fs/mount/file.h"
#include "fs/mount/reply.h"

/* One that cannot be opened again: whoever has it open is told so at each read. */
static void lost_read(struct handle *handle, fuse_req_t req, size_t size, off_t offset)
{
	reply_error(req, -EIO);
}

static void lost_destroy(struct handle *handle, bool closed)
{
	free(handle);
}

static const struct handle_type lost_type = {
	.kind = HANDLE_LOST,
	.direct_io = true,
	.read = lost_read,
	.destroy = lost_destroy,
};

static int open_lost(struct session *session, uint64_t ino, struct handle **ret_handle)
{
	struct handle *handle = malloc(sizeof(*handle));

	if (handle == NULL)
		return -ENOMEM;
	int r = handle_init(handle, session, ino, &lost_type);
	if (r < 0)
		free(handle);
	else
		*ret_handle = handle;
	return r;
}

/* Those that show a text. Takes it on success. */
static int open_text(struct session *session, const struct carried_handle *carried, char *text,
	size_t length, struct handle **ret_handle)
{
	uint64_t ino = carried->ino;

	switch (carried->kind) {
	case HANDLE_WAIT:
		return file_wait_again(session, ino, text, length, ret_handle);
	case HANDLE_BALANCE:
		return file_balance_again(session, ino, text, length, ret_handle);
	case HANDLE_STATUS:
		if (text == NULL)
			return -ENODATA;
		return file_status_again(session, ino, text, length, carried->polled, ret_handle);
	case HANDLE_TEXT:
		return text == NULL ? -ENODATA
				    : file_text_again(session, ino, text, length, ret_handle);
	default:
		return -EPROTO;
	}
}

static int open_again(struct session *session, uint32_t place, struct handle **ret_handle)
{
	const struct carried_handle *carried = carried_handle(session->carried, place);
	CLEANUP_FREE char *text = NULL;
	size_t length = 0;

	if (carried->kind == HANDLE_PLAIN)
		return file_plain_again(
			session, carried->ino, (int)carried->flags, carried->failed, ret_handle);
	if (carried->kind == HANDLE_RESULT)
		return file_result_open(session, carried->ino, O_RDONLY, ret_handle);
	int r = carried_text_get(session->carried, place, &text, &length);
	if (r < 0 && r != -ENODATA)
		return r;
	if (carried->kind == HANDLE_EVENTS)
		return file_events_again(session, text, ret_handle);
	if (carried->kind == HANDLE_WAIT_BELOW)
		return file_wait_below_again(session, carried->ino, text, length, ret_handle);
	r = open_text(session, carried, text, length, ret_handle);
	if (r == 0)
		text = NULL;
	return r;
}

int file_all_again(struct session *session)
{
	uint32_t count = carried_head(session->carried)->handles;

	/* each takes a place of its own first, behind these, and gives it back */
	for (uint32_t place = 0; place < count; place++) {
		struct carried_handle *carried = carried_handle(session->carried, place);
		struct handle *handle;

		if (carried->id == 0)
			continue;
		int r = open_again(session, place, &handle);
		if (r < 0) {
			log_errno(LOG_LEVEL_WARNING, r,
				"mount: inode %llu was open and cannot be opened again",
				(unsigned long long)carried->ino);
			r = open_lost(session, carried->ino, &handle);
		}
		if (r < 0)
			return r;
		handle_take_place(handle, place);
	}
	return 0;
}
