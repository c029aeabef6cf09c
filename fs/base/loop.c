/* SPDX-License-Identifier: MIT */
#include "fs/base/loop_private.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "fs/base/log.h"

/* Watches looked at in one pass. More ready ones come in the next, the kernel takes turns. */
enum { LOOP_PASS = 128 };

struct deferred {
	struct list link; /* loop.deferred or loop.running */
	void (*call)(void *arg);
	void *arg;
};

/* Watches */

static void sort_by_priority(struct epoll_event *events, int count)
{
	for (int i = 1; i < count; i++) {
		struct epoll_event event = events[i];
		int priority = ((struct loop_watch *)event.data.ptr)->priority;
		int j = i;
		for (; j > 0; j--) {
			if (((struct loop_watch *)events[j - 1].data.ptr)->priority <= priority)
				break;
			events[j] = events[j - 1];
		}
		events[j] = event;
	}
}

static void run_urgent(struct loop *loop)
{
	struct loop_watch *watch = loop->urgent;
	if (watch == NULL || !(watch->events & LOOP_READ))
		return;
	struct pollfd now = {.fd = watch->fd, .events = POLLIN};
	if (poll(&now, 1, 0) > 0)
		watch->ready(watch->arg, LOOP_READ);
}

static void run_watches(struct loop *loop, struct epoll_event *events, int count)
{
	sort_by_priority(events, count);
	for (int i = 0; i < count; i++) {
		struct loop_watch *watch = events[i].data.ptr;
		if (i > 0 && watch->priority > LOOP_URGENT)
			run_urgent(loop);
		/* an earlier callback may have removed it or changed its events */
		unsigned ready = watch->removed ? 0 : loop_watch_events(watch, events[i].events);
		if (ready != 0)
			watch->ready(watch->arg, ready);
	}
}

/* Deferred calls */

int loop_defer(struct loop *loop, void (*call)(void *arg), void *arg)
{
	loop_assert_owner(loop);
	struct deferred *deferred = malloc(sizeof(*deferred));
	if (deferred == NULL)
		return -ENOMEM;
	*deferred = (struct deferred){.call = call, .arg = arg};
	list_append(&loop->deferred, &deferred->link);
	return 0;
}

static void list_free_deferred(struct list *head, void (*call)(void *arg), const void *arg)
{
	struct list *pos, *after;
	list_for_each_safe(pos, after, head)
	{
		struct deferred *deferred = list_entry(pos, struct deferred, link);
		if (call == NULL || (deferred->call == call && deferred->arg == arg)) {
			list_remove(pos);
			free(deferred);
		}
	}
}

void loop_defer_cancel(struct loop *loop, void (*call)(void *arg), void *arg)
{
	loop_assert_owner(loop);
	assert(call != NULL);
	list_free_deferred(&loop->deferred, call, arg);
	list_free_deferred(&loop->running, call, arg);
}

static void run_deferred(struct loop *loop)
{
	while (!list_empty(&loop->deferred)) {
		struct list *first = loop->deferred.next;
		list_remove(first);
		list_append(&loop->running, first);
	}
	while (!list_empty(&loop->running)) {
		struct deferred *deferred = list_entry(loop->running.next, struct deferred, link);
		struct deferred now = *deferred;
		list_remove(&deferred->link);
		free(deferred);
		now.call(now.arg);
	}
}

/* Signals */

