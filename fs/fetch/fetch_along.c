/* SPDX-License-Identifier: MIT */
/* The next files of a directory that is read file after file come along, where a round trip takes a while: each of them costs
 * its reader one. series.h says when, and how much; they come into the cache, and wait there. */
#include <errno.h>

#include "fs/fetch/fetch_private.h"
#include "fs/store/nodes.h"

#define TRIP_MIN_MS 2
#define SMALL (INT64_C(4) * 1024 * 1024) /* a larger one is no picture of many */
#define COMING_MIN (INT64_C(512) * 1024) /* so much may be on its way in any case */

static void release(struct fetch *fetch)
{
	list_remove(&fetch->along);
	fetch->is_along = false;
	fetch_close(fetch);
}

void fetch_along_ended(struct fetch *fetch)
{
	if (fetch->is_along && list_empty(&fetch->transfers))
		release(fetch);
}

static void stop_all(struct fetches *fetches)
{
	struct list *item, *after;

	list_for_each_safe(item, after, &fetches->along)
		release(list_entry(item, struct fetch, along));
}

/* On its way: of those that come along what is left, and `each` for what others wait for. Where many read at once they fill the
 * link, and what comes along only takes from them. */
static int64_t coming(const struct fetches *fetches, int64_t each)
{
	const struct list *item;
	int64_t bytes = http_active(fetches->needs.http) * each;

	list_for_each(item, &fetches->along)
	{
		const struct fetch *fetch = list_entry(item, struct fetch, along);
		const struct list *link;
		list_for_each(link, &fetch->transfers)
		{
			const struct transfer *transfer = list_entry(link, struct transfer, link);
			bytes += transfer->end - transfer->position - each;
		}
	}
	return bytes;
}

/* Trouble is silence: whoever reads it tries again. */
static void bring(struct fetches *fetches, int64_t ino, int64_t bytes)
{
	struct fetch *fetch;

	if (fetch_is_open(fetches, ino) || fetch_open(fetches, ino, &fetch) < 0)
		return;
	if (fetch_load(fetch) < 0 || fetch->record.size > SMALL || fetch->uncached) {
		fetch_close(fetch);
		return;
	}
	int64_t end = bytes < fetch->record.size ? bytes : fetch->record.size,
		from = fetch_present_end(fetch, 0);
	if (from >= end || transfer_start(fetch, from, end, end, false) < 0) {
		fetch_close(fetch);
		return;
	}
	list_append(&fetches->along, &fetch->along);
	fetch->is_along = true;
}

static int64_t next_of(struct fetches *fetches, int64_t ino, bool by_name)
{
	int64_t next;

	return nodes_next_result(fetches->needs.store, ino, by_name, &next) < 0 ? 0 : next;
}

void fetch_along_read(struct fetch *fetch, int64_t offset, int64_t end)
{
	struct fetches *fetches = fetch->fetches;
	struct series *series = &fetches->series;

	if (!fetches->needs.along || fetch->uncached || fetch->record.size > SMALL ||
		!fetch->route->known || fetch->route->rtt_ms < TRIP_MIN_MS)
		return;
	if (offset == 0 && !fetch->was_begun) {
		fetch->was_begun = true;
		struct series_guess guess = series_begin(series, fetch->ino,
			next_of(fetches, fetch->ino, true), next_of(fetches, fetch->ino, false));
		if (guess.wrong)
			stop_all(fetches);
		int64_t most = route_ahead(fetch->route), next = fetch->ino;
		if (most < COMING_MIN)
			most = COMING_MIN;
		for (; guess.ahead > 0 && coming(fetches, guess.bytes) < most; guess.ahead--) {
			next = next_of(fetches, next, !series->by_ino);
			if (next == 0)
				break;
			series_expect(series, next);
			bring(fetches, next, guess.bytes);
		}
	}
	series_read(series, fetch->ino, end);
}
