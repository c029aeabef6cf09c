/* SPDX-License-Identifier: MIT */
#pragma once
/* keep: brings results whole into the cache, though nobody reads them: an address of the service may die, and what was paid for is to
 * be owned (design 1.5). One at a time, the small ones first, while nothing is read and nothing new appears, the larger the longer; a
 * reader stops it at once, and it goes on when he is through. One that was made `keep_after` ago comes first, and waits for no more than that. What the cache has no room for
 * stays where it is. Which are whole is in the ledger: after a mount it goes on with the others. Where there is nothing to be
 * done nothing wakes us. */
#include <stdint.h>

struct fetch;
struct fetches;
struct keep;

int keep_create(struct fetches *fetches, struct keep **ret_keep);
void keep_destroy(struct keep *keep); /* NULL is fine */
/* New results have appeared. NULL is fine, as in what follows. */
void keep_news(struct keep *keep);
/* Bytes of this one are read. */
void keep_yield(struct keep *keep, const struct fetch *fetch);
/* What was fetched in the background has come to its end, whichever. */
void keep_ended(struct keep *keep, int64_t ino);
