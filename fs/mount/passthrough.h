/* SPDX-License-Identifier: MIT */
#pragma once
/* passthrough: large results that are whole in the cache are read by the kernel itself from the cache's file, as fast as
 * any file (FUSE passthrough: Linux 6.9, libfuse 3.17, a daemon with CAP_SYS_ADMIN). Where it is not to be had, all
 * functions do nothing, and results are read by way of us.
 *
 * The kernel refuses to open a file both ways at once, with an error for the user (Linux, fs/fuse/iomode.c). So opens are
 * counted here, and who opens a file that is open does it in the same way. */
#include <sys/types.h>

#include "fs/mount/handle.h"

void passthrough_init(struct session *session, struct fuse_conn_info *conn);
/* Before the answer to an open; decides handle->backing. */
void passthrough_open(fuse_req_t req, struct handle *handle, off_t size);
/* The file is closed, or the answer did not get through; then `req` is NULL, since libfuse has freed it. */
void passthrough_close(fuse_req_t req, struct handle *handle);
void passthrough_end(struct session *session); /* the mount has ended */
