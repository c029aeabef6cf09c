/* SPDX-License-Identifier: MIT */
#pragma once
/* fetch_private: what the files of this room share. Bottom up, and a file calls only those above it here: blocks,
 * readahead, route, plan, series, renew; fetch_trouble (why it failed); fetch_transfer (one range, from its request to its last byte);
 * fetch_turn (who waits until others have come);
 * fetch_state (what is here and on its way); fetch_file (an open result and its reads); fetch_plan (which ranges are
 * asked for); fetch_recover (what the end of one means); fetch_along (the next files of a directory); fetch_background (whole files, read or not); keep; evict; fetch; delivery.
 * What has to go up goes by way of struct fetch_steps. */
#include "fs/base/loop.h"
#include "fs/base/worker.h"
#include "fs/fetch/blocks.h"
#include "fs/fetch/fetch.h"
#include "fs/fetch/readahead.h"
#include "fs/fetch/renew.h"
#include "fs/fetch/route.h"
#include "fs/fetch/series.h"
#include "fs/net/http.h"
#include "fs/store/cache.h"
#include "fs/store/grafts.h"
#include "fs/store/jobs.h"

#define FLUSH_MS 1000
#define FETCH_SMALL (1024 * 1024) /* one of many, perhaps */
#define FETCH_READ_MAX (1024 * 1024) /* of one read: the kernel's largest */

struct fetches;
struct transfer;

struct fetch_steps {
	void (*connecting)(struct transfer *transfer); /* it found no connection to use again */
	void (*came)(struct fetch *fetch);             /* new bytes are in memory */
	void (*ended)(struct fetch *fetch, const struct http_end *end, bool complete); /* by itself */
	void (*background_ended)(struct fetches *fetches, int64_t ino); /* whichever way */
	void (*retry)(void *fetch); /* the timer of the next attempt */
	void (*far)(void *fetch);   /* its first transfer has not been answered for a while */
};

struct fetches {
	struct fetch_needs needs;
	const struct fetch_steps *steps; /* static */
	struct map *by_ino; /* of struct fetch, owned by their users */
	struct map *troubles; /* ino to an owned sentence */
	struct map *read;     /* of inos that were loaded in this mount: the kernel may have their bytes */
	struct block_pool *blocks;
	struct loop_timer *flush; /* of the maps of what is present */
	struct routes routes;     /* to the hosts that results are fetched from */
	uint64_t transfers;
	char *scratch;       /* owned; a read that lies in several places is put together here */
	struct list waiting; /* background.link: to be fetched whole */
	struct background *background; /* owned; the one under way */
	struct loop_timer *next; /* of those */
	struct series series;
	struct list along; /* fetch.along: those that come along now */
	struct list turns; /* fetch.turn: small files that wait until others have come, in their order */
	struct loop_timer *next_turn; /* others have come */
	struct evictor *evictor; /* owned */
	struct keep *keep;       /* owned; NULL: nothing is brought in that nobody reads */
};

/* The maps of what is present are saved together, a little later. */
static inline void fetch_note_growth(struct fetches *fetches)
{
	if (!loop_timer_armed(fetches->flush))
		loop_timer_arm(fetches->flush, FLUSH_MS);
}

struct fetch_read {
	struct fetch *fetch; /* borrowed */
	struct list link;
	int64_t offset, target;
	size_t length;
	int64_t run; /* bytes that its reader has read in sequence before */
	fetch_done *done;
	void *arg;
};

struct fetch {
	struct fetches *fetches; /* borrowed */
	int64_t ino;
	unsigned users; /* 0: its last transfers come to their end, and to disk */
	bool loaded;                 /* what follows is there, after the first read */
	struct result_record record; /* owned */
	struct graft_record graft;   /* owned; what users see beside its bytes, where record.extra is not 0 */
	struct cache_file *file;     /* owned */
	struct list reads;           /* fetch_read.link, owned, oldest first */
	struct list transfers;       /* transfer.link, owned */
	unsigned transfer_count;
	unsigned storing; /* blocks on their way to disk */
	struct list blocks;       /* block.link */
	struct block *from_disk;  /* of them; it is being read; NULL: none */
	struct renewal *renewal;  /* owned */
	struct loop_timer *retry; /* owned */
	struct loop_timer *far;   /* owned */
	struct route *route; /* to its host; of fetches->routes */
	struct readahead readahead;
	int64_t stream_end; /* of the last reader in sequence: what it will want; 0 none */
	int64_t stream_run;
	int64_t stream_length; /* of its last read */
	unsigned attempts; /* failures since enough bytes have come */
	bool renewed;      /* since then */
	int64_t since_ms;  /* monotonic: since when nothing much has come that somebody waits for */
	int64_t moved;     /* bytes since the last failure */
	bool uncached;     /* nothing is written to disk: as wished, or since it is full */
	bool no_ranges;    /* the server sends the whole, from the start */
	struct background *background; /* borrowed: fetches all of it */
	struct list along; /* fetches.along: it is a user of itself, until its transfer has ended */
	struct list turn;  /* fetches.turns */
	struct route *waits_for; /* until others have come by it */
	int64_t waits_since_ms;  /* monotonic */
	bool had_turn;           /* it has waited, and does not again */
	bool is_along, was_begun; /* was_begun: somebody has read its first byte */
};

