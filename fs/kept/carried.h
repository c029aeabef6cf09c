/* SPDX-License-Identifier: MIT */
#pragma once
/* carried: what one daemon leaves to the next in the keeper's shared memory, so that the kernel sees one file system.
 *
 * Without a keeper there is none of this: `carried` is NULL, which every function takes and does nothing for.
 *
 * The kernel gives each request to one read(2), and never again by itself. So a request is in one of three places until
 * its answer was written: in the receive buffer, which lies here; in a list of the parked ones, as it came; or it has
 * been dealt with, which `served` says. The next daemon deals with what is left, before it reads anything new. It may find
 * a request whose answer was written a moment before the end: a second answer is nobody's (ENOENT), and a change that
 * was made is not made again (account_serves()).
 *
 * Only what has a reader is here: counts of look-ups, open files with the texts that they show, the shadows of ghost.h.
 * A word is written so that a death between any two of them leaves a valid state: contents first, then the number that
 * makes them count. Nothing is believed blindly: numbers are checked against their bounds. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CARRIED_LAYOUT = 2, /* raise it with any change of what follows */
	CARRIED_INIT_MAX = 256,
	CARRIED_REQUEST_MAX = 96, /* of a parked one: a READ has 80 bytes */
	CARRIED_PATH_MAX = 4096,
	CARRIED_GHOSTS = 1024,
	CARRIED_PARKED = 65536,
	CARRIED_HANDLES = 1 << 20,
	CARRIED_COUNTS = 1 << 28,
	CARRIED_TEXT_MAX = 1 << 20,
	CARRIED_BUFFER_MAX = 4 << 20,
	CARRIED_LEASES = 64,
};

/* Of others, who have their own layouts, and map them by themselves: what inotify has been told (fs/notify/told.h), and the
 * stream of events (fs/report/event_log.h). */
#define CARRIED_TOLD_AT (INT64_C(2048) << 20)
#define CARRIED_EVENTS_AT (INT64_C(3072) << 20)

struct carried_head {
	uint32_t layout;
	uint32_t init_length; /* 0: the kernel has not greeted us yet */
	char init[CARRIED_INIT_MAX];
	uint64_t want;       /* what of the kernel's capabilities is in use */
	uint64_t served;     /* the request in the buffer that has been dealt with */
	uint64_t trying;     /* the one that is being dealt with again, 0 none */
	uint64_t last_handle, last_ghost;
	uint32_t tries;      /* of `trying` */
	uint32_t handles, parked; /* so many places were ever in use */
	/* Until when (monotonic milliseconds) names of results are the kernel's to keep: of the directories last asked for,
	 * and of all others. */
	struct {
		uint64_t dir;
		int64_t until_ms;
	} leases[CARRIED_LEASES];
	int64_t others_until_ms;
	char mountpoint[CARRIED_PATH_MAX];
};

/* An open file, at its place in the table, which is part of its number. */
struct carried_handle {
	uint64_t id;     /* 0: free */
	uint64_t ino;
	uint64_t maker;  /* the request that opened it */
	uint64_t poller; /* the kernel's word for who polls it, 0 none */
	uint32_t flags;  /* of the open */
	uint32_t kind;   /* enum handle_kind */
	uint32_t text_length;
	bool has_text, failed, polled;
};

struct carried_ghost {
	uint64_t ino; /* 0: free */
	uint64_t parent;
	int64_t until;
	int32_t pid;
	char name[256];
};

struct carried_parked {
	uint64_t unique; /* 0: free */
	uint32_t length;
	char request[CARRIED_REQUEST_MAX];
};

struct carried;

/* `fd` is borrowed and stays open. `resumes`: there is something in it. -EPROTO: of another layout. */
int carried_create(int fd, bool resumes, struct carried **ret_carried);
void carried_destroy(struct carried *carried); /* leaves all as it is for the next daemon */

struct carried_head *carried_head(struct carried *carried);
char *carried_buffer(struct carried *carried); /* CARRIED_BUFFER_MAX bytes for the request that is received */
uint32_t *carried_count(struct carried *carried, uint64_t ino); /* NULL: not one of those that are counted here */

/* Places in the tables. -ENFILE: there is none. A place is taken for this daemon at once, and for the next one when its
 * first member is set. */
int carried_handle_place(struct carried *carried, uint32_t *ret_place);
struct carried_handle *carried_handle(struct carried *carried, uint32_t place);
void carried_handle_free(struct carried *carried, uint32_t place);
int carried_text_set(struct carried *carried, uint32_t place, const char *text, size_t length);
/* Caller frees. -ENODATA: it has none, or is too long to be here. */
int carried_text_get(struct carried *carried, uint32_t place, char **ret_text, size_t *ret_length);

enum { CARRIED_NOWHERE = UINT32_MAX };
/* A copy of the request; *ret_place CARRIED_NOWHERE without a keeper. */
int carried_park(struct carried *carried, const void *request, size_t length, uint32_t *ret_place);
struct carried_parked *carried_parked(struct carried *carried, uint32_t place);
void carried_unpark(struct carried *carried, uint32_t place); /* its answer was written */

void carried_lease(struct carried *carried, uint64_t dir, int64_t until_ms);

struct carried_ghost *carried_ghost(struct carried *carried, uint32_t place); /* < CARRIED_GHOSTS */
