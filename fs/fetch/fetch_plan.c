/* SPDX-License-Identifier: MIT */
/* Which ranges are on their way.
 *
 * Near (answers come within a few milliseconds) a file comes in one stream, which pauses when it is far in front of its
 * readers. Far away each request costs a round trip and each new connection begins slowly, so a reader in sequence is
 * served by several ranges at once. Which of the two it is, the time of the first answers tells. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fs/base/log.h"
#include "fs/fetch/fetch_private.h"

#define FAR_MS 8
/* without any answer for so long the server counts as far, until an answer says otherwise */
#define FAR_AFTER_MS 3
/* what a new connection brings at once: ten segments (RFC 6928), less the head */
#define FLIGHT (INT64_C(12) * 1024)
#define LOOK_MAX (INT64_C(32) * 1024) /* what the kernel asks for on behalf of a small first read */
#define TRANSFERS_MAX 16              /* of one file */
#define TRANSFERS_FAR 12              /* of them ahead of a reader, where it is far */
#define TRANSFERS_NEAR 2              /* of them ahead of a reader, where it is near */
#define NEAR_AHEAD (INT64_C(6) * 1024 * 1024) /* of its reader: where a stream pauses */
#define STREAM_AFTER                                                                               \
	(INT64_C(512) * 1024)       /* bytes in sequence: from here on up to the end of the file */
#define SKIP (INT64_C(1024) * 1024) /* a read so far in front of a transfer waits for it */
#define SEGMENT_MIN (INT64_C(256) * 1024)
#define SEGMENT_MAX (INT64_C(4) * 1024 * 1024)
/* where an answer takes no time: at the start of a file, and after a jump */
#define HERE_FIRST (INT64_C(32) * 1024)
#define HERE_SEEK (INT64_C(16) * 1024)
#define FAR_PIECE (INT64_C(64) * 1024)
/* So much that all of them together are well below READAHEAD_MAX: when their sum is all that may be on its way, one that is
 * late keeps the others from asking, they then ask all at once, and the link runs dry in between. */
#define FAR_PIECE_MAX (INT64_C(1024) * 1024)
#define FAR_PIECES 4 /* that a long read is shared among */
#define FAR_CROWD 16 /* requests on their way: half of what a host gets connections */
#define FAR_BULK (INT64_C(128) * 1024) /* a reader who asks for so much at once will read on */
/* How much is asked for at once where that is the beginning: so that new connections do not come to an end while they grow,
 * nor all of them at the same moment, which would leave the link empty for a round trip. */
#define FAR_BULK_AHEAD 64 /* times what was read */
#define FAR_BULK_PIECE (INT64_C(768) * 1024)
#define FAR_BULK_MORE (INT64_C(256) * 1024)
#define FAR_JUMP_AHEAD 16 /* the same, elsewhere */

static bool is_far(const struct fetch *fetch)
{
	/* before the first answer nobody knows: a few connections too many cost less than waiting */
	return fetch->fetches->latency_ms < 0 || fetch->fetches->latency_ms >= FAR_MS;
}

static bool is_waited_for(const struct fetch *fetch, const struct transfer *transfer)
{
	const struct list *item;

	list_for_each(item, &fetch->reads)
	{
		const struct fetch_read *read = list_entry(item, struct fetch_read, link);
		if (read->offset + (int64_t)read->length > transfer->position &&
			read->offset < transfer->end && transfer->position + SKIP >= read->offset)
			return true;
	}
	return false;
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
		if (!is_waited_for(fetch, transfer)) {
			transfer_stop(transfer);
			return true;
		}
	}
	return false;
}

static int start(struct fetch *fetch, int64_t from, int64_t end, int64_t allowed)
{
	struct transfer *other = fetch_find_coming(fetch, from);
	int64_t limit = fetch_hole_end(fetch, from);

	if (end > limit)
		end = limit;
	/* a server that has not answered by then is far away: this need not wait for its answer */
	if (fetch->fetches->latency_ms < 0 && !loop_timer_armed(fetch->far))
		loop_timer_arm(fetch->far, FAR_AFTER_MS);
	int r = transfer_start(fetch, from, end, allowed);
	if (r == 0 && other != NULL)
		other->end = from;
	return r;
}

/* Starts what is missing of [at, end), in pieces, each of them so much more than the one before. */
static int start_pieces(
	struct fetch *fetch, int64_t at, int64_t end, int64_t piece, int64_t more, unsigned limit)
{
	while (at < end && fetch->transfer_count < limit) {
		int64_t present = fetch_present_end(fetch, at);
		const struct transfer *transfer = fetch_find_coming(fetch, at);
		if (present > at || transfer != NULL) {
			at = present > at ? present : transfer->end;
			continue;
		}
		int r = start(fetch, at, at + piece < end ? at + piece : end, at + piece);
		if (r < 0)
			return r;
		piece += more;
	}
	return 0;
}

/* How far to ask for where a reader begins: where an answer takes no time, a look into a large file is answered sooner by
 * less; elsewhere more comes for the same round trip. */
static int64_t first_target(const struct fetch *fetch, const struct fetch_read *read)
{
	int64_t end = read->offset + (int64_t)read->length,
		here = read->offset + (read->offset == 0 ? HERE_FIRST : HERE_SEEK);
	bool whole = read->offset == 0 && read->target >= fetch->record.size;

	if (fetch->fetches->latency_ms > 0 || read->run > 0 || whole || end > here)
		return read->target;
	return here;
}

