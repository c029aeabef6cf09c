/* SPDX-License-Identifier: MIT */
#pragma once
/* queue_private: what the files of this room share; queue.h says which of them calls which. */
#include "fs/api/client.h"
#include "fs/base/loop.h"
#include "fs/job/changes.h"
#include "fs/job/job_table.h"
#include "fs/queue/first_bytes.h"
#include "fs/queue/queue.h"
#include "fs/queue/queue_gap.h"
#include "fs/queue/queue_models.h"
#include "fs/queue/queue_takes.h"
#include "fs/store/jobs.h"
#include "fs/store/store.h"

enum queue_pause {
	QUEUE_RUNS,           /* but not before `not_before` */
	QUEUE_PAUSED_CREDITS, /* until the balance rises or a person says `submit` */
	QUEUE_PAUSED_KEY,     /* until the key changes or a person says `submit` */
	QUEUE_PAUSED_ASKING   /* until the balance tells whether the key is refused, or one request */
};

struct queue {
	struct queue_needs needs;
	struct first_bytes_line first_bytes;
	struct loop_timer *timer; /* owned */
	struct job *posting;      /* the one POST on its way; NULL none */
	struct queue_gap gap;     /* when the next one may go */
	struct queue_takes *takes; /* owned; how long jobs take */
	int64_t gap_known_ms;     /* the gap that is in the ledger */
	int64_t not_before;       /* monotonic ms: nothing is sent before */
	bool wants_place;         /* until then, unless a task ends before: too many run at once */
	unsigned rejections;      /* throttled or not sent, in a row */
	unsigned disk_failures;   /* in a row */
	enum queue_pause pause;
	char *reason;           /* owned; why nothing is sent */
	struct queue_models *models; /* owned; those that are refused just now */
	int64_t suspect;        /* while asking: the job that was refused as if for the key */
	int64_t balance_next;   /* monotonic ms */
	unsigned balance_count; /* questions since the queue was paused for credits */
	double pause_balance;   /* credits when the queue was paused for them; NAN unknown */
	int64_t tell_from; /* the next job to be told that it waits for another reason; INT64_MAX: all are */
	bool stopping;
	void (*stopped)(void *arg);
	void *stopped_arg;
};

/* queue_after.c, like those at the end. Milliseconds to the first question of one that was just sent. */
int64_t queue_first_poll(const struct queue *queue, const struct job *job);
/* The job has succeeded, as was seen just now. */
void queue_learn_takes(struct queue *queue, const struct job *job);
void queue_recall_takes(struct queue *queue); /* what earlier mounts have learned */

/* queue_state.c */

void queue_recall_gap(struct queue *queue);   /* as the last mount has left it */
void queue_remember_gap(struct queue *queue); /* where it has changed enough */
void queue_stop_telling(struct queue *queue); /* at the end */
void queue_hold_off(struct queue *queue, int64_t wait_ms, enum queue_pause pause, const char *reason);
void queue_clear_pause(struct queue *queue);
void queue_forget(struct queue *queue, struct job *job); /* and frees it */
/* The job has ended without results. */
void queue_end_without(struct queue *queue, struct job *job, enum job_state state, const char *why);

/* queue_success.c: what was made, and FETCHING, in one durable transaction. */

int queue_record_success(struct job *job); /* all tasks have ended, some with results */
int queue_record_text(struct job *job, const char *text); /* an answer that is the result */

/* queue_balance.c */

/* credits_listen(): answered, or refused with `error`. */
void queue_on_balance(void *arg, double balance, const struct api_error *error);
/* A submission was refused for the key: asks whether all are. */
void queue_ask_about_key(struct queue *queue, struct job *job);
/* While paused for want of credits: asks for the balance now and then. */
void queue_watch_balance(struct queue *queue, int64_t now, int64_t *wake);

/* queue_answer.c; `arg` is the job. */

void queue_on_submitted(void *arg, struct api_submit_answer *answer);
void queue_not_sent(struct queue *queue, struct job *job, const char *why);
/* Nobody knows whether a task exists: UNKNOWN. */
void queue_lost_answer(struct queue *queue, struct job *job, const char *why);

/* The answer to a POST is here: the next one may go after the gap. */
void queue_post_ended(struct queue *queue, struct job *job);
#define QUEUE_WHY_BYTES (ERRCLASS_EXPLAIN + sizeof(((struct api_error *)NULL)->text) + 32)
void queue_explain(const struct api_error *error, char text[QUEUE_WHY_BYTES]);

/* queue_after.c */

void queue_all_ended(struct queue *queue, struct job *job); /* all tasks have */
void queue_ask_again(struct queue *queue, struct job *job); /* how it stands, after a while */

/* queue_step.c: the second request of a task that is half done. */

/* What the service said last is taken in. True: the request is on its way, or the job is through. */
bool queue_step(struct queue *queue, struct job *job);
bool queue_has_step(const struct queue *queue, const struct job *job); /* its tool wants one */

/* queue_poll.c */

void queue_poll(struct queue *queue, struct job *job);

/* queue_submit.c. One that may not be sent becomes HELD; what the disk refuses to record waits. */

void queue_submit(struct queue *queue, struct job *job);

/* queue_pump.c: everything that is due; `arg` is the queue. */

void queue_pump(void *arg);
