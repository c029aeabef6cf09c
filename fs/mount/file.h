/* SPDX-License-Identifier: MIT */
#pragma once
/* file: opening a file of each kind. Each function makes a handle (handle.h), which the caller answers the kernel with;
 * flags are those of open(2). Errors: those of the layers below, and -EPERM where nobody may write. */
#include <stddef.h>
#include <stdint.h>

#include "fs/mount/handle.h"

/* TREE_FILE: reads and writes the bytes themselves. */
int file_plain_open(struct session *session, uint64_t ino, int flags, struct handle **ret_handle);
/* The same for a file that tree_create() has just made, and opened. */
int file_plain_created(struct session *session, uint64_t ino, struct handle **ret_handle);

/* One that was open when the last daemon died; flags are those that it had as a handle. */
int file_plain_again(struct session *session, uint64_t ino, int flags, bool failed_before,
	struct handle **ret_handle);

/* TREE_RESULT: a read waits for its bytes. */
int file_result_open(struct session *session, uint64_t ino, int flags, struct handle **ret_handle);

/* TREE_STATUS: the text of this moment; `submit` can be written to it. poll(2) has POLLPRI when the status reads
 * differently by now; then a read of its start has the new text. */
int file_status_open(struct session *session, uint64_t ino, int flags, struct handle **ret_handle);
/* A ghost (ghost.h): there is nothing in it, and what a copy brings is dropped. */
int file_ghost_open(struct session *session, uint64_t ino, struct handle **ret_handle);
/* A file of .weryaifs but the balance: the text of this moment. */
int file_about_open(struct session *session, uint64_t ino, int flags, struct handle **ret_handle);

/* TREE_SIDECAR: what is known of a result; the copy of one may be written to it, and is dropped. */
int file_sidecar_open(struct session *session, uint64_t ino, int flags, struct handle **ret_handle);

/* TREE_MODEL: what a directory takes, in words. */
int file_model_open(struct session *session, uint64_t ino, int flags, struct handle **ret_handle);

/* TREE_GALLERY: a page of what was made below. */
int file_gallery_open(struct session *session, uint64_t ino, int flags, struct handle **ret_handle);

/* TREE_WAIT: a read waits for the end of the job. -EIO: none will come by itself, or this client could not wait for it. */
int file_wait_open(struct session *session, uint64_t ino, int flags, struct handle **ret_handle);
/* TREE_WAIT_BELOW and ABOUT_WAIT: a read waits for the ends of all prompts below. */
int file_wait_below_open(struct session *session, uint64_t ino, int flags, struct handle **ret_handle);
/* ABOUT_EVENTS: a read waits for what happens; again: the stream goes on where the last daemon's was, by a text of its. */
int file_events_open(struct session *session, int flags, struct handle **ret_handle);
int file_events_again(struct session *session, const char *text, struct handle **ret_handle);
/* ABOUT_BALANCE: a read waits for the service's answer. */
int file_balance_open(struct session *session, uint64_t ino, int flags, struct handle **ret_handle);

/* Those that were open when the last daemon died, with the text that they showed (taken on success; NULL: none yet). */
int file_status_again(struct session *session, uint64_t ino, char *text, size_t length, bool polled,
	struct handle **ret_handle);
int file_wait_again(struct session *session, uint64_t ino, char *text, size_t length,
	struct handle **ret_handle);
/* Without a report it waits anew. */
int file_wait_below_again(struct session *session, uint64_t ino, const char *report, size_t length,
	struct handle **ret_handle);
int file_balance_again(struct session *session, uint64_t ino, char *text, size_t length,
	struct handle **ret_handle);
int file_text_again(struct session *session, uint64_t ino, char *text, size_t length,
	struct handle **ret_handle);
/* Makes all of them (file_again.c). What cannot be opened any more reads as -EIO. */
int file_all_again(struct session *session);
