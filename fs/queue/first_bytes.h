/* SPDX-License-Identifier: MIT */
#pragma once
/* first_bytes: fetches so much of one result into the cache that its type and size are known, or all of it where the server
 * tells no length. One attempt; what comes after a failure is up to harvest.c. */
#include "fs/media/content.h"
#include "fs/net/http.h"
#include "fs/queue/queue.h"

#define FIRST_BYTES_ROOM CONTENT_FIRST /* enough for the type, and for what thumbnailers look at first */

struct cache_file;
struct first_storing;

enum first_bytes_end {
	FIRST_BYTES_HERE,	/* size, type, etag and content of the result are known */
	FIRST_BYTES_FAILED,	/* it may be tried again */
	FIRST_BYTES_IMPOSSIBLE, /* nothing that waiting would change */
};

/* Embedded in who asks. What it found out of a server stays for the next attempt. */
struct first_bytes {
	const struct queue_needs *needs; /* borrowed */
	struct result_record *result;	 /* borrowed; being fetched */
	struct cache_file *file;	 /* owned, while bytes come */
	struct http_request *request;	 /* owned */
	struct first_storing *storing;	 /* borrowed; they are on their way into the cache; NULL: not */
	bool whole;    /* the server tells no length: all bytes have to come before the file can be shown */
	bool uncached; /* the cache would not take the bytes */
	struct http_head head;
	int64_t received;
	char *first;	/* owned; the first bytes, at most FIRST_BYTES_ROOM; NULL: none has been asked for */
	/* `why`: a sentence, borrowed; NULL where they are here. Not from inside first_bytes_start(). */
	void (*done)(void *arg, enum first_bytes_end end, const char *why);
	void *arg;
};

void first_bytes_init(struct first_bytes *first, const struct queue_needs *needs,
	void (*done)(void *arg, enum first_bytes_end end, const char *why), void *arg);
/* The result has its ino. `failures`: attempts so far, by which it gets more time. -EINVAL, -EPERM: its address is none that
 * is fetched; -ENOMEM, errors of the disk. */
int first_bytes_start(struct first_bytes *first, struct result_record *result, unsigned failures);
/* The same for a text, which came with the answer itself. -ENOMEM */
int first_bytes_of_text(struct result_record *result);
size_t first_bytes_length(const struct first_bytes *first); /* of `first` */
void first_bytes_cancel(struct first_bytes *first); /* fine where nothing is under way */
