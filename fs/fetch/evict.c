/* SPDX-License-Identifier: MIT */
#include "fs/fetch/evict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/log.h"
#include "fs/base/map.h"
#include "fs/fetch/fetch_private.h"
#include "fs/store/cache.h"
#include "fs/store/jobs.h"

#define BODY_MAX (64 * 1024) /* bytes of an answer that is put up with: one was asked for */

struct evictor {
	struct fetches *fetches; /* borrowed */
	struct map *kept;        /* inodes that cannot be fetched again, for as long as we run */
	int64_t ino;             /* the candidate, 0 none */
	struct result_record record; /* owned; of the candidate */
	struct http_request *request;
	struct renewal *renewal;
	bool renewed, fetchable;
	int status;
};

static void next(struct evictor *evictor);

int evict_create(struct fetches *fetches, struct evictor **ret_evictor)
{
	struct evictor *evictor = calloc(1, sizeof(*evictor));

	if (evictor == NULL)
		return -ENOMEM;
	evictor->fetches = fetches;
	evictor->kept = map_create();
	if (evictor->kept == NULL) {
		evict_destroy(evictor);
		return -ENOMEM;
	}
	*ret_evictor = evictor;
	return 0;
}

static void forget_candidate(struct evictor *evictor)
{
	result_record_finish(&evictor->record);
	evictor->record = (struct result_record){0};
	evictor->ino = 0;
	evictor->renewed = false;
}

void evict_destroy(struct evictor *evictor)
{
	if (evictor == NULL)
		return;
	http_cancel(evictor->request);
	renew_cancel(evictor->renewal);
	forget_candidate(evictor);
	map_destroy(evictor->kept);
	free(evictor);
}

static void keep(struct evictor *evictor)
{
	log_info("evict: inode %lld stays in the cache: it cannot be fetched again",
		(long long)evictor->ino);
	/* without memory for the note the server is asked once more the next time: no harm */
	if (map_put(evictor->kept, (uint64_t)evictor->ino, evictor) < 0)
		log_debug("evict: not noted");
	forget_candidate(evictor);
}

static int on_head(void *arg, const struct http_head *head)
{
	struct evictor *evictor = arg;
	const struct result_record *record = &evictor->record;

	evictor->status = head->status;
	evictor->fetchable = (head->status == 200 || head->status == 206) &&
			     (head->total < 0 || head->total == record->size) &&
			     (record->etag == NULL || head->etag[0] == '\0' ||
				     strcmp(record->etag, head->etag) == 0);
	return evictor->fetchable ? -ECANCELED : 0;
}

static void ask(struct evictor *evictor);

static void on_renewed(void *arg, int result)
{
	struct evictor *evictor = arg;
	int64_t ino = evictor->ino;

	evictor->renewal = NULL;
	if (result == -ENOENT || result == -EIO) {
		keep(evictor);
		next(evictor);
		return;
	}
	forget_candidate(evictor);
	if (result == 0 &&
		results_find(evictor->fetches->needs.store, ino, &evictor->record) == 0) {
		evictor->ino = ino;
		evictor->renewed = true;
		ask(evictor);
	}
}

static void on_done(void *arg, const struct http_end *end)
{
	struct evictor *evictor = arg;
	int64_t ino = evictor->ino;
	int r;

	evictor->request = NULL;
	if (evictor->fetchable) {
		forget_candidate(evictor);
		/* somebody may have opened it meanwhile */
		r = fetch_is_open(evictor->fetches, ino)
			    ? 0
			    : cache_evict(evictor->fetches->needs.store, ino);
		if (r < 0)
			log_errno(LOG_LEVEL_WARNING, r, "evict: inode %lld", (long long)ino);
		else
			next(evictor);
		return;
	}
	if (renew_is_due(evictor->status) && !evictor->renewed &&
		renew_start(evictor->fetches->needs.store, evictor->fetches->needs.api,
			evictor->record.job, on_renewed, evictor, &evictor->renewal) == 0)
		return;
	if (evictor->status != 0 && end->error == 0) {
		keep(evictor);
		next(evictor);
	} else {
		forget_candidate(evictor);
	}
}

static void ask(struct evictor *evictor)
{
	static const struct http_events events = {on_head, NULL, on_done};
	struct http_spec spec = {.url = evictor->record.url,
		.range_start = 0,
		.range_end = 0,
		.max_redirects = 5,
		.stall_ms = evictor->fetches->needs.stall_ms,
		.total_ms = evictor->fetches->needs.stall_ms,
		.max_bytes = BODY_MAX};

	/* the bytes of a text are in its row */
	if (evictor->record.kind == RESULT_TEXT) {
		int64_t ino = evictor->ino;
		forget_candidate(evictor);
		if (cache_evict(evictor->fetches->needs.store, ino) == 0)
			next(evictor);
		return;
	}
	evictor->fetchable = false;
	evictor->status = 0;
	if (http_start(evictor->fetches->needs.http, &spec, &events, evictor, &evictor->request) <
		0)
		forget_candidate(evictor);
}

static int choose(void *arg, int64_t ino, int64_t bytes)
{
	struct evictor *evictor = arg;

	if (fetch_is_open(evictor->fetches, ino) || map_get(evictor->kept, (uint64_t)ino) != NULL)
		return 0;
	evictor->ino = ino;
	return 1;
}

static void next(struct evictor *evictor)
{
	int64_t total;
	int r = cache_total(evictor->fetches->needs.store, &total);

	if (r < 0 || total <= evictor->fetches->needs.cache_size)
		return;
	r = cache_list(evictor->fetches->needs.store, choose, evictor);
	if (r < 0 || evictor->ino == 0)
		return;
	r = results_find(evictor->fetches->needs.store, evictor->ino, &evictor->record);
	if (r == 0) {
		ask(evictor);
	} else if (r == -ENOENT) {
		/* the result was removed: nobody needs these bytes */
		int64_t ino = evictor->ino;
		evictor->ino = 0;
		if (cache_evict(evictor->fetches->needs.store, ino) == 0)
			next(evictor);
	} else {
		evictor->ino = 0;
	}
}

void evict_check(struct evictor *evictor)
{
	if (evictor->fetches->needs.cache_size > 0 && evictor->ino == 0)
		next(evictor);
}
