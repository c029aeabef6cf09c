/* SPDX-License-Identifier: MIT */
/* Which files are known, and what is said of one to who asks for its address. */
#include "fs/gen/upload_private.h"

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
#include "fs/gen/draft.h"
#include "fs/gen/gen_private.h"
#include "fs/gen/media.h"
#include "fs/gen/message.h"
#include "fs/gen/probe.h"
#include "fs/gen/sniff.h"
#include "fs/store/uploads.h"

#define TRUSTED_MS (INT64_C(3600) * 1000) /* so long a recorded address is not asked about */
#define KEPT_MAX 4096

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
			: loop_timer_create(gen->loop, uploads_step, uploads, &uploads->timer);
	if (r < 0) {
		uploads_destroy(uploads);
		return r;
	}
	*ret_uploads = uploads;
	return 0;
}

void upload_close_source(struct upload *upload)
{
	if (upload->cached != NULL)
		cache_file_close(upload->cached);
	else if (upload->fd >= 0)
		close(upload->fd);
	upload->cached = NULL;
	upload->fd = -1;
}

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
	upload_close_source(upload);
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

int upload_open_source(struct upload *upload, const struct node *node)
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
	upload_close_source(upload);
	return -ENODATA;
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

/* Is it still the file that was hashed? -EAGAIN: it is being written. */
static int look(struct gen *gen, const struct node *node, int64_t *ret_size, int64_t *ret_changed)
{
	struct stat st;

	if (draft_has_writers(gen->drafts, node->ino))
		return -EAGAIN;
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
	r = upload_open_source(upload, node);
	if (r == 0)
		r = check_bytes(upload, kind, ret_text);
	upload_close_source(upload);
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

	return r < 0 ? r : upload_new(uploads, node, kind, size, changed, NULL, ret_text);
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
