/* SPDX-License-Identifier: MIT */
#include "fs/file_watch.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "fs/base/cleanup.h"

struct file_watch {
	int fd;
	struct loop_watch *watch;
	char *name; /* owned; within the directory */
	void (*changed)(void *arg);
	void *arg;
};

/* An overflow of the queue says: something, somewhere. */
static bool is_ours(const struct file_watch *watch, const struct inotify_event *event)
{
	return event->mask & IN_Q_OVERFLOW ||
	       (event->len > 0 && strcmp(event->name, watch->name) == 0);
}

static void handle_events(void *arg, unsigned events)
{
	_Alignas(struct inotify_event) char data[sizeof(struct inotify_event) + NAME_MAX + 1];
	struct file_watch *watch = arg;
	bool ours = false;
	ssize_t got;

	while ((got = read(watch->fd, data, sizeof(data))) > 0) {
		const struct inotify_event *event;
		for (char *at = data; at < data + got; at += sizeof(*event) + event->len) {
			event = (const struct inotify_event *)(const void *)at;
			ours = ours || is_ours(watch, event);
		}
	}
	if (ours)
		watch->changed(watch->arg);
}

static int open_watch(struct loop *loop, struct file_watch *watch, const char *path)
{
	CLEANUP_FREE char *for_name = strdup(path), *for_directory = strdup(path);

	if (!for_name || !for_directory)
		return -ENOMEM;
	watch->name = strdup(basename(for_name));
	if (!watch->name)
		return -ENOMEM;
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd < 0 || inotify_add_watch(watch->fd, dirname(for_directory),
				     IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ATTRIB) < 0)
		return -errno;
	return loop_watch_add(
		loop, watch->fd, LOOP_READ, INT_MAX, handle_events, watch, &watch->watch);
}

int file_watch_create(struct loop *loop, const char *path, void (*changed)(void *arg), void *arg,
	struct file_watch **ret_watch)
{
	struct file_watch *watch = malloc(sizeof(*watch));

	if (!watch)
		return -ENOMEM;
	*watch = (struct file_watch){.fd = -1, .changed = changed, .arg = arg};
	int r = open_watch(loop, watch, path);
	if (r < 0) {
		file_watch_destroy(watch);
		return r;
	}
	*ret_watch = watch;
	return 0;
}

void file_watch_destroy(struct file_watch *watch)
{
	if (!watch)
		return;
	loop_watch_remove(watch->watch);
	cleanup_closep(&watch->fd);
	free(watch->name);
	free(watch);
}
