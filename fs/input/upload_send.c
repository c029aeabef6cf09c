/* SPDX-License-Identifier: MIT */
/* The work on files that were asked for: hashed in slices, looked up by that, sent one at a time. */
#include "fs/input/upload_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/api/client.h"
#include "fs/base/backoff.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/media/media.h"
#include "fs/store/store.h"
#include "fs/store/uploads.h"

#define SLICE (512 * 1024) /* hashed at a time: a few milliseconds */
#define TELL_MS 500        /* between two steps of a progress that somebody may read */

static const struct backoff pace = {.first_ms = 1000, .max_ms = 60000, .jitter_percent = 20};

void upload_free(struct upload *upload)
{
	struct uploads *uploads = upload->uploads;

	if (uploads->sending == upload) {
		api_cancel(uploads->call);
		uploads->call = NULL;
		uploads->sending = NULL;
	}
	map_remove(uploads->by_ino, (uint64_t)upload->ino);
	list_remove(&upload->link);
	source_close(&upload->source);
	free(upload->url);
	free(upload->trouble);
	free(upload);
}

/* Files wait for their turn closed: many may wait. */
static int reopen(struct upload *upload)
{
	struct store *store = upload->uploads->needs->store;
	struct node node;

	if (upload->source.fd >= 0 || upload->source.cached != NULL)
		return 0;
	int r = nodes_get(store, upload->ino, &node);
	return r < 0 ? r : source_open(store, &node, &upload->source);
}

static void hash_slice(struct upload *upload)
{
	static char data[SLICE];
	int64_t rest = upload->size - upload->at;
	ssize_t n = reopen(upload);

	if (n == 0)
		n = source_read(&upload->source, upload->at, data,
			rest < SLICE ? (size_t)rest : sizeof(data));

	if (n <= 0 && upload->at < upload->size) {
		/* it has shrunk, or the disk has a fault: whoever asks again starts anew */
		log_warning("upload: inode %" PRId64 " could not be read", upload->ino);
		upload->uploads->changed(upload->uploads->arg);
		upload_free(upload);
		return;
	}
	if (n > 0) {
		sha256_add(&upload->sha, data, (size_t)n);
		upload->at += n;
	}
	if (upload->at < upload->size)
		return;
	source_close(&upload->source);
	sha256_finish(&upload->sha, upload->hash);
	upload->state = UPLOAD_HASHED;
	upload->at = 0;
	upload->uploads->changed(upload->uploads->arg);
}

static ssize_t read_source(void *arg, int64_t offset, char *data, size_t length)
{
	const struct upload *upload = arg;

	return source_read(&upload->source, offset, data, length);
}

static void on_sent(void *arg, int64_t bytes)
{
	struct upload *upload = arg;
	struct uploads *uploads = upload->uploads;
	int64_t now = clock_mono_ms();

	upload->at = bytes;
	if (bytes < upload->size && now - uploads->told < TELL_MS)
		return;
	uploads->told = now;
	uploads->changed(uploads->arg);
}

static int write_row(struct store *store, void *arg)
{
	const struct upload *upload = arg;

	return uploads_set(store, upload->hash, upload->url, clock_wall_ms());
}

