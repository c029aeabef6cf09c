/* SPDX-License-Identifier: MIT */
#pragma once
/* job_line: which open jobs wait to be sent, in which order, and which have something going on, kept up with their states, so
 * that nobody walks through all of them.
 *
 * A line is jobs in the order of their numbers: a sorted array, whose front moves on as jobs leave it there. One line has all that are
 * QUEUED; each model has one of its own. Models take turns, within a model the oldest is first.
 * Invariant: a job is in its lines exactly while it is QUEUED, and among the busy ones exactly while the queue has to look after
 * it (a request or a task is under way, nobody fetches its results yet, or its last change is not saved), and among the waiting ones
 * while it waits for its inputs:
 * whoever changes one of these says so (job_set_state(), job_save()). Room is there before a job comes, so that no change of state fails.
 * Ownership: the jobs belong to the table. Loop thread only. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/base/list.h"

struct job;

struct job_line {
	struct list link; /* job_lines.models */
	struct job **jobs; /* owned */
	size_t first, count, size; /* `count` from `first` on, of `size` */
	size_t members; /* jobs that may come to be in it */
	uint64_t turn;	/* of the last submission: the models take turns */
	char *model;	/* owned; NULL: the line of all */
};

struct job_lines {
	struct job_line all;
	struct list models; /* job_line.link, owned; those that have members */
	struct list busy;   /* job.busy */
	struct list waiting; /* job.waiting */
	uint64_t turns;
};

enum { JOB_LINE_QUEUED = 1, JOB_LINE_BUSY = 2, JOB_LINE_WAITING = 4 };

void job_lines_init(struct job_lines *lines);
void job_lines_finish(struct job_lines *lines);
/* The job is open from now on; -ENOMEM. */
int job_lines_enter(struct job_lines *lines, struct job *job);
void job_lines_leave(struct job_lines *lines, struct job *job); /* fine on one that has not entered */
/* Where it belongs now; nothing where it has not entered. */
void job_lines_note(struct job *job, unsigned where);

/* The nth in line; n < count. */
struct job *job_line_at(const struct job_line *line, size_t n);
/* How many of the line have a smaller number. */
size_t job_line_before(const struct job_line *line, int64_t id);
/* One of this model is sent: the others have their turns before the next one. */
void job_line_sent(struct job_lines *lines, struct job_line *line);
/* Would one of `line`, if both have one, go before one of `other`? */
bool job_line_is_first(const struct job_line *line, const struct job_line *other);
/* How many are sent before this one, which is QUEUED, if nothing but turns counts. */
size_t job_lines_ahead(const struct job_lines *lines, const struct job *job);
