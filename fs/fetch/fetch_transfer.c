/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/fetch/fetch_private.h"

/* Longer ranges of larger files have connections of their own, which they do not share (HTTP/2): what is short goes by the one
 * that is there, as long as that brings what the way can carry (route.h). */
#define SHORT (512 * 1024)
#define LATER_BELOW (256 * 1024) /* bytes: shorter blocks are written several at a time */
#define STORING_MAX 16 /* blocks on their way to disk; beyond it the transfer waits for the disk */

static void read_without(struct fetch *fetch, int error)
{
	if (fetch == NULL || fetch->uncached)
		return;
	log_errno(LOG_LEVEL_WARNING, error, "result: inode %lld: the cache takes no more; it is read without",
		(long long)fetch->ino);
	fetch->uncached = true;
}

static void block_late(struct cache_io *io)
{
	read_without(container_of(io, struct block, io)->fetch, -ETIMEDOUT);
}

/* What is fetched in the background has come to its end when it is on disk, or goes on where it is not; and what nobody uses goes. */
static void note_stored(struct fetch *fetch)
{
	if (--fetch->storing > 0 || !list_empty(&fetch->transfers))
		return;
	if ((fetch->background != NULL || fetch->users == 0) && !loop_timer_armed(fetch->retry))
		loop_timer_arm(fetch->retry, 0);
}

static void block_written(struct cache_io *io)
{
	struct block *block = container_of(io, struct block, io);

	if (io->error < 0)
		read_without(block->fetch, io->error);
	if (block->fetch != NULL)
		note_stored(block->fetch);
	block_release(block);
}

/* False: it is there already, or io.error says why not. */
static bool is_on_its_way(struct fetch *fetch, struct block *block)
{
	bool crowded = worker_pending(fetch->fetches->needs.worker) >= STORING_MAX;
	/* that is waited for, for as long as a disk is (fs/store/disk.h) */
	int r = crowded ? cache_file_write(fetch->file, block->start, block->data, block->length)
			: cache_io_submit(fetch->file, &block->io);

	/* what was submitted is the worker's now */
	if (r == 0 && !crowded)
		return true;
	block->io.error = r;
	return false;
}

/* The block is full, or nothing more comes for it: to disk, whole, since many small writes cost three times as much. */
static void store_block(struct transfer *transfer)
{
	struct fetch *fetch = transfer->fetch;
	struct fetches *fetches = fetch->fetches;
	struct block *block = transfer->block;

	if (block == NULL)
		return;
	transfer->block = NULL;
	if (!fetch->uncached && block->length > 0) {
		block->fetch = fetch;
		block->io = (struct cache_io){.kind = CACHE_WRITE,
			.offset = block->start,
			.length = block->length,
			.data = block->data,
			.later = block->length < LATER_BELOW,
			.late = block_late,
			.done = block_written};
		block_hold(block);
		fetch->storing++;
		if (!is_on_its_way(fetch, block))
			block_written(&block->io);
		fetch_note_growth(fetches);
	}
	block_fill_done(fetches->blocks, block);
}

static void transfer_free(struct transfer *transfer)
{
	store_block(transfer);
	list_remove(&transfer->link);
	transfer->fetch->transfer_count--;
	route_ended(transfer->route, transfer->own, transfer->counted);
	if (!list_empty(&transfer->fetch->fetches->turns))
		loop_timer_arm(transfer->fetch->fetches->next_turn, 0);
	free(transfer);
}

void transfer_stop(struct transfer *transfer)
{
	http_cancel(transfer->request);
	transfer_free(transfer);
}

static bool is_strong(const char *etag)
{
	return etag != NULL && etag[0] == '"';
}

/* `known` is an ETag or, where there was none, a Last-Modified. What is not told now says nothing. */
static bool is_other_version(const char *known, const struct http_head *head)
{
	bool tag = known[0] == '"' || strncmp(known, "W/", 2) == 0;
	const char *told = tag ? head->etag : head->last_modified;

	return told[0] != '\0' && strcmp(known, told) != 0;
}

static const struct transfer *find_whole(const struct fetch *fetch)
{
	const struct list *item;

	list_for_each(item, &fetch->transfers)
	{
		const struct transfer *transfer = list_entry(item, struct transfer, link);
		if (transfer->whole)
			return transfer;
	}
	return NULL;
}

static void on_connecting(void *arg)
{
	struct transfer *transfer = arg;

	transfer->connected = true;
	transfer->fetch->fetches->steps->connecting(transfer);
}

static int on_head(void *arg, const struct http_head *head)
{
	struct transfer *transfer = arg;
	struct fetch *fetch = transfer->fetch;
	const char *etag = fetch->record.etag;

	transfer->answered_ms = clock_mono_ms();
	route_answered(fetch->route, transfer->answered_ms, head->wait_ms);
	/* an idle one that speaks HTTP/1.1 may have been used: that says nothing */
	if (head->multiplexed || (transfer->connected && !transfer->own))
		fetch->route->multiplexed = head->multiplexed;
	transfer->answered = true;
	transfer->ignore_body = head->status != 200 && head->status != 206;
	if (transfer->ignore_body)
		return 0;
	/* two versions never mix: what was announced with another tag or length is not this file */
	if (etag != NULL && is_other_version(etag, head))
		return -ESTALE;
	if (head->total >= 0 && head->total != fetch->record.size)
		return -ESTALE;
	if (head->status == 206)
		return head->range_start == transfer->start ? 0 : -EPROTO;
	fetch->no_ranges = true;
	/* another transfer brings the whole file already */
	if (find_whole(fetch) != NULL)
		return -ECANCELED;
	transfer->whole = true;
	transfer->start = transfer->position = 0;
	transfer->end = transfer->asked_end = fetch->record.size;
	return 0;
}

