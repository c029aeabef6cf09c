/* SPDX-License-Identifier: MIT */
#pragma once
/* first_bytes: fetches so much of one result into the cache that its type and size are known, or all of it where the server
 * tells no length. One attempt; what comes after a failure is up to harvest.c. */
#include "fs/base/list.h"
#include "fs/media/content.h"
#include "fs/net/http.h"
#include "fs/queue/queue.h"

#define FIRST_BYTES_ROOM CONTENT_FIRST /* enough for the type, and for what thumbnailers look at first */

struct cache_file;
struct first_storing;

/* One that fetches has a block and a request with its buffer: of thousands that have finished, some do so at a time. */
struct first_bytes_line {
	size_t count;        /* of those that have their turn */
	struct list waiting; /* first_bytes.link, in the order in which they came */
};

void first_bytes_line_init(struct first_bytes_line *line);

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
	struct list link;		 /* first_bytes_line.waiting */
	bool has_turn;
	bool whole;    /* the server tells no length: all bytes have to come before the file can be shown */
	bool uncached; /* the cache would not take the bytes */
	struct http_head head;
	int64_t received;
	char *first;	/* owned; the first bytes, at most FIRST_BYTES_ROOM; NULL: none has been asked for in this turn */
	void (*turn)(void *arg); /* it has its turn: first_bytes_start() again, or first_bytes_leave(), later */
	/* `why`: a sentence, borrowed; NULL where they are here. Not from inside first_bytes_start(). */
	void (*done)(void *arg, enum first_bytes_end end, const char *why);
	void *arg;
};

void first_bytes_init(struct first_bytes *first, const struct queue_needs *needs,
	void (*turn)(void *arg), void (*done)(void *arg, enum first_bytes_end end, const char *why), void *arg);
/* The result has its ino. `failures`: attempts so far, by which it gets more time. 0 also where it has to wait for its turn.
 * -EINVAL, -EPERM: its address is none that is fetched; -ENOMEM, errors of the disk. */
int first_bytes_start(struct first_bytes *first, struct result_record *result, unsigned failures);
/* The same for a text, which came with the answer itself. -ENOMEM */
int first_bytes_of_text(struct result_record *result);
size_t first_bytes_length(const struct first_bytes *first); /* of `first` */
/* Nothing is under way: the first bytes are not needed any more, and the next one has its turn. */
void first_bytes_leave(struct first_bytes *first);
void first_bytes_cancel(struct first_bytes *first); /* fine where nothing is under way */
