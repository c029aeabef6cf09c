/* SPDX-License-Identifier: MIT */
#pragma once
/* plan: which range of a file far away is asked for next, for a reader in sequence. Pure: it is given what is known and what
 * is on its way, and names one range; the caller asks for it, and asks here again. tests/unit/test_plan.c runs it
 * against a model of links.
 *
 * Rules:
 *   1. In order. Ranges are asked for one behind the other, from the reader's place on, so that what he waits for is never
 *      behind what he may want.
 *   2. No more side by side than was seen to bring more (route.h). A connection that is new, or had a loss, does not fill the
 *      link, and each request costs a round trip in which its connection brings nothing: the others fill that.
 *   3. At first PLAN_FIRST in equal parts, one for each: the beginning comes at the pace of the whole link, and nothing
 *      behind it takes a share. The first part comes by the connection that is there, as a new one takes round trips.
 *      Where an answer has come before, a connection is there, most likely, and has grown: a file that is read from its beginning
 *      comes by that, as one range.
 *      Where one stream is enough, the rest of a file that is read from its beginning comes with the last part: a connection does
 *      not grow while its server has nothing to send. Elsewhere it is one range behind that, or longer ones, as in 4, where
 *      little is left.
 *   4. Elsewhere then longer ones, a third of what was asked for so far, so that they end one after the other and the link is never
 *      without any; but no more than all of them bring in a second, or in eight round trips, since a reader may stop; and all
 *      together no more than half of PLAN_AHEAD, so that one that is late does not keep the others from asking.
 *   5. Where one stream is enough, and the connection that is there takes many requests at once (HTTP/2), all comes by it,
 *      from the beginning on, in pieces of PLAN_PIECE: so many that its server has something to send all the time, in a round
 *      trip in which it grows, too: else a server takes what it was asked for as what the link can carry (BBR). What is behind
 *      the beginning is asked for when that will have left the server by the time that the request is there.
 *   6. No further ahead of the reader than eight times what he has read, and never more than PLAN_AHEAD: that is memory. Who
 *      has read less than PLAN_BULK, and little at a time, may only be looking.
 *   7. Towards the end of the file shorter again, so that all come to their end together.
 *   8. One that is slow (its connection has grown late, or lost much) is helped: the second half of what it still has to
 *      bring is asked for anew, where that saves half of the time at least. First the one that the reader waits for, and,
 *      when there is nothing else to ask for, the one that would end last. One that stands behind others on the same connection
 *      is not slow.
 *   9. A small file comes in halves by two connections side by side, since one brings little at once, the less the newer it is:
 *      where nothing is known to fill the link, and as long as that does not keep others waiting for theirs. Who reads alone
 *      has one, which has grown when he reads the next file. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/fetch/route.h"

#define PLAN_FIRST (INT64_C(1024) * 1024)
#define PLAN_BULK (INT64_C(128) * 1024) /* who reads so much will read on */
#define PLAN_LONG (PLAN_AHEAD / 2) /* a range that pauses in front of its reader */
#define PLAN_STREAMS 4             /* for so much */
#define PLAN_PIECE (INT64_C(512) * 1024) /* nothing that comes by a shared connection is longer: it must not pause */
#define PLAN_AHEAD (INT64_C(20) * 1024 * 1024)

struct plan_range {            /* on its way */
	int64_t position, end; /* the next byte to come; up to (exclusive) */
	int64_t rate;          /* bytes a second so far; 0: not known yet */
	bool shared;           /* by the connection that is there */
};

struct plan {
	const struct route *route;
	int64_t size;   /* of the file */
	int64_t at;     /* so far the reader has come */
	int64_t run;    /* bytes that he has read in sequence, to there */
	int64_t length; /* that he reads now */
	bool waits;     /* for the bytes at `hole`: however many are on their way */
	int64_t hole,
		hole_end; /* the first bytes behind `at` that are neither here nor on their way */
	const struct plan_range *ranges; /* in any order */
	unsigned count;
};

/* A reader like this is one in sequence, and no look. */
bool plan_is_bulk(int64_t run, int64_t length);
/* So far ahead of its reader a long range goes on: when it is asked for, and for who has read `run` bytes since. */
int64_t plan_ahead(const struct plan *plan);
int64_t plan_pace(int64_t run);
/* The range to be asked for: its length, 0 nothing now. *ret_from may lie in one of `ranges`, which then ends there.
 * *ret_shared: by the connection that is there; else by one that no other request uses at the same time. */
int64_t plan_next(const struct plan *plan, int64_t *ret_from, bool *ret_shared);
/* Does a small file, of which so many bytes are wanted, come by two connections? open: files that are read, or about to be, this one
 * included; active: requests on their way. */
bool plan_by_two(const struct route *route, int64_t length, size_t open, unsigned active);
