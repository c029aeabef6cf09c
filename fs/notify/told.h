/* SPDX-License-Identifier: MIT */
#pragma once
/* told: what inotify has been told and what not yet, in memory that the next daemon finds where there is a keeper.
 *
 * Three things: a note of each announcement that waits; of each prompt a number that stands for the status that was told
 * last; and a list of the prompts whose status goes on to change, which the next daemon looks at again, since the last one
 * may have died between a change and its announcement.
 * A word is written so that a death between any two of them leaves a valid state, and what is read is checked against its
 * bounds: told is at worst once more than needed, never less.
 *
 * Loop thread only. Without a keeper the memory is this process's own. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct told;

enum {
	TOLD_NOTES = 1 << 17,
	TOLD_NAME = 256,
	TOLD_PROMPTS = 1 << 25, /* inode numbers from here on have no number, and are told of too often rather than not */
	TOLD_OPEN = 1 << 20,
	TOLD_NOWHERE = -1,
};
#define TOLD_SIZE ((size_t)384 << 20) /* of the memory; pages come as they are written to */

struct told_note {
	uint64_t order; /* 0: free; else later ones have higher numbers */
	uint64_t dir, ino;
	char kind;
	bool sent, done;
	char name[TOLD_NAME], new_name[TOLD_NAME];
};

/* fd: borrowed, with TOLD_SIZE bytes at `at`, which are zero at first; -1: memory of our own. */
int told_create(int fd, off_t at, struct told **ret_told);
void told_destroy(struct told *told); /* what is in the keeper's memory stays; NULL is fine */

/* Its place; TOLD_NOWHERE where there is no room: it is not told by the next daemon. */
int told_note(struct told *told, char kind, uint64_t dir, uint64_t ino, const char *name, const char *new_name);
struct told_note *told_note_at(struct told *told, int place); /* NULL: TOLD_NOWHERE */
void told_note_free(struct told *told, int place);
/* Those that the last daemon has left, in their order; the caller frees *ret_places. */
int told_notes_left(struct told *told, int **ret_places, size_t *ret_count);

uint32_t told_status(const struct told *told, uint64_t prompt); /* 0: none was told yet */
void told_status_set(struct told *told, uint64_t prompt, uint32_t status);

/* Prompts whose status goes on to change. */
void told_open_set(struct told *told, uint64_t prompt, bool open);
size_t told_open_count(const struct told *told);
uint64_t told_open_at(const struct told *told, size_t index);

/* The process that is told what to do; of the last daemon before it is set. 0: none. */
pid_t told_child(const struct told *told);
void told_child_set(struct told *told, pid_t pid);
