/* SPDX-License-Identifier: MIT */
#include "fs/queue/first_bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/media/media.h"
#include "fs/media/sniff.h"
#include "fs/store/cache.h"
#include "fs/store/cache_io.h"

#define WHOLE_MAX (INT64_C(16) << 30) /* of any result */
#define FIRST_STALLS                                                                               \
	2 /* the first bytes are here after so many times the stall limit, or not at all */
#define WHOLE_MS (INT64_C(3600) * 1000) /* the same for a whole file, at most */
#define TURNS 64 /* one whose server does not answer leaves its own after its time */
#define SMALLEST 32                     /* API reference 6: the official client refuses less */

static bool enough(const struct first_bytes *first)
{
	const struct result_record *result = first->result;

	return result->size >= 0 &&
	       first->received >= (result->size < FIRST_BYTES_ROOM ? result->size : FIRST_BYTES_ROOM);
}

/* What has no end that is known goes into the cache as it comes; elsewhere the first bytes do when all of them are here, without the
 * loop's waiting for the disk. */
static bool goes_by(const struct first_bytes *first)
{
	return first->result->size < 0;
}

static int on_head(void *arg, const struct http_head *head)
{
	struct first_bytes *first = arg;
	struct result_record *result = first->result;

	first->head = *head;
	if (head->status != 200 && head->status != 206)
		return 0;
	if (head->status == 206 && head->range_start != 0)
		return -EPROTO;
	result->size = head->status == 206 ? head->total : head->content_length;
	if (result->size > WHOLE_MAX)
		return -EFBIG;
	/* a part of something of unknown length: ask for the whole, whose end tells */
	if (result->size < 0)
		first->whole = true;
	return goes_by(first) ? cache_file_reset(first->file) : 0;
}

/* A file without a length comes whole, and into the cache: no more of it than that may hold. */
static bool is_too_much(const struct first_bytes *first, int64_t bytes)
{
	int64_t budget = first->needs->cache_size;

	return first->result->size < 0 && budget > 0 && bytes > budget;
}

static int on_body(void *arg, const char *data, size_t length)
{
	struct first_bytes *first = arg;

	if (first->head.status != 200 && first->head.status != 206)
		return 0;
	if (first->received < FIRST_BYTES_ROOM) {
		size_t room = (size_t)(FIRST_BYTES_ROOM - first->received);
		memcpy(first->first + first->received, data, length < room ? length : room);
	}
	if (is_too_much(first, first->received + (int64_t)length))
		return -EFBIG;
	if (goes_by(first) && !first->uncached && cache_file_write(first->file, first->received, data, length) < 0)
		first->uncached = true;
	first->received += (int64_t)length;
	/* the rest is fetched when it is read; the end of a short file is waited for, to keep the connection */
	return enough(first) && first->result->size > first->received ? -ECANCELED : 0;
}

