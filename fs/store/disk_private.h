/* SPDX-License-Identifier: MIT */
#pragma once
/* What the calls on the cache's disk (disk.c) and their thread (disk_thread.c) share. */
#include <sys/stat.h>

#include "fs/base/list.h"
#include "fs/store/disk.h"

#define NAME_ROOM 64

enum call_kind { CALL_LOOK, CALL_OPEN, CALL_STAT, CALL_READ, CALL_WRITE, CALL_TRUNCATE, CALL_UNLINK, CALL_PUT, CALL_SYNC, CALL_CLOSE };

struct call {
	struct list link; /* of those that wait for the thread */
	enum call_kind kind;
	int fd, flags;
	int64_t offset;
	size_t length;
	struct stat st;
	char name[NAME_ROOM];
	int result;	/* 0, a descriptor, or a negative errno */
	bool alone;	/* nobody waits for it */
	bool done;
	char data[];
};

/* Owned by who asks, until it is made or left. NULL: out of memory. */
struct call *disk_call_new(enum call_kind kind, int fd, size_t length);
struct call *disk_call_named(enum call_kind kind, int dir, const char *name);
/* NULL is -ENOMEM. Takes over the call where it fails; else it is the caller's to free. -ETIMEDOUT: the disk hangs. */
int disk_call_make(struct disk *disk, struct call *call);
/* Takes it over, and waits for DISK_START_MS at most, once where the disk is slow: then it is made all the same. */
int disk_call_start(struct disk *disk, struct call *call);
/* Nobody waits for it; takes it over. NULL is -ENOMEM. -ETIMEDOUT: the disk hangs. */
int disk_call_leave(struct disk *disk, struct call *call);
/* The same also where it hangs, for what has to be done one day. */
int disk_call_leave_always(struct disk *disk, struct call *call);