static int take(struct transfer *transfer, const char *data, size_t length)
{
	struct fetch *fetch = transfer->fetch;

	while (length > 0) {
		if (transfer->block == NULL)
			transfer->block = block_take(fetch->fetches->blocks, &fetch->blocks,
				transfer->position, transfer->end);
		struct block *block = transfer->block;
		if (block == NULL)
			return -ENOMEM;
		size_t n = block->room - block->length;
		if (n > length)
			n = length;
		memcpy(block->data + block->length, data, n);
		block->length += n;
		transfer->position += (int64_t)n;
		data += n;
		length -= n;
		if (block->length == block->room)
			store_block(transfer);
	}
	return 0;
}

bool transfer_is_waited_for(const struct transfer *transfer, int64_t ahead)
{
	const struct list *item;

	list_for_each(item, &transfer->fetch->reads)
	{
		const struct fetch_read *read = list_entry(item, struct fetch_read, link);
		if (read->offset + (int64_t)read->length > transfer->position &&
			read->offset < transfer->end && read->offset - transfer->position <= ahead)
			return true;
	}
	return false;
}

/* As many are on their way as there may be, and none waits for its reader: what comes is what the way brings. */
static bool is_busy(const struct fetch *fetch)
{
	const struct list *item;

	if (fetch->record.size <= FETCH_SMALL)
		return route_is_full_of_small(fetch->route);
	list_for_each(item, &fetch->transfers)
		if (list_entry(item, struct transfer, link)->paused)
			return false;
	return fetch->transfer_count >= route_streams(fetch->route);
}

static int on_body(void *arg, const char *data, size_t length)
{
	struct transfer *transfer = arg;
	struct fetch *fetch = transfer->fetch;

	if (transfer->ignore_body)
		return 0;
	int64_t room = transfer->end - transfer->position;
	int r = take(transfer, data, (int64_t)length < room ? length : (size_t)room);
	if (r < 0)
		return r;
	/* another request brings the bytes behind it */
	bool over = transfer->position == transfer->end && transfer->end < transfer->asked_end;
	fetch->moved += (int64_t)length;
	route_delivered(fetch->route, clock_mono_ms(), length, is_busy(fetch));
	/* the end of what was asked for is progress, however short it is */
	if (transfer->position == transfer->end)
		fetch->moved += FETCH_PROGRESS;
	/* before anything is said of a body that goes on: what was asked for is here, and somebody may wait for it */
	fetch->fetches->steps->came(fetch);
	if ((int64_t)length > room && transfer->end == transfer->asked_end)
		return fetch->no_ranges ? -ESTALE : -EPROTO;
	if (over)
		return -ECANCELED;
	/* nobody reads so far ahead: the transfer waits for its readers */
	if (transfer->paused || transfer->position <= transfer->allowed ||
		transfer->position == transfer->end || transfer_is_waited_for(transfer, INT64_MAX))
		return 0;
	transfer->paused = true;
	return HTTP_PAUSE;
}

static void on_done(void *arg, const struct http_end *end)
{
	struct transfer *transfer = arg;
	struct fetch *fetch = transfer->fetch;
	/* what was asked for is here, whatever else the server had announced */
	bool complete =
		!transfer->ignore_body && transfer->answered && transfer->position == transfer->end;

	transfer->request = NULL;
	transfer_free(transfer);
	fetch->fetches->steps->ended(fetch, end, complete);
}

void transfer_allow(struct transfer *transfer, int64_t allowed)
{
	if (allowed > transfer->allowed)
		transfer->allowed = allowed;
	if (!transfer->paused)
		return;
	transfer->paused = false;
	http_resume(transfer->request);
}

int transfer_start(struct fetch *fetch, int64_t from, int64_t end, int64_t allowed, bool own)
{
	static const struct http_events events = {on_head, on_body, on_done, on_connecting};
	struct transfer *transfer = calloc(1, sizeof(*transfer));
	own = fetch->record.size > FETCH_SMALL ? own || end - from > SHORT : route_takes_own(fetch->route);
	struct http_spec spec = {.url = fetch->record.url,
		.range_start = from,
		.range_end = end - 1,
		.if_range = is_strong(fetch->record.etag) ? fetch->record.etag : NULL,
		.own_connection = own,
		.max_redirects = 5,
		.stall_ms = fetch->fetches->needs.stall_ms,
		.min_rate = HTTP_MIN_RATE,
		/* a server without ranges sends all of it */
		.max_bytes = fetch->record.size > 0 ? fetch->record.size : 1};

	if (transfer == NULL)
		return -ENOMEM;
	transfer->fetch = fetch;
	transfer->start = transfer->position = from;
	transfer->end = transfer->asked_end = end;
	transfer->allowed = allowed;
	transfer->own = own;
	transfer->route = fetch->route;
	transfer->began_ms = clock_mono_ms();
	if (fetch->attempts == 0 && list_empty(&fetch->transfers)) {
		fetch->since_ms = transfer->began_ms;
		fetch->moved = 0;
	}
	fetch->fetches->transfers++;
	int r = http_start(
		fetch->fetches->needs.http, &spec, &events, transfer, &transfer->request);
	if (r < 0) {
		free(transfer);
		return r;
	}
	list_append(&fetch->transfers, &transfer->link);
	fetch->transfer_count++;
	transfer->counted = end - from;
	route_began(transfer->route, own, transfer->counted);
	return 0;
}
