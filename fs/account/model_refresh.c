/* SPDX-License-Identifier: MIT */
#include "fs/account/model_refresh.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/api/client.h"
#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/log.h"
#include "fs/base/loop.h"
#include "fs/model/merge.h"
#include "fs/store/known.h"
#include "fs/store/store.h"

#define AGAIN_MS (INT64_C(10) * 60 * 1000) /* after a failure */
#define KNOWN_MAX (8 << 20)                /* bytes; twice what an answer may have */
#define NAMED_MAX 10                       /* in a log line */

struct model_refresh {
	struct model_refresh_needs needs;
	struct loop_timer *timer; /* owned, like the rest */
	struct api_call *call;
	struct model_list images;
	struct model_table *table; /* the one in force, when it is not the first one */
	bool forgotten;            /* what it said last cannot be read */
	bool failed;               /* said once, until it works again */
};

static const char *const kinds[] = {"image", "video"}; /* of what it says */

static void ask(void *arg);
static void on_models(void *arg, struct api_models_answer *answer);
static void recall(struct model_refresh *refresh);

int model_refresh_create(
	const struct model_refresh_needs *needs, struct model_refresh **ret_refresh)
{
	struct model_refresh *refresh = calloc(1, sizeof(*refresh));

	if (refresh == NULL)
		return -ENOMEM;
	refresh->needs = *needs;
	int r = loop_timer_create(needs->loop, ask, refresh, &refresh->timer);
	if (r < 0) {
		free(refresh);
		return r;
	}
	recall(refresh);
	loop_timer_arm(refresh->timer, 0);
	*ret_refresh = refresh;
	return 0;
}

void model_refresh_destroy(struct model_refresh *refresh)
{
	if (refresh == NULL)
		return;
	api_cancel(refresh->call);
	loop_timer_destroy(refresh->timer);
	model_list_finish(&refresh->images);
	model_table_destroy(refresh->table);
	free(refresh);
}

static void again(struct model_refresh *refresh, int64_t wait)
{
	loop_timer_arm(refresh->timer, wait < refresh->needs.registry->refresh_ms
					       ? wait
					       : refresh->needs.registry->refresh_ms);
}

static void fail(struct model_refresh *refresh, const char *why)
{
	if (!refresh->failed)
		log_warning("models: the live registry does not answer (%s); %s is in force", why,
			refresh->table != NULL ? "what it said last" : "the built-in catalogue");
	refresh->failed = true;
	again(refresh, AGAIN_MS);
}

/* Directories of `one` that `other` lacks: "A, B, …"; "" none. */
static size_t list_missing(
	const struct model_table *one, const struct model_table *other, struct buf *text)
{
	size_t count = 0;

	for (size_t i = 0; i < model_table_count(one); i++) {
		const char *dir = model_table_at(one, i)->dir;
		if (model_table_find(other, dir) != NULL)
			continue;
		if (count++ < NAMED_MAX)
			buf_addf(text, "%s%s", count > 1 ? ", " : "", dir);
	}
	if (count > NAMED_MAX)
		buf_adds(text, ", …");
	return count;
}

static void tell_change(
	const struct model_table *old, const struct model_table *new, const char *what)
{
	CLEANUP(buf_finish) struct buf added;
	CLEANUP(buf_finish) struct buf gone;

	buf_init(&added, 8192);
	buf_init(&gone, 8192);
	size_t more = list_missing(new, old, &added), less = list_missing(old, new, &gone);
	log_info("models: %s is in force: %zu directories, %zu new%s%s, %zu gone%s%s", what,
		model_table_count(new), more, more > 0 ? ": " : "", added.data, less,
		less > 0 ? ": " : "", gone.data);
}

static bool is_same(const struct model_table *a, const struct model_table *b)
{
	CLEANUP_FREE char *one = NULL, *other = NULL;

	return model_table_format(a, &one) == 0 && model_table_format(b, &other) == 0 &&
	       strcmp(one, other) == 0;
}

static int put_in_force(struct model_refresh *refresh, struct model_table *table, const char *what)
{
	const struct model_table *old = *refresh->needs.models;
	int r = refresh->needs.put_in_force(refresh->needs.arg, table);

	if (r < 0)
		return r;
	tell_change(old, table, what);
	model_table_destroy(refresh->table);
	refresh->table = table;
	return 0;
}

static int merge(struct model_refresh *refresh, const struct model_list *videos, const char *what,
	char **ret_message)
{
	const struct model_registry *registry = refresh->needs.registry;
	struct model_list list;
	struct model_table *table;
	int r = merge_models(registry->builtin, &refresh->images, videos, &list);

	if (r < 0)
		return r;
	r = model_table_create(&list, registry->params, registry->param_count, &table, ret_message);
	model_list_finish(&list);
	if (r < 0)
		return r;
	if (is_same(table, *refresh->needs.models)) {
		model_table_destroy(table);
		return 0;
	}
	r = put_in_force(refresh, table, what);
	if (r < 0)
		model_table_destroy(table);
	return r;
}

