/* SPDX-License-Identifier: MIT */
#pragma once
/* parked: the reads of one open file that wait until there is something to say. Each is answered once, and forgotten then; one that
 * is interrupted leaves by itself.
 *
 * Owner: the open file has the list (list_init()). The kernel closes no file with a read under way, so the list is empty when the
 * file goes. */
#include "fs/mount/pending.h"

struct parked_read {
	struct pending pending;
	struct list link;
	size_t size;
	off_t offset;
};

/* The read waits from here on, unless the memory for it is not there; end_error: its answer when the mount ends. The handler's last
 * act. */
void parked_add(struct list *reads, fuse_req_t req, size_t size, off_t offset, int end_error);
/* length < 0: the error. */
void parked_answer(struct parked_read *read, ssize_t length, const char *data);
/* The part of the text that it asks for. */
void parked_slice(struct parked_read *read, const char *text, size_t length);
/* The same for all of them; error < 0: with that instead. */
void parked_slice_all(struct list *reads, int error, const char *text, size_t length);
