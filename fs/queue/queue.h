/* SPDX-License-Identifier: MIT */
#pragma once
/* queue: what may be sent, what was answered, what was made. The only room that spends money.
 *
 * What it is:   works on the open jobs (fs/job/job_table.h) from QUEUED to their end: which may be sent and when (limit, gap,
 *               backoff, spending guard), the sending, the polling, what each answer means for the state, and from the
 *               addresses of a finished job to files in the tree (harvest.h, publish.h). One POST at a time.
 * Invariants:   SUBMITTING with the request is on the disk before the POST starts, and nothing that may have been sent is
 *               ever sent again by itself (job.c has the table of legal changes). Where a commit fails, memory goes back (SUBMITTING,
 *               FETCHING, SUCCESS), or is marked unsaved (see Durability): nothing is done upon what is not on the disk.
 * Durability:   Each change of state is one transaction. Fsynced are: the prompt's bytes and SUBMITTING with the request,
 *               before the POST starts; the answer - task ids, a refusal, UNKNOWN - before anything else is done with it;
 *               FETCHING with the results' addresses; FAILED; the results in the tree. The others survive the process, and
 *               power loss takes them back by one step that is done again. A change that the disk refuses stays in
 *               memory, marked unsaved, and is tried again; nothing of that job is done meanwhile.
 * States:       the queue runs; is paused (until some moment; for want of credits until the balance rises or a person says
 *               `submit`; for a wrong key until it changes or a person says so; after a refusal as if for the key until the
 *               balance, which is free, tells whether all are refused or that one); or is stopping (the shutdown).
 *               A model that the service refuses holds back its own jobs alone (queue_models.h).
 * Patience:     a task that was paid for is asked for as long as the account exists, more and more seldom where no answer says
 *               how it stands (queue_poll.c); after an hour of that it no longer counts among those that run at once.
 * Ownership:    what it needs is borrowed. It owns the calls and the harvests of its jobs, by way of the jobs.
 * Calls back:   nobody. What it changes is told by way of changes.h. A job in WAITING is not its business: who adds,
 *               releases or resumes jobs hands those to the inputs (fs/input/inputs.h).
 * Files:        bottom up: costs, credits, queue_models, queue_gap, queue_takes, queue_state, queue_place, queue_ask, queue_success, queue_after,
 *               queue_balance, queue_answer, queue_step, queue_poll, queue_submit; twin, result_node, first_bytes, embed, publish, harvest (what was made);
 *               queue_pump, queue_resume; bring_back, purchase (what was bought before); queue. */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "fs/job/job.h"

struct api_client;
struct changes;
struct credits;
struct fetches;
struct http;
struct job_table;
struct leases;
struct loop;
struct model_table;
struct queue;
struct store;
struct writers;

struct first_bytes_line;

struct queue_needs { /* all borrowed */
	struct loop *loop;
	struct store *store;
	struct http *http; /* for the first bytes of results */
	struct api_client *api;
	struct job_table *jobs;
	struct changes *changes;
	struct leases *leases;
	struct writers *writers;
	struct fetches *fetches;
	struct credits *credits;
	const struct model_table *const *models; /* the table in force, which may be another one at the next turn */
	bool read_only; /* nothing is sent; what was sent is followed */
	int max_active;
	int64_t submit_gap_ms;	   /* -1: it is found (queue_gap.h) */
	int64_t submit_gap_min_ms; /* then: at least */
	int submissions_per_day; /* 0 no limit */
	int credits_per_day;	 /* 0 no limit */
	int64_t first_poll_ms, poll_interval_ms, slow_poll_interval_ms, slow_poll_after_ms;
	int64_t cache_size; /* bytes, 0 no limit: the most that one result without a length may take */
	int64_t stall_ms; /* without a byte for so long a download has failed */
	bool embeds;      /* results carry what they were made from */
	bool eager;       /* fetch results as soon as they exist */
	uid_t uid;        /* owner of results */
	gid_t gid;
	struct first_bytes_line *first_bytes; /* the queue's own: queue_create() sets it */
};

int queue_create(const struct queue_needs *needs, struct queue **ret_queue);
void queue_destroy(struct queue *queue); /* after the table of jobs; NULL is fine */
/* After a mount: reads the open jobs; SUBMITTING becomes UNKNOWN; the rest goes on. */
int queue_resume(struct queue *queue);
/* The job with this record is open from now on, unless it has ended already. Takes the record's contents. */
int queue_add(struct queue *queue, struct job_record *record);
/* The job has ended, and its last change is committed: it is told, and goes. One whose change the disk has refused stays
 * until that is saved. */
void queue_end_job(struct queue *queue, struct job *job);
/* Not sent yet and never will be. False: too late, it goes on. The caller removes the job's rows; queue_drop() after the
 * commit forgets it. */
bool queue_can_cancel(struct queue *queue, int64_t id);
/* It may be on its way, but its text is gone (or back): should it not have arrived, it is not sent again. */
void queue_unwanted(struct queue *queue, int64_t id, bool unwanted);
void queue_drop(struct queue *queue, int64_t id);
/* After the commit by which a prompt asks for a job of the past: what is left to be done for it goes on. */
int queue_take_up(struct queue *queue, int64_t id);
/* A person says `submit`: out of HELD, past a pause, and whatever was bought before. -ENOENT: there is nothing to release:
 * its text is to be examined. 1: it is WAITING, since what a dry run has shown is not what can be sent. */
int queue_release(struct queue *queue, int64_t id);
/* A person asks again for results that were made, but could not be fetched: fetches, sends nothing. -ENOENT: this job
 * has none. */
int queue_fetch_again(struct queue *queue, int64_t id);
/* A person asks again for the second half of running job `id`: where it was asked for long ago and has not come. */
void queue_step_again(struct queue *queue, int64_t id);
/* A person says `submit`: past what has paused the queue. */
void queue_go_on(struct queue *queue);
/* The key or the network may be better now. */
void queue_retry(struct queue *queue);
/* The running job whose request has this word in its webhook is polled now. False: there is none. */
bool queue_called_back(struct queue *queue, const char *token);
void queue_wake(struct queue *queue); /* something has changed: looks again, soon, from the loop */
/* Sends nothing more; `done` runs once no POST is on its way. */
void queue_stop(struct queue *queue, void (*done)(void *arg), void *arg);
/* Why this job is not sent at the moment, a sentence; NULL: nothing is in the way. Valid until the next call. */
const char *queue_reason(struct queue *queue, const struct job *job);
/* What it goes on with by itself: "credits", "key" or "tomorrow"; NULL: with nothing of these. */
const char *queue_needs_word(struct queue *queue, const struct job *job);
/* The same for all that waits; NULL: the queue runs. */
const char *queue_paused(const struct queue *queue);
int queue_active(const struct queue *queue);
/* Where one that is QUEUED stands. */
struct queue_place {
	size_t place, of; /* from 1 on */
	int64_t at;	  /* wall-clock ms, probably; 0: that is up to a person */
	char waits_for[64];
};
bool queue_place(const struct queue *queue, const struct job *job, struct queue_place *ret_place); /* false: it is not QUEUED */
/* When the last one of all that wait will probably be sent, wall-clock ms; 0: nobody waits, or for a person. */
int64_t queue_ends(const struct queue *queue);
/* From one submission to the next, as seen lately. */
int64_t queue_every_ms(const struct queue *queue);
int queue_waiting(const struct queue *queue);