/* A list that was said some time ago; 0, or why there is none. */
static int recall_kind(
	struct model_refresh *refresh, size_t kind, struct model_list *list, int64_t *ret_when)
{
	CLEANUP_FREE char *text = NULL;
	int r = known_get(refresh->needs.store, kinds[kind], &text, ret_when);

	if (r == 0 && strlen(text) > KNOWN_MAX)
		r = -EFBIG;
	if (r == 0)
		r = registry_parse_catalogue(text, strlen(text), list);
	if (r == 0 && list->count == 0)
		r = -ENODATA;
	return r;
}

/* What it said before, and does not say now, is not gone: it does not name all that the service does. */
static int keep_earlier(struct model_refresh *refresh, size_t kind, struct model_list *list)
{
	struct model_list earlier = {0};
	int64_t when;
	int r = recall_kind(refresh, kind, &earlier, &when);

	/* without it, what is new is all that there is */
	r = r == 0 ? merge_keep(list, &earlier) : r == -ENOMEM ? r : 0;
	model_list_finish(&earlier);
	return r;
}

/* Until it answers, what it said last is nearer to the truth than what is built in. */
static void recall(struct model_refresh *refresh)
{
	CLEANUP_FREE char *message = NULL;
	struct model_list videos = {0};
	int64_t when[2];
	char day[CLOCK_TEXT], what[64 + CLOCK_TEXT];
	int r = recall_kind(refresh, 0, &refresh->images, &when[0]);

	if (r == 0)
		r = recall_kind(refresh, 1, &videos, &when[1]);
	if (r == 0) {
		clock_format(when[1], day);
		snprintf(what, sizeof(what), "what the live registry said at %s", day);
		r = merge(refresh, &videos, what, &message);
	}
	model_list_finish(&refresh->images);
	model_list_finish(&videos);
	refresh->forgotten = r < 0 && r != -ENOENT;
}

struct known {
	const char *kind, *text;
};

static int write_known(struct store *store, void *arg)
{
	const struct known *known = arg;

	return known_set(store, known->kind, known->text, clock_wall_ms());
}

/* For the next mount. What it says again and again is written once a day. */
static int remember_kind(struct model_refresh *refresh, size_t kind, const struct model_list *list)
{
	struct store *store = refresh->needs.store;
	CLEANUP_FREE char *text = NULL, *before = NULL;
	int64_t when;
	int r = registry_format(list, &text);

	if (r < 0)
		return r;
	if (known_get(store, kinds[kind], &before, &when) == 0 && strcmp(text, before) == 0 &&
		clock_wall_ms() - when < CLOCK_DAY_MS)
		return 0;
	return store_run(store, false, write_known, &(struct known){kinds[kind], text});
}

static void remember(struct model_refresh *refresh, const struct model_list *videos)
{
	int r = remember_kind(refresh, 0, &refresh->images);

	if (r == 0)
		r = remember_kind(refresh, 1, videos);
	if (r < 0)
		log_errno(
			LOG_LEVEL_WARNING, r, "models: what the live registry says cannot be kept");
}

static void ask_kind(struct model_refresh *refresh, enum api_kind kind)
{
	int r = api_models(refresh->needs.api, kind, on_models, refresh, &refresh->call);

	if (r < 0)
		fail(refresh, strerror(-r));
}

static void ask(void *arg)
{
	struct model_refresh *refresh = arg;

	/* not by recall(), which runs before anybody reads the log */
	if (refresh->forgotten)
		log_warning("models: what the live registry said last cannot be read; the built-in "
			    "catalogue is in force until it answers");
	refresh->forgotten = false;
	ask_kind(refresh, API_IMAGE);
}

static void on_models(void *arg, struct api_models_answer *answer)
{
	struct model_refresh *refresh = arg;
	CLEANUP_FREE char *message = NULL;
	bool first = refresh->images.items == NULL;

	refresh->call = NULL;
	if (answer->result < 0) {
		model_list_finish(&refresh->images);
		fail(refresh, answer->error.text[0] != '\0' ? answer->error.text
							    : strerror(-answer->result));
		return;
	}
	if (first && answer->models.count > 0) {
		refresh->images = answer->models;
		answer->models = (struct model_list){0};
		ask_kind(refresh, API_VIDEO);
		return;
	}
	/* a registry without a single model is no registry */
	int r = answer->models.count == 0 ? -ENODATA : keep_earlier(refresh, 0, &refresh->images);
	if (r == 0)
		r = keep_earlier(refresh, 1, &answer->models);
	if (r == 0)
		r = merge(refresh, &answer->models, "the live registry", &message);
	if (r == 0)
		remember(refresh, &answer->models);
	model_list_finish(&refresh->images);
	if (r < 0) {
		fail(refresh, r == -ENODATA     ? "it lists no models"
			      : message != NULL ? message
						: strerror(-r));
		return;
	}
	refresh->failed = false;
	again(refresh, refresh->needs.registry->refresh_ms);
}
