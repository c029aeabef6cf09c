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
#include "fs/base/backoff.h"

#define FAR_MS 8
/* no answer at all for so long: it is far, until the answer says otherwise */
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
#define FAR_BULK (INT64_C(128) * 1024) /* who reads so much at once reads on */
/* How much is asked for at once where that is the beginning: so that new connections do not come to an end while they grow,
 * nor all of them at the same moment, which would leave the link empty for a round trip. */
#define FAR_BULK_AHEAD 64 /* times what was read */
#define FAR_BULK_PIECE (INT64_C(768) * 1024)
#define FAR_BULK_MORE (INT64_C(256) * 1024)
#define FAR_JUMP_AHEAD 16            /* the same, elsewhere */
#define NEARLY (INT64_C(256) * 1024) /* so little is not worth a new connection */
#define ATTEMPTS 4                   /* without a single new byte */

static const struct backoff pace = {.first_ms = 300, .max_ms = 5000, .jitter_percent = 20};

static bool is_far(const struct result *result)
{
	/* before the first answer nobody knows: a few connections too many cost less than waiting */
	return result->results->latency_ms < 0 || result->results->latency_ms >= FAR_MS;
}

/* The transfer that will bring the byte at `offset`; NULL none. */
static struct transfer *find_coming(const struct result *result, int64_t offset)
{
	struct list *item;

	list_for_each(item, &result->transfers)
	{
		struct transfer *transfer = list_entry(item, struct transfer, link);
		if (transfer->position <= offset && offset < transfer->end)
			return transfer;
	}
	return NULL;
}

/* Where something begins that is here or on its way. */
static int64_t hole_end(const struct result *result, int64_t offset)
{
	int64_t end = result->record.size, next = cache_file_next_start(result->file, offset);
	struct list *item;

	if (next < end)
		end = next;
	next = block_next_start(&result->blocks, offset);
	if (next < end)
		end = next;
	list_for_each(item, &result->transfers)
	{
		const struct transfer *transfer = list_entry(item, struct transfer, link);
		if (transfer->position > offset && transfer->position < end)
			end = transfer->position;
	}
	return end;
}

static bool is_waited_for(const struct result *result, const struct transfer *transfer)
{
	const struct list *item;

	list_for_each(item, &result->reads)
	{
		const struct result_read *read = list_entry(item, struct result_read, link);
		if (read->offset + (int64_t)read->length > transfer->position &&
			read->offset < transfer->end && transfer->position + SKIP >= read->offset)
			return true;
	}
	return false;
}

/* Room for one more: the oldest transfer that nobody waits for ends. */
static bool make_room(struct result *result)
{
	struct list *item;

	if (result->transfer_count < TRANSFERS_MAX)
		return true;
	list_for_each(item, &result->transfers)
	{
		struct transfer *transfer = list_entry(item, struct transfer, link);
		if (!is_waited_for(result, transfer)) {
			transfer_stop(transfer);
			return true;
		}
	}
	return false;
}

static int start(struct result *result, int64_t from, int64_t end, int64_t allowed)
{
	struct transfer *other = find_coming(result, from);
	int64_t limit = hole_end(result, from);

	if (end > limit)
		end = limit;
	/* an answer that takes so long comes from far away, however long it will have taken */
	if (result->results->latency_ms < 0 && !loop_timer_armed(result->far))
		loop_timer_arm(result->far, FAR_AFTER_MS);
	int r = transfer_start(result, from, end, allowed);
	if (r == 0 && other != NULL)
		other->end = from;
	return r;
}

/* The first byte of the read that is not here yet. */
static int64_t missing(const struct result *result, const struct result_read *read)
{
	int64_t at = read->offset, end = read->offset + (int64_t)read->length;

	while (at < end) {
		int64_t present = result_present_end(result, at);
		if (present <= at)
			break;
		at = present;
	}
	return at;
}

