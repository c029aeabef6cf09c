/* SPDX-License-Identifier: MIT */
#include "fs/base/loop_private.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "fs/base/clock.h"

/* The armed timers are a binary heap by due time, then by order of arming. */

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

void loop_timers_run(struct loop *loop)
{
	int64_t now = clock_mono_ms();
	uint64_t limit = loop->turn; /* a timer armed in here waits for the next pass */
	while (loop->armed > 0) {
		struct loop_timer *timer = loop->heap[0];
		if (timer->due_ms > now || timer->turn >= limit)
			break;
		loop_timer_disarm(timer);
		timer->fire(timer->arg);
		/* thousands that are due at once: who waits for an answer has his turn in between */
		if (clock_mono_ms() - now >= LOOP_SLICE_MS)
			break;
	}
}

static void timer_fd_ready(void *arg, unsigned events)
{
	struct loop *loop = arg;
	uint64_t expirations;
	/* fails with EAGAIN when the timer was set anew since it became readable */
	if (read(loop->timer_fd, &expirations, sizeof(expirations)) > 0)
		loop->wake_ms = -1;
}

bool loop_timers_due(struct loop *loop, int *ret_error)
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
		alarm.it_value.tv_sec = (time_t)(after / 1000);
		alarm.it_value.tv_nsec = (long)(after % 1000 * 1000000);
	}
	if (timerfd_settime(loop->timer_fd, 0, &alarm, NULL) < 0)
		*ret_error = -errno;
	loop->wake_ms = due;
	return false;
}

void loop_timers_free_removed(struct loop *loop)
{
	struct list *pos, *after;
	list_for_each_safe(pos, after, &loop->removed_timers)
	{
		list_remove(pos);
		free(list_entry(pos, struct loop_timer, link));
	}
}

int loop_timers_open(struct loop *loop)
{
	loop->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (loop->timer_fd < 0)
		return -errno;
	return loop_watch_add(
		loop, loop->timer_fd, LOOP_READ, INT_MIN, timer_fd_ready, loop, &loop->timer_watch);
}

void loop_timers_close(struct loop *loop)
{
	while (!list_empty(&loop->timers))
		loop_timer_destroy(list_entry(loop->timers.next, struct loop_timer, link));
	free(loop->heap);
	if (loop->timer_fd >= 0)
		close(loop->timer_fd);
}
