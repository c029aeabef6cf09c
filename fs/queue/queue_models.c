/* SPDX-License-Identifier: MIT */
#include "fs/queue/queue_models.h"

#include <stdlib.h>
#include <string.h>

#include "fs/base/backoff.h"
#include "fs/base/clock.h"
#include "fs/base/list.h"
#include "fs/job/job.h"

/* Submissions of others before a model that was refused has a turn again, while others wait. */
#define TURNS_OF_OTHERS 8

struct refused {
	struct list link;
	int64_t not_before; /* monotonic ms */
	unsigned refusals;  /* in a row */
	unsigned behind;    /* submissions of others that go first */
	char *reason;       /* owned; NULL: it is not held */
	char model[];
};

struct queue_models {
	struct list refused; /* refused.link, owned: few at a time */
};

struct queue_models *queue_models_create(void)
{
	struct queue_models *models = calloc(1, sizeof(*models));

	if (models != NULL)
		list_init(&models->refused);
	return models;
}

static void forget(struct refused *refused)
{
	list_remove(&refused->link);
	free(refused->reason);
	free(refused);
}

void queue_models_clear(struct queue_models *models)
{
	while (!list_empty(&models->refused))
		forget(list_entry(models->refused.next, struct refused, link));
}

void queue_models_destroy(struct queue_models *models)
{
	if (models == NULL)
		return;
	queue_models_clear(models);
	free(models);
}

static struct refused *find(const struct queue_models *models, const char *model)
{
	const struct list *item;

	list_for_each(item, &models->refused)
	{
		struct refused *refused = list_entry(item, struct refused, link);
		if (strcmp(refused->model, model) == 0)
			return refused;
	}
	return NULL;
}

static struct refused *find_or_add(struct queue_models *models, const char *model)
{
	struct refused *refused = find(models, model);
	size_t size = strlen(model) + 1;

	if (refused != NULL)
		return refused;
	refused = calloc(1, sizeof(*refused) + size);
	if (refused == NULL)
		return NULL;
	memcpy(refused->model, model, size);
	list_append(&models->refused, &refused->link);
	return refused;
}

int64_t queue_models_refused(struct queue_models *models, const char *model, int64_t retry_after_ms,
	int64_t first_ms, const char *reason)
{
	const struct backoff pace = {.first_ms = first_ms, .max_ms = 180000, .jitter_percent = 20};
	struct refused *refused = find_or_add(models, model);
	unsigned count = refused != NULL ? ++refused->refusals : 1;
	int64_t wait = backoff_wait_ms(&pace, count, retry_after_ms, backoff_random());

	if (refused != NULL) {
		refused->not_before = clock_mono_ms() + wait;
		refused->behind = TURNS_OF_OTHERS;
		job_set_text(&refused->reason, "%s", reason);
	}
	return wait;
}

void queue_models_failed(struct queue_models *models, const char *model)
{
	struct refused *refused = find_or_add(models, model);

	if (refused != NULL)
		refused->behind = TURNS_OF_OTHERS;
}

void queue_models_accepted(struct queue_models *models, const char *model)
{
	struct refused *refused = find(models, model);

	if (refused != NULL)
		forget(refused);
}

void queue_models_sent(struct queue_models *models, const char *model)
{
	struct list *item;

	list_for_each(item, &models->refused)
	{
		struct refused *refused = list_entry(item, struct refused, link);
		if (refused->behind > 0 && strcmp(refused->model, model) != 0)
			refused->behind--;
	}
}

int64_t queue_models_not_before(const struct queue_models *models, const char *model)
{
	const struct refused *refused = find(models, model);

	return refused != NULL ? refused->not_before : 0;
}

bool queue_models_is_behind(const struct queue_models *models, const char *model)
{
	const struct refused *refused = find(models, model);

	return refused != NULL && refused->behind > 0;
}

const char *queue_models_reason(const struct queue_models *models, const char *model)
{
	const struct refused *refused = find(models, model);

	return refused != NULL && refused->not_before > clock_mono_ms() ? refused->reason : NULL;
}
