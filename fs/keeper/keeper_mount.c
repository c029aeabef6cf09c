/* SPDX-License-Identifier: MIT */
/* Mounting and unmounting, by way of libfuse: as root itself, for others by fusermount3. */
#define FUSE_USE_VERSION 312
#include <fuse_lowlevel.h>

#include "fs/keeper/keeper_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/kept/library_log.h"
#include "fs/kept/mountpoint.h"

static int mount_by_library(
	struct keeper_mount *mount, const char *mountpoint, const char *options)
{
	/* libfuse wants one operation at least; none of ours is ever called */
	static const struct fuse_lowlevel_ops none = {0};
	struct fuse_args args = FUSE_ARGS_INIT(0, NULL);
	int r = -ENOMEM;

	if (fuse_opt_add_arg(&args, "weryaifs") == 0 && fuse_opt_add_arg(&args, "-o") == 0 &&
		fuse_opt_add_arg(&args, options) == 0) {
		mount->fuse = fuse_session_new(&args, &none, sizeof(none), NULL);
		r = mount->fuse == NULL ? -EINVAL : 0;
	}
	fuse_opt_free_args(&args);
	if (r == 0 && fuse_session_mount(mount->fuse, mountpoint) < 0)
		r = -EIO;
	return r;
}

int keeper_mount(struct keeper_mount *mount, const char *mountpoint, const char *options,
	char *reason, size_t size)
{
	*mount = (struct keeper_mount){.mountpoint = strdup(mountpoint)};
	if (mount->mountpoint == NULL)
		return -ENOMEM;
	library_log_start();
	int r = mount_by_library(mount, mountpoint, options);
	library_log_stop(reason, size);
	if (r < 0) {
		if (mount->fuse != NULL)
			fuse_session_destroy(mount->fuse);
		free(mount->mountpoint);
		*mount = (struct keeper_mount){0};
		return r;
	}
	mount->device = mountpoint_device(mountpoint);
	return 0;
}

int keeper_mount_fd(const struct keeper_mount *mount)
{
	return mount->fuse != NULL ? fuse_session_fd(mount->fuse) : -1;
}

void keeper_unmount(struct keeper_mount *mount)
{
	if (mount->fuse == NULL)
		return;
	dev_t now = mount->device != 0 ? mountpoint_device(mount->mountpoint) : 0;
	bool replaced = now != 0 && now != mount->device;

	if (!replaced)
		fuse_session_unmount(mount->fuse);
	fuse_session_destroy(mount->fuse);
	if (!replaced)
		mountpoint_clean(mount->mountpoint);
	free(mount->mountpoint);
	*mount = (struct keeper_mount){0};
}
