/* SPDX-License-Identifier: MIT */
#pragma once
/* keeper_private: what the files of fs/keeper share. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fs/mount/keeper.h"

struct fuse_session;

/* The mount: keeper_mount.c */
struct keeper_mount {
	struct fuse_session *fuse; /* owned; NULL: not mounted */
	char *mountpoint;          /* owned; absolute */
	dev_t device;              /* of the mount; 0: not known */
};

/* -EINVAL: libfuse does not understand the options; -EIO: it could not mount. The reason is in words. */
int keeper_mount(struct keeper_mount *mount, const char *mountpoint, const char *options, char *reason, size_t size);
int keeper_mount_fd(const struct keeper_mount *mount); /* -1: not mounted */
/* Lazily, unless something else is mounted there by now. Waits for no user. */
void keeper_unmount(struct keeper_mount *mount);

/* The daemon's process: keeper_child.c */
struct keeper_child {
	char **words; /* borrowed: the program's path, then its arguments from argv[0] on */
	pid_t pid;    /* 0: none */
	int socket;   /* our end; -1: none */
};

/* tell: a descriptor that it inherits under its number; -1 none. device: -1 none. */
int keeper_child_start(struct keeper_child *child, int memory, int device);
/* One question of the daemon's: 0; -EPIPE: it has gone; -EAGAIN; -EBADMSG. */
int keeper_child_hear(struct keeper_child *child, struct keeper_message *ret_message);
void keeper_child_answer(struct keeper_child *child, const struct keeper_message *message, int fd);
void keeper_child_forget(struct keeper_child *child); /* it has been reaped */
