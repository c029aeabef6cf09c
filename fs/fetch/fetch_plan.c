/* SPDX-License-Identifier: MIT */
/* Which ranges are on their way.
 *
 * Near (answers come within a few milliseconds) a file comes in one stream, which pauses when it is far in front of its
 * readers. Far away each request costs a round trip and each new connection begins slowly, so a reader in sequence is
 * served by several ranges at once: plan.h has the rules. Which of the two it is, the answers so far tell (route.h). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/base/map.h"
#include "fs/fetch/fetch_private.h"
#include "fs/fetch/plan.h"

/* without any answer for so long the server counts as far, until an answer says otherwise */
#define FAR_AFTER_MS 3
/* what a new connection brings at once: ten segments (RFC 6928), less the head */
#define FLIGHT (INT64_C(12) * 1024)
#define LOOK_SHARE 32                 /* of a round trip's bytes: this much later it comes */
#define LOOK_MAX (INT64_C(32) * 1024) /* what the kernel asks for on behalf of a small first read */
#define TRANSFERS_MAX (ROUTE_STREAMS_MAX + 4) /* of one file; some for who jumps about */
#define TRANSFERS_NEAR 2                      /* of them ahead of a reader, where it is near */
#define NEAR_AHEAD (INT64_C(6) * 1024 * 1024) /* of its reader: where a stream pauses */
#define STREAM_AFTER                                                                               \
	(INT64_C(512) * 1024)       /* bytes in sequence: from here on up to the end of the file */
#define SKIP (INT64_C(1024) * 1024) /* a read so far in front of a transfer waits for it */
#define SEGMENT_MIN (INT64_C(256) * 1024)
#define SEGMENT_MAX (INT64_C(4) * 1024 * 1024)
/* where an answer takes no time: at the start of a file, and after a jump */
#define HERE_FIRST (INT64_C(32) * 1024)
#define HERE_SEEK (INT64_C(16) * 1024)

/* Before the first answer nobody knows: a few connections too many cost less than waiting. */
static bool may_be_far(const struct fetch *fetch)
{
	return !fetch->route->known || route_is_far(fetch->route);
}

/* Makes room for one more transfer by ending the oldest one that nobody waits for. False: all are waited for. */
static bool make_room(struct fetch *fetch)
{
	struct list *item;

	if (fetch->transfer_count < TRANSFERS_MAX)
		return true;
	list_for_each(item, &fetch->transfers)
	{
		struct transfer *transfer = list_entry(item, struct transfer, link);
		if (!transfer_is_waited_for(transfer, SKIP)) {
			transfer_stop(transfer);
			return true;
		}
	}
	return false;
}

static int start(struct fetch *fetch, int64_t from, int64_t end, int64_t allowed, bool own)
{
	struct transfer *other = fetch_find_coming(fetch, from);
	int64_t limit = fetch_hole_end(fetch, from);

	if (end > limit)
		end = limit;
	/* a server that has not answered by then is far away: this need not wait for its answer */
	if (!fetch->route->known && !loop_timer_armed(fetch->far))
		loop_timer_arm(fetch->far, FAR_AFTER_MS);
	int r = transfer_start(fetch, from, end, allowed, own);
	if (r == 0 && other != NULL)
		other->end = from;
	return r;
}

/* The first byte from `at` on that is neither here nor on its way; `end`: none before that. */
static int64_t find_hole(const struct fetch *fetch, int64_t at, int64_t end)
{
	while (at < end) {
		int64_t present = fetch_present_end(fetch, at);
		const struct transfer *transfer = fetch_find_coming(fetch, at);
		if (present <= at && transfer == NULL)
			return at;
		at = present > at ? present : transfer->end;
	}
	return end;
}

/* Bytes a second since its answer began; 0: that is too short a time to tell. */
static int64_t rate_of(const struct transfer *transfer, int64_t now)
{
	int64_t passed = now - transfer->answered_ms;

	if (!transfer->answered || passed < 2 * route_rtt_ms(transfer->fetch->route))
		return 0;
	return (transfer->position - transfer->start) * 1000 / passed;
}

/* Asks for the next range of a reader who is at `at`, has read `run` bytes to there, and reads `length` now. 0: for none. */
static int64_t ask_next(struct fetch *fetch, int64_t at, int64_t run, int64_t length, bool waits)
{
	struct plan_range ranges[TRANSFERS_MAX];
	struct plan plan = {.route = fetch->route,
		.size = fetch->record.size,
		.at = at,
		.run = run,
		.length = length,
		.waits = waits,
		.hole = find_hole(fetch, at, fetch->record.size),
		.ranges = ranges};
	int64_t now = clock_mono_ms(), from;
	const struct list *item;

	list_for_each(item, &fetch->transfers)
	{
		const struct transfer *transfer = list_entry(item, struct transfer, link);
		if (plan.count < TRANSFERS_MAX)
			ranges[plan.count++] = (struct plan_range){.position = transfer->position,
				.end = transfer->end,
				.rate = rate_of(transfer, now),
				.shared = !transfer->own};
	}
	plan.hole_end = plan.hole < plan.size ? fetch_hole_end(fetch, plan.hole) : plan.size;
	bool shared;
	int64_t asked = plan_next(&plan, &from, &shared);
	if (asked == 0 || fetch->transfer_count >= TRANSFERS_MAX)
		return 0;
	/* the rest of a file, and who has just begun may stop */
	bool waits_for_him = asked >= PLAN_LONG || (asked > PLAN_FIRST && run < PLAN_FIRST);
	int64_t allowed = waits_for_him ? at + plan_ahead(&plan) : from + asked;
	int r = start(fetch, from, from + asked, allowed, !shared);
	return r < 0 ? r : asked;
}

