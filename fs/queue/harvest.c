/* SPDX-License-Identifier: MIT */
#include "fs/queue/harvest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fs/api/envelope.h"
#include "fs/base/backoff.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/fetch/fetch.h"
#include "fs/fetch/renew.h"
#include "fs/job/place.h"
#include "fs/media/media.h"
#include "fs/media/sniff.h"
#include "fs/net/http.h"
#include "fs/queue/publish.h"
#include "fs/store/cache.h"
#include "fs/store/nodes.h"
#include "fs/store/store.h"

#define FIRST_BYTES (64 * 1024) /* enough for the type and for what thumbnailers look at first */
#define WHOLE_MAX (INT64_C(16) << 30) /* of any result */
#define FIRST_STALLS 2                        /* the first bytes are here after so many times the stall limit, or not at all */
#define WHOLE_MS (INT64_C(3600) * 1000)       /* the same for a whole file, at most */
#define SMALLEST 32                   /* API reference 6: the official client refuses less */
#define RENEW_EVERY 4                 /* failures until new addresses are asked for */
#define COVER_TRIES 3                 /* then a song goes without */
/* A result is left out after so long without one success, by a clock that does not jump: the first where nothing else can be
 * shown; where something can, so many times the time after which a download counts as stalled. */
#define GIVE_UP_MS (INT64_C(24) * 3600 * 1000)
#define PATIENCE_STALLS 10

static const struct backoff pace = {.first_ms = 700, .max_ms = 600000, .jitter_percent = 20};

struct harvest {
	struct job_work work;            /* the job's, while it goes on */
	const struct queue_needs *needs; /* borrowed */
	struct job *job;                 /* borrowed */
	struct result_record *results;   /* owned */
	size_t count, current;           /* current == count: all are here, or left out */
	bool *left_out;          /* owned, one for each result: the job is published without it */
	char *missing;           /* owned; what is told of those; NULL: none */
	struct cache_file *file; /* owned; of the current one */
	struct http_request *request; /* owned */
	struct renewal *renewal;      /* owned */
	struct loop_timer *timer;     /* owned */
	unsigned failures;            /* in a row, of all that are wanted */
	int64_t failing_since;        /* monotonic ms: the first of them */
	bool whole; /* the server tells no length: all bytes have to come before the file can be shown */
	bool uncached; /* the cache would not take the bytes */
	struct http_head head;
	int64_t received;
	char first[SNIFF_BYTES];
	void (*done)(void *arg, struct job *job);
	void *arg;
};

static void fetch(struct harvest *harvest);
static void step(void *arg);

static void harvest_cancel(struct job_work *work)
{
	struct harvest *harvest = container_of(work, struct harvest, work);

	http_cancel(harvest->request);
	renew_cancel(harvest->renewal);
	cache_file_close(harvest->file);
	loop_timer_destroy(harvest->timer);
	result_records_finish(harvest->results, harvest->count);
	free(harvest->left_out);
	free(harvest->missing);
	free(harvest);
}

static void on_renewed(void *arg, int result)
{
	struct harvest *harvest = arg;
	struct result_record *results;
	size_t count;

	harvest->renewal = NULL;
	if (result == 0)
		result = results_get(
			harvest->needs->store, harvest->job->record.id, &results, &count);
	if (result == 0 && count == harvest->count) {
		for (size_t i = 0; i < count; i++) {
			/* what was found out so far is not in the rows yet */
			char *url = results[i].url;
			results[i].url = harvest->results[i].url;
			harvest->results[i].url = url;
			harvest->results[i].kind = results[i].kind;
		}
	}
	if (result == 0)
		result_records_finish(results, count);
}

static bool is_wanted(const struct harvest *harvest, size_t i)
{
	return harvest->results[i].size < 0 && !harvest->left_out[i];
}

/* In a circle, so that one that fails holds up none of the others; `count`: nothing is wanted any more. */
static void go_to_next(struct harvest *harvest)
{
	size_t before = harvest->current;

	harvest->current = harvest->count;
	for (size_t n = 1; n <= harvest->count && harvest->current == harvest->count; n++)
		if (is_wanted(harvest, (before + n) % harvest->count))
			harvest->current = (before + n) % harvest->count;
}

/* How long failures are put up with. What is here is not kept back for long by what may never come; nor is a person who
 * asked again kept waiting. */
static int64_t patience_ms(const struct harvest *harvest)
{
	bool shows = harvest->job->released;

	for (size_t i = 0; i < harvest->count; i++)
		shows = shows || (harvest->results[i].size >= 0 && !harvest->left_out[i]);
	return shows ? PATIENCE_STALLS * harvest->needs->stall_ms : GIVE_UP_MS;
}

