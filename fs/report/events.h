/* SPDX-License-Identifier: MIT */
#pragma once
/* events: the stream of .weryaifs/events, a line of JSON for each change of a prompt's state, from the moment of the open.
 *
 *   {"time":"2026-11-27T12:00:00Z","path":"FLUX/fox.txt","from":"PROCESSING","to":"SUCCESS","results":["FLUX/fox.png"],
 *    "credits":1}
 *
 * `credits` is what it has cost where that is known and its alone, else null. `from` is null where the prompt was at its end when the stream was opened. Lines go to an unnamed file in the state directory while
 * anybody reads, so that a slow reader loses nothing and stops nobody; what all have read is given back.
 * Ownership: needs are borrowed; a reader belongs to who opened it.
 * Calls back: `more`, from the loop, each time there is something new. Loop thread only. */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct changes;
struct events;
struct events_reader;
struct job_table;
struct store;
struct tree;

struct events_needs { /* all borrowed */
	struct store *store;
	struct job_table *jobs;
	struct tree *tree;
	struct changes *changes;
};

int events_create(const struct events_needs *needs, struct events **ret_events);
void events_destroy(struct events *events); /* its readers are closed by then; NULL is fine */
/* -ENOMEM, and what the disk says. */
int events_open(struct events *events, void (*more)(void *arg), void *arg, struct events_reader **ret_reader);
void events_close(struct events_reader *reader); /* NULL is fine */
/* Bytes from `offset` of this reader's stream on, `size` at most; 0: there are none yet. Negative: an errno; -EOVERFLOW: there
 * is no more room for what happens, since somebody reads too slowly. */
ssize_t events_read(struct events_reader *reader, void *data, size_t size, off_t offset);
