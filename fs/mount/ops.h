/* SPDX-License-Identifier: MIT */
#pragma once
/* ops: the kernel's requests: decode, call, reply, nothing else. ops_table() is the table for libfuse; the other
 * functions are its entries, one file a group. Each is what fuse_lowlevel.h says of the operation of that name. */
#include "fs/mount/mount_private.h"

struct notifier;
struct tree_entry;
struct tree_owner;

const struct fuse_lowlevel_ops *ops_table(void); /* ops_table.c */

/* ops.c */
void ops_init(void *arg, struct fuse_conn_info *conn);
void ops_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info);
void ops_setattr(
	fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set, struct fuse_file_info *info);
void ops_statfs(fuse_req_t req, fuse_ino_t ino);
struct tree_owner ops_owner(fuse_req_t req); /* of what the request makes */
/* Of the notifier's child, when it is the one who asks; else NULL. */
struct notifier *ops_notifier(fuse_req_t req);

/* ops_names.c */
void ops_lookup(fuse_req_t req, fuse_ino_t parent, const char *name);
void ops_forget(fuse_req_t req, fuse_ino_t ino, uint64_t count);
void ops_forget_multi(fuse_req_t req, size_t count, struct fuse_forget_data *forgets);
void ops_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode, dev_t rdev);
/* What a copy or a restore brings as X.status: taken, and dropped (ghost.h, fs/tree/copiers.h). -EPERM, -EEXIST: it is none. */
int ops_take_shadow(fuse_req_t req, uint64_t parent, const char *name, bool exclusive,
	struct tree_entry *ret_entry);
void ops_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode);
void ops_unlink(fuse_req_t req, fuse_ino_t parent, const char *name);
void ops_rmdir(fuse_req_t req, fuse_ino_t parent, const char *name);
void ops_readlink(fuse_req_t req, fuse_ino_t ino);
void ops_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name);
void ops_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name);
void ops_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t new_parent,
	const char *new_name, unsigned flags);

/* ops_list.c */
void ops_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info);
void ops_readdir(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *info);
void ops_readdirplus(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *info);

/* ops_files.c */
void ops_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
	struct fuse_file_info *info);
void ops_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info);
void ops_read(
	fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset, struct fuse_file_info *info);
void ops_write(fuse_req_t req, fuse_ino_t ino, const char *data, size_t size, off_t offset,
	struct fuse_file_info *info);
void ops_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t offset, off_t length,
	struct fuse_file_info *info);
void ops_lseek(
	fuse_req_t req, fuse_ino_t ino, off_t offset, int whence, struct fuse_file_info *info);
void ops_poll(
	fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info, struct fuse_pollhandle *ph);
void ops_fsync(fuse_req_t req, fuse_ino_t ino, int data_only, struct fuse_file_info *info);
void ops_fsyncdir(fuse_req_t req, fuse_ino_t ino, int data_only, struct fuse_file_info *info);
void ops_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info);
void ops_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *info);

/* ops_xattr.c */
void ops_setxattr(fuse_req_t req, fuse_ino_t ino, const char *name, const char *value, size_t size,
	int flags);
void ops_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size);
void ops_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size);
void ops_removexattr(fuse_req_t req, fuse_ino_t ino, const char *name);
