/* SPDX-License-Identifier: MIT */
#include "fs/gen/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/base/sha256.h"
#include "fs/gen/draft.h"
#include "fs/gen/gen_private.h"
#include "fs/gen/media.h"
#include "fs/gen/message.h"
#include "fs/gen/probe.h"
#include "fs/gen/sniff.h"
#include "fs/gen/waiting.h"
#include "fs/net/backoff.h"
#include "fs/store/cache.h"
#include "fs/store/uploads.h"

#define SLICE (512 * 1024) /* hashed at a time: a few milliseconds */
#define TELL_MS 500        /* between two steps of a progress that somebody may read */
#define TRUSTED_MS (INT64_C(3600) * 1000) /* so long a recorded address is not asked about */
#define KEPT_MAX 4096
#define DAY_MS (INT64_C(24) * 3600 * 1000)

static const struct backoff pace = {.first_ms = 1000, .max_ms = 60000, .jitter_percent = 20};

enum upload_state { UPLOAD_HASHING, UPLOAD_HASHED, UPLOAD_SENDING, UPLOAD_REFUSED };

/* One file's bytes. What is known of them holds as long as size and time stay. */
struct upload {
	struct uploads *uploads; /* borrowed */
	struct list link;
	int64_t ino, size, changed;
	enum upload_state state;
	const char *type;          /* static */
	int fd;                    /* owned; -1 none */
	struct cache_file *cached; /* owned; of a result, whose fd is borrowed then */
	struct sha256 sha;
	int64_t at; /* hashed so far, then sent so far */
	char hash[SHA256_TEXT];
	char *url, *trouble; /* owned; trouble: why it was refused, or is tried again */
};

struct uploads {
	struct gen *gen; /* borrowed */
	struct map *by_ino;
	struct list all;          /* upload.link, owned; the order is that of sending */
	struct loop_timer *timer; /* owned */
	struct upload *sending;   /* NULL none */
	struct api_call *call;    /* owned */
	int64_t not_before, told; /* monotonic ms */
	unsigned failures;        /* in a row */
};

static void step(void *arg);

int uploads_create(struct gen *gen, struct uploads **ret_uploads)
{
	struct uploads *uploads = calloc(1, sizeof(*uploads));

	if (uploads == NULL)
		return -ENOMEM;
	uploads->gen = gen;
	list_init(&uploads->all);
	uploads->by_ino = map_create();
	int r = uploads->by_ino == NULL
			? -ENOMEM
			: loop_timer_create(gen->loop, step, uploads, &uploads->timer);
	if (r < 0) {
		uploads_destroy(uploads);
		return r;
	}
	*ret_uploads = uploads;
	return 0;
}

static void close_source(struct upload *upload)
{
	if (upload->cached != NULL)
		cache_file_close(upload->cached);
	else if (upload->fd >= 0)
		close(upload->fd);
	upload->cached = NULL;
	upload->fd = -1;
}

static void upload_free(struct upload *upload)
{
	struct uploads *uploads = upload->uploads;

	if (uploads->sending == upload) {
		api_cancel(uploads->call);
		uploads->call = NULL;
		uploads->sending = NULL;
	}
	map_remove(uploads->by_ino, (uint64_t)upload->ino);
	list_remove(&upload->link);
	close_source(upload);
	free(upload->url);
	free(upload->trouble);
	free(upload);
}

void uploads_destroy(struct uploads *uploads)
{
	if (uploads == NULL)
		return;
	while (!list_empty(&uploads->all))
		upload_free(list_entry(uploads->all.next, struct upload, link));
	loop_timer_destroy(uploads->timer);
	map_destroy(uploads->by_ino);
	free(uploads);
}

/* --- the bytes --- */

static int open_source(struct upload *upload, const struct node *node)
{
	struct store *store = upload->uploads->gen->store;

	if (node->kind != NODE_RESULT) {
		upload->fd = store_data_open(store, node->ino, O_RDONLY);
		return upload->fd < 0 ? upload->fd : 0;
	}
	int r = cache_file_open(store, node->ino, &upload->cached);
	if (r < 0)
		return r;
	upload->fd = cache_file_fd(upload->cached);
	if (cache_file_run_end(upload->cached, 0) >= node->size)
		return 0;
	close_source(upload);
	return -ENODATA;
}

/* Files wait for their turn closed: many may wait. */
static int reopen(struct upload *upload)
{
	struct node node;

	if (upload->fd >= 0)
		return 0;
	int r = nodes_get(upload->uploads->gen->store, upload->ino, &node);
	return r < 0 ? r : open_source(upload, &node);
}

