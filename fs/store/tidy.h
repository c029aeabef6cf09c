/* SPDX-License-Identifier: MIT */
#pragma once
/* tidy: what the ledger does not need any more, years after, in slices of some milliseconds while the mount works.
 *
 * A day after its prompt has gone, a job that has ended is made smaller. What was never paid goes: "paid once" has nothing to remember
 * of it; of one that was sent and refused a row stays for the sums (tally.h). What was paid keeps its tasks, results and hashes, and text
 * and request as pack.h writes them, which jobs_get() reads. Free pages are given back to the disk when they are many.
 *
 * Thread: loop thread only. Errors are logged, and tried again an hour later. */
#include <stdbool.h>
#include <stdint.h>

struct loop;
struct store;
struct tidy;

enum job_packed { /* bits of job.packed; on disk */
	JOB_PACKED = 1,	     /* it was looked at. The body is packed where it is a BLOB */
	JOB_PACKED_TEXT = 2, /* the text is packed */
};

int tidy_create(struct loop *loop, struct store *store, struct tidy **ret_tidy);
void tidy_destroy(struct tidy *tidy); /* NULL is fine */

/* One slice. `after`: of jobs, those up to this one have been looked at; 0 at first. *ret_more: there is more to do now. */
int tidy_slice(struct store *store, int64_t now_wall_ms, int64_t *after, bool *ret_more);
