/* SPDX-License-Identifier: MIT */
#pragma once
/* upload: files of the mount to the service's store, once for each content: known by its hash, kept in the database.
 * One file at a time is sent, read from disk as it goes. It costs nothing, so it is repeated until it works or is
 * refused for good (API reference 3.9).
 *
 * Pull: callers ask again after `changed`. */
#include "fs/input/inputs.h"
#include "fs/store/nodes.h"

struct liveness;
struct uploads;

/* `needs` and `liveness` are borrowed. `changed` runs when anything here has changed. */
int uploads_create(const struct inputs_needs *needs, struct liveness *liveness,
	void (*changed)(void *arg), void *arg, struct uploads **ret_uploads);
void uploads_destroy(struct uploads *uploads); /* NULL is fine */

/* The address of a plain file's or a result's bytes, which are of this type (sniff.h, static). 1: *ret_text is the address.
 * 0: under way, *ret_text says how far. -EINVAL: the service has refused it, *ret_text says why. -ENODATA: a result whose
 * bytes are not all here. -ENOMEM, errors of the disk. The caller frees *ret_text. */
int upload_ask(struct uploads *uploads, const struct node *node, const char *type, char **ret_text);
/* The hash of the file's bytes, where they were uploaded; NULL: not known. Valid until the next call. */
const char *upload_hash(const struct uploads *uploads, int64_t ino);
/* A person wants it tried again: what was refused, and what waits. */
void uploads_retry(struct uploads *uploads);