/* The real bytes decide, as the service's do: names lie. -EINVAL with a sentence. */
static int check_bytes(struct upload *upload, enum api_kind kind, char **ret_text)
{
	char first[SNIFF_BYTES], what[80];
	int64_t most = media_max_bytes(kind);

	if (upload->size == 0)
		return message_refuse(ret_text, "is empty");
	if (upload->size > most)
		return message_refuse(ret_text,
			"has %.1f MB; the service takes %ss up to %" PRId64 " MB",
			(double)upload->size / 1e6, media_noun(kind), most / 1000000);
	ssize_t n = pread(upload->fd, first, sizeof(first), 0);
	if (n < 0)
		return -errno;
	const char *type = sniff_type(first, (size_t)n);
	if (media_fits(kind, type)) {
		upload->type = type;
		return 0;
	}
	media_describe(type, what, sizeof(what));
	return message_refuse(ret_text, "is no %s that the service takes but %s; it takes %s",
		media_noun(kind), what, media_formats(kind));
}

/* Is it still the file that was hashed? */
static int look(struct gen *gen, const struct node *node, int64_t *ret_size, int64_t *ret_changed)
{
	struct stat st;

	*ret_size = node->size;
	*ret_changed = 0;
	if (node->kind == NODE_RESULT)
		return 0;
	int r = store_data_stat(gen->store, node->ino, &st);
	if (r < 0)
		return r;
	*ret_size = st.st_size;
	*ret_changed = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	return 0;
}

static void hash_slice(struct upload *upload)
{
	static char data[SLICE];
	ssize_t n = reopen(upload) < 0 ? -1 : pread(upload->fd, data, sizeof(data), upload->at);

	if (n <= 0 && upload->at < upload->size) {
		/* it has shrunk, or the disk has a fault: whoever asks again starts anew */
		log_warning("upload: inode %" PRId64 " could not be read", upload->ino);
		waiting_recheck(upload->uploads->gen);
		upload_free(upload);
		return;
	}
	if (n > 0) {
		sha256_add(&upload->sha, data, (size_t)n);
		upload->at += n;
	}
	if (upload->at < upload->size)
		return;
	close_source(upload);
	sha256_finish(&upload->sha, upload->hash);
	upload->state = UPLOAD_HASHED;
	upload->at = 0;
	waiting_recheck(upload->uploads->gen);
}

/* --- sending --- */

static ssize_t read_source(void *arg, int64_t offset, char *data, size_t length)
{
	struct upload *upload = arg;
	ssize_t n = pread(upload->fd, data, length, offset);

	return n < 0 ? -errno : n;
}

static void on_sent(void *arg, int64_t bytes)
{
	struct upload *upload = arg;
	struct uploads *uploads = upload->uploads;
	int64_t now = clock_mono_ms();

	upload->at = bytes;
	if (now - uploads->told < TELL_MS)
		return;
	uploads->told = now;
	waiting_recheck(uploads->gen);
}

static int record(struct upload *upload)
{
	struct store *store = upload->uploads->gen->store;
	int r = store_begin(store, false);

	if (r == 0)
		r = uploads_set(store, upload->hash, upload->url, clock_wall_ms());
	return store_end(store, r);
}

static void set_trouble(struct upload *upload, const struct api_error *error)
{
	char own[ERRCLASS_EXPLAIN];
	bool said = error->text[0] != '\0';
	char *text;

	errclass_explain_question(error, own, sizeof(own));
	if (asprintf(&text, "%s%s%s%s", own, said ? " (the service says: " : "", error->text,
		    said ? ")" : "") < 0)
		text = NULL;
	free(upload->trouble);
	upload->trouble = text;
}

/* The service will say the same of this file again. */
static bool is_final(const struct api_error *error)
{
	return error->class == ERRCLASS_PARAMETER || error->class == ERRCLASS_MODERATION ||
	       error->class == ERRCLASS_SUBSCRIPTION;
}

