/* SPDX-License-Identifier: MIT */
#include "fs/mount/flush.h"

#include <errno.h>
#include <stdlib.h>

#include "fs/base/clock.h"
#include "fs/base/list.h"
#include "fs/base/loop.h"
#include "fs/base/worker.h"
#include "fs/mount/pending.h"
#include "fs/mount/reply.h"
#include "fs/tree/tree.h"

enum {
	FLUSH_MS = 50,   /* the longest that anybody waits */
	LOOKS_MAX = 256, /* more at once are not looked at */
	END_MS = 1000,
};

struct flushes {
	struct session *session;  /* borrowed */
	struct worker *worker;    /* owned; nobody else waits for it */
	struct loop_timer *timer; /* owned; for the first of: */
	struct list waiting;      /* look.link, the oldest first */
};

/* The worker's until `done`, which frees it; whether it was answered meanwhile or not. */
struct look {
	struct worker_job job;
	struct pending pending;
	struct list link;
	struct flushes *flushes;
	uint64_t ino;
	pid_t closer, writer;
	int64_t until; /* monotonic ms */
	bool killed;   /* the thread's */
};

static void run(struct worker_job *job)
{
	struct look *look = list_entry(job, struct look, job);

	look->killed = flush_was_killed(look->closer, look->writer);
}

static void answer(struct look *look)
{
	list_remove(&look->link);
	pending_done(&look->pending);
}

static void done(struct worker_job *job)
{
	struct look *look = list_entry(job, struct look, job);

	if (!pending_answered(&look->pending)) {
		if (look->killed)
			tree_cut_short(look->flushes->session->tree, look->ino, look->writer);
		answer(look);
	}
	free(look);
}

/* The mount ends; it was answered. */
static void give_up(struct pending *pending)
{
	list_remove(&container_of(pending, struct look, pending)->link);
}

static void on_late(void *arg)
{
	struct flushes *flushes = arg;
	struct list *item, *after;

	/* the loop may be late itself: what is known counts */
	worker_drain_for(flushes->worker, 0);
	int64_t now = clock_mono_ms();
	list_for_each_safe(item, after, &flushes->waiting)
	{
		struct look *look = list_entry(item, struct look, link);
		if (look->until > now) {
			loop_timer_arm(flushes->timer, look->until - now);
			return;
		}
		answer(look);
	}
}

int flushes_create(struct session *session, struct flushes **ret_flushes)
{
	struct flushes *flushes = calloc(1, sizeof(*flushes));

	if (flushes == NULL)
		return -ENOMEM;
	flushes->session = session;
	list_init(&flushes->waiting);
	int r = worker_create(session->loop, &flushes->worker);
	if (r == 0)
		r = loop_timer_create(session->loop, on_late, flushes, &flushes->timer);
	if (r < 0) {
		flushes_destroy(flushes);
		return r;
	}
	*ret_flushes = flushes;
	return 0;
}

void flushes_end(struct flushes *flushes)
{
	if (flushes != NULL)
		worker_drain_for(flushes->worker, END_MS);
}

void flushes_destroy(struct flushes *flushes)
{
	if (flushes == NULL)
		return;
	loop_timer_destroy(flushes->timer);
	bool left = !worker_drain_for(flushes->worker, END_MS);
	worker_destroy(flushes->worker);
	if (!left)
		free(flushes);
}

void flush_answer(fuse_req_t req, uint64_t ino, pid_t writer)
{
	struct session *session = session_of(req);
	struct flushes *flushes = session->flushes;
	pid_t closer = fuse_req_ctx(req)->pid;
	bool can = closer > 0 && worker_pending(flushes->worker) < LOOKS_MAX;
	struct look *look = can ? calloc(1, sizeof(*look)) : NULL;

	if (look == NULL) {
		reply_error(req, 0);
		return;
	}
	look->flushes = flushes;
	look->ino = ino;
	look->closer = closer;
	look->writer = writer;
	look->until = clock_mono_ms() + FLUSH_MS;
	look->job = (struct worker_job){.run = run, .done = done};
	pending_init(&look->pending, req, 0, give_up);
	look->pending.stays = true;
	list_append(&flushes->waiting, &look->link);
	if (!loop_timer_armed(flushes->timer))
		loop_timer_arm(flushes->timer, FLUSH_MS);
	worker_submit(flushes->worker, &look->job);
	/* nobody would see the end of it otherwise */
	if (session->ending && worker_drain_for(flushes->worker, END_MS))
		return;
	pending_park(&look->pending);
}