/* Starts what is missing of [at, end), in pieces, each of them so much more than the one before. */
static int start_pieces(
	struct result *result, int64_t at, int64_t end, int64_t piece, int64_t more, unsigned limit)
{
	while (at < end && result->transfer_count < limit) {
		int64_t present = result_present_end(result, at);
		const struct transfer *transfer = find_coming(result, at);
		if (present > at || transfer != NULL) {
			at = present > at ? present : transfer->end;
			continue;
		}
		int r = start(result, at, at + piece < end ? at + piece : end, at + piece);
		if (r < 0)
			return r;
		piece += more;
	}
	return 0;
}

/* How far to ask for where a reader begins: where an answer takes no time, a look into a large file is answered sooner by
 * less; elsewhere more comes for the same round trip. */
static int64_t first_target(const struct result *result, const struct result_read *read)
{
	int64_t end = read->offset + (int64_t)read->length,
		here = read->offset + (read->offset == 0 ? HERE_FIRST : HERE_SEEK);
	bool whole = read->offset == 0 && read->target >= result->record.size;

	if (result->results->latency_ms > 0 || read->run > 0 || whole || end > here)
		return read->target;
	return here;
}

/* A connection brings little at once, the less the newer it is: what is longer comes by several side by side, as long as
 * that does not keep others waiting for theirs. */
static bool is_shared(const struct result *result, int64_t length)
{
	return length >= FAR_BULK ||
	       (length > FAR_PIECE && http_active(result->results->gen->http) < FAR_CROWD);
}

static int serve(struct result *result, struct result_read *read)
{
	int64_t at = missing(result, read), end = read->offset + (int64_t)read->length;
	struct transfer *transfer = find_coming(result, at);

	/* a server without ranges begins at the beginning, whatever it is asked for */
	if (result->no_ranges && !list_empty(&result->transfers)) {
		struct transfer *only = list_entry(result->transfers.next, struct transfer, link);
		if (only->position <= at) {
			transfer_allow(only, end);
			return 0;
		}
		result_stop_all(result);
		transfer = NULL;
	}
	if (transfer != NULL && at - transfer->position <= SKIP) {
		transfer_allow(transfer, end);
		return 0;
	}
	if (!make_room(result))
		return 0;
	int64_t target = first_target(result, read);
	if (!is_far(result))
		return start(result, at, target > end ? target : end, target);
	if (read->run > 0)
		return start_pieces(result, at, end, SEGMENT_MIN, 0, TRANSFERS_MAX);
	if (!is_shared(result, end - at)) {
		/* who jumps about is served by one flight, so that the connection is free for the next jump */
		if (read->offset > 0)
			target = at + FLIGHT;
		if (target < end)
			target = end;
		return start(result, at, target, target);
	}
	int64_t pieces = (end - at + FAR_PIECE - 1) / FAR_PIECE;
	if (pieces > FAR_PIECES)
		pieces = FAR_PIECES;
	return start_pieces(result, at, end, (end - at + pieces - 1) / pieces, 0, TRANSFERS_MAX);
}

/* Who reads much at once, far away, will go on; who begins in the midst may as well jump again. */
static int look_ahead_at_once(struct result *result, int64_t most)
{
	int64_t at = result->stream_end, length = result->stream_length, size = result->record.size;
	bool begins = at == length;
	int64_t ahead = (begins ? FAR_BULK_AHEAD : FAR_JUMP_AHEAD) * length;

	if (length < FAR_BULK || result->results->latency_ms < FAR_MS)
		return 0;
	int64_t target = at + (ahead < most ? ahead : most);
	return start_pieces(result, at, target < size ? target : size,
		begins ? FAR_BULK_PIECE : 2 * SEGMENT_MIN, begins ? FAR_BULK_MORE : 0,
		TRANSFERS_FAR);
}

