/* SPDX-License-Identifier: MIT */
#pragma once
/* queue_takes: how long jobs of a model and a mode take, and so when it is worth asking for one. Pure: told the times.
 *
 * So many questions as one in each `interval` are allowed; those that would come when no end is likely are kept for the time when it
 * is: a job that takes a minute is hardly asked for in the first fifty seconds, then twice a second. What is done at the first look
 * may have been done before: the next one is looked at sooner. Fewer than three jobs tell nothing. */
#include <stdint.h>

struct queue_takes;

struct queue_takes *queue_takes_create(void); /* NULL: out of memory */
void queue_takes_destroy(struct queue_takes *takes); /* NULL is fine */
/* One was seen to have ended after `ms`, but not yet at the question before (0: there was none). 1: it is worth remembering; 0: not. */
int queue_takes_learn(struct queue_takes *takes, const char *model, const char *mode, int64_t ms, int64_t before_ms);
/* Milliseconds from now to the next question for one of this age, after so many; -1: nothing is known. */
int64_t queue_takes_wait(const struct queue_takes *takes, const char *model, const char *mode, int64_t age_ms,
	unsigned asked, int64_t interval_ms);
/* One line for each, as queue_takes_recall() reads them; the caller frees. NULL: out of memory. */
char *queue_takes_text(const struct queue_takes *takes);
void queue_takes_recall(struct queue_takes *takes, const char *text); /* what is none is left out */
