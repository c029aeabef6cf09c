/* SPDX-License-Identifier: MIT */
#include "fs/mount/ops.h"

/* Left out on purpose: releasedir (a listing has no state), locks (the kernel's own are right for one machine), access
 * (default_permissions), copy_file_range (the kernel reads and writes). A flush comes several times for an open file and before its data: all
 * that is asked then is whether who closes was killed (flush.h), and of handles that are no prompt's it does not come at all (reply.c). */
const struct fuse_lowlevel_ops *ops_table(void)
{
	static const struct fuse_lowlevel_ops table = {
		.init = ops_init,
		.lookup = ops_lookup,
		.forget = ops_forget,
		.forget_multi = ops_forget_multi,
		.getattr = ops_getattr,
		.setattr = ops_setattr,
		.mknod = ops_mknod,
		.mkdir = ops_mkdir,
		.unlink = ops_unlink,
		.rmdir = ops_rmdir,
		.readlink = ops_readlink,
		.symlink = ops_symlink,
		.link = ops_link,
		.rename = ops_rename,
		.opendir = ops_opendir,
		.readdir = ops_readdir,
		.readdirplus = ops_readdirplus,
		.create = ops_create,
		.open = ops_open,
		.read = ops_read,
		.write = ops_write,
		.fallocate = ops_fallocate,
		.lseek = ops_lseek,
		.poll = ops_poll,
		.fsync = ops_fsync,
		.fsyncdir = ops_fsyncdir,
		.flush = ops_flush,
		.release = ops_release,
		.statfs = ops_statfs,
		.setxattr = ops_setxattr,
		.getxattr = ops_getxattr,
		.listxattr = ops_listxattr,
		.removexattr = ops_removexattr,
	};

	return &table;
}
