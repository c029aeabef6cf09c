/* SPDX-License-Identifier: MIT */
/* What of one result is here and what is on its way, and the end of what is. */
#include <stddef.h>

#include "fs/fetch/fetch_private.h"

#define NEARLY (INT64_C(256) * 1024) /* so little is not worth a new connection */

int64_t fetch_present_end(const struct fetch *fetch, int64_t offset)
{
	if (fetch->record.text != NULL)
		return fetch->record.size;
	int64_t end = cache_file_run_end(fetch->file, offset);
	if (end <= offset)
		end = offset + (int64_t)block_length_at(&fetch->blocks, offset);
	return end;
}

bool fetch_is_here(const struct fetch *fetch, int64_t offset, int64_t end)
{
	while (offset < end) {
		int64_t present = fetch_present_end(fetch, offset);
		if (present <= offset)
			return false;
		offset = present;
	}
	return true;
}

/* The transfer that will bring the byte at `offset`; NULL none. */
struct transfer *fetch_find_coming(const struct fetch *fetch, int64_t offset)
{
	struct list *item;

	list_for_each(item, &fetch->transfers)
	{
		struct transfer *transfer = list_entry(item, struct transfer, link);
		if (transfer->position <= offset && offset < transfer->end)
			return transfer;
	}
	return NULL;
}

/* Where something begins that is here or on its way. */
int64_t fetch_hole_end(const struct fetch *fetch, int64_t offset)
{
	int64_t end = fetch->record.size, next = cache_file_next_start(fetch->file, offset);
	struct list *item;

	if (next < end)
		end = next;
	next = block_next_start(&fetch->blocks, offset);
	if (next < end)
		end = next;
	list_for_each(item, &fetch->transfers)
	{
		const struct transfer *transfer = list_entry(item, struct transfer, link);
		if (transfer->position > offset && transfer->position < end)
			end = transfer->position;
	}
	return end;
}

/* The first byte of the read that is not here yet. */
int64_t fetch_missing(const struct fetch *fetch, const struct fetch_read *read)
{
	int64_t at = read->offset, end = read->offset + (int64_t)read->length;

	while (at < end) {
		int64_t present = fetch_present_end(fetch, at);
		if (present <= at)
			break;
		at = present;
	}
	return at;
}

void fetch_stop_all(struct fetch *fetch)
{
	while (!list_empty(&fetch->transfers))
		transfer_stop(list_entry(fetch->transfers.next, struct transfer, link));
}

void fetch_stop_long(struct fetch *fetch)
{
	struct list *item, *after;

	list_for_each_safe(item, after, &fetch->transfers)
	{
		struct transfer *transfer = list_entry(item, struct transfer, link);
		if (transfer->answered && transfer->end == transfer->asked_end &&
			transfer->end - transfer->position <= NEARLY)
			transfer_allow(transfer, transfer->end);
		else
			transfer_stop(transfer);
	}
}
