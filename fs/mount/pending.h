/* SPDX-License-Identifier: MIT */
#pragma once
/* pending: one request of the kernel that is answered later, exactly once (asserted). Embedded in what waits for the
 * answer.
 *
 * Arguments of the request live in libfuse's buffer during its handler only: the owner copies what it needs.
 * Callbacks: give_up runs when the reader was interrupted or the mount ends, after the request was answered: the owner
 *            stops what it waits for and frees itself. Not after pending_error(), pending_done() or pending_data(). */
#include "fs/base/list.h"
#include "fs/mount/mount_private.h"

struct pending {
	struct list link;   /* session.parked */
	fuse_req_t request; /* NULL: answered */
	uint32_t place;     /* of its copy for the next daemon (carried.h) */
	int end_error;      /* the answer when the mount ends */
	bool stays;         /* an interrupt does not end it, and it has no errors: it is answered soon anyway, with end_error at worst */
	void (*give_up)(struct pending *pending);
};

void pending_init(struct pending *pending, fuse_req_t req, int end_error,
	void (*give_up)(struct pending *pending));
/* From now on the request can be interrupted: the handler's last act, since give_up may run (and free) before this
 * returns. */
void pending_park(struct pending *pending);
bool pending_answered(const struct pending *pending);

void pending_error(struct pending *pending, int error); /* negative errno */
void pending_done(struct pending *pending);             /* 0, and nothing else */
void pending_data(struct pending *pending, const char *data, size_t length);
/* The same by the session's worker, for long answers: data stays until `sent` runs on the loop. -ENOMEM: nothing was
 * done. */
int pending_send(struct pending *pending, const char *data, size_t length, void (*sent)(void *arg), void *arg);
/* reply_slice() */
void pending_slice(
	struct pending *pending, const char *text, size_t length, size_t size, off_t offset);

/* The mount ends: answers whatever is parked. */
void pending_end_all(struct session *session);
