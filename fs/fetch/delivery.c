/* SPDX-License-Identifier: MIT */
#include "fs/fetch/delivery.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/fetch/fetch_private.h"

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Its own bytes have come, or none are needed. */
static void on_own(void *arg, ssize_t length, const char *data, struct block *held)
{
	struct delivery *delivery = arg;
	char *bytes = delivery->bytes; /* `delivery` may go with its `done` */
	size_t wanted = delivery->skipped + delivery->own;

	delivery->bytes = NULL;
	if (length >= 0 && (size_t)length == wanted && delivery->own > 0)
		memcpy(bytes + delivery->before, data + delivery->skipped, delivery->own);
	else if (length >= 0 && (size_t)length != wanted)
		length = -EIO;
	if (held != NULL)
		fetch_release(held);
	delivery->done(delivery->arg, length < 0 ? length : (ssize_t)delivery->length, bytes, NULL);
	free(bytes);
}

/* Its first bytes are fetched with those that follow: a file is read from its beginning. */
static int read_mixed(struct delivery *delivery, int64_t offset, int64_t end)
{
	const struct graft_record *graft = &delivery->fetch->graft;
	int64_t head = (int64_t)graft->head_length;
	int64_t tail = head + delivery->fetch->record.size - graft->cut; /* where it begins */
	int64_t own = most(offset, head), own_end = least(end, tail);

	delivery->bytes = malloc((size_t)(end - offset));
	if (delivery->bytes == NULL)
		return -ENOMEM;
	delivery->length = (size_t)(end - offset);
	delivery->before = (size_t)(own - offset);
	delivery->own = own_end > own ? (size_t)(own_end - own) : 0;
	delivery->skipped = offset < head && delivery->own > 0 ? (size_t)graft->cut : 0;
	if (offset < head)
		memcpy(delivery->bytes, graft->head + offset, (size_t)(least(end, head) - offset));
	if (end > tail)
		memcpy(delivery->bytes + (most(offset, tail) - offset), graft->tail + (most(offset, tail) - tail),
			(size_t)(end - most(offset, tail)));
	if (delivery->own == 0) {
		on_own(delivery, 0, NULL, NULL);
		return 0;
	}
	int r = fetch_read(delivery->fetch, own - head + graft->cut - (int64_t)delivery->skipped,
		delivery->own + delivery->skipped, on_own, delivery, &delivery->inner);
	if (r < 0) {
		free(delivery->bytes);
		delivery->bytes = NULL;
	}
	return r;
}

int delivery_read(struct delivery *delivery, struct fetch *fetch, int64_t offset, size_t length, fetch_done *done, void *arg)
{
	int r = fetch_load(fetch);

	*delivery = (struct delivery){.fetch = fetch, .done = done, .arg = arg};
	if (r < 0)
		return r;
	if (fetch->record.extra == 0)
		return fetch_read(fetch, offset, length, done, arg, &delivery->inner);
	int64_t head = (int64_t)fetch->graft.head_length, own = fetch->record.size - fetch->graft.cut;
	int64_t size = head + own + (int64_t)fetch->graft.tail_length;
	if (length > FETCH_READ_MAX)
		length = FETCH_READ_MAX;
	if (offset >= size || length == 0) {
		done(arg, 0, NULL, NULL);
		return 0;
	}
	int64_t end = least(offset + (int64_t)length, size);
	if (offset >= head && end <= head + own)
		return fetch_read(fetch, offset - head + fetch->graft.cut, (size_t)(end - offset), done, arg,
			&delivery->inner);
	return read_mixed(delivery, offset, end);
}

void delivery_cancel(struct delivery *delivery)
{
	fetch_read_cancel(delivery->inner);
	free(delivery->bytes);
}

int delivery_whole(struct fetch *fetch)
{
	int whole = fetch_whole(fetch);

	return fetch->record.extra == 0 ? whole : -1;
}
