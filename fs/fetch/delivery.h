/* SPDX-License-Identifier: MIT */
#pragma once
/* delivery: what users see of a result: its own bytes, and around them what it carries (fs/store/grafts.h), which is in memory.
 * A result that carries nothing is read as it is. */
#include "fs/fetch/fetch.h"

/* Embedded in who reads; ended by its `done`, or by delivery_cancel(). */
struct delivery {
	struct fetch *fetch;      /* borrowed */
	struct fetch_read *inner; /* borrowed; NULL: nothing is waited for */
	char *bytes;              /* owned; the answer, where it is put together; NULL: it is not */
	size_t length, before, skipped, own; /* of `bytes`: all; in front of its own; of what comes, not wanted; its own */
	fetch_done *done;
	void *arg;
};

/* As fetch_read(), with the offsets that users see. */
int delivery_read(struct delivery *delivery, struct fetch *fetch, int64_t offset, size_t length, fetch_done *done, void *arg);
void delivery_cancel(struct delivery *delivery);
/* As fetch_whole(): -1, too, where users see something else than is in the cache's file. */
int delivery_whole(struct fetch *fetch);