/* Not over HTTP/2, which has one connection, nor over TLS, where a new one takes longer than it saves. */
static bool comes_by_two(const struct fetch *fetch, int64_t length)
{
	const struct fetches *fetches = fetch->fetches;

	return strncmp(fetch->record.url, "http:", 5) == 0 &&
	       plan_by_two(fetch->route, length, map_count(fetches->by_ino), http_active(fetches->needs.http));
}

/* How far to ask for where a reader begins: where an answer takes no time, a look into a large file is answered sooner by
 * less; elsewhere more comes for the same round trip. */
static int64_t first_target(const struct fetch *fetch, const struct fetch_read *read)
{
	int64_t end = read->offset + (int64_t)read->length,
		here = read->offset + (read->offset == 0 ? HERE_FIRST : HERE_SEEK);
	bool whole = read->offset == 0 && read->target >= fetch->record.size;

	if ((fetch->route->known && fetch->route->rtt_ms > 0) || read->run > 0 || whole ||
		end > here)
		return read->target;
	return here;
}

/* So much more comes with a look in the same flight, where the link is not so thin that the look would wait for it: nothing while
 * nobody knows, and nothing by a shared connection, where a look is not readable before the whole TLS record is here, whose server
 * sends it bit by bit (BBR). */
static int64_t look_length(const struct fetch *fetch)
{
	if (fetch->route->known && fetch->route->multiplexed)
		return 0;
	int64_t little = route_product(fetch->route) / LOOK_SHARE;

	return little < FLIGHT ? little : FLIGHT;
}

/* The bytes of one read from far away. */
static int serve_far(struct fetch *fetch, const struct fetch_read *read, int64_t at)
{
	int64_t end = read->offset + (int64_t)read->length, target = read->target;

	if (plan_is_bulk(read->run, (int64_t)read->length)) {
		/* a jump to what another range would bring much later: that one ends here */
		if (fetch_find_coming(fetch, at) != NULL) {
			int r = start(fetch, at, end, end, true);
			if (r < 0)
				return r;
		}
		while (find_hole(fetch, read->offset, end) < end) {
			int64_t asked = ask_next(
				fetch, read->offset, read->run, (int64_t)read->length, true);
			if (asked <= 0)
				return (int)asked;
		}
		return 0;
	}
	if (comes_by_two(fetch, end - at)) {
		int r = start(fetch, at, at + (end - at) / 2, end, false);
		return r < 0 ? r : start(fetch, at + (end - at) / 2, end, end, false);
	}
	/* a reader who jumps about gets one flight, so that the connection is free again for its next jump */
	if (read->run == 0)
		target = read->offset > 0 ? at + look_length(fetch) : first_target(fetch, read);
	if (target < end)
		target = end;
	return start(fetch, at, target, target, false);
}

static int serve(struct fetch *fetch, struct fetch_read *read)
{
	int64_t at = fetch_missing(fetch, read), end = read->offset + (int64_t)read->length;
	struct transfer *transfer = fetch_find_coming(fetch, at);

	if (at >= end)
		return 0;
	/* a server without ranges begins at the beginning, whatever it is asked for */
	if (fetch->no_ranges && !list_empty(&fetch->transfers)) {
		struct transfer *only = list_entry(fetch->transfers.next, struct transfer, link);
		if (only->position <= at) {
			transfer_allow(only, end);
			return 0;
		}
		fetch_stop_all(fetch);
		transfer = NULL;
	}
	if (transfer != NULL && at - transfer->position <= SKIP) {
		transfer_allow(transfer, end);
		return 0;
	}
	if (!make_room(fetch))
		return 0;
	/* its beginning is on disk: read while the rest comes; and if it is not there any more, it is not missed a round trip late */
	if (at > read->offset) {
		const char *data;
		struct block *block;
		fetch_collect(fetch, read->offset, (size_t)(at - read->offset), &data, &block);
		at = fetch_missing(fetch, read);
	}
	if (may_be_far(fetch))
		return serve_far(fetch, read, at);
	int64_t target = first_target(fetch, read);
	return start(fetch, at, target > end ? target : end, target, false);
}

