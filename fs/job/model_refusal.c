/* SPDX-License-Identifier: MIT */
#include "fs/job/model_refusal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fs/base/buf.h"
#include "fs/base/cleanup.h"
#include "fs/base/clock.h"
#include "fs/base/text.h"
#include "fs/store/known.h"
#include "fs/store/store.h"

#define KIND_BYTES 512
#define TEXT_MAX 8192

struct refusal {
	char kind[KIND_BYTES]; /* of the row in fs/store/known.h */
	const char *words;
};

static void name_kind(char kind[KIND_BYTES], const char *directory, const char *mode)
{
	snprintf(kind, KIND_BYTES, "refused %s %s", directory, mode);
}

static int write_refusal(struct store *store, void *arg)
{
	const struct refusal *refusal = arg;

	return known_set(store, refusal->kind, refusal->words, clock_wall_ms());
}

static int remove_refusal(struct store *store, void *arg)
{
	const struct refusal *refusal = arg;

	return known_forget(store, refusal->kind);
}

int model_refusal_note(
	struct store *store, const char *directory, const char *mode, const char *words)
{
	struct refusal refusal = {.words = words};

	name_kind(refusal.kind, directory, mode);
	return store_run(store, false, write_refusal, &refusal);
}

int model_refusal_forget(struct store *store, const char *directory, const char *mode)
{
	CLEANUP_FREE char *words = NULL;
	struct refusal refusal = {0};
	int64_t when;

	name_kind(refusal.kind, directory, mode);
	int r = known_get(store, refusal.kind, &words, &when);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return store_run(store, false, remove_refusal, &refusal);
}

static int add_mode(
	struct store *store, const char *directory, const char *mode, struct buf *text)
{
	CLEANUP_FREE char *words = NULL;
	char kind[KIND_BYTES], day[CLOCK_TEXT];
	int64_t when;

	name_kind(kind, directory, mode);
	int r = known_get(store, kind, &words, &when);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	/* a clock that was put back does not keep it for ever */
	int64_t age = clock_wall_ms() - when;
	if (age < 0 || age >= CLOCK_DAY_MS)
		return 0;
	clock_format(when, day);
	text_filter(words, strlen(words), false);
	buf_addf(text, "The service refused %s at %s: it does not have this model", mode, day);
	if (words[0] != '\0')
		buf_addf(text, " (it says: %s)", words);
	return buf_adds(text, ". What you write here is sent all the same; a refusal costs nothing.\n");
}

int model_refusal_tell(struct store *store, const char *directory, const struct model *model,
	char **ret_text)
{
	CLEANUP(buf_finish) struct buf text;
	int r = 0;

	*ret_text = NULL;
	buf_init(&text, TEXT_MAX);
	if (model == NULL)
		return 0;
	if (model->tool != NULL)
		r = add_mode(store, directory, model->tool->endpoint, &text);
	for (unsigned mode = 0; model->tool == NULL && mode < API_MODE_COUNT && r == 0; mode++)
		r = add_mode(store, directory, api_mode_name((enum api_mode)mode), &text);
	if (r < 0 || text.length == 0)
		return r;
	*ret_text = buf_steal(&text);
	return *ret_text == NULL ? -ENOMEM : 0;
}
