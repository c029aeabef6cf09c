/* SPDX-License-Identifier: MIT */
#pragma once
/* mountpoint: may we mount here, and is a dead mount in the way?
 *
 * Never looks at a mount of ours that is alive: our own thread would have to answer. */
#include <sys/types.h>

#define MOUNTPOINT_TYPE "weryaifs" /* /proc/mounts says fuse.weryaifs */

/* The place as an absolute path without symlinks, which the caller frees. Takes a dead mount of ours away first.
 * Every error has a sentence in *ret_message (caller frees). -ENOENT, -ENOTDIR, -EBUSY, -ENOMEM, those of stat(2). */
int mountpoint_prepare(const char *path, char **ret_path, char **ret_message);
/* Can we open /dev/fuse? A sentence as above. */
int mountpoint_check_device(char **ret_message);
/* The device number of what is mounted at this absolute path, which tells one mount from another; 0: nothing is. Asks
 * /proc, not the mount. */
dev_t mountpoint_device(const char *path);
/* Lets the kernel read so much at once and ahead, where we may: only root may (sysfs, bdi). Once it has been greeted. */
void mountpoint_read_ahead(dev_t device);
/* Takes away what is left of ours at this path when its connection is gone (ENOTCONN); lazily, never waits for it. */
void mountpoint_clean(const char *path);