/* The others, which were paid for as well, appear without it. */
static void leave_out(struct harvest *harvest, const char *why)
{
	struct job *job = harvest->job;
	struct result_record *result = &harvest->results[harvest->current];
	char *before = harvest->missing;

	log_warning("job %" PRId64 ": goes on without result %zu: %s", job->record.id,
		harvest->current + 1, why);
	harvest->left_out[harvest->current] = true;
	/* the node without a name goes at the next mount */
	result->ino = 0;
	if (result->kind == RESULT_COVER) {
		result->size = 0;
		harvest->failures = 0;
		job_set_text(&job->record.warning,
			"its cover could not be fetched: %s; its address: %s", why, result->url);
	} else if (asprintf(&harvest->missing, "%sresult %zu of %zu: %s; its address: %s ; ",
			   before != NULL ? before : "", harvest->current + 1, harvest->count, why,
			   result->url) < 0) {
		harvest->missing = before;
	} else {
		free(before);
	}
	go_to_next(harvest);
	loop_timer_arm(harvest->timer, 0);
}

static bool is_patient(const struct harvest *harvest, unsigned rounds)
{
	if (harvest->current == harvest->count) /* it is our disk that fails */
		return true;
	if (harvest->results[harvest->current].kind == RESULT_COVER &&
		harvest->failures >= COVER_TRIES)
		return false;
	return rounds <= RENEW_EVERY ||
	       clock_mono_ms() - harvest->failing_since <= patience_ms(harvest);
}

/* Download trouble never leads to a submission: it is tried again, at a slower and slower pace. */
static void retry(struct harvest *harvest, const char *why)
{
	struct job *job = harvest->job;
	unsigned wanted = 0;
	int64_t wait = 0;

	for (size_t i = 0; i < harvest->count; i++)
		wanted += is_wanted(harvest, i);
	if (harvest->failures++ == 0)
		harvest->failing_since = clock_mono_ms();
	/* one round: each of those that are wanted has failed */
	unsigned rounds = wanted == 0 ? harvest->failures : harvest->failures / wanted;
	bool round = wanted == 0 || harvest->failures % wanted == 0;
	if (!is_patient(harvest, rounds)) {
		leave_out(harvest, why);
		return;
	}
	if (round)
		wait = backoff_wait_ms(
			&pace, rounds, harvest->head.retry_after_ms, backoff_random());
	log_info("job %" PRId64 ": result %zu could not be fetched (%s): again in %" PRId64 " ms",
		job->record.id, harvest->current + 1, why, wait);
	job_set_text(
		&job->record.trouble, "finished, but the result could not be fetched yet: %s", why);
	job_tell(job);
	if (round && rounds % RENEW_EVERY == 0 && harvest->renewal == NULL &&
		renew_start(harvest->needs->store, harvest->needs->api, job->record.id, on_renewed,
			harvest, &harvest->renewal) < 0)
		log_warning("job %" PRId64 ": no new addresses", job->record.id);
	if (wanted > 0)
		go_to_next(harvest);
	loop_timer_arm(harvest->timer, wait);
}

static bool enough(const struct harvest *harvest)
{
	const struct result_record *result = &harvest->results[harvest->current];

	return result->size >= 0 &&
	       harvest->received >= (result->size < FIRST_BYTES ? result->size : FIRST_BYTES);
}

static int on_head(void *arg, const struct http_head *head)
{
	struct harvest *harvest = arg;
	struct result_record *result = &harvest->results[harvest->current];

	harvest->head = *head;
	if (head->status != 200 && head->status != 206)
		return 0;
	if (head->status == 206 && head->range_start != 0)
		return -EPROTO;
	result->size = head->status == 206 ? head->total : head->content_length;
	if (result->size > WHOLE_MAX)
		return -EFBIG;
	/* a part of something of unknown length: ask for the whole, whose end tells */
	if (result->size < 0)
		harvest->whole = true;
	return 0;
}

/* A file without a length comes whole, and into the cache: no more of it than that may hold. */
static bool is_too_much(const struct harvest *harvest, int64_t bytes)
{
	int64_t budget = harvest->needs->cache_size;

	return harvest->results[harvest->current].size < 0 && budget > 0 && bytes > budget;
}

