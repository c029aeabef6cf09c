/* SPDX-License-Identifier: MIT */
#pragma once
/* queue_models: which models the service refuses at the moment. A refused model holds back its own jobs alone: it is not
 * tried again before a while, and then the other models have their turns first. */
#include <stdbool.h>
#include <stdint.h>

struct queue_models;

struct queue_models *queue_models_create(void); /* NULL: out of memory */
void queue_models_destroy(struct queue_models *models); /* NULL is fine */
/* The service refused it, in a way that goes by: for so long as it says (-1: it does not) or more and more. Returns for how
 * many ms it is held; where memory is out, all the same. first_ms: the first time, where it does not say. */
#define QUEUE_MODELS_FIRST_MS 4000
int64_t queue_models_refused(struct queue_models *models, const char *model, int64_t retry_after_ms,
	int64_t first_ms, const char *reason);
/* A job of it was refused for a reason of its own: it is not held, but others go first. */
void queue_models_failed(struct queue_models *models, const char *model);
void queue_models_accepted(struct queue_models *models, const char *model);
/* A submission for it leaves: the others have waited once more. */
void queue_models_sent(struct queue_models *models, const char *model);
/* Monotonic ms before which nothing is sent for it; 0: at once. */
int64_t queue_models_not_before(const struct queue_models *models, const char *model);
/* Others go first. */
bool queue_models_is_behind(const struct queue_models *models, const char *model);
/* Why it is held now; NULL: it is not. */
const char *queue_models_reason(const struct queue_models *models, const char *model);
void queue_models_clear(struct queue_models *models); /* a person says `submit`: all may be tried */
