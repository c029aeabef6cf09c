/* SPDX-License-Identifier: MIT */
#pragma once
/* mount_private: what the modules of fs/mount share about one mount, and the version of libfuse's interface that
 * they are written for. */
#define FUSE_USE_VERSION 312
#include <fuse_lowlevel.h>
#include <stdbool.h>

#include "fs/base/list.h"
#include "fs/mount/session.h"

struct carried;
struct copiers;
struct flushes;
struct fuse_in_header;
struct kept;
struct map;
struct notifier;
struct worker;

struct session {
	struct loop *loop; /* borrowed */
	struct account *account; /* borrowed, like what is the account's */
	struct tree *tree;
	struct fetches *fetches;
	struct changes *changes;
	struct worker *worker; /* borrowed */
	struct session_events events;
	void *events_arg;
	int64_t uid, gid; /* shown owner, -1 as stored */
	bool readme;      /* README.txt and MODELS.txt are at the root */
	mode_t umask;     /* taken from every mode */

	char *mountpoint; /* owned, absolute and without symlinks */
	dev_t device;     /* of our mount; 0: not known */
	struct fuse_session *fuse;
	struct loop_watch *watch;
	struct fuse_buf request; /* used again for each request; owned memory without a keeper */
	const struct fuse_in_header *current; /* of the request that is being dealt with (request.h) */
	bool again;                           /* it comes again */
	uint64_t done;                        /* the last one that has changed anything, at the last daemon's end */
	char *answer;            /* owned, used again for each answer (reply_buffer()) */
	size_t answer_size;
	bool greeted; /* the kernel's INIT was answered */
	bool told;    /* events.ready ran */
	bool ending;  /* nothing is parked any more */

	struct kept *kept;       /* borrowed; NULL: there is no keeper */
	struct carried *carried; /* owned; for the next daemon, NULL without a keeper */
	bool resumed;            /* the mount is older than we */
	struct map *by_id;       /* handle.id -> handle, owned */
	uint64_t last_handle;    /* without a keeper: the last number */

	struct notifier *notifier; /* owned */
	bool passthrough;    /* of files that nobody has open yet (passthrough.h) */
	struct map *shared;  /* inode number -> how it is open, owned; NULL: no passthrough at all */
	struct map *known;   /* inode number -> times the kernel and open files hold it (inode.h) */
	struct list handles; /* handle.link, owned */
	struct list parked;  /* pending.link, borrowed */
	struct flushes *flushes; /* owned (flush.h) */
	struct list ghosts;  /* ghost.link, owned (ghost.h) */
	size_t ghost_count;
	struct copiers *copiers; /* owned */
	struct { /* the last listing: until when names in it are the kernel's to keep (ops_list.c) */
		uint64_t dir;
		int64_t until_ms;
	} listed;
	uint64_t ghost_number; /* of the last one that was made */
};

static inline struct session *session_of(fuse_req_t req)
{
	return fuse_req_userdata(req);
}

/* Mounts at session->mountpoint, or goes on with the mount that is there. The reason of an error is in *ret_message. */
int session_mount(
	struct session *session, const struct session_options *options, char **ret_message);
