/* SPDX-License-Identifier: MIT */
#pragma once
/* evict: keeps the cache within its size: what was not read for the longest time goes first, but never a file that is
 * open, and never bytes that cannot be fetched again: before they go the server is asked for the file's first byte, and
 * the service for a new address where that is refused. They are asked about one at a time, and go several at a time; where nobody
 * answers nothing more goes. */
struct evictor;
struct fetches;

int evict_create(struct fetches *fetches, struct evictor **ret_evictor);
void evict_destroy(struct evictor *evictor); /* NULL is fine */
/* The cache has grown. */
void evict_check(struct evictor *evictor);
