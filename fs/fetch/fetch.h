/* SPDX-License-Identifier: MIT */
#pragma once
/* fetch: reads a file whose bytes are at an address, the results of jobs. However many read it, each byte is on its way
 * once; a read is answered as soon as its own bytes are there.
 *
 * What it is:   struct fetch is one such file while somebody has it open, struct fetches all of them. Bytes come by
 *               transfers, one HTTP range each, into blocks of memory (blocks.h), from there to the reads that wait and,
 *               by the worker, to the cache's file (fs/store/cache.h). Which ranges are asked for is decided in one place,
 *               fetch_plan.c; what the end of one means, in fetch_recover.c.
 * Invariants:   A byte is claimed as present only once it is in memory or in the cache's file. Two versions of a file
 *               never mix: another ETag or length is an error. A failed transfer never leads to a submission.
 * States:       closed - open (a user) - loaded (row and cache file are known, at the first read); a transfer is under way,
 *               paused (far in front of its readers), or ended; after an end it goes on, waits to be tried again, asks for a
 *               new address (renew.h), or fails all reads that wait.
 * Ownership:    a fetch belongs to its users, fetch_open() to fetch_close(); what is nearly here when the last one
 *               closes comes to its end without them. Blocks belong to the pool, transfers to their fetch.
 * Calls back:   a read's done exactly once, possibly from inside fetch_read() (then 0 is returned and *ret_read is NULL),
 *               never after fetch_read_cancel(). needs.trouble when fetch_trouble_of() has changed for a job's result.
 * Errors:       -EIO the address has expired and could not be renewed, or the file behind it has changed; -ETIMEDOUT
 *               stalled; -ENOMEM. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct api_client;
struct block;
struct fetch;
struct fetch_read;
struct fetches;
struct http;
struct loop;
struct store;
struct worker;

struct fetch_needs { /* all borrowed */
	struct loop *loop;
	struct store *store;
	struct http *http;
	struct api_client *api; /* for new addresses */
	struct worker *worker;
	bool cache;         /* keep what was fetched for reading */
	bool along;         /* the next files of a directory that is read file after file may come along */
	int64_t cache_size; /* bytes; 0 no limit */
	bool brings_in;     /* results become whole in the cache though nobody reads them (keep.h) */
	bool evicts;        /* what is in the cache may go without asking whether it can be fetched again */
	int64_t keep_after_ms; /* by then, if it can be */
	int64_t stall_ms;   /* without a byte for so long a transfer has failed */
	void (*trouble)(void *arg, int64_t job);
	void *arg;
};

int fetches_create(const struct fetch_needs *needs, struct fetches **ret_fetches);
void fetches_destroy(struct fetches *fetches); /* NULL is fine */

/* One more user of the result's bytes; -ENOENT. fetch_close() by the last one stops the transfers, but for what is
 * nearly here: that comes to its end, for the next reader and for the connection's sake. */
int fetch_open(struct fetches *fetches, int64_t ino, struct fetch **ret_fetch);
void fetch_close(struct fetch *fetch);
/* It was opened by somebody who is likely to read it: what a first read needs is made ready. */
void fetch_expect(struct fetch *fetch);
/* The cache's file where every byte of the result is in it, borrowed until fetch_close(); -1: not now. */
int fetch_whole(struct fetch *fetch);
/* Length 0 is the end of the file; < 0 a negative errno. data is borrowed during the callback, or, where `held` is not
 * NULL, until fetch_release(held), also by another thread and after fetch_close(). */
typedef void fetch_done(void *arg, ssize_t length, const char *data, struct block *held);
int fetch_read(struct fetch *fetch, int64_t offset, size_t length, fetch_done *done, void *arg,
	struct fetch_read **ret_read);
void fetch_release(struct block *held);
void fetch_read_cancel(struct fetch_read *read);
/* Fetches all of it in the background, after those that were asked for before. Trouble is silence: a read tries again. */
int fetch_in_background(struct fetches *fetches, int64_t ino);
/* There is more in the cache: it is noted soon, and kept within its size. */
void fetch_cache_grew(struct fetches *fetches);
void fetch_forget(struct fetches *fetches, int64_t ino); /* it is being removed: nothing more of it is to come */
int64_t fetch_first_bytes(struct fetches *fetches, int64_t ino); /* bytes from the start that are in the cache */
bool fetch_is_open(const struct fetches *fetches, int64_t ino);
/* Why it could not be fetched when it was last read, in words, borrowed until the loop's next turn; NULL: it could, or
 * nobody tried. */
const char *fetch_trouble_of(const struct fetches *fetches, int64_t ino);
uint64_t fetch_transfers(const struct fetches *fetches); /* started so far */
