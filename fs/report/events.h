/* SPDX-License-Identifier: MIT */
#pragma once
/* events: the stream of .weryaifs/events, a line of JSON for each change of a prompt's state, from the moment of the open.
 *
 *   {"time":"2026-11-27T12:00:00Z","path":"FLUX/fox.txt","from":"PROCESSING","to":"SUCCESS","results":["FLUX/fox.png"],
 *    "credits":1}
 *
 * `credits` is what it has cost where that is known and its alone, else null. `from` is null where the prompt was at its end
 * when the stream was opened. Lines go to a file (event_log.h) while
 * anybody reads, so that a slow reader loses nothing and stops nobody; what all have read is given back. With a keeper the stream
 * goes on with the next daemon where it was; what has changed meanwhile is told when somebody says so (fs/notify/told.h).
 * Ownership: needs are borrowed; a reader belongs to who opened it.
 * Calls back: `more`, from the loop, each time there is something new. Loop thread only. */
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fs/report/event_log.h"

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
	struct event_log_memory memory;
};

int events_create(const struct events_needs *needs, struct events **ret_events);
void events_destroy(struct events *events); /* its readers are closed by then; NULL is fine */
/* -ENOMEM, and what the disk says. */
int events_open(struct events *events, void (*more)(void *arg), void *arg, struct events_reader **ret_reader);
/* One that the last daemon had, which began at `start`. -ESTALE: its lines are not there any more. */
int events_open_again(struct events *events, off_t start, void (*more)(void *arg), void *arg,
	struct events_reader **ret_reader);
off_t events_start(const struct events_reader *reader);
void events_close(struct events_reader *reader); /* NULL is fine */
/* Bytes from `offset` of this reader's stream on, `size` at most; 0: there are none yet. Negative: an errno; -EOVERFLOW: there
 * is no more room for what happens, since somebody reads too slowly. */
ssize_t events_read(struct events_reader *reader, void *data, size_t size, off_t offset);
