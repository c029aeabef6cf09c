/* SPDX-License-Identifier: MIT */
#pragma once
/* result_private: what the files behind result.h share. result.c: users and their reads. result_fetch.c: which ranges
 * are on their way. result_transfer.c: one of them, from its request to its last byte. result_background.c: whole files,
 * read or not. result_trouble.c: why that failed. */
#include "fs/base/loop.h"
#include "fs/fetch/blocks.h"
#include "fs/account/account_private.h"
#include "fs/fetch/readahead.h"
#include "fs/fetch/renew.h"
#include "fs/fetch/fetch.h"
#include "fs/net/http.h"
#include "fs/store/cache.h"
#include "fs/store/jobs.h"

struct results {
	struct gen *gen;    /* borrowed */
	struct map *by_ino; /* of struct result, owned by their users */
	struct map *troubles; /* ino to an owned sentence */
	struct map *read;     /* of inos that were loaded in this mount: the kernel may have their bytes */
	struct block_pool *blocks;
	struct loop_timer *flush; /* of the maps of what is present */
	int64_t latency_ms;       /* from a request to its answer, the shortest seen; -1 unknown */
	uint64_t transfers;
	char *scratch;       /* owned; a read that lies in several places is put together here */
	struct list waiting; /* background.link: to be fetched whole */
	struct background *background; /* owned; the one under way */
	struct loop_timer *next; /* of those */
	struct evictor *evictor; /* owned */
};

struct result_read {
	struct result *result; /* borrowed */
	struct list link;
	int64_t offset, target;
	size_t length;
	int64_t run; /* bytes that its reader has read in sequence before */
	result_done *done;
	void *arg;
};

struct result {
	struct results *results; /* borrowed */
	int64_t ino;
	unsigned users; /* 0: its last transfers come to their end */
	bool loaded;                 /* what follows is there, after the first read */
	struct result_record record; /* owned */
	struct cache_file *file;     /* owned */
	struct list reads;           /* result_read.link, owned, oldest first */
	struct list transfers;       /* transfer.link, owned */
	unsigned transfer_count;
	struct list blocks;       /* block.link */
	struct renewal *renewal;  /* owned */
	struct loop_timer *retry; /* owned */
	struct loop_timer *far;   /* owned */
	struct readahead readahead;
	int64_t stream_end; /* of the last reader in sequence: what it will want; 0 none */
	int64_t stream_run;
	int64_t stream_length; /* of its last read */
	unsigned attempts; /* failures since the last byte */
	bool renewed;      /* since the last byte */
	bool uncached;     /* nothing is written to disk: as wished, or since it is full */
	bool no_ranges;    /* the server sends the whole, from the start */
	struct background *background; /* borrowed: fetches all of it */
};

struct transfer {
	struct result *result; /* borrowed */
	struct list link;
	struct http_request *request; /* owned */
	struct block *block;          /* being filled, NULL none */
	int64_t start, position, end; /* asked from; next byte to come; up to (exclusive) */
	int64_t asked_end; /* `end` as the server was told: it comes down when others fetch the rest */
	int64_t allowed; /* further than this it pauses */
	int64_t began_ms;
	bool paused, answered, ignore_body;
	bool whole; /* comes from the start, by a server without ranges */
};

/* result.c */

/* Bytes have come: answers whom they are enough for. */
void result_progress(struct result *result);
/* Everybody who waits gets the error, the status says why; a later read tries anew. */
void result_fail(struct result *result, int error, const char *why);
/* The end of the bytes that are here, from offset on; offset: none. */
int64_t result_present_end(const struct result *result, int64_t offset);

/* A transfer has ended: a result that nobody uses goes with its last one. */
void result_left(struct result *result);
/* At the first read, or a little before: an open file whose pages the kernel still has needs none of this. */
int result_load(struct result *result);

/* result_background.c */

/* All of it is here, or will not be. */
void result_background_done(struct result *result);
/* It is not wanted any more; the result goes with it where it has no other user. */
void result_background_drop(struct result *result);
void results_fetch_next(void *arg); /* the one that was under way has ended, or there was none */
void results_fetch_end(struct results *results);

/* result_fetch.c */

/* What the waiting reads need is on its way afterwards, and what the last reader will want next. */
void result_pump(struct result *result);
/* A reader has come to `end`: transfers that waited for it go on. */
void result_advance(struct result *result, int64_t end);
void result_ended(struct result *result, const struct http_end *end, bool complete);
/* It found no connection to use again. */
void result_is_connecting(struct transfer *transfer);
/* Its first transfer has not been answered for a while. */
void result_is_far(struct result *result);
void result_stop_all(struct result *result);
void result_stop_long(struct result *result); /* all that are not nearly complete */

/* result_trouble.c */

void result_trouble(struct result *result, const char *why);
void result_trouble_over(struct result *result); /* bytes have come */
void results_trouble_drop(struct results *results, int64_t ino);
void results_trouble_end(struct results *results);

/* result_transfer.c */

int transfer_start(struct result *result, int64_t from, int64_t end, int64_t allowed);
void transfer_stop(struct transfer *transfer); /* keeps what has come */
void transfer_allow(struct transfer *transfer, int64_t allowed);