static int on_body(void *arg, const char *data, size_t length)
{
	struct harvest *harvest = arg;

	if (harvest->head.status != 200 && harvest->head.status != 206)
		return 0;
	if (harvest->received < SNIFF_BYTES) {
		size_t room = SNIFF_BYTES - (size_t)harvest->received;
		memcpy(harvest->first + harvest->received, data, length < room ? length : room);
	}
	if (is_too_much(harvest, harvest->received + (int64_t)length))
		return -EFBIG;
	if (!harvest->uncached &&
		cache_file_write(harvest->file, harvest->received, data, length) < 0)
		harvest->uncached = true;
	harvest->received += (int64_t)length;
	/* the rest is fetched when it is read; the end of a short file is waited for, to keep the connection */
	return enough(harvest) && harvest->results[harvest->current].size > harvest->received
		       ? -ECANCELED
		       : 0;
}

static const char *judge(struct harvest *harvest, const struct http_end *end)
{
	static char text[320];
	struct result_record *result = &harvest->results[harvest->current];

	if (end->head.status != 0 && end->head.status != 200 && end->head.status != 206) {
		snprintf(text, sizeof(text), "the server answered HTTP %d", end->head.status);
		return text;
	}
	if (end->error == -EFBIG)
		return "it is larger than any result, or than the cache may be";
	if (end->error != 0 && !(end->error == -ECANCELED && enough(harvest))) {
		snprintf(text, sizeof(text), "%s",
			end->text[0] != '\0' ? end->text : strerror(-end->error));
		return text;
	}
	if (result->size < 0 && harvest->head.status == 206)
		return "the server told no length";
	if (result->size < 0)
		result->size = harvest->received;
	if (result->size < SMALLEST)
		return "the file is empty";
	if (!enough(harvest))
		return "the file was cut short";
	if (harvest->uncached && harvest->head.content_length < 0 && harvest->head.status == 200)
		return "the cache disk is full, and the server tells no length";
	const char *type = sniff_type(harvest->first,
		harvest->received < SNIFF_BYTES ? (size_t)harvest->received : SNIFF_BYTES);
	if (type == NULL)
		type = "bin";
	if (strcmp(type, "html") == 0)
		return "the server sent a web page instead of the file";
	if (result->kind == RESULT_COVER && media_kind(type) != API_IMAGE)
		return "it is no picture";
	free(result->type);
	result->type = strdup(type);
	return result->type == NULL ? "out of memory" : NULL;
}

/* By which later reads know that it is the same file still. */
static void note_version(struct result_record *result, const struct http_head *head)
{
	const char *version = head->etag[0] != '\0' ? head->etag : head->last_modified;

	if (version[0] == '\0')
		return;
	free(result->etag);
	result->etag = strdup(version);
}

static void on_done(void *arg, const struct http_end *end)
{
	struct harvest *harvest = arg;
	struct result_record *result = &harvest->results[harvest->current];

	harvest->request = NULL;
	if (end->error == -EPERM) {
		/* nothing that waiting would change */
		cache_file_close(harvest->file);
		harvest->file = NULL;
		result->size = -1;
		leave_out(harvest, end->text);
		return;
	}
	const char *why = judge(harvest, end);
	if (why == NULL)
		note_version(result, &harvest->head);
	cache_file_close(harvest->file);
	harvest->file = NULL;
	if (why != NULL) {
		result->size = -1;
		retry(harvest, why);
		return;
	}
	harvest->failures = 0;
	go_to_next(harvest);
	step(harvest);
}

static int add_node(struct store *store, void *arg)
{
	return nodes_add(store, arg);
}

/* A node without a name, to be named when all is known: what is left over after a crash goes at the next mount. */
static int reserve(struct harvest *harvest, struct result_record *result)
{
	struct node node = {.kind = NODE_RESULT,
		.mode = S_IFREG | 0444,
		.uid = harvest->needs->uid,
		.gid = harvest->needs->gid,
		.job = harvest->job->record.id};
	int r = store_run(harvest->needs->store, false, add_node, &node);

	if (r == 0)
		result->ino = node.ino;
	return r;
}

/* A text came with the answer itself. */
static int take_text(struct harvest *harvest, struct result_record *result)
{
	int r = result->ino != 0 ? 0 : reserve(harvest, result);

	free(result->type);
	result->type = strdup("text");
	if (r == 0 && result->type == NULL)
		r = -ENOMEM;
	if (r == 0)
		result->size = (int64_t)strlen(result->text);
	return r;
}

/* The first bytes come soon or are tried again after the other results had their turn; a whole file gets more time at each
 * attempt, since how long it is nobody knows. */
