/* SPDX-License-Identifier: MIT */
#pragma once
/* result: the bytes of one result, fetched when they are read and kept in the cache: however many read it, each byte is on
 * its way once; a read is answered as soon as its own bytes are there.
 *
 * Callbacks: a read's done runs exactly once, possibly from inside result_read() (then 0 is returned and *ret_read is
 *            NULL), never after result_read_cancel().
 * Errors:    -EIO the address has expired and could not be renewed, or the file behind it has changed; -ETIMEDOUT stalled;
 *            -ENOMEM. A failed transfer never leads to a submission. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct gen;
struct results;

/* An address that is none: the bytes of a text come behind it. */
#define RESULT_TEXT "data:,"
/* In a row of the ledger, a type that is none: the cover of a sound, which is not waited for as what was paid for is. */
#define RESULT_COVER "cover"
struct result;
struct result_read;
struct result_hold;

int results_create(struct gen *gen, struct results **ret_results);
void results_destroy(struct results *results);

/* One more user of the result's bytes; -ENOENT. result_close() by the last one stops the transfers, but for what is
 * nearly here: that comes to its end, for the next reader and for the connection's sake. */
int result_open(struct results *results, int64_t ino, struct result **ret_result);
void result_close(struct result *result);
/* It was opened by somebody who is likely to read it: what a first read needs is made ready. */
void result_expect(struct result *result);
/* The cache's file where every byte of the result is in it, borrowed until result_close(); -1: not now. */
int result_whole(struct result *result);
/* Length 0 is the end of the file; < 0 a negative errno. data is borrowed during the callback, or, where there is a hold,
 * until result_release(), also by another thread and after result_close(). */
typedef void result_done(void *arg, ssize_t length, const char *data, struct result_hold *hold);
int result_read(struct result *result, int64_t offset, size_t length, result_done *done, void *arg,
	struct result_read **ret_read);
void result_release(struct result_hold *hold);
void result_read_cancel(struct result_read *read);
/* Fetches all of it in the background, after those that were asked for before. Trouble is silence: a read tries again. */
int results_fetch(struct results *results, int64_t ino);
/* There is more in the cache: it is noted soon, and kept within its size. */
void results_cache_grew(struct results *results);
void results_forget(struct results *results, int64_t ino); /* it is being removed: nothing more of it is to come */
int64_t results_first(struct results *results, int64_t ino); /* bytes from the start that are in the cache */
bool results_is_open(const struct results *results, int64_t ino);
/* Why it could not be fetched when it was last read, in words, borrowed until the loop's next turn; NULL: it could, or
 * nobody tried. */
const char *results_trouble(const struct results *results, int64_t ino);
uint64_t results_transfers(const struct results *results); /* started so far */
