/* SPDX-License-Identifier: MIT */
#pragma once
/* cache_io: reading and writing the cache's files on the worker's thread, opening them included, so that the loop never waits for
 * their disk. One that does not answer within DISK_MS (disk.h) counts as hanging from then on, until something comes back.
 *
 * Ownership: an io and its bytes belong to its submitter, who leaves them alone until done. The file is held meanwhile.
 * Callbacks: from the loop, never from inside cache_io_submit(): late() at most once, before done(), which comes exactly once,
 * and may free the io.
 * Errors: those of cache.h. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/base/worker.h"

struct cache_file;
struct loop;
struct store;

#define CACHE_IO_NAME 24

enum cache_io_kind {
	CACHE_READ,
	CACHE_WRITE,
	CACHE_WRITE_FIRST, /* what was there before is forgotten */
};

struct cache_io {
	enum cache_io_kind kind;
	int64_t offset;
	size_t length;
	char *data;
	int from; /* behind those of a writing: `from_length` bytes of this file, from `from_offset` on; 0: none */
	int64_t from_offset, from_length;
	bool later; /* nobody waits for it: see worker_submit_later() */
	void (*late)(struct cache_io *io); /* the disk hangs; NULL: nobody wants to know */
	void (*done)(struct cache_io *io);
	int error; /* for done(): 0: all was read, or written and noted; or a negative errno */
	/* cache_io.c's */
	struct worker_job job;
	struct list link;
	struct cache_file *file;
	int dir, fd, flags;
	bool opened, told;
	int64_t known_end;
	char name[CACHE_IO_NAME];
};

/* From now on there is a worker; before, and after the end, nothing is submitted. -ENOMEM */
int cache_io_begin(struct store *store, struct loop *loop, struct worker *worker);
void cache_io_end(struct store *store); /* the worker is drained, or hangs */
/* Fills in the lower half. An error: nothing comes. -ETIMEDOUT: the disk hangs; -ENOENT: the file is gone; -EBUSY: it is to be
 * begun anew while somebody writes to it. */
int cache_io_submit(struct cache_file *file, struct cache_io *io);
