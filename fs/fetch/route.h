/* SPDX-License-Identifier: MIT */
#pragma once
/* route: what the way to one host is like, measured by our own transfers from there. Pure: the caller has the clock.
 *
 * Round trip:  the shortest time between a request that was sent and the head of its answer, of the last minute (the least of
 *              many is what the way takes; the rest is waiting in queues, RFC 9002 5.2).
 * Rate:        the greatest of what arrived in each of two epochs (two round trips) one after the other, of the last sixteen.
 *              BBR takes that of one: a reader who pauses makes the samples smaller, but not the link. But we see bytes only
 *              in their order: what has waited behind a lost one comes at once, and looks like a link twice as fast.
 * Streams:     how many transfers side by side have been seen to bring more than fewer. It begins with one. When it brings clearly
 *              less than others have together, or has not grown by half for some seconds, or grows on and on but slowly,
 *              ROUTE_STREAMS are tried; where that many were under way for a whole epoch, half as many more; they are kept if
 *              the rate has grown by half of their share at least, four epochs later, else they are given up, and it is tried
 *              again later, each time after twice as long. So a link that one connection does not fill (a loss now and then, a limit for each
 *              connection, a window that is too small) gets more of them, and one that is full does not.
 * Small files: one connection brings them all where it takes many requests at once (HTTP/2), and connections of their own bring
 *              some of them beside it where more streams bring more. Elsewhere each has one in any case, which says nothing.
 *              Once it does not grow any more, no more is asked for by the shared one than twice what is under way when the
 *              link is full: the rest waits here (fetch_turn.c), not in a queue that is lost when it is full. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ROUTE_STREAMS 4
#define ROUTE_STREAMS_MAX 16
#define ROUTE_EPOCHS 16
#define ROUTE_PARTS 4
#define ROUTE_PARTS_KEPT (2 * ROUTE_PARTS)

#define ROUTE_FAR_MS 4 /* nearer than this a request costs less than what it takes to avoid one */
#define ROUTE_HOSTS 16

struct route {          /* zeroed memory: nothing is known */
	char host[128]; /* of what address it is: its beginning, up to the path */
	bool known;     /* there was an answer */
	bool multiplexed; /* one connection takes many requests at once (HTTP/2); over TLS, until an answer says otherwise */
	bool late;      /* there was none yet when it was time for one from near */
	int64_t rtt_ms, rtt_since;
	int64_t rtt_next,
		rtt_next_since; /* the least since then: takes over when that one is too old; -1 none */
	int64_t rates[ROUTE_EPOCHS];   /* bytes a second */
	unsigned epoch;                /* so many were measured */
	int64_t epoch_ms, epoch_bytes; /* the one under way: since when; 0: none */
	bool idle;                     /* not all streams were under way all the time */
	int64_t parts[ROUTE_PARTS_KEPT]; /* bytes that came in the last two round trips, in parts of them, a ring */
	unsigned part;              /* the one under way */
	int64_t part_ms;            /* since when */
	unsigned streams,
		before; /* 0: ROUTE_STREAMS; before: while more are tried, how many there were */
	int64_t tried_rate; /* of those */
	int64_t last_rate;  /* of the epoch before */
	unsigned short_of;  /* epochs in which it was clearly less than it has been */
	int64_t best;       /* of one stream */
	unsigned steady;    /* epochs since it was half as much again */
	int64_t peak, peak_before; /* the most of some epochs since then, and of as many before those */
	bool queued;        /* the last answer came late: something fills the link */
	unsigned trial;     /* epochs since then */
	unsigned wait,
		patience; /* epochs until the next trial; what the next failure makes of it */
	unsigned under_way, own; /* transfers; of those by connections of their own */
	int64_t coming;          /* bytes that the others were asked for, until they have ended; what pauses is none of them */
	unsigned waiting;        /* files that are asked for when others have come */
};

struct routes { /* zeroed memory: none */
	struct route all[ROUTE_HOSTS];
	unsigned next; /* to be given to another host */
};

/* The one to the host of this URL, a new one where there is none. It stays valid, but may become another host's. */
struct route *route_find(struct routes *routes, const char *url);
/* An answer came so long after its request was sent over a connection that was there. */
void route_answered(struct route *route, int64_t now_ms, int64_t wait_ms);
/* A transfer begins or has ended. What began before this became another host's does not count. */
void route_began(struct route *route, bool own, int64_t bytes);
void route_ended(struct route *route, bool own, int64_t bytes);
/* Should the next small file come by a connection of its own? The first one of several does not: the one that is there would rest. */
bool route_takes_own(const struct route *route);
/* So many small files are under way that what they bring says whether more streams would bring more. */
bool route_is_full_of_small(const struct route *route);
/* What is under way by the shared connection fills the link, and a round trip of the queue in front of it: more would come no
 * sooner. Never where several streams were seen to bring more: each of them needs something to bring. */
bool route_is_full(const struct route *route);
/* Bytes have come; full: as many transfers as route_streams() says are under way. */
void route_delivered(struct route *route, int64_t now_ms, size_t bytes, bool full);
/* A round trip takes long, or the first one is not over when it should be. */
bool route_is_far(const struct route *route);
int64_t route_rtt_ms(const struct route *route); /* at least 1 */
int64_t route_rate(const struct route *route);   /* bytes a second; 0 unknown */
int64_t route_product(
	const struct route *route); /* bytes that are under way when the link is full; 0 unknown */
/* What came in the last round trip: epochs are behind that by a factor of four while a connection grows. At most twice of what
 * came in the one before it, as a connection grows: what has waited behind a lost segment comes at once. */
int64_t route_last_trip(const struct route *route);
/* Two round trips: so much may be asked for ahead without anybody's waiting for it. Of what the last one brought where that is
 * more: a rate takes four of them to be known, and a small directory is read by then. */
int64_t route_ahead(const struct route *route);
/* Bytes a second, of the last round trip or the last whole epoch: what comes in bursts, one each round trip, may just be
 * between two. */
int64_t route_rate_now(const struct route *route);
unsigned route_streams(const struct route *route);