/* A connection brings little at once, the less the newer it is: what is longer comes by several side by side, as long as
 * that does not keep others waiting for theirs. */
static bool is_shared(const struct fetch *fetch, int64_t length)
{
	return length >= FAR_BULK ||
	       (length > FAR_PIECE && http_active(fetch->fetches->needs.http) < FAR_CROWD);
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
	int64_t target = first_target(fetch, read);
	if (!is_far(fetch))
		return start(fetch, at, target > end ? target : end, target);
	if (read->run > 0)
		return start_pieces(fetch, at, end, SEGMENT_MIN, 0, TRANSFERS_MAX);
	if (!is_shared(fetch, end - at)) {
		/* a reader who jumps about gets one flight, so that the connection is free again for its next jump */
		if (read->offset > 0)
			target = at + FLIGHT;
		if (target < end)
			target = end;
		return start(fetch, at, target, target);
	}
	int64_t pieces = (end - at + FAR_PIECE - 1) / FAR_PIECE;
	if (pieces > FAR_PIECES)
		pieces = FAR_PIECES;
	return start_pieces(fetch, at, end, (end - at + pieces - 1) / pieces, 0, TRANSFERS_MAX);
}

/* Far away, a reader who begins with a large read will go on, so more is asked for at once; one who begins in the middle of
 * a file may jump again, so less is. */
static int look_ahead_at_once(struct fetch *fetch, int64_t most)
{
	int64_t at = fetch->stream_end, length = fetch->stream_length, size = fetch->record.size;
	bool begins = at == length;
	int64_t ahead = (begins ? FAR_BULK_AHEAD : FAR_JUMP_AHEAD) * length;

	if (length < FAR_BULK || fetch->fetches->latency_ms < FAR_MS)
		return 0;
	int64_t target = at + (ahead < most ? ahead : most);
	return start_pieces(fetch, at, target < size ? target : size,
		begins ? FAR_BULK_PIECE : 2 * SEGMENT_MIN, begins ? FAR_BULK_MORE : 0,
		TRANSFERS_FAR);
}

/* What the last reader will want after its read. */
static int look_ahead(struct fetch *fetch)
{
	bool far = is_far(fetch);
	int64_t at = fetch->stream_end, size = fetch->record.size,
		target = at + fetch->stream_run * (far ? 8 : 4);
	unsigned limit = far ? TRANSFERS_FAR : TRANSFERS_NEAR;
	int64_t most = far ? READAHEAD_MAX : NEAR_AHEAD;

	if (at == 0 || fetch->no_ranges)
		return 0;
	if (fetch->stream_run == 0)
		return look_ahead_at_once(fetch, most);
	if (target > at + most)
		target = at + most;
	if (target > size)
		target = size;
	/* not in pieces so small that the request costs more than their bytes */
	int64_t piece = (target - at) / (far ? TRANSFERS_FAR : 4);
	if (piece < (far ? 2 * FAR_PIECE : SEGMENT_MIN))
		piece = far ? 2 * FAR_PIECE : SEGMENT_MIN;
	if (piece > (far ? FAR_PIECE_MAX : SEGMENT_MAX))
		piece = far ? FAR_PIECE_MAX : SEGMENT_MAX;
	bool stream = !far && fetch->stream_run >= STREAM_AFTER;
	/* far away the next one is asked for as soon as there is room for it: what waits there is the whole link */
	int64_t enough = far ? target - piece : at + (target - at) / 2;
	while (at < target) {
		int64_t present = fetch_present_end(fetch, at);
		if (present > at) {
			at = present;
			continue;
		}
		struct transfer *transfer = fetch_find_coming(fetch, at);
		if (transfer != NULL) {
			at = transfer->end;
			continue;
		}
		if ((at > enough && target < size) || fetch->transfer_count >= limit)
			break;
		int64_t end = stream ? size : at + piece;
		int r = start(fetch, at, end, stream ? fetch->stream_end + most : end);
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
	if (at >= fetch->record.size || fetch->uncached) {
		fetch_background_done(fetch);
		return 0;
	}
	return start(fetch, at, fetch->record.size, INT64_MAX / 2);
}

void fetch_advance(struct fetch *fetch, int64_t end)
{
	struct list *item;

	list_for_each(item, &fetch->transfers)
	{
		struct transfer *transfer = list_entry(item, struct transfer, link);
		int64_t allowed = end + NEAR_AHEAD;
		/* only transfers near this reader; and not for every small step, since resuming one costs a turn of the loop */
		if (transfer->start < end + NEAR_AHEAD && transfer->position >= end - NEAR_AHEAD &&
			allowed > transfer->allowed &&
			(!transfer->paused || transfer->position < end + NEAR_AHEAD / 2))
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
			start(fetch, FLIGHT, transfer->end, transfer->allowed);
			return;
		}
	}
}

void fetch_is_connecting(struct transfer *transfer)
{
	if (transfer->fetch->fetches->latency_ms >= FAR_MS)
		share_look(transfer->fetch, transfer);
}

void fetch_is_far(struct fetch *fetch)
{
	struct transfer *transfer = fetch_find_coming(fetch, 0);

	if (fetch->fetches->latency_ms >= 0 || list_empty(&fetch->transfers))
		return;
	fetch->fetches->latency_ms = FAR_MS;
	if (transfer != NULL)
		share_look(fetch, transfer);
	fetch_pump(fetch);
}
