/* SPDX-License-Identifier: MIT */
#pragma once
/* handle: one open file, of whatever kind. Embedded in the kind's own struct (file_*.c).
 *
 * A kind is a struct handle_type; an operation that a kind does not have is NULL, and the answer is the one named there.
 * Reads and writes answer their request themselves, at once or later; the others return 0 or a negative errno. */
#include "fs/base/list.h"
#include "fs/mount/mount_private.h"

struct handle;

struct handle_type {
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
	const struct handle_type *type;
	int backing;  /* what the kernel reads instead of asking us, 0 none (passthrough.h) */
	bool counted; /* there */
};

/* Counts in inode.h. -ENOMEM: the handle is not in use, the caller frees it. */
int handle_init(struct handle *handle, struct session *session, uint64_t ino,
	const struct handle_type *type);
void handle_close(struct handle *handle);
void handle_end_all(struct session *session); /* the mount ended */

static inline struct handle *handle_of(const struct fuse_file_info *info)
{
	return (struct handle *)(uintptr_t)info->fh;
}
