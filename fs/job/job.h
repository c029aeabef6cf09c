/* SPDX-License-Identifier: MIT */
#pragma once
/* job: one generation in memory, from a prompt that was examined to the results that it made, and the table of its legal
 * changes of state (job.c): whatever else may be wrong, nothing is sent but out of QUEUED (and the second request of a tool
 * that has two: fs/queue/queue_step.c).
 *
 * A job has one work at a time: its inputs are waited for, or it waits for its turn, or a request of it is on its way
 * (`call`), or what it made is fetched. What does such a work embeds a struct job_work, so that a job that ends can
 * call it off without knowing what it is.
 * Ownership: the table of open jobs (job_table.h) owns the jobs. Loop thread only. */
#include <stdbool.h>
#include <stdint.h>

#include "fs/base/list.h"
#include "fs/job/place.h"
#include "fs/store/jobs.h"

struct api_call;
struct job_line;
struct job_lines;
struct job_table;
struct queue;

struct job_work {
	void (*cancel)(struct job_work *work); /* stops and frees it */
};

struct job {
	struct job_record record;  /* owned */
	struct task_record *tasks; /* owned */
	size_t task_count;
	struct job_table *table; /* borrowed */
	struct list link;	/* of the table, by id */
	struct job_lines *lines; /* borrowed, like its model's `line`; NULL: it has not entered */
	struct job_line *line;
	struct list busy, waiting; /* job_lines.busy, job_lines.waiting */
	bool queued;		/* it is in its lines */
	struct queue *queue;	/* borrowed; that of its `call` */
	struct api_call *call;	/* owned; a request on its way */
	struct job_work *work;	/* owned; NULL: it waits for its turn, or for the answer to `call` */
	int64_t not_before;	/* monotonic ms: the next attempt or poll */
	int64_t sent_at;	/* monotonic ms of the submission in this process, for the pace of polls */
	int64_t asked_at, asked_before; /* monotonic ms of the last two questions in this process */
	unsigned asked;		/* how many there were */
	unsigned poll_failures;	/* in a row */
	int64_t strange_since;	/* monotonic ms: since then no answer says how it stands; 0: the last one does */
	int64_t strange_wall;	/* the same by the wall clock, for people */
	int64_t empty_since;	/* monotonic ms: it has succeeded, but there are no results; 0 not */
	bool half_done;		/* the last answer says that its second request is due */
	unsigned step_refusals;	/* of that request, in a row */
	bool asked_alone;	/* the last question was about one task, not the batch */
	unsigned save_failures; /* in a row */
	unsigned next_task;	/* of a job with several tasks and no batch: which is asked next */
	struct job_made {	/* what each task has made so far */
		struct result_record *results; /* owned */
		size_t count;
	} *made;		/* owned, one for each task */
	bool called_back;	/* while a request was on its way: its answer may be older than that */
	bool released;		/* a person lets it pass the spending guard, or has its results fetched again */
	bool unwanted;		/* its text was taken away: not to be sent again should it come back */
	bool unsaved;		/* the disk would not take the last change: it is tried again */
};

const char *job_state_name(enum job_state state); /* "QUEUED", … */
/* What users are told (design 1.3): FETCHING is PROCESSING to them, and BLOCKED is INVALID. */
enum job_state job_state_shown(enum job_state state);
bool job_state_may_change(enum job_state from, enum job_state to);
/* INVALID, SUCCESS, FAILED, UNKNOWN: nothing is left to be done for it. */
bool job_state_is_final(enum job_state state);
/* Has been, or may have been, sent and has not ended. */
bool job_state_is_active(enum job_state state);
bool job_state_is_unsent(enum job_state state);
/* Replaces a sentence of the record; NULL clears. -ENOMEM leaves NULL. */
void job_set_text(char **slot, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct job *job_create(struct job_table *table); /* of nothing yet, and not in the table; NULL: out of memory */
void job_destroy(struct job *job);	     /* one that is not in the table; cancels call and work */
/* Its state, or whether it is saved, is another one: job_line.h. */
void job_note_state(struct job *job);
/* In memory alone: for who saves it in a transaction of his own. */
void job_set_state(struct job *job, enum job_state state);
/* Asserts the table of changes, changes the state, saves and tells. On an error the record has changed in memory all the
 * same and `unsaved` is set. */
int job_change(struct job *job, enum job_state state, bool durable);
int job_save(struct job *job, bool durable);
/* Its rows, inside the caller's transaction; what is in memory follows after the commit. */
int job_write(struct store *store, const struct job *job);
/* Where it belongs at this moment: users move files, so it is looked up each time. On an error it is nowhere, and its
 * name is "NAME", for sentences. */
int job_place(const struct job *job, struct job_place *ret_place);
/* The name of its status file as a shell takes it, for advice (place_status_word()). */
void job_status_word(const struct job *job, char word[PLACE_WORD]);
/* Its prompt's status reads differently. */
void job_tell(struct job *job);
/* What keeps it from going on, NULL: nothing; or why it has ended or cannot go on. Each clears the other. */
void job_set_trouble(struct job_record *record, const char *text);
void job_set_error(struct job_record *record, const char *text);
/* How long to wait until the disk is tried again. */
int64_t job_save_wait_ms(const struct job *job);
void job_work_end(struct job *job); /* cancels it, where there is one */