static void set_trouble(struct upload *upload, const struct api_error *error)
{
	char own[ERRCLASS_EXPLAIN];
	bool said = error->text[0] != '\0';
	char *text;

	errclass_explain_upload(error, own, sizeof(own));
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

/* A plain file that was written to while it was hashed or sent is not what its hash says. */
static bool has_changed(const struct upload *upload)
{
	struct stat st;

	if (upload->source.cached != NULL)
		return false;
	return fstat(upload->source.fd, &st) < 0 || st.st_size != upload->size ||
	       clock_to_ns(&st.st_mtim) != upload->changed;
}

/* Others would fail in the same way just now. */
static bool is_about_all(const struct api_error *error)
{
	switch (error->class) {
	case ERRCLASS_AUTH:
	case ERRCLASS_CREDITS:
	case ERRCLASS_THROTTLED:
	case ERRCLASS_CONCURRENCY:
	case ERRCLASS_DAILY:
		return true;
	case ERRCLASS_NETWORK:
		return error->not_sent;
	default:
		return false;
	}
}

/* Others have their turn first. */
static void put_off(struct upload *upload, const struct api_error *error)
{
	struct uploads *uploads = upload->uploads;
	bool all = is_about_all(error);
	unsigned failures = all ? ++uploads->failures : ++upload->failures;
	int64_t wait = backoff_wait_ms(&pace, failures, error->retry_after_ms, backoff_random());

	if (error->class == ERRCLASS_DAILY)
		wait = clock_ms_to_midnight(clock_wall_ms()) + 60000;
	*(all ? &uploads->not_before : &upload->not_before) = clock_mono_ms() + wait;
	set_trouble(upload, error);
	list_remove(&upload->link);
	list_append(&uploads->all, &upload->link);
	log_info("upload: inode %" PRId64 ": %s: again in %" PRId64 " ms", upload->ino,
		error->text[0] != '\0' ? error->text : errclass_name(error->class), wait);
}

static void on_answer(void *arg, struct api_upload_answer *answer)
{
	struct upload *upload = arg;
	struct uploads *uploads = upload->uploads;
	const struct api_error *error = &answer->error;

	uploads->call = NULL;
	uploads->sending = NULL;
	if (has_changed(upload)) {
		log_info("upload: inode %" PRId64 " was written to meanwhile", upload->ino);
		upload_free(upload);
		loop_timer_arm(uploads->timer, 0);
		uploads->changed(uploads->arg);
		return;
	}
	upload->state = UPLOAD_HASHED;
	source_close(&upload->source);
	if (answer->result == 0) {
		upload->url = steal(&answer->url);
		free(steal(&upload->trouble));
		uploads->failures = 0;
		/* where the disk refuses, memory knows it as long as we live */
		int r = store_run(uploads->needs->store, false, write_row, upload);
		if (r < 0)
			log_errno(LOG_LEVEL_ERROR, r, "upload: its address was not recorded");
		log_info("upload: inode %" PRId64 ", %" PRId64 " bytes: done", upload->ino,
			upload->size);
	} else if (is_final(error)) {
		upload->state = UPLOAD_REFUSED;
		set_trouble(upload, error);
	} else {
		put_off(upload, error);
	}
	loop_timer_arm(uploads->timer, 0);
	uploads->changed(uploads->arg);
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
		r = api_upload(uploads->needs->api, &file, on_answer, upload, &uploads->call);
	if (r < 0) {
		source_close(&upload->source);
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
	int r = uploads_get(upload->uploads->needs->store, upload->hash, &upload->url, &when);

	return r == 0;
}

static void wake_in(int64_t *wake, int64_t ms)
{
	if (*wake < 0 || ms < *wake)
		*wake = ms;
}

static void start_next(struct uploads *uploads, int64_t *wake)
{
	int64_t now = clock_mono_ms();
	struct list *item;

	if (uploads->sending != NULL)
		return;
	list_for_each(item, &uploads->all)
	{
		struct upload *upload = list_entry(item, struct upload, link);
		if (upload->state != UPLOAD_HASHED || upload->url != NULL)
			continue;
		if (upload->not_before > now) {
			wake_in(wake, upload->not_before - now);
			continue;
		}
		if (find_recorded(upload)) {
			uploads->changed(uploads->arg);
			continue;
		}
		if (uploads->not_before > now) {
			wake_in(wake, uploads->not_before - now);
			return;
		}
		int r = send_file(upload);
		if (r < 0) {
			log_errno(LOG_LEVEL_ERROR, r, "upload: inode %" PRId64, upload->ino);
			uploads->not_before = now + pace.max_ms;
			wake_in(wake, pace.max_ms);
		}
		return;
	}
}

/* Hashing goes on in slices, so that nothing else of the loop waits for it. */
void uploads_step(void *arg)
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
