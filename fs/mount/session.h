/* SPDX-License-Identifier: MIT */
#pragma once
/* session: the mounted filesystem: mount, the kernel's requests as a watch of the loop, unmount.
 * The only door of fs/mount for main. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct gen;
struct loop;
struct session;

struct session_options {
	const char *mountpoint;
	const char *source;        /* fsname in /proc/mounts; NULL: "weryaifs" */
	const char *mount_options; /* comma-joined for the kernel (ro, nosuid, …); NULL none */
	bool allow_other;
	int64_t uid, gid; /* shown owner of everything; -1: as stored */
	int umask;        /* taken from every mode; -1 none */
	bool debug;       /* libfuse's trace on stderr */
};

struct session_events {
	void (*ready)(void *arg); /* the kernel's first request was answered: the mount is usable */
	void (*gone)(
		void *arg, int error); /* unmounted from outside (0), or the connection broke */
};

/* Mounts. Every error has one sentence in *ret_message (no /dev/fuse, mount point missing, not a directory, busy, no
 * permission), which the caller frees. A stale mount of a dead weryaifs ("Transport endpoint is not connected") on the mount point is
 * taken away first. */
int session_create(struct loop *loop, struct gen *gen, const struct session_options *options,
	const struct session_events *events, void *arg, struct session **ret_session,
	char **ret_message);
/* Unmounts (lazily where something is still in use), answers what is parked with -EINTR/-ENODEV, frees. NULL is fine. */
void session_destroy(struct session *session);
