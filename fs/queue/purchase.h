/* SPDX-License-Identifier: MIT */
#pragma once
/* purchase: the last step before QUEUED (design 1.3b). In one transaction it is decided whether this wish was bought before
 * (fs/job/bought.h), and what follows is written: a job to be sent, a job of the past that is asked for again, or
 * nothing yet. Memory follows after the commit.
 *
 * Called by the tree for prompts without inputs, and by the inputs when the last one is there. */
#include "fs/job/bought.h"
#include "fs/store/nodes.h"

struct queue;

struct purchase { /* all is borrowed */
	const struct node *prompt;
	const char *path, *stem;   /* of its place */
	struct job_record *record; /* to be QUEUED; id 0: it is new, and gets its id; else it has waited for its inputs */
	struct wish_record *wish;  /* what it asks for; place and job are filled in */
	int64_t settle_ms;
	int64_t cancelled;	   /* a job of this prompt that was not sent, and will not be; 0 none */
	bool copies;		   /* the names are quiet: a copy is sent */
	/* how long another one, which comes first, has this job to take up; 0: it is ours. NULL: always ours */
	int64_t (*turn_ms)(void *arg, int64_t job);
	void *turn_arg;
	bool past_only;		   /* it cannot be sent now: nothing is written unless it was bought before */
	const char *hold;	   /* a sentence: HELD for wish->hold instead of QUEUED; NULL: it is sent */

	struct bought bought;	   /* the answer: what it came to */
};

/* 0, or an error: then nothing was changed. For BOUGHT_SOON and BOUGHT_COPY nothing is decided yet: it is to be asked again. */
int purchase_decide(struct queue *queue, struct purchase *purchase);
/* The same without the question: an INVALID one, one that waits for its inputs, a dry run, and what a person submits. */
int purchase_add(struct queue *queue, struct purchase *purchase);
/* The prompt asks for nothing any more. */
int purchase_nothing(struct queue *queue, struct purchase *purchase);