static void on_answer(void *arg, struct api_upload_answer *answer)
{
	struct upload *upload = arg;
	struct uploads *uploads = upload->uploads;
	const struct api_error *error = &answer->error;

	uploads->call = NULL;
	uploads->sending = NULL;
	upload->state = UPLOAD_HASHED;
	close_source(upload);
	if (answer->result == 0) {
		upload->url = steal(&answer->url);
		free(steal(&upload->trouble));
		uploads->failures = 0;
		/* where the disk refuses, memory knows it as long as we live */
		int r = record(upload);
		if (r < 0)
			log_errno(LOG_LEVEL_ERROR, r, "upload: its address was not recorded");
		log_info("upload: inode %" PRId64 ", %" PRId64 " bytes: done", upload->ino,
			upload->size);
	} else if (is_final(error)) {
		upload->state = UPLOAD_REFUSED;
		set_trouble(upload, error);
	} else {
		int64_t wait = backoff_wait_ms(
			&pace, ++uploads->failures, error->retry_after_ms, backoff_random());
		if (error->class == ERRCLASS_DAILY)
			wait = DAY_MS - clock_wall_ms() % DAY_MS + 60000;
		uploads->not_before = clock_mono_ms() + wait;
		set_trouble(upload, error);
		log_info("upload: inode %" PRId64 ": %s: again in %" PRId64 " ms", upload->ino,
			error->text[0] != '\0' ? error->text : errclass_name(error->class), wait);
	}
	loop_timer_arm(uploads->timer, 0);
	waiting_recheck(uploads->gen);
}

static int send_file(struct upload *upload)
{
	struct uploads *uploads = upload->uploads;
	char name[32];
	struct http_upload file = {.name = name,
		.type = media_content_type(upload->type),
		.size = upload->size,
		.read = read_source,
		.sent = on_sent,
		.arg = upload};

	/* the suffix has to fit the bytes; how a person calls the file is nobody's business */
	snprintf(name, sizeof(name), "input.%s", upload->type);
	int r = reopen(upload);
	if (r == 0)
		r = api_upload(uploads->gen->api, &file, on_answer, upload, &uploads->call);
	if (r < 0) {
		close_source(upload);
		return r;
	}
	upload->state = UPLOAD_SENDING;
	upload->at = 0;
	uploads->sending = upload;
	return 0;
}

/* Another file of the same content may have been sent meanwhile. */
static bool find_recorded(struct upload *upload)
{
	int64_t when;
	int r = uploads_get(upload->uploads->gen->store, upload->hash, &upload->url, &when);

	return r == 0;
}

static void start_next(struct uploads *uploads, int64_t *wake)
{
	struct list *item;

	if (uploads->sending != NULL)
		return;
	list_for_each(item, &uploads->all)
	{
		struct upload *upload = list_entry(item, struct upload, link);
		int64_t now = clock_mono_ms();
		if (upload->state != UPLOAD_HASHED || upload->url != NULL)
			continue;
		if (find_recorded(upload)) {
			waiting_recheck(uploads->gen);
			continue;
		}
		if (uploads->not_before > now) {
			*wake = uploads->not_before - now;
			return;
		}
		int r = send_file(upload);
		if (r < 0) {
			log_errno(LOG_LEVEL_ERROR, r, "upload: inode %" PRId64, upload->ino);
			uploads->not_before = now + pace.max_ms;
			*wake = pace.max_ms;
		}
		return;
	}
}

/* Hashing goes on in slices, so that nothing else of the loop waits for it. */
static void step(void *arg)
{
	struct uploads *uploads = arg;
	struct list *item;
	int64_t wake = -1;

	list_for_each(item, &uploads->all)
	{
		struct upload *upload = list_entry(item, struct upload, link);
		if (upload->state == UPLOAD_HASHING) {
			hash_slice(upload);
			wake = 0;
			break;
		}
	}
	start_next(uploads, &wake);
	if (wake >= 0)
		loop_timer_arm(uploads->timer, wake);
}

/* --- asking --- */

/* Of what is only remembered, the oldest goes. */
static void make_room(struct uploads *uploads)
{
	struct list *item;

	if (map_count(uploads->by_ino) < KEPT_MAX)
		return;
	list_for_each(item, &uploads->all)
	{
		struct upload *upload = list_entry(item, struct upload, link);
		if (upload->url != NULL || upload->state == UPLOAD_REFUSED) {
			upload_free(upload);
			return;
		}
	}
}

/* ret_upload NULL: checks alone. */
static int upload_new(struct uploads *uploads, const struct node *node, enum api_kind kind,
	int64_t size, int64_t changed, struct upload **ret_upload, char **ret_text)
{
	struct upload *upload;
	int r;

	if (ret_upload != NULL)
		make_room(uploads);
	upload = calloc(1, sizeof(*upload));
	if (upload == NULL)
		return -ENOMEM;
	upload->uploads = uploads;
	upload->ino = node->ino;
	upload->size = size;
	upload->changed = changed;
	upload->fd = -1;
	list_init(&upload->link);
	sha256_init(&upload->sha);
	r = open_source(upload, node);
	if (r == 0)
		r = check_bytes(upload, kind, ret_text);
	close_source(upload);
	if (r == 0 && ret_upload == NULL) {
		free(upload);
		return 0;
	}
	if (r == 0)
		r = map_put(uploads->by_ino, (uint64_t)node->ino, upload);
	if (r < 0) {
		free(upload);
		return r;
	}
	list_append(&uploads->all, &upload->link);
	loop_timer_arm(uploads->timer, 0);
	*ret_upload = upload;
	return 0;
}

