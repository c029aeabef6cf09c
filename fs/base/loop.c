/* SPDX-License-Identifier: MIT */
#include "fs/base/loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "fs/base/clock.h"
#include "fs/base/list.h"
#include "fs/base/log.h"

/* Watches looked at in one pass. More ready ones come in the next, the kernel takes turns. */
enum { LOOP_PASS = 128 };

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

struct deferred {
	struct list link; /* loop.deferred or loop.running */
	void (*call)(void *arg);
	void *arg;
};

struct loop {
	pthread_t owner;
	int epoll_fd;
	bool in_pass;

	struct list watches;         /* loop_watch.link, owned */
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

	void (*flush)(void *arg);
	void *flush_arg;
};

static void loop_assert_owner(const struct loop *loop)
{
	assert(pthread_equal(loop->owner, pthread_self()));
}

/* Watches */

static int watch_poll(struct loop_watch *watch, unsigned events)
{
	struct epoll_event event = {.data.ptr = watch};
	if (events & LOOP_READ)
		event.events |= EPOLLIN;
	if (events & LOOP_WRITE)
		event.events |= EPOLLOUT;

	bool poll = events != 0;
	if (poll || watch->polled) {
		int verb = !poll ? EPOLL_CTL_DEL : watch->polled ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
		if (epoll_ctl(watch->loop->epoll_fd, verb, watch->fd, &event) < 0)
			return -errno;
	}
	watch->polled = poll;
	watch->events = events;
	return 0;
}

int loop_watch_add(struct loop *loop, int fd, unsigned events, int priority,
	void (*ready)(void *arg, unsigned events), void *arg, struct loop_watch **ret_watch)
{
	loop_assert_owner(loop);
	struct loop_watch *watch = calloc(1, sizeof(*watch));
	if (watch == NULL)
		return -ENOMEM;
	*watch = (struct loop_watch){
		.loop = loop, .fd = fd, .priority = priority, .ready = ready, .arg = arg};
	int r = watch_poll(watch, events);
	if (r < 0) {
		free(watch);
		return r;
	}
	list_append(&loop->watches, &watch->link);
	*ret_watch = watch;
	return 0;
}

int loop_watch_change(struct loop_watch *watch, unsigned events)
{
	loop_assert_owner(watch->loop);
	assert(!watch->removed);
	return events == watch->events ? 0 : watch_poll(watch, events);
}