/* What the last reader will want after its read. */
static int look_ahead(struct result *result)
{
	bool far = is_far(result);
	int64_t at = result->stream_end, size = result->record.size,
		target = at + result->stream_run * (far ? 8 : 4);
	unsigned limit = far ? TRANSFERS_FAR : TRANSFERS_NEAR;
	int64_t most = far ? READAHEAD_MAX : NEAR_AHEAD;

	if (at == 0 || result->no_ranges)
		return 0;
	if (result->stream_run == 0)
		return look_ahead_at_once(result, most);
	if (target > at + most)
		target = at + most;
	if (target > size)
		target = size;
	/* asked for in pieces that are worth a request */
	int64_t piece = (target - at) / (far ? TRANSFERS_FAR : 4);
	if (piece < (far ? 2 * FAR_PIECE : SEGMENT_MIN))
		piece = far ? 2 * FAR_PIECE : SEGMENT_MIN;
	if (piece > (far ? FAR_PIECE_MAX : SEGMENT_MAX))
		piece = far ? FAR_PIECE_MAX : SEGMENT_MAX;
	bool stream = !far && result->stream_run >= STREAM_AFTER;
	/* far away the next one is asked for as soon as there is room for it: what waits there is the whole link */
	int64_t enough = far ? target - piece : at + (target - at) / 2;
	while (at < target) {
		int64_t present = result_present_end(result, at);
		if (present > at) {
			at = present;
			continue;
		}
		struct transfer *transfer = find_coming(result, at);
		if (transfer != NULL) {
			at = transfer->end;
			continue;
		}
		if ((at > enough && target < size) || result->transfer_count >= limit)
			break;
		int64_t end = stream ? size : at + piece;
		int r = start(result, at, end, stream ? result->stream_end + most : end);
		if (r < 0)
			return r;
	}
	return 0;
}

/* In the background: one stream, which waits for nobody. */
static int fetch_rest(struct result *result)
{
	int64_t at = 0;

	if (!list_empty(&result->transfers))
		return 0;
	while (at < result->record.size) {
		int64_t present = result_present_end(result, at);
		if (present <= at)
			break;
		at = present;
	}
	if (at >= result->record.size || result->uncached) {
		result_background_done(result);
		return 0;
	}
	return start(result, at, result->record.size, INT64_MAX / 2);
}

void result_advance(struct result *result, int64_t end)
{
	struct list *item;

	list_for_each(item, &result->transfers)
	{
		struct transfer *transfer = list_entry(item, struct transfer, link);
		int64_t allowed = end + NEAR_AHEAD;
		/* those around this reader, not those of others; not for each little step, since going on costs a turn */
		if (transfer->start < end + NEAR_AHEAD && transfer->position >= end - NEAR_AHEAD &&
			allowed > transfer->allowed &&
			(!transfer->paused || transfer->position < end + NEAR_AHEAD / 2))
			transfer_allow(transfer, allowed);
	}
}

void result_pump(struct result *result)
{
	struct list *item, *after;
	int r = 0;

	if (!result->loaded || result->users == 0 || result->renewal != NULL ||
		loop_timer_armed(result->retry))
		return;
	list_for_each_safe(item, after, &result->reads)
	{
		r = serve(result, list_entry(item, struct result_read, link));
		if (r < 0)
			break;
	}
	if (r == 0)
		r = look_ahead(result);
	if (r == 0 && result->background != NULL)
		r = fetch_rest(result);
	if (r < 0)
		result_fail(result, r == -ENOMEM ? r : -EIO, strerror(-r));
}

/* A look into a file that is a little more than the first flight of a new connection: the rest comes by a second one,
 * instead of a round trip later; where that cannot be, it comes by the first one all the same. */
