/* SPDX-License-Identifier: MIT */
#pragma once
/* credits: what is known of the account's balance, and the asking for it: shortly before a submission, so that a lost
 * answer can be told with the balance before and after it; never while nothing is going on. Asking costs nothing
 * (API reference 3.10). */
#include <stdbool.h>
#include <stdint.h>

struct api_client;
struct api_error;
struct job_record;
struct job_table;
struct changes;
struct credits;
struct loop;
struct store;

struct credits_needs { /* all borrowed */
	struct loop *loop;
	struct store *store;
	struct api_client *api;
	struct changes *changes;
	struct job_table *jobs;
};

int credits_create(const struct credits_needs *needs, struct credits **ret_credits);
void credits_destroy(struct credits *credits); /* NULL is fine */
/* A submission is near. */
void credits_expect(struct credits *credits);
/* A submission starts: what was known is from before it. Its answer has come, or will not: now it may be asked what it has cost. It was
 * refused, and certainly not charged; and it has ended with that. */
void credits_posted(struct credits *credits, const struct job_record *record);
void credits_answered(struct credits *credits);
void credits_refused(struct credits *credits, int64_t id);
void credits_spared(struct credits *credits, int64_t id);
/* The balance with no submission since; false: not known. */
bool credits_before(const struct credits *credits, double *ret_credits, int64_t *ret_wall_ms);
/* The latest that was read at all; false: none. */
bool credits_latest(const struct credits *credits, double *ret_credits, int64_t *ret_wall_ms);
/* Job `id` has become UNKNOWN: its balance_after is to be found out. */
void credits_want_after(struct credits *credits, int64_t id);
/* Job `id` has ended: the next balance that is read for whatever reason is its balance_after. */
void credits_note_after(struct credits *credits, int64_t id);
/* A balance that somebody else has asked for, when credits_mark() was `mark`. */
uint64_t credits_mark(const struct credits *credits);
void credits_heard(struct credits *credits, double balance, uint64_t mark);
/* Asks now, unless a question is on its way; `told` (one listener) hears each answer; one that is no balance comes with
 * `error`, else NULL. */
void credits_ask(struct credits *credits);
typedef void credits_told(void *arg, double balance, const struct api_error *error);
void credits_listen(struct credits *credits, credits_told *told, void *arg);