void loop_watch_remove(struct loop_watch *watch)
{
	if (watch == NULL)
		return;
	loop_assert_owner(watch->loop);
	assert(!watch->removed);
	/* fails when the caller closed the fd first, which has taken it out already */
	if (watch->polled)
		epoll_ctl(watch->loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
	list_remove(&watch->link);
	watch->removed = true;
	if (watch->loop->in_pass)
		list_append(&watch->loop->removed_watches, &watch->link);
	else
		free(watch);
}

static unsigned watch_events(const struct loop_watch *watch, uint32_t polled)
{
	if (watch->events == 0)
		return 0;
	if (polled & (EPOLLERR | EPOLLHUP))
		return LOOP_READ | LOOP_WRITE;
	unsigned events = 0;
	if (polled & EPOLLIN)
		events |= LOOP_READ;
	if (polled & EPOLLOUT)
		events |= LOOP_WRITE;
	return events & watch->events;
}

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

static void run_watches(struct epoll_event *events, int count)
{
	sort_by_priority(events, count);
	for (int i = 0; i < count; i++) {
		struct loop_watch *watch = events[i].data.ptr;
		/* an earlier callback may have removed it or changed its events */
		unsigned ready = watch->removed ? 0 : watch_events(watch, events[i].events);
		if (ready != 0)
			watch->ready(watch->arg, ready);
	}
}

/* Timers: a binary heap by due time, then by order of arming. */

static bool timer_before(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->turn < b->turn;
}

static void heap_set(struct loop *loop, size_t at, struct loop_timer *timer)
{
	loop->heap[at] = timer;
	timer->place = at + 1;
}

/* Puts the timer where the free place `at` leads, upwards or downwards. */
static void heap_settle(struct loop *loop, size_t at, struct loop_timer *timer)
{
	while (at > 0 && timer_before(timer, loop->heap[(at - 1) / 2])) {
		heap_set(loop, at, loop->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	for (;;) {
		size_t child = at * 2 + 1;
		if (child >= loop->armed)
			break;
		if (child + 1 < loop->armed &&
			timer_before(loop->heap[child + 1], loop->heap[child]))
			child++;
		if (!timer_before(loop->heap[child], timer))
			break;
		heap_set(loop, at, loop->heap[child]);
		at = child;
	}
	heap_set(loop, at, timer);
}

int loop_timer_create(
	struct loop *loop, void (*fire)(void *arg), void *arg, struct loop_timer **ret_timer)
{
	loop_assert_owner(loop);
	/* Room for all of them, so that arming cannot fail. */
	if (loop->timer_count == loop->heap_size) {
		size_t size = loop->heap_size == 0 ? 16 : loop->heap_size * 2;
		struct loop_timer **heap =
			reallocarray(loop->heap, size, sizeof(struct loop_timer *));
		if (heap == NULL)
			return -ENOMEM;
		loop->heap = heap;
		loop->heap_size = size;
	}
	struct loop_timer *timer = calloc(1, sizeof(*timer));
	if (timer == NULL)
		return -ENOMEM;
	*timer = (struct loop_timer){.loop = loop, .fire = fire, .arg = arg};
	list_append(&loop->timers, &timer->link);
	loop->timer_count++;
	*ret_timer = timer;
	return 0;
}

void loop_timer_arm(struct loop_timer *timer, int64_t after_ms)
{
	struct loop *loop = timer->loop;
	loop_assert_owner(loop);
	int64_t now = clock_mono_ms();
	if (after_ms < 0)
		after_ms = 0;
	timer->due_ms = after_ms > INT64_MAX - now ? INT64_MAX : now + after_ms;
	timer->turn = loop->turn++;
	heap_settle(loop, timer->place > 0 ? timer->place - 1 : loop->armed++, timer);
}

void loop_timer_disarm(struct loop_timer *timer)
{
	struct loop *loop = timer->loop;
	loop_assert_owner(loop);
	if (timer->place == 0)
		return;
	size_t at = timer->place - 1;
	timer->place = 0;
	struct loop_timer *last = loop->heap[--loop->armed];
	if (last != timer)
		heap_settle(loop, at, last);
}

bool loop_timer_armed(const struct loop_timer *timer)
{
	return timer->place > 0;
}

void loop_timer_destroy(struct loop_timer *timer)
{
	if (timer == NULL)
		return;
	struct loop *loop = timer->loop;
	loop_timer_disarm(timer);
	list_remove(&timer->link);
	loop->timer_count--;
	if (loop->in_pass)
		list_append(&loop->removed_timers, &timer->link);
	else
		free(timer);
}

static bool run_timers(struct loop *loop)
{
	int64_t now = clock_mono_ms();
	uint64_t limit = loop->turn; /* a timer armed in here waits for the next pass */
	bool ran = false;
	while (loop->armed > 0) {
		struct loop_timer *timer = loop->heap[0];
		if (timer->due_ms > now || timer->turn >= limit)
			break;
		loop_timer_disarm(timer);
		timer->fire(timer->arg);
		ran = true;
	}
	return ran;
}

static void timer_fd_ready(void *arg, unsigned events)
{
	struct loop *loop = arg;
	uint64_t expirations;
	/* fails with EAGAIN when the timer was set anew since it became readable */
	if (read(loop->timer_fd, &expirations, sizeof(expirations)) > 0)
		loop->wake_ms = -1;
}

/* Sets the alarm for the earliest timer; returns whether that one is due already. */
static bool timer_due(struct loop *loop, int *ret_error)
{
	*ret_error = 0;
	int64_t due = loop->armed > 0 ? loop->heap[0]->due_ms : -1;
	int64_t after = due - clock_mono_ms();
	if (loop->armed > 0 && after <= 0)
		return true;
	if (due == loop->wake_ms)
		return false;
	struct itimerspec alarm = {0};
	if (loop->armed > 0) {
		alarm.it_value.tv_sec = after / 1000;
		alarm.it_value.tv_nsec = after % 1000 * 1000000;
	}
	if (timerfd_settime(loop->timer_fd, 0, &alarm, NULL) < 0)
		*ret_error = -errno;
	loop->wake_ms = due;
	return false;
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

static bool run_deferred(struct loop *loop)
{
	bool ran = false;
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
		ran = true;
	}
	return ran;
}

void loop_set_flush(struct loop *loop, void (*flush)(void *arg), void *arg)
{
	loop_assert_owner(loop);
	loop->flush = flush;
	loop->flush_arg = arg;
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
	list_for_each_safe(pos, after, &loop->removed_timers)
	{
		list_remove(pos);
		free(list_entry(pos, struct loop_timer, link));
	}
}

static int loop_pass(struct loop *loop)
{
	struct epoll_event events[LOOP_PASS];
	int error;
	bool at_once = timer_due(loop, &error) || !list_empty(&loop->deferred);
	if (error < 0)
		return error;
	int count = epoll_wait(loop->epoll_fd, events, LOOP_PASS, at_once ? 0 : -1);
	if (count < 0)
		return errno == EINTR ? 0 : -errno;

	loop->in_pass = true;
	run_watches(events, count);
	bool ran = run_timers(loop);
	ran = run_deferred(loop) || ran || count > 0;
	if (ran && loop->flush != NULL)
		loop->flush(loop->flush_arg);
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
	loop->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (loop->timer_fd < 0)
		return -errno;
	loop->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (loop->stop_fd < 0)
		return -errno;
	int r = loop_watch_add(
		loop, loop->timer_fd, LOOP_READ, INT_MIN, timer_fd_ready, loop, &loop->timer_watch);
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
	while (!list_empty(&loop->timers))
		loop_timer_destroy(list_entry(loop->timers.next, struct loop_timer, link));
	list_free_deferred(&loop->deferred, NULL, NULL);
	list_free_deferred(&loop->running, NULL, NULL);
	loop_close(loop->epoll_fd);
	loop_close(loop->timer_fd);
	loop_close(loop->stop_fd);
	loop_close(loop->signal_fd);
	free(loop->heap);
	free(loop);
}