static const char *judge(struct first_bytes *first, const struct http_end *end)
{
	static char text[320];
	struct result_record *result = first->result;

	if (end->head.status != 0 && end->head.status != 200 && end->head.status != 206) {
		snprintf(text, sizeof(text), "the server answered HTTP %d", end->head.status);
		return text;
	}
	if (end->error == -EFBIG)
		return "it is larger than any result, or than the cache may be";
	if (end->error != 0 && !(end->error == -ECANCELED && enough(first))) {
		snprintf(text, sizeof(text), "%s",
			end->text[0] != '\0' ? end->text : strerror(-end->error));
		return text;
	}
	if (result->size < 0 && first->head.status == 206)
		return "the server told no length";
	if (result->size < 0)
		result->size = first->received;
	if (result->size < SMALLEST)
		return "the file is empty";
	if (!enough(first))
		return "the file was cut short";
	if (first->uncached && first->head.content_length < 0 && first->head.status == 200)
		return "the cache disk is full, and the server tells no length";
	const char *type = sniff_type(first->first,
		first->received < SNIFF_BYTES ? (size_t)first->received : SNIFF_BYTES);
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

/* By which a file that a person puts back is known to be this one. */
static void note_content(struct result_record *result, const struct first_bytes *first)
{
	struct sha256 sha;
	char text[CONTENT_TEXT];

	sha256_init(&sha);
	sha256_add(&sha, first->first, first_bytes_length(first));
	content_text(&sha, result->size, text);
	free(result->content);
	result->content = strdup(text);
}

static void end_with(struct first_bytes *first, enum first_bytes_end end, const char *why)
{
	cache_file_close(first->file);
	first->file = NULL;
	first->done(first->arg, end, why);
}

/* The first bytes on their way into the cache. */
struct first_storing {
	struct cache_io io;
	struct first_bytes *first; /* borrowed; NULL: it does not wait for them any more */
	char data[];
};

/* Without them in the cache they are fetched again when they are read. */
static void stop_waiting(struct first_storing *storing)
{
	struct first_bytes *first = storing->first;

	storing->first = NULL;
	if (first == NULL)
		return;
	first->storing = NULL;
	end_with(first, FIRST_BYTES_HERE, NULL);
}

static void on_late(struct cache_io *io)
{
	stop_waiting(container_of(io, struct first_storing, io));
}

static void on_stored(struct cache_io *io)
{
	struct first_storing *storing = container_of(io, struct first_storing, io);

	stop_waiting(storing);
	free(storing);
}

/* False: they do not go there. */
static bool begin_storing(struct first_bytes *first)
{
	size_t length = first_bytes_length(first);

	cache_file_forget(first->file); /* of an attempt before, perhaps of another version */
	struct first_storing *storing = malloc(sizeof(*storing) + length);

	if (storing == NULL)
		return false;
	*storing = (struct first_storing){.first = first,
		.io = {.kind = CACHE_WRITE_FIRST, .length = length, .data = storing->data, .late = on_late, .done = on_stored}};
	memcpy(storing->data, first->first, length);
	if (cache_io_submit(first->file, &storing->io) < 0) {
		free(storing);
		return false;
	}
	first->storing = storing;
	return true;
}

static void on_done(void *arg, const struct http_end *end)
{
	struct first_bytes *first = arg;
	struct result_record *result = first->result;
	bool went_by = goes_by(first);

	first->request = NULL;
	const char *why = end->error == -EPERM ? end->text : judge(first, end);
	if (why != NULL) {
		result->size = -1;
		end_with(first, end->error == -EPERM ? FIRST_BYTES_IMPOSSIBLE : FIRST_BYTES_FAILED, why);
		return;
	}
	note_version(result, &first->head);
	note_content(result, first);
	if (went_by || !begin_storing(first))
		end_with(first, FIRST_BYTES_HERE, NULL);
}

/* The first bytes come soon or are tried again after the other results had their turn; a whole file gets more time at each
 * attempt, since how long it is nobody knows. */
static int64_t total_ms(const struct first_bytes *first, unsigned failures)
{
	int64_t total = FIRST_STALLS * first->needs->stall_ms;

	if (!first->whole)
		return total;
	for (unsigned i = 0; i < failures && total < WHOLE_MS / 2; i++)
		total *= 2;
	return total < WHOLE_MS ? total : WHOLE_MS;
}

void first_bytes_line_init(struct first_bytes_line *line)
{
	line->count = 0;
	list_init(&line->waiting);
}

void first_bytes_init(struct first_bytes *first, const struct queue_needs *needs,
	void (*turn)(void *arg), void (*done)(void *arg, enum first_bytes_end end, const char *why), void *arg)
{
	*first = (struct first_bytes){.needs = needs, .turn = turn, .done = done, .arg = arg};
	list_init(&first->link);
	first->head.retry_after_ms = -1;
}

static bool take_turn(struct first_bytes *first)
{
	struct first_bytes_line *line = first->needs->first_bytes;

	if (!first->has_turn && line->count < TURNS && list_empty(&line->waiting)) {
		first->has_turn = true;
		line->count++;
	}
	if (!first->has_turn && list_empty(&first->link))
		list_append(&line->waiting, &first->link);
	return first->has_turn;
}

int first_bytes_start(struct first_bytes *first, struct result_record *result, unsigned failures)
{
	static const struct http_events events = {on_head, on_body, on_done};
	struct http_spec spec = {.url = result->url,
		.range_start = first->whole ? -1 : 0,
		.range_end = FIRST_BYTES_ROOM - 1,
		.max_redirects = 5,
		.stall_ms = first->needs->stall_ms,
		.min_rate = HTTP_MIN_RATE,
		/* the others of this job wait for it */
		.total_ms = total_ms(first, failures),
		.max_bytes = WHOLE_MAX};

	if (!take_turn(first))
		return 0;
	first->result = result;
	first->received = 0;
	first->uncached = false;
	first->head = (struct http_head){.retry_after_ms = -1};
	if (first->first == NULL)
		first->first = malloc(FIRST_BYTES_ROOM);
	if (first->first == NULL)
		return -ENOMEM;
	int r = cache_file_open(first->needs->store, result->ino, &first->file);
	if (r == 0)
		r = http_start(first->needs->http, &spec, &events, first, &first->request);
	if (r < 0) {
		cache_file_close(first->file);
		first->file = NULL;
	}
	return r;
}

void first_bytes_leave(struct first_bytes *first)
{
	struct first_bytes_line *line = first->needs->first_bytes;

	free(first->first);
	first->first = NULL;
	list_remove(&first->link);
	if (!first->has_turn)
		return;
	first->has_turn = false;
	if (list_empty(&line->waiting)) {
		line->count--;
		return;
	}
	struct first_bytes *next = list_entry(line->waiting.next, struct first_bytes, link);
	list_remove(&next->link);
	next->has_turn = true;
	next->turn(next->arg);
}

void first_bytes_cancel(struct first_bytes *first)
{
	http_cancel(first->request);
	if (first->storing != NULL)
		first->storing->first = NULL;
	first->storing = NULL;
	cache_file_close(first->file);
	first->request = NULL;
	first->file = NULL;
	first_bytes_leave(first);
}

size_t first_bytes_length(const struct first_bytes *first)
{
	return first->received < FIRST_BYTES_ROOM ? (size_t)first->received : FIRST_BYTES_ROOM;
}

int first_bytes_of_text(struct result_record *result)
{
	free(result->type);
	result->type = strdup("text");
	if (result->type == NULL)
		return -ENOMEM;
	result->size = (int64_t)strlen(result->text);
	return 0;
}
