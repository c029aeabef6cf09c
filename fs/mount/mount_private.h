/* SPDX-License-Identifier: MIT */
#pragma once
/* mount_private: what the modules of fs/mount share about one mount, and the version of libfuse's interface that
 * they are written for. */
#define FUSE_USE_VERSION 312
#include <fuse_lowlevel.h>
#include <stdbool.h>

#include "fs/base/list.h"
#include "fs/mount/session.h"

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
	mode_t umask;     /* taken from every mode */

	char *mountpoint; /* owned, absolute and without symlinks */
	dev_t device;     /* of our mount; 0: not known */
	struct fuse_session *fuse;
	struct loop_watch *watch;
	struct fuse_buf request; /* owned memory, used again for each request */
	char *answer;            /* owned, used again for each answer (reply_buffer()) */
	size_t answer_size;
	bool greeted; /* the kernel's INIT was answered */
	bool told;    /* events.ready ran */
	bool ending;  /* nothing is parked any more */

	struct notifier *notifier; /* owned */
	bool passthrough;    /* of files that nobody has open yet (passthrough.h) */
	struct map *shared;  /* inode number -> how it is open, owned; NULL: no passthrough at all */
	struct map *known;   /* inode number -> times the kernel and open files hold it (inode.h) */
	struct list handles; /* handle.link, owned */
	struct list parked;  /* pending.link, borrowed */
	struct list ghosts;  /* ghost.link, owned (ghost.h) */
	size_t ghost_count;
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
