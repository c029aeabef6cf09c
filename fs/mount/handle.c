/* SPDX-License-Identifier: MIT */
#include "fs/mount/handle.h"

#include <errno.h>
#include <linux/fuse.h>
#include <stdatomic.h>
#include <unistd.h>

#include "fs/base/log.h"
#include "fs/base/map.h"
#include "fs/kept/carried.h"
#include "fs/mount/inode.h"
#include "fs/mount/request.h"

static uint64_t next_id(struct session *session)
{
	return session->carried == NULL ? ++session->last_handle
					: ++carried_head(session->carried)->last_handle;
}

int handle_init(struct handle *handle, struct session *session, uint64_t ino,
	const struct handle_type *type)
{
	uint32_t place;

	if (session->by_id == NULL && (session->by_id = map_create()) == NULL)
		return -ENOMEM;
	int r = carried_handle_place(session->carried, &place);
	if (r == 0)
		r = inode_ref(session, ino);
	if (r < 0) {
		carried_handle_free(session->carried, place);
		return r;
	}
	*handle = (struct handle){
		.session = session, .ino = ino, .id = next_id(session), .place = place, .type = type};
	r = map_put(session->by_id, handle->id, handle);
	if (r < 0) {
		carried_handle_free(session->carried, place);
		inode_unref(session, ino, 1);
		return r;
	}
	list_append(&session->handles, &handle->link);
	return 0;
}

/* NULL without a keeper. */
static struct carried_handle *carried_of(struct handle *handle)
{
	return handle->place == CARRIED_NOWHERE
		       ? NULL
		       : carried_handle(handle->session->carried, handle->place);
}

void handle_publish(struct handle *handle)
{
	struct carried_handle *carried = carried_of(handle);

	if (carried == NULL || carried->id == handle->id)
		return;
	carried->ino = handle->ino;
	carried->maker = request_unique(handle->session);
	carried->flags = (uint32_t)handle->flags;
	carried->kind = handle->type->kind;
	atomic_thread_fence(memory_order_seq_cst);
	carried->id = handle->id;
}

void handle_keep_text(struct handle *handle, const char *text, size_t length)
{
	int r = carried_text_set(handle->session->carried, handle->place, text, length);

	if (r < 0)
		log_errno(LOG_LEVEL_WARNING, r,
			"mount: a text of %zu bytes is not kept for the next daemon", length);
}

void handle_keep_failure(struct handle *handle)
{
	struct list *item;

	/* whoever closes it last sends it */
	list_for_each(item, &handle->session->handles)
	{
		struct handle *other = list_entry(item, struct handle, link);
		if (other->ino == handle->ino && carried_of(other) != NULL)
			carried_of(other)->failed = true;
	}
}

void handle_keep_poller(struct handle *handle, uint64_t poller)
{
	struct carried_handle *carried = carried_of(handle);

	if (carried == NULL)
		return;
	carried->polled = true;
	carried->poller = poller;
}

/* As fuse_lowlevel_notify_poll(), for words of the kernel that libfuse has not heard. Takes no lock that a request of ours
 * may hold. */
static void wake(struct session *session, uint64_t poller)
{
	struct {
		struct fuse_out_header header;
		struct fuse_notify_poll_wakeup_out wakeup;
	} notice = {.header = {.len = sizeof(notice), .error = FUSE_NOTIFY_POLL},
		.wakeup = {.kh = poller}};

	if (write(fuse_session_fd(session->fuse), &notice, sizeof(notice)) < 0)
		log_errno(LOG_LEVEL_DEBUG, -errno, "mount: who polls a status was not woken");
}

void handle_wake_pollers(struct session *session)
{
	struct list *item;

	list_for_each(item, &session->handles)
	{
		struct carried_handle *carried = carried_of(list_entry(item, struct handle, link));
		if (carried == NULL || carried->poller == 0)
			continue;
		wake(session, carried->poller);
		carried->poller = 0;
	}
}

void handle_take_place(struct handle *handle, uint32_t place)
{
	struct session *session = handle->session;

	carried_handle_free(session->carried, handle->place);
	map_remove(session->by_id, handle->id);
	handle->place = place;
	handle->id = carried_of(handle)->id;
	/* cannot fail: one was removed just now */
	map_put(session->by_id, handle->id, handle);
	/* the open of the last daemon counts; with both, a death in between leaves one too many */
	inode_unref(session, handle->ino, 1);
}

struct handle *handle_made_by(struct session *session, uint64_t request)
{
	struct list *item;

	list_for_each(item, &session->handles)
	{
		struct handle *handle = list_entry(item, struct handle, link);
		if (carried_of(handle) != NULL && carried_of(handle)->id == handle->id &&
			carried_of(handle)->maker == request)
			return handle;
	}
	return NULL;
}

struct handle *handle_of(fuse_req_t req, const struct fuse_file_info *info)
{
	const struct map *by_id = session_of(req)->by_id;

	return by_id != NULL ? map_get(by_id, info->fh) : NULL;
}

static void finish(struct handle *handle, bool closed)
{
	struct session *session = handle->session;
	uint64_t ino = handle->ino;
	uint32_t place = handle->place;

	list_remove(&handle->link);
	map_remove(session->by_id, handle->id);
	handle->type->destroy(handle, closed);
	/* after what the close means was committed: one that comes again is then nobody's */
	carried_handle_free(session->carried, place);
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
