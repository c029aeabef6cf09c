/* SPDX-License-Identifier: MIT */
#pragma once
/* job_table: the open jobs, which have something left to do, by number. Rows of the ledger (fs/store/jobs.h) are the truth;
 * what is here is their copy while they are worked on.
 *
 * Ownership: the table owns the jobs that were entered; the room that works on one (the queue, or the inputs that it waits
 * for) takes it out when it has ended. */
#include <stdint.h>

#include "fs/job/job.h"
#include "fs/job/job_line.h"

struct changes;
struct loop;
struct store;

struct job_table {
	struct store *store;     /* borrowed: where their rows are */
	struct changes *changes; /* borrowed: who hears of them */
	struct list jobs;        /* job.link, owned, by id */
	struct map *by_id;       /* the same jobs */
	struct job_lines lines;  /* of the same jobs */
};

int job_table_create(struct store *store, struct changes *changes, struct job_table **ret_table);
void job_table_destroy(struct job_table *table); /* with the jobs; NULL is fine */
/* -ENOMEM: it is still the caller's. */
int job_table_enter(struct job_table *table, struct job *job);
struct job *job_table_find(const struct job_table *table, int64_t id); /* NULL: not open */
void job_table_remove(struct job *job); /* and frees it */
/* The first or next one, by id; NULL: no more. The one before may be removed meanwhile where `next` is asked first. */
struct job *job_table_first(const struct job_table *table);
struct job *job_table_next(const struct job *job);
