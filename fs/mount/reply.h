/* SPDX-License-Identifier: MIT */
#pragma once
/* reply: the answers to the kernel. Each function answers its request, for good: the request is freed.
 *
 * Here, and nowhere else, negative errno become the kernel's positive ones, stored attributes become shown ones (the
 * options uid, gid and umask) and kinds of files become caching times:
 *   directories   names for an hour, attributes never: results appear in them by themselves
 *   plain files   everything for an hour: they change through the mount only
 *   results       attributes for an hour; names, which change by themselves when newer ones appear, for as long as
 *                 that cannot happen (inode_quiet_ms())
 *   made texts    never (X.status, X.wait, .weryaifs)
 * A name that is not there is never cached: it would have to be taken back when a result appears, and the thread that
 * serves requests must not do that (it would wait for itself). */
#include <stdint.h>
#include <sys/types.h>

#include "fs/mount/mount_private.h"

struct handle;
struct tree_entry;

void reply_error(fuse_req_t req, int result); /* 0 or negative errno */
/* The kernel holds the inode once more afterwards (inode.h). For quiet_ms milliseconds the name of a result is the kernel's to keep. */
void reply_entry(fuse_req_t req, const struct tree_entry *entry, int64_t quiet_ms);
void reply_attr(fuse_req_t req, const struct tree_entry *entry);
/* A new open file; where the kernel does not take it any more it is closed. */
void reply_open(fuse_req_t req, struct handle *handle);
void reply_opendir(fuse_req_t req, const struct fuse_file_info *info);
void reply_create(fuse_req_t req, const struct tree_entry *entry, struct handle *handle);
/* Room for an answer, the session's own, valid until the next call; NULL: memory has run out. Sizes come from the kernel,
 * which asks for 1 MiB at most; more is refused. */
char *reply_buffer(struct session *session, size_t size);
void reply_data(fuse_req_t req, const char *data, size_t length);
/* The part of a text that a read asked for. */
void reply_slice(fuse_req_t req, const char *text, size_t length, size_t size, off_t offset);
void reply_written(fuse_req_t req, size_t length);
void reply_target(fuse_req_t req, const char *target); /* of a symbolic link */
void reply_length(fuse_req_t req, size_t length); /* of an extended attribute or their list */
void reply_offset(fuse_req_t req, off_t offset);
void reply_poll(fuse_req_t req, unsigned events);
void reply_statvfs(fuse_req_t req, const struct statvfs *statvfs);
void reply_none(fuse_req_t req); /* FORGET */

/* For listings, which are put together before they are sent: does not count. */
void reply_fill_entry(const struct session *session, const struct tree_entry *entry,
	int64_t quiet_ms, struct fuse_entry_param *ret_param);
