/* SPDX-License-Identifier: MIT */
#include "fs/base/loop_private.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

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
	if (priority == LOOP_URGENT) {
		assert(loop->urgent == NULL);
		loop->urgent = watch;
	}
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
	if (watch->loop->urgent == watch)
		watch->loop->urgent = NULL;
	if (watch->loop->in_pass)
		list_append(&watch->loop->removed_watches, &watch->link);
	else
		free(watch);
}

unsigned loop_watch_events(const struct loop_watch *watch, uint32_t polled)
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