static void share_look(struct result *result, struct transfer *transfer)
{
	const struct list *item;

	if (transfer->answered || transfer->position != 0 || transfer->end <= FLIGHT ||
		result->no_ranges || result->transfer_count >= TRANSFERS_MAX)
		return;
	list_for_each(item, &result->reads)
	{
		const struct result_read *read = list_entry(item, struct result_read, link);
		if (read->offset == 0 && (int64_t)read->length > FLIGHT &&
			(int64_t)read->length <= LOOK_MAX) {
			start(result, FLIGHT, transfer->end, transfer->allowed);
			return;
		}
	}
}

void result_is_connecting(struct transfer *transfer)
{
	if (transfer->result->results->latency_ms >= FAR_MS)
		share_look(transfer->result, transfer);
}

void result_is_far(struct result *result)
{
	struct transfer *transfer = find_coming(result, 0);

	if (result->results->latency_ms >= 0 || list_empty(&result->transfers))
		return;
	result->results->latency_ms = FAR_MS;
	if (transfer != NULL)
		share_look(result, transfer);
	result_pump(result);
}

void result_stop_all(struct result *result)
{
	while (!list_empty(&result->transfers))
		transfer_stop(list_entry(result->transfers.next, struct transfer, link));
}

void result_stop_long(struct result *result)
{
	struct list *item, *after;

	list_for_each_safe(item, after, &result->transfers)
	{
		struct transfer *transfer = list_entry(item, struct transfer, link);
		if (transfer->answered && transfer->end == transfer->asked_end &&
			transfer->end - transfer->position <= NEARLY)
			transfer_allow(transfer, transfer->end);
		else
			transfer_stop(transfer);
	}
}

static void on_renewed(void *arg, int error)
{
	struct result *result = arg;

	result->renewal = NULL;
	if (error == 0) {
		struct result_record fresh;
		error = results_find(result->results->gen->store, result->ino, &fresh);
		if (error == 0) {
			char *url = result->record.url;
			result->record.url = fresh.url;
			fresh.url = url;
			result_record_finish(&fresh);
		}
	}
	if (error < 0) {
		char why[128];
		snprintf(why, sizeof(why), "its address has expired and could not be renewed (%s)",
			strerror(-error));
		result_fail(result, -EIO, why);
		return;
	}
	result_pump(result);
}

static bool is_gone(int status)
{
	return status == 401 || status == 403 || status == 404 || status == 410;
}

static void fail_as(struct result *result, const struct http_end *end)
{
	char why[sizeof(end->text)];

	if (end->error == 0)
		snprintf(why, sizeof(why), "the server that has it answers HTTP %d",
			end->head.status);
	else
		snprintf(why, sizeof(why), "%s",
			end->text[0] != '\0' ? end->text : strerror(-end->error));
	result_fail(result, end->error == -ETIMEDOUT ? -ETIMEDOUT : -EIO, why);
}

/* A transfer has ended by itself. */
void result_ended(struct result *result, const struct http_end *end, bool complete)
{
	int status = end->head.status, error = end->error;

	if (result->users == 0) {
		result_left(result);
		return;
	}
	if (complete || (error == -ECANCELED && !list_empty(&result->transfers))) {
		result_pump(result);
		return;
	}
	if (result->renewal != NULL || loop_timer_armed(result->retry))
		return;
	if (error == -ESTALE) {
		result_fail(result, -EIO, "the file at its address is another one now");
		return;
	}
	if (list_empty(&result->reads) && result->background == NULL)
		return;
	if (is_gone(status) && !result->renewed) {
		result->renewed = true;
		result_stop_all(result);
		int r = renew_start(result->results->gen, result->record.job, on_renewed, result,
			&result->renewal);
		if (r < 0)
			result_fail(result, -EIO, strerror(-r));
		return;
	}
	/* cut short, stalled, refused for the moment: on from where it stopped */
	if (++result->attempts >= ATTEMPTS) {
		fail_as(result, end);
		return;
	}
	loop_timer_arm(result->retry, backoff_wait_ms(&pace, result->attempts,
					      end->head.retry_after_ms, backoff_random()));
}