static void signal_fd_ready(void *arg, unsigned events)
{
	struct loop *loop = arg;
	struct signalfd_siginfo info;
	while (read(loop->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		loop->caught(loop->caught_arg, (int)info.ssi_signo);
}

int loop_signals(
	struct loop *loop, const sigset_t *set, void (*caught)(void *arg, int signal), void *arg)
{
	loop_assert_owner(loop);
	int fd = signalfd(loop->signal_fd, set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	loop->signal_fd = fd;
	loop->caught = caught;
	loop->caught_arg = arg;
	if (loop->signal_watch == NULL) {
		int r = loop_watch_add(
			loop, fd, LOOP_READ, INT_MIN, signal_fd_ready, loop, &loop->signal_watch);
		if (r < 0)
			return r;
	}
	return -pthread_sigmask(SIG_BLOCK, set, NULL);
}

/* The loop */

static void stop_fd_ready(void *arg, unsigned events)
{
	struct loop *loop = arg;
	uint64_t value;
	if (read(loop->stop_fd, &value, sizeof(value)) < 0 && errno != EAGAIN)
		log_errno(LOG_LEVEL_ERROR, -errno, "loop: reading the stop event");
}

void loop_stop(struct loop *loop, int code)
{
	int saved_errno = errno;
	uint64_t one = 1;
	atomic_store(&loop->code, code);
	atomic_store(&loop->stopped, true);
	/* fails with EAGAIN when the counter is full, and then the loop is awake anyway */
	if (write(loop->stop_fd, &one, sizeof(one)) < 0)
		saved_errno = errno == EAGAIN ? saved_errno : errno;
	errno = saved_errno;
}

static void free_removed(struct loop *loop)
{
	struct list *pos, *after;
	list_for_each_safe(pos, after, &loop->removed_watches)
	{
		list_remove(pos);
		free(list_entry(pos, struct loop_watch, link));
	}
	loop_timers_free_removed(loop);
}

static int loop_pass(struct loop *loop)
{
	struct epoll_event events[LOOP_PASS];
	int error;
	bool at_once = loop_timers_due(loop, &error) || !list_empty(&loop->deferred);
	if (error < 0)
		return error;
	int count = epoll_wait(loop->epoll_fd, events, LOOP_PASS, at_once ? 0 : -1);
	if (count < 0)
		return errno == EINTR ? 0 : -errno;

	loop->in_pass = true;
	run_watches(loop, events, count);
	loop_timers_run(loop);
	run_deferred(loop);
	loop->in_pass = false;
	free_removed(loop);
	return 0;
}

int loop_run(struct loop *loop)
{
	loop_assert_owner(loop);
	assert(!loop->in_pass);
	while (!atomic_load(&loop->stopped)) {
		int r = loop_pass(loop);
		if (r < 0)
			return r;
	}
	atomic_store(&loop->stopped, false);
	return atomic_load(&loop->code);
}

static int loop_open(struct loop *loop)
{
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		return -errno;
	loop->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (loop->stop_fd < 0)
		return -errno;
	int r = loop_timers_open(loop);
	if (r < 0)
		return r;
	return loop_watch_add(
		loop, loop->stop_fd, LOOP_READ, INT_MIN, stop_fd_ready, loop, &loop->stop_watch);
}

int loop_create(struct loop **ret_loop)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	if (loop == NULL)
		return -ENOMEM;
	loop->owner = pthread_self();
	loop->epoll_fd = loop->timer_fd = loop->stop_fd = loop->signal_fd = -1;
	loop->wake_ms = -1;
	list_init(&loop->watches);
	list_init(&loop->removed_watches);
	list_init(&loop->timers);
	list_init(&loop->removed_timers);
	list_init(&loop->deferred);
	list_init(&loop->running);

	int r = loop_open(loop);
	if (r < 0) {
		loop_destroy(loop);
		return r;
	}
	*ret_loop = loop;
	return 0;
}

static void loop_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

void loop_destroy(struct loop *loop)
{
	if (loop == NULL)
		return;
	loop_assert_owner(loop);
	assert(!loop->in_pass);
	while (!list_empty(&loop->watches))
		loop_watch_remove(list_entry(loop->watches.next, struct loop_watch, link));
	loop_timers_close(loop);
	list_free_deferred(&loop->deferred, NULL, NULL);
	list_free_deferred(&loop->running, NULL, NULL);
	loop_close(loop->epoll_fd);
	loop_close(loop->stop_fd);
	loop_close(loop->signal_fd);
	free(loop);
}