static int say(char **ret_text, char *text)
{
	*ret_text = text;
	return text == NULL ? -ENOMEM : 0;
}

static int tell_progress(const struct upload *upload, char **ret_text)
{
	char text[128];

	if (upload->trouble != NULL)
		return say(ret_text, strdup(upload->trouble));
	if (upload->state == UPLOAD_SENDING)
		snprintf(text, sizeof(text), "%.1f of %.1f MB sent", (double)upload->at / 1e6,
			(double)upload->size / 1e6);
	else
		snprintf(text, sizeof(text), "waits for its turn");
	return say(ret_text, strdup(text));
}

/* The address is known; is it alive? An old one is asked about, and forgotten when it is dead. */
static int check_url(struct upload *upload)
{
	struct uploads *uploads = upload->uploads;
	CLEANUP_FREE char *recorded = NULL;
	int64_t when = 0;
	int r = uploads_get(uploads->gen->store, upload->hash, &recorded, &when);

	if (r < 0 && r != -ENOENT)
		return r;
	if (r == -ENOENT || clock_wall_ms() - when < TRUSTED_MS)
		return 1;
	r = probe_ask(uploads->gen->probes, upload->url, 0);
	if (r != -ESTALE)
		return r;
	log_info("upload: inode %" PRId64 ": its address has expired", upload->ino);
	r = store_begin(uploads->gen->store, false);
	if (r == 0)
		r = uploads_remove(uploads->gen->store, upload->hash);
	r = store_end(uploads->gen->store, r);
	return r < 0 ? r : -ESTALE;
}

int upload_ask(
	struct uploads *uploads, const struct node *node, enum api_kind kind, char **ret_text)
{
	struct upload *upload = map_get(uploads->by_ino, (uint64_t)node->ino);
	int64_t size, changed;
	int r = look(uploads->gen, node, &size, &changed);

	if (r < 0)
		return r;
	if (draft_has_writers(uploads->gen->drafts, node->ino))
		return -EAGAIN;
	if (upload != NULL && (upload->size != size || upload->changed != changed)) {
		upload_free(upload);
		upload = NULL;
	}
	if (upload != NULL && upload->url != NULL) {
		r = check_url(upload);
		if (r == -ESTALE) {
			upload_free(upload);
			upload = NULL;
			r = 0;
		}
		if (r < 0)
			return r;
		if (r == 0 && upload != NULL)
			return say(ret_text, strdup("its earlier upload is looked at"));
	}
	if (upload == NULL)
		r = upload_new(uploads, node, kind, size, changed, &upload, ret_text);
	if (r < 0)
		return r;
	if (!media_fits(kind, upload->type)) {
		char what[80];
		media_describe(upload->type, what, sizeof(what));
		return message_refuse(ret_text, "is no %s but %s; the service takes %s here",
			media_noun(kind), what, media_formats(kind));
	}
	if (upload->state == UPLOAD_REFUSED) {
		r = say(ret_text,
			upload->trouble != NULL ? strdup(upload->trouble) : strdup("was refused"));
		return r < 0 ? r : -EINVAL;
	}
	if (upload->url == NULL)
		return tell_progress(upload, ret_text);
	r = say(ret_text, strdup(upload->url));
	return r < 0 ? r : 1;
}

int upload_check(
	struct uploads *uploads, const struct node *node, enum api_kind kind, char **ret_text)
{
	int64_t size, changed;
	int r = look(uploads->gen, node, &size, &changed);

	if (r < 0)
		return r;
	if (draft_has_writers(uploads->gen->drafts, node->ino))
		return -EAGAIN;
	return upload_new(uploads, node, kind, size, changed, NULL, ret_text);
}

void uploads_retry(struct uploads *uploads)
{
	struct list *item, *after;

	uploads->not_before = 0;
	list_for_each_safe(item, after, &uploads->all)
	{
		struct upload *upload = list_entry(item, struct upload, link);
		if (upload->state == UPLOAD_REFUSED)
			upload_free(upload);
	}
	loop_timer_arm(uploads->timer, 0);
}
