/* SPDX-License-Identifier: MIT */
#pragma once
/* queue_private: what queue.c (who may go when), queue_resume.c (after a mount), queue_ask.c (what others ask of a job),
 * queue_submit.c (sending one), queue_answer.c (what the answer to a POST means) and queue_poll.c (following a task)
 * share. */
#include "fs/api/client.h"
#include "fs/base/list.h"
#include "fs/base/loop.h"
#include "fs/base/map.h"
#include "fs/queue/queue.h"

enum queue_stop {
	QUEUE_RUNS,
	QUEUE_STOPPED_CREDITS, /* until the balance rises or a person says `submit` */
	QUEUE_STOPPED_KEY      /* until the key changes or a person says `submit` */
};

struct queue {
	struct gen *gen;	  /* borrowed */
	struct list jobs;	  /* job.link, owned, by id */
	struct map *by_id;	  /* the same jobs */
	struct loop_timer *timer; /* owned */
	struct job *posting;	  /* the one POST on its way; NULL none */
	int64_t last_post;	  /* monotonic ms */
	int64_t not_before;	  /* monotonic ms: nothing is sent before */
	bool wants_place;	  /* until then, unless a task ends before: too many run at once */
	unsigned rejections;	  /* throttled or not sent, in a row */
	unsigned disk_failures;	  /* in a row */
	enum queue_stop stop;
	char *reason; /* owned; why nothing is sent */
	int64_t balance_next;	       /* monotonic ms */
	unsigned balance_count;	       /* questions since the queue stopped for credits */
	double stop_balance;	       /* credits when the queue stopped for them; NAN unknown */
	bool stopping;
	void (*stopped)(void *arg);
	void *stopped_arg;
};

/* Makes it one of the open jobs, which own it then. -ENOMEM: it is not. */
int queue_enter(struct queue *queue, struct job *job);
/* Frees it. */
void queue_forget(struct queue *queue, struct job *job);
void queue_hold_off(struct queue *queue, int64_t wait_ms, enum queue_stop stop, const char *reason);
void queue_clear_hold(struct queue *queue);
void queue_harvest(struct queue *queue, struct job *job);
void queue_end_job(struct queue *queue, struct job *job);
void queue_on_balance(void *arg, double balance);

/* queue_submit.c. One that may not be sent becomes HELD; what the disk refuses to record waits. */
void queue_submit(struct queue *queue, struct job *job);

/* queue_poll.c; `arg` is the job. */
void queue_on_polled(void *arg, struct api_tasks_answer *answer);
/* The text that a synchronous endpoint has answered with is the result. */
void queue_on_text(struct queue *queue, struct job *job, const char *text);

/* queue_answer.c; `arg` is the job. */
void queue_on_submitted(void *arg, struct api_submit_answer *answer);
/* The job has ended without results. */
void queue_end_without(struct queue *queue, struct job *job, enum job_state state, const char *why);
void queue_not_sent(struct queue *queue, struct job *job, const char *why);
/* Nobody knows whether a task exists: UNKNOWN. */
void queue_lost_answer(struct queue *queue, struct job *job, const char *why);
/* While stopped for want of credits: asks for the balance now and then. */
void queue_watch_balance(struct queue *queue, int64_t now, int64_t *wake);
