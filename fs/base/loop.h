/* SPDX-License-Identifier: MIT */
#pragma once
/* loop: one thread's epoll watches, timers, deferred calls and signals.
 *
 * Thread:    the one that called loop_create(); every function asserts it, loop_stop() excepted.
 * Callbacks: may add or remove any watch, timer or deferred call, their own included; memory of
 *            removed ones lives until the pass ends. Within one pass watches run in the order of
 *            their `priority` (low numbers first), so that the kernel's requests go before transfers.
 * Idle:      with no timer due there is no wake-up.
 * Errors:    -ENOMEM and those of epoll_create1(2), epoll_ctl(2), signalfd(2). */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_watch;
struct loop_timer;

enum { LOOP_READ = 1, LOOP_WRITE = 2 }; /* errors and hang-ups are reported as both */
/* The priority of one watch at most: it is looked at between any two callbacks of watches that come after it, so that
 * it waits for one of them and not for a whole pass. */
enum { LOOP_URGENT = -1 };

int loop_create(struct loop **ret_loop);
void loop_destroy(struct loop *loop);
/* Runs until loop_stop(); returns the code given there, or a negative errno. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop, int code);

int loop_watch_add(struct loop *loop, int fd, unsigned events, int priority,
	void (*ready)(void *arg, unsigned events), void *arg, struct loop_watch **ret_watch);
int loop_watch_change(struct loop_watch *watch, unsigned events);
void loop_watch_remove(struct loop_watch *watch); /* NULL is fine; the fd stays the caller's */

/* A timer is made once and armed as often as needed; it fires once per arming. */
int loop_timer_create(
	struct loop *loop, void (*fire)(void *arg), void *arg, struct loop_timer **ret_timer);
void loop_timer_arm(struct loop_timer *timer, int64_t after_ms); /* rearms; < 0 counts as 0 */
void loop_timer_disarm(struct loop_timer *timer);
bool loop_timer_armed(const struct loop_timer *timer);
void loop_timer_destroy(struct loop_timer *timer); /* NULL is fine */

/* Runs `call` once before the loop sleeps again, after the callbacks of this pass. */
int loop_defer(struct loop *loop, void (*call)(void *arg), void *arg);
void loop_defer_cancel(struct loop *loop, void (*call)(void *arg), void *arg);

/* Blocks the signals of `set` in this thread and delivers them here as ordinary events. */
int loop_signals(struct loop *loop, const sigset_t *set, void (*caught)(void *arg, int signal), void *arg);
