/* SPDX-License-Identifier: MIT */
#pragma once
/* session: the kernel's side of an account: mounts, serves the kernel's requests, unmounts. The only door of fs/mount.
 *
 * A request arrives (session.c, a watch of the loop), is decoded (ops_*.c), and asked of the tree, of a made text, or of
 * an open file (file_*.c, one for each kind). It is answered by reply.c: at once, or, where its bytes or its job are not there
 * yet, when they are (pending.c). Nothing in this room waits for the network, the disk apart.
 *
 * Invariants: each request is answered exactly once. A name or an attribute is given to the kernel for as long only as nothing
 *             can change it but the mount (reply.h). What the kernel and open files hold of an inode is counted (inode.h), and
 *             the tree hears of it when nobody holds it any more. The loop never makes a system call on its own mount and
 *             never takes anything out of the kernel's caches: either would wait for the loop itself.
 * States:     mounted; greeted (the kernel's first request was answered, `ready`); ending (what is parked is answered, nothing
 *             more is parked); gone.
 * Ownership:  owns the mount, open files, parked requests and ghosts; account, worker and kept are borrowed.
 * Calls back: session_events. Loop thread only, long answers apart, which the worker sends. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct account;
struct kept;
struct loop;
struct session;
struct worker;

struct session_options {
	const char *mountpoint; /* of mountpoint_prepare(); not looked at where there is a mount already */
	const char *source;        /* fsname in /proc/mounts; NULL: "weryaifs" */
	const char *mount_options; /* comma-joined for the kernel (ro, nosuid, …); NULL none */
	bool allow_other;
	int64_t uid, gid; /* shown owner of everything; -1: as stored */
	bool readme;      /* README.txt and MODELS.txt at the root */
	int umask;        /* taken from every mode; -1 none */
	struct worker *worker; /* borrowed; moves long answers */
	struct kept *kept;     /* borrowed; NULL: no keeper */
	bool debug;       /* libfuse's trace on stderr */
};

/* gone comes last: session_destroy() may be called in it, but not in ready. */
struct session_events {
	/* the kernel's first request was answered: the mount is usable */
	void (*ready)(void *arg);
	/* unmounted from outside (0), or the connection broke; it is in the log */
	void (*gone)(void *arg, int error);
};

/* Mounts. Every error has one sentence in *ret_message (which the caller frees); NULL where memory has run out. */
int session_create(struct loop *loop, struct account *account, const struct session_options *options,
	const struct session_events *events, void *arg, struct session **ret_session,
	char **ret_message);
/* Unmounts, lazily where something is still in use. What is parked is answered: -EINTR to those who wait for a job, -EIO
 * to readers. Waits for nobody. A prompt that somebody has open for writing stays a draft. NULL is fine. */
void session_destroy(struct session *session);
/* Another daemon goes on with the mount: nothing is answered, nothing is unmounted. NULL is fine. */
void session_leave(struct session *session);
