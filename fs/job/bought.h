/* SPDX-License-Identifier: MIT */
#pragma once
/* bought: was this wish paid for already? The three rules of design 1.3b, asked in the transaction that would make a job
 * QUEUED; what follows from the answer belongs into the same transaction.
 *
 * Paid is a job from SUBMITTING on: on its way, SUCCESS, UNKNOWN, and FAILED with a task, whatever became of its files. Two
 * texts ask for the same where their wishes are equal, or what would be sent is what was sent. An input whose origin
 * cannot be told ("?") changes nothing.
 *
 *   rule 1  this place sent it, last or earlier                 -> its job again, nothing is sent
 *   rule 2  a paid job that nobody asks for any more            -> this place takes that job up; one of another name for a week
 *                                                                  only. Of several the one whose place had this path last,
 *                                                                  then this name, then the oldest (a dry run that was
 *                                                                  submitted later: since it was held), which is waited for
 *                                                                  where its prompt went just now
 *   rule 3  a prompt that is still there asks for the same      -> a copy, which waits until the names are quiet, and is bought
 *   else                                                        -> it is bought
 *
 * Reads and writes rows alone: no memory of open jobs. Changes run inside the caller's transaction. */
#include <stdbool.h>
#include <stdint.h>

#include "fs/store/wishes.h"

struct store;

/* Who asks, and for what. All is borrowed. */
struct bought_wish {
	const char *path, *name; /* of the place, and its last part */
	int64_t place;		 /* 0: nothing was ever asked for there */
	int64_t last;		 /* the job that the place asked for last, of those that were sent; 0 none */
	const char *hash, *request, *inputs; /* as in struct wish_record; "" and NULL: not known */
	int64_t owner;
};

enum bought_verdict {
	BOUGHT_NOT,	  /* to be sent */
	BOUGHT_LAST,	  /* rule 1: the job that this place asked for last */
	BOUGHT_EARLIER,	  /* rule 1: another job of this place, whose results come back */
	BOUGHT_ELSEWHERE, /* rule 2 */
	BOUGHT_SOON,	  /* rule 2 as soon as its prompt is gone for so long: wait_ms */
	BOUGHT_COPY	  /* rule 3 */
};

struct bought {
	enum bought_verdict verdict;
	int64_t job; /* 0 for BOUGHT_NOT */
	int64_t wait_ms;
};

bool bought_is_paid(enum job_state state, bool has_task);
/* `now` is wall-clock ms. */
int bought_decide(struct store *store, const struct bought_wish *wish, int64_t now, int64_t settle_ms,
	struct bought *ret_bought);
/* What the prompt of this place asks for from now on: its jobs for the same are not gone, all others are. NULL: nothing. */
int bought_ask(struct store *store, int64_t place, const struct bought_wish *wish, int64_t now);
