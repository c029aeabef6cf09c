/* SPDX-License-Identifier: MIT */
#pragma once
/* loop_private: the loop's own state. loop.c calls loop_timer.c, and both call loop_watch.c; nothing calls back. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fs/base/list.h"
#include "fs/base/loop.h"

struct loop_watch {
	struct loop *loop;
	struct list link; /* loop.watches or loop.removed_watches */
	int fd, priority;
	unsigned events;
	bool polled; /* is in the epoll set; not without events, since EPOLLHUP cannot be masked */
	bool removed;
	void (*ready)(void *arg, unsigned events);
	void *arg;
};

struct loop_timer {
	struct loop *loop;
	struct list link; /* loop.timers or loop.removed_timers */
	size_t place;     /* in loop.heap + 1, 0 = not armed */
	int64_t due_ms;
	uint64_t turn; /* order of arming: decides among equals */
	void (*fire)(void *arg);
	void *arg;
};

#define LOOP_SLICE_MS 4 /* of timers, before the watches are looked at again */

struct loop {
	pthread_t owner;
	int epoll_fd;
	bool in_pass;

	struct list watches;         /* loop_watch.link, owned */
	struct loop_watch *urgent;   /* borrowed: one of them, or NULL */
	struct list removed_watches; /* loop_watch.link, owned; freed when the pass ends */

	struct list timers;         /* loop_timer.link, owned */
	struct list removed_timers; /* loop_timer.link, owned; freed when the pass ends */
	struct loop_timer **heap;   /* the armed ones, earliest first; room for every timer */
	size_t armed, timer_count, heap_size;
	uint64_t turn;
	int timer_fd;    /* CLOCK_BOOTTIME: the timeout of epoll_wait(2) stands still in suspend */
	int64_t wake_ms; /* what timer_fd is set to, -1 nothing */
	struct loop_watch *timer_watch;

	struct list deferred; /* deferred.link, owned */
	struct list running;  /* deferred.link, owned: those of this pass still to come */

	int stop_fd; /* eventfd(2): loop_stop() may be called from a signal handler */
	struct loop_watch *stop_watch;
	atomic_bool stopped;
	atomic_int code;

	int signal_fd;
	struct loop_watch *signal_watch;
	void (*caught)(void *arg, int signal);
	void *caught_arg;

};

static inline void loop_assert_owner(const struct loop *loop)
{
	assert(pthread_equal(loop->owner, pthread_self()));
}

/* loop_watch.c */

/* What of the events of epoll_wait(2) the watch asked for. */
unsigned loop_watch_events(const struct loop_watch *watch, uint32_t polled);

/* loop_timer.c */

int loop_timers_open(struct loop *loop);
void loop_timers_close(struct loop *loop);
/* Sets the alarm for the earliest timer; returns whether that one is due already. */
bool loop_timers_due(struct loop *loop, int *ret_error);
/* Fires what is due. */
void loop_timers_run(struct loop *loop);
void loop_timers_free_removed(struct loop *loop); /* at the end of a pass */