static int look_ahead_far(struct fetch *fetch)
{
	int64_t at = fetch->stream_end - fetch->stream_length, asked;

	if (!route_is_far(fetch->route))
		return 0;
	do
		asked = ask_next(fetch, at, fetch->stream_run, fetch->stream_length, false);
	while (asked > 0);
	return (int)asked;
}

/* What the last reader will want after its read. */
static int look_ahead(struct fetch *fetch)
{
	int64_t at = fetch->stream_end, size = fetch->record.size,
		target = at + fetch->stream_run * 4;

	if (at == 0 || fetch->no_ranges)
		return 0;
	if (may_be_far(fetch))
		return look_ahead_far(fetch);
	if (fetch->stream_run == 0)
		return 0;
	if (target > at + NEAR_AHEAD)
		target = at + NEAR_AHEAD;
	if (target > size)
		target = size;
	/* not in pieces so small that the request costs more than their bytes */
	int64_t piece = (target - at) / 4;
	if (piece < SEGMENT_MIN)
		piece = SEGMENT_MIN;
	if (piece > SEGMENT_MAX)
		piece = SEGMENT_MAX;
	bool stream = fetch->stream_run >= STREAM_AFTER;
	int64_t enough = at + (target - at) / 2;
	for (at = find_hole(fetch, at, target); at < target; at = find_hole(fetch, at, target)) {
		if ((at > enough && target < size) || fetch->transfer_count >= TRANSFERS_NEAR)
			break;
		int64_t end = stream ? size : at + piece;
		int r = start(fetch, at, end, stream ? fetch->stream_end + NEAR_AHEAD : end, false);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A file that is fetched whole in the background comes in one stream, which does not pause for readers. */
static int fetch_rest(struct fetch *fetch)
{
	int64_t at = 0;

	if (!list_empty(&fetch->transfers))
		return 0;
	while (at < fetch->record.size) {
		int64_t present = fetch_present_end(fetch, at);
		if (present <= at)
			break;
		at = present;
	}
	/* it has ended when it is on disk (fetch_transfer.c) */
	if (at >= fetch->record.size || fetch->uncached) {
		if (fetch->storing == 0)
			fetch_background_done(fetch);
		return 0;
	}
	return start(fetch, at, fetch->record.size, INT64_MAX / 2, true);
}

void fetch_advance(struct fetch *fetch, int64_t end)
{
	int64_t ahead = may_be_far(fetch) ? plan_pace(fetch->stream_run) : NEAR_AHEAD;
	struct list *item;

	list_for_each(item, &fetch->transfers)
	{
		struct transfer *transfer = list_entry(item, struct transfer, link);
		int64_t allowed = end + ahead;
		/* only transfers near this reader; and not for every small step, since resuming one costs a turn of the loop */
		if (transfer->start < end + ahead && transfer->position >= end - ahead &&
			allowed > transfer->allowed &&
			(!transfer->paused || transfer->position < end + ahead / 2))
			transfer_allow(transfer, allowed);
	}
}

void fetch_pump(struct fetch *fetch)
{
	struct list *item, *after;
	int r = 0;

	if (!fetch->loaded || fetch->users == 0 || fetch->renewal != NULL ||
		loop_timer_armed(fetch->retry))
		return;
	if (may_be_far(fetch) && fetch->background == NULL && fetch_waits_its_turn(fetch))
		return;
	list_for_each_safe(item, after, &fetch->reads)
	{
		r = serve(fetch, list_entry(item, struct fetch_read, link));
		if (r < 0)
			break;
	}
	if (r == 0)
		r = look_ahead(fetch);
	if (r == 0 && fetch->background != NULL)
		r = fetch_rest(fetch);
	if (r < 0)
		fetch_fail(fetch, r == -ENOMEM ? r : -EIO, strerror(-r));
}

/* A look into a file that is a little more than the first flight of a new connection: the rest comes by a second one,
 * instead of a round trip later; where that cannot be, it comes by the first one all the same. */
static void share_look(struct fetch *fetch, struct transfer *transfer)
{
	const struct list *item;

	if (transfer->answered || transfer->position != 0 || transfer->end <= FLIGHT ||
		fetch->no_ranges || fetch->transfer_count >= TRANSFERS_MAX)
		return;
	list_for_each(item, &fetch->reads)
	{
		const struct fetch_read *read = list_entry(item, struct fetch_read, link);
		if (read->offset == 0 && (int64_t)read->length > FLIGHT &&
			(int64_t)read->length <= LOOK_MAX) {
			start(fetch, FLIGHT, transfer->end, transfer->allowed, false);
			return;
		}
	}
}

void fetch_is_connecting(struct transfer *transfer)
{
	if (route_is_far(transfer->fetch->route))
		share_look(transfer->fetch, transfer);
}

void fetch_is_far(struct fetch *fetch)
{
	struct transfer *transfer = fetch_find_coming(fetch, 0);

	if (fetch->route->known || list_empty(&fetch->transfers))
		return;
	fetch->route->late = true;
	if (transfer != NULL)
		share_look(fetch, transfer);
	fetch_pump(fetch);
}
