/* SPDX-License-Identifier: MIT */
#pragma once
/* job: one generation in memory, the table of its legal changes, and those who wait for its end. */
#include <stdbool.h>
#include <stdint.h>

#include "fs/base/list.h"
#include "fs/base/str.h"
#include "fs/store/jobs.h"

struct gen;
struct api_call;
struct harvest;
struct inputs;
struct queue;

struct job {
	struct job_record record;  /* owned */
	struct task_record *tasks; /* owned */
	size_t task_count;
	struct queue *queue;	/* borrowed; the one that owns it */
	struct list link;	/* in the queue, by id */
	struct api_call *call;	/* owned; a request on its way */
	struct harvest *harvest; /* owned; fetching what it made */
	struct inputs *inputs;	/* owned; what it waits for, while it does (waiting.h) */
	int64_t not_before;	/* monotonic ms: the next attempt or poll */
	int64_t sent_at;	/* monotonic ms of the submission in this process, for the pace of polls */
	unsigned poll_failures;	/* in a row */
	unsigned not_found;	/* polls in a row that said there is no such task */
	int64_t not_found_since; /* monotonic ms: the first of them */
	unsigned save_failures; /* in a row */
	unsigned next_task;	/* of a job with several tasks and no batch: which is asked next */
	struct strlist *urls;	/* owned; what each task has made so far */
	bool called_back;	/* while a request was on its way: its answer may be older than that */
	bool released;		/* a person lets it pass the spending guard, or has its results fetched again */
	bool unwanted;		/* its text was taken away: not to be sent again should it come back */
	bool unsaved;		/* the disk would not take the last change: it is tried again */
};

const char *job_state_name(enum job_state state); /* "QUEUED", … */
bool job_state_may_change(enum job_state from, enum job_state to);
/* INVALID, SUCCESS, FAILED, UNKNOWN */
bool job_state_is_final(enum job_state state);
/* Has been, or may have been, sent and has not ended. */
bool job_state_is_active(enum job_state state);
bool job_state_is_unsent(enum job_state state);
/* Replaces a sentence of the record; NULL clears. -ENOMEM leaves NULL. */
void job_set_text(char **slot, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Asserts the table, changes the state and saves. On an error the record has changed in memory all the same and
 * `unsaved` is set. */
int job_change(struct gen *gen, struct job *job, enum job_state state, bool durable);
int job_save(struct gen *gen, struct job *job, bool durable);
/* How long to wait until the disk is tried again. */
int64_t job_save_wait_ms(const struct job *job);
void job_destroy(struct job *job); /* cancels call and harvest */