struct transfer {
	struct fetch *fetch; /* borrowed */
	struct list link;
	struct route *route;          /* by which it came; the result's may be another one after its address was renewed */
	struct http_request *request; /* owned */
	struct block *block;          /* being filled, NULL none */
	int64_t counted;              /* bytes, by its route */
	int64_t start, position, end; /* asked from; next byte to come; up to (exclusive) */
	int64_t asked_end; /* `end` as the server was told: it comes down when others fetch the rest */
	int64_t allowed; /* further than this it pauses */
	int64_t began_ms, answered_ms;
	bool paused, answered, ignore_body;
	bool own, connected; /* by a connection of its own; one was made for it */
	bool whole; /* comes from the start, by a server without ranges */
};

/* Less is no progress: who sends a byte now and then is not waited for longer than who sends none. */
#define FETCH_PROGRESS 4096

/* fetch_trouble.c */

void fetch_trouble(struct fetch *fetch, const char *why);
void fetch_trouble_over(struct fetch *fetch); /* bytes have come */
void fetch_trouble_drop(struct fetches *fetches, int64_t ino);
void fetch_trouble_end(struct fetches *fetches);

/* fetch_transfer.c */

/* own: by a connection that it has for itself, since it is one of several that come side by side. */
int transfer_start(struct fetch *fetch, int64_t from, int64_t end, int64_t allowed, bool own);
void transfer_stop(struct transfer *transfer); /* keeps what has come */
void transfer_allow(struct transfer *transfer, int64_t allowed);
/* Does a reader wait for bytes that it is to bring, at most `ahead` of where it is? */
bool transfer_is_waited_for(const struct transfer *transfer, int64_t ahead);

/* fetch_turn.c */

/* A small file that has to wait until others have come, a few seconds at most: it is pumped then. */
bool fetch_waits_its_turn(struct fetch *fetch);
void fetch_turn_over(struct fetch *fetch); /* also where it did not wait */
void fetch_next_turns(void *fetches);

/* fetch_state.c */

/* The end of the bytes that are here, from offset on; offset: none. */
int64_t fetch_present_end(const struct fetch *fetch, int64_t offset);
bool fetch_is_here(const struct fetch *fetch, int64_t offset, int64_t end);
/* The first byte of the read that is not here yet. */
int64_t fetch_missing(const struct fetch *fetch, const struct fetch_read *read);
/* The transfer that will bring the byte at `offset`; NULL none. */
struct transfer *fetch_find_coming(const struct fetch *fetch, int64_t offset);
/* Where something begins that is here or on its way. */
int64_t fetch_hole_end(const struct fetch *fetch, int64_t offset);
void fetch_stop_all(struct fetch *fetch);
void fetch_stop_long(struct fetch *fetch); /* all that are not nearly complete */

/* fetch_file.c */

/* At the first read, or a little before: an open file whose pages the kernel still has needs none of this. */
int fetch_load(struct fetch *fetch);
/* A transfer has ended, or its bytes are on disk: a result that nobody uses goes with the last of them. Sooner who opened it now
 * would have them fetched again. */
void fetch_left(struct fetch *fetch);
void fetch_free(struct fetch *fetch);
/* Bytes that are here, from memory or disk; *ret_block: where they lie in memory, NULL: in a place that is used again. -EAGAIN: they
 * come from the disk, and fetch_progress() is called then. An error: the disk does not give them, and they are not here any more. */
int fetch_collect(struct fetch *fetch, int64_t offset, size_t length, const char **ret_data,
	struct block **ret_block);
void fetch_answer(struct fetch *fetch, const struct fetch_read *read, const char *data,
	struct block *block); /* one read with its bytes */
void fetch_end_read(struct fetch_read *read);
/* Bytes have come: answers whom they are enough for. */
void fetch_progress(struct fetch *fetch);
/* All of it is here, or will not be: the next one of the background. */
void fetch_background_done(struct fetch *fetch);
/* Everybody who waits gets the error, the status says why; a later read tries anew. */
void fetch_fail(struct fetch *fetch, int error, const char *why);

/* fetch_plan.c */

/* What the waiting reads need is on its way afterwards, and what the last reader will want next. */
void fetch_pump(struct fetch *fetch);
/* A reader has come to `end`: transfers that waited for it go on. */
void fetch_advance(struct fetch *fetch, int64_t end);
void fetch_is_connecting(struct transfer *transfer);
void fetch_is_far(struct fetch *fetch);

/* fetch_recover.c */

void fetch_ended(struct fetch *fetch, const struct http_end *end, bool complete);

/* fetch_along.c */

/* Somebody reads up to `end`: the next files may be wanted soon. */
void fetch_along_read(struct fetch *fetch, int64_t offset, int64_t end);
/* A transfer has ended, which may have been the last one of a file that came along. */
void fetch_along_ended(struct fetch *fetch);

/* fetch_background.c */

/* It is not wanted any more; the result goes with it where it has no other user. */
void fetch_background_drop(struct fetch *fetch);
/* The same by its number, also where it has not begun. */
void fetch_background_stop(struct fetches *fetches, int64_t ino);
void fetch_background_next(void *arg); /* the one that was under way has ended, or there was none */
void fetch_background_end(struct fetches *fetches);
