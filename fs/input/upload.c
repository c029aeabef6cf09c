/* SPDX-License-Identifier: MIT */
/* Which files have been uploaded or are to be, and the answer to a prompt that asks for the address of one. */
#include "fs/input/upload_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/input/liveness.h"
#include "fs/store/jobs.h"
#include "fs/store/store.h"
#include "fs/store/uploads.h"

#define TRUSTED_MS (INT64_C(3600) * 1000) /* so long a recorded address is not asked about */
#define KEPT_MAX 4096

int uploads_create(const struct inputs_needs *needs, struct liveness *liveness,
	void (*changed)(void *arg), void *arg, struct uploads **ret_uploads)
{
	struct uploads *uploads = calloc(1, sizeof(*uploads));

	if (uploads == NULL)
		return -ENOMEM;
	uploads->needs = needs;
	uploads->liveness = liveness;
	uploads->changed = changed;
	uploads->arg = arg;
	list_init(&uploads->all);
	uploads->by_ino = map_create();
	int r = uploads->by_ino == NULL
			? -ENOMEM
			: loop_timer_create(needs->loop, uploads_step, uploads, &uploads->timer);
	if (r < 0) {
		uploads_destroy(uploads);
		return r;
	}
	*ret_uploads = uploads;
	return 0;
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

/* Is it still the file that was hashed? */
static int look(
	struct store *store, const struct node *node, int64_t *ret_size, int64_t *ret_changed)
{
	struct stat st;

	*ret_size = node->size;
	*ret_changed = 0;
	if (node->kind == NODE_RESULT) {
		int r = results_size(store, node->ino, ret_size);
		return r == -ENOENT ? 0 : r;
	}
	int r = store_data_stat(store, node->ino, &st);
	if (r < 0)
		return r;
	*ret_size = st.st_size;
	*ret_changed = clock_to_ns(&st.st_mtim);
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

static int upload_new(struct uploads *uploads, const struct node *node, const char *type,
	int64_t size, int64_t changed, struct upload **ret_upload)
{
	struct source source;
	int r = source_open(uploads->needs->store, node, &source);

	if (r < 0)
		return r;
	r = source_is_whole(&source) ? 0 : -ENODATA;
	source_close(&source);
	if (r < 0)
		return r;
	make_room(uploads);
	struct upload *upload = calloc(1, sizeof(*upload));
	if (upload == NULL)
		return -ENOMEM;
	upload->uploads = uploads;
	upload->ino = node->ino;
	upload->size = size;
	upload->changed = changed;
	upload->type = type;
	upload->source = SOURCE_CLOSED;
	list_init(&upload->link);
	sha256_init(&upload->sha);
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

static int remove_row(struct store *store, void *arg)
{
	const struct upload *upload = arg;

	return uploads_remove(store, upload->hash);
}

/* The address is known; is it alive? An old one is asked about, and forgotten when it is dead. */
static int check_url(struct upload *upload)
{
	struct uploads *uploads = upload->uploads;
	CLEANUP_FREE char *recorded = NULL;
	int64_t when = 0;
	int r = uploads_get(uploads->needs->store, upload->hash, &recorded, &when);

	if (r < 0 && r != -ENOENT)
		return r;
	if (r == -ENOENT || clock_wall_ms() - when < TRUSTED_MS)
		return 1;
	r = liveness_ask(uploads->liveness, upload->url, 0);
	if (r != -ESTALE)
		return r;
	log_info("upload: inode %" PRId64 ": its address has expired", upload->ino);
	r = store_run(uploads->needs->store, false, remove_row, upload);
	return r < 0 ? r : -ESTALE;
}

int upload_ask(struct uploads *uploads, const struct node *node, const char *type, char **ret_text)
{
	struct upload *upload = map_get(uploads->by_ino, (uint64_t)node->ino);
	int64_t size, changed;
	int r = look(uploads->needs->store, node, &size, &changed);

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
		r = upload_new(uploads, node, type, size, changed, &upload);
	if (r < 0)
		return r;
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

const char *upload_hash(const struct uploads *uploads, int64_t ino)
{
	const struct upload *upload = map_get(uploads->by_ino, (uint64_t)ino);

	return upload != NULL && upload->url != NULL ? upload->hash : NULL;
}

void uploads_retry(struct uploads *uploads)
{
	struct list *item, *after;

	uploads->not_before = 0;
	list_for_each_safe(item, after, &uploads->all)
	{
		struct upload *upload = list_entry(item, struct upload, link);
		upload->not_before = 0;
		if (upload->state == UPLOAD_REFUSED)
			upload_free(upload);
	}
	loop_timer_arm(uploads->timer, 0);
}
