/* SPDX-License-Identifier: MIT */
#pragma once
/* inputs: what a prompt waits for before it can be sent (design 1.4): files, results, and the results of other prompts.
 *
 * What it is:   a prompt with reference lines is a job in WAITING. Whenever anything changes that might matter, all
 *               of those jobs are looked at again, soon, many changes at once; when the last input of one is there, its
 *               request is fixed in the ledger and it goes to the queue.
 * Invariants:   Nothing but the prompt's own text is remembered: what a job waits for is found anew each time, so that
 *               a remount needs no special case. Nothing is uploaded for a prompt that is wrong: all of its references are
 *               looked at (reference_look()) before the address of one is asked for (reference_address()).
 * States:       WAITING, and BLOCKED (INVALID to users): an input is missing or has failed, or they go in a circle; it goes on by
 *               itself when that changes. A dry run becomes HELD instead of QUEUED.
 * Ownership:    what a job waits for is its work (struct job_work of job.h) while it waits. Needs are borrowed.
 * Calls back:   nobody; listens to changes.h, and ends or queues jobs by way of the queue.
 * Files:        bottom up: source (bytes of a file), source_twin, liveness (is an address alive), upload_send and upload (files to the
 *               service's store), reference_say, reference_path, reference (one reference line), reference_origin (where it comes
 *               from), limits, job_inputs (what one job waits for), circle, inputs_buy (was it bought before?), inputs, inputs_adopt. */
#include <stdbool.h>
#include <stdint.h>

#include "fs/job/job.h"

struct api_client;
struct changes;
struct http;
struct inputs;
struct job_table;
struct loop;
struct model_table;
struct queue;
struct store;
struct writers;

struct inputs_needs { /* all borrowed */
	struct loop *loop;
	struct store *store;
	struct http *http;
	struct api_client *api;
	struct job_table *jobs;
	struct changes *changes;
	struct writers *writers;
	struct queue *queue;
	const struct model_table *const *models; /* the table in force, which may be another one at the next turn */
	int64_t settle_ms, copies_ms, stall_ms;
	bool allow_unknown;
	const char *webhook_url; /* of prompts that name none; NULL none */
	const char *mountpoint; /* absolute: paths below it are paths on the mount; NULL: unknown */
};

int inputs_create(const struct inputs_needs *needs, struct inputs **ret_inputs);
void inputs_destroy(struct inputs *inputs); /* after the table of jobs; NULL is fine */
/* After a mount: takes over all jobs of the table that wait. */
int inputs_resume(struct inputs *inputs);
/* A job of the table in WAITING or BLOCKED. 0, or -ENOMEM: it stays as it is until the next mount. */
int inputs_adopt(struct inputs *inputs, struct job *job);
/* The models are other ones now, or something else has changed that nobody tells of. */
void inputs_recheck(struct inputs *inputs);
/* A person, or a new key, wants uploads tried again: those that were refused, and those that wait. */
void inputs_retry(struct inputs *inputs);
