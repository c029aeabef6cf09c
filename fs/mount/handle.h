/* SPDX-License-Identifier: MIT */
#pragma once
/* handle: one open file, of whatever kind. Embedded in the kind's own struct (file_*.c).
 *
 * A kind is a struct handle_type; an operation that a kind does not have is NULL, and the answer is the one named there.
 * Reads and writes answer their request themselves, at once or later; the others return 0 or a negative errno. */
#include "fs/base/list.h"
#include "fs/mount/mount_private.h"

struct handle;

/* What the next daemon makes such a handle of (file_again.c). The numbers are in the memory of daemons: add at the end. */
enum handle_kind {
	HANDLE_PLAIN = 1,
	HANDLE_RESULT,
	HANDLE_STATUS,
	HANDLE_WAIT,
	HANDLE_BALANCE,
	HANDLE_TEXT, /* of the moment of its open */
	HANDLE_LOST,
	HANDLE_WAIT_BELOW,
	HANDLE_EVENTS,
};

struct handle_type {
	enum handle_kind kind;
	bool direct_io;  /* no page cache, and the size in the attributes is not believed */
	bool keep_cache; /* what was read before is still right */
	void (*read)(
		struct handle *handle, fuse_req_t req, size_t size, off_t offset); /* never NULL */
	/* Its open was answered: what can be done before the first read comes. */
	void (*opened)(struct handle *handle); /* nothing */
	void (*write)(struct handle *handle, fuse_req_t req, const char *data, size_t size,
		off_t offset);                              /* -EBADF */
	int (*truncate)(struct handle *handle, off_t size); /* by the inode's number */
	int (*allocate)(
		struct handle *handle, int mode, off_t offset, off_t length); /* -EOPNOTSUPP */
	int (*seek)(
		struct handle *handle, off_t offset, int whence, off_t *ret_offset); /* -EINVAL */
	/* What can be done now, as poll(2) has it; takes `ph` (may be NULL) for when that changes. */
	unsigned (*poll)(struct handle *handle, struct fuse_pollhandle *ph); /* everything */
	int (*sync)(struct handle *handle);                                  /* 0 */
	/* A descriptor with all of its bytes, borrowed, or -1 (passthrough.h). */
	int (*whole)(struct handle *handle);                                 /* -1 */
	void (*destroy)(struct handle *handle,
		bool closed); /* never NULL; !closed: the mount ended under it */
};

struct handle {
	struct list link; /* session.handles */
	struct session *session;
	uint64_t ino;
	uint64_t id;    /* what the kernel knows it by; never used again */
	uint32_t place; /* in what the next daemon gets (carried.h) */
	int flags;      /* of the open; of HANDLE_PLAIN alone */
	const struct handle_type *type;
	int backing;  /* what the kernel reads instead of asking us, 0 none (passthrough.h) */
	bool counted; /* there */
};

/* From here on the inode is held once more (inode.h). -ENOMEM, -ENFILE: the handle is not in use, the caller frees it. */
int handle_init(struct handle *handle, struct session *session, uint64_t ino,
	const struct handle_type *type);
/* Its open is about to be answered: from here on the next daemon has it, too. */
void handle_publish(struct handle *handle);
/* The text that it shows, and goes on to show. */
void handle_keep_text(struct handle *handle, const char *text, size_t length);
/* A write to the file failed: the next daemon must not take it for whole. */
void handle_keep_failure(struct handle *handle);
/* Somebody polls it by this word of the kernel's; 0: was woken. */
void handle_keep_poller(struct handle *handle, uint64_t poller);
/* Those who polled when the last daemon died are woken once: they ask again. */
void handle_wake_pollers(struct session *session);
/* It takes the place of one that the last daemon had: the same number, counted already. */
void handle_take_place(struct handle *handle, uint32_t place);
/* The one that this request has made, which comes again; NULL: none. */
struct handle *handle_made_by(struct session *session, uint64_t request);
void handle_close(struct handle *handle);
void handle_end_all(struct session *session); /* the mount ended */

/* NULL: it was closed before (a close that comes again). */
struct handle *handle_of(fuse_req_t req, const struct fuse_file_info *info);
