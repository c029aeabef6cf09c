/* SPDX-License-Identifier: MIT */
#pragma once
/* event_log: the lines of .weryaifs/events, in a file of the state directory while anybody reads, and of each prompt the state
 * that was told last. With a keeper the next daemon finds both as they are, so that no line is missing and none comes twice.
 *
 * Ownership: the store is borrowed. Loop thread only. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct event_log;
struct store;

enum { EVENT_LOG_PROMPTS = 1 << 25 }; /* from here on inode numbers have no state, and are told of too often rather than not */
#define EVENT_LOG_SIZE ((size_t)64 << 20) /* of the memory */

/* Where the memory is that the next daemon finds; all of it zero where there is no keeper. */
struct event_log_memory {
	bool kept;
	bool resumes; /* the last daemon has left what is in it */
	int fd;	      /* borrowed */
	off_t at;
};

int event_log_create(struct store *store, const struct event_log_memory *memory, struct event_log **ret_log);
void event_log_destroy(struct event_log *log); /* NULL is fine */

bool event_log_is_open(const struct event_log *log);
int event_log_open(struct event_log *log); /* without a line and without a state */
void event_log_close(struct event_log *log);

uint8_t event_log_state(const struct event_log *log, uint64_t prompt); /* 0: none was told */
void event_log_set_state(struct event_log *log, uint64_t prompt, uint8_t state);

/* The prompt is in this state now, and the line says so. -EOVERFLOW: somebody reads too slowly; and what the disk says. */
int event_log_add(struct event_log *log, uint64_t prompt, uint8_t state, const char *line, size_t length);
/* Nothing is taken any more: a stream with a gap is worse than one that ends. */
void event_log_end_here(struct event_log *log);
bool event_log_has_ended(const struct event_log *log);
off_t event_log_end(const struct event_log *log);
/* 0: there is nothing yet; -EIO: it was given back. */
ssize_t event_log_read(struct event_log *log, void *data, size_t size, off_t at);
/* Nobody needs what is before this any more. */
void event_log_give_back(struct event_log *log, off_t least);