static int64_t total_ms(const struct harvest *harvest)
{
	int64_t total = FIRST_STALLS * harvest->needs->stall_ms;

	if (!harvest->whole)
		return total;
	for (unsigned i = 0; i < harvest->failures && total < WHOLE_MS / 2; i++)
		total *= 2;
	return total < WHOLE_MS ? total : WHOLE_MS;
}

static void fetch(struct harvest *harvest)
{
	static const struct http_events events = {on_head, on_body, on_done};
	struct result_record *result = &harvest->results[harvest->current];
	struct http_spec spec = {.url = result->url,
		.range_start = harvest->whole ? -1 : 0,
		.range_end = FIRST_BYTES - 1,
		.max_redirects = 5,
		.stall_ms = harvest->needs->stall_ms,
		.min_rate = HTTP_MIN_RATE,
		/* the others of this job wait for it */
		.total_ms = total_ms(harvest),
		.max_bytes = WHOLE_MAX};
	bool refused = false;
	int r;

	if (result->kind == RESULT_TEXT) {
		r = take_text(harvest, result);
		if (r < 0) {
			retry(harvest, strerror(-r));
			return;
		}
		go_to_next(harvest);
		step(harvest);
		return;
	}
	if (result->kind == RESULT_REFUSED) {
		leave_out(harvest, "its address is not one that weryaifs fetches");
		return;
	}
	r = result->ino != 0 ? 0 : reserve(harvest, result);
	harvest->received = 0;
	harvest->uncached = false;
	harvest->head = (struct http_head){.retry_after_ms = -1};
	if (r == 0)
		r = cache_file_open(harvest->needs->store, result->ino, &harvest->file);
	if (r == 0)
		r = cache_file_reset(harvest->file);
	if (r == 0) {
		r = http_start(harvest->needs->http, &spec, &events, harvest, &harvest->request);
		refused = r == -EINVAL || r == -EPERM;
	}
	if (r < 0) {
		cache_file_close(harvest->file);
		harvest->file = NULL;
	}
	if (refused) {
		leave_out(harvest, "its address is not one that weryaifs fetches");
	} else if (r < 0) {
		/* it is our disk or memory that fails: no reason to go without it */
		harvest->failing_since = clock_mono_ms();
		retry(harvest, strerror(-r));
	}
}

static void step(void *arg)
{
	struct harvest *harvest = arg;
	struct job *job = harvest->job;

	if (harvest->current < harvest->count) {
		fetch(harvest);
		return;
	}
	int64_t wait = publish_wait_ms(harvest->needs->leases, job);
	if (wait > 0) {
		loop_timer_arm(harvest->timer, wait);
		return;
	}
	job_set_trouble(&job->record, NULL);
	if (harvest->missing != NULL) {
		char word[PLACE_WORD];
		job_status_word(job, word);
		job_set_text(&job->record.trouble,
			"it was made and charged, but not all of it could be fetched: %sto try "
			"again to fetch it (nothing is sent): echo retry > %s",
			harvest->missing, word);
	}
	int r = publish_results(harvest->job, harvest->results, harvest->count);
	if (r < 0) {
		retry(harvest, strerror(-r));
		return;
	}
	fetch_cache_grew(harvest->needs->fetches);
	for (size_t i = 0; i < harvest->count && harvest->needs->eager; i++)
		if (harvest->results[i].ino != 0 &&
			fetch_in_background(harvest->needs->fetches, harvest->results[i].ino) < 0)
			break;
	harvest->done(harvest->arg, harvest->job);
}

int harvest_start(const struct queue_needs *needs, struct job *job,
	void (*done)(void *arg, struct job *job), void *arg)
{
	struct harvest *harvest = calloc(1, sizeof(*harvest));

	if (harvest == NULL)
		return -ENOMEM;
	harvest->work.cancel = harvest_cancel;
	harvest->needs = needs;
	harvest->job = job;
	harvest->done = done;
	harvest->arg = arg;
	int r = results_get(needs->store, job->record.id, &harvest->results, &harvest->count);
	if (r == 0) {
		harvest->left_out = calloc(harvest->count + 1, sizeof(*harvest->left_out));
		r = harvest->left_out == NULL ? -ENOMEM : 0;
	}
	if (r == 0)
		r = loop_timer_create(needs->loop, step, harvest, &harvest->timer);
	if (r < 0) {
		harvest_cancel(&harvest->work);
		return r;
	}
	/* those that have a size have appeared before */
	harvest->current = harvest->count - 1;
	go_to_next(harvest);
	loop_timer_arm(harvest->timer, 0);
	job->work = &harvest->work;
	return 0;
}
