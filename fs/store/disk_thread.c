/* SPDX-License-Identifier: MIT */
/* The thread that makes the calls on the cache's disk, and how long it is waited for. */
#include "fs/store/disk_private.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fs/base/log.h"
#include "fs/base/move_bytes.h"

struct disk {
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct list waiting; /* call.link, owned */
	bool ending;
	bool left; /* the thread frees it, should it ever come back */
	atomic_bool hangs;
	atomic_llong since; /* ms: when it began the call that it is in; 0: none */
	atomic_int failed;  /* of the calls that nobody waits for, the last error; the loop logs it */
	bool marked;        /* the loop's: calls of others do not come back */
	bool told;          /* the loop's: the log says that it hangs */
};

/* Not the clock of the loop, which stands still in tests. */
static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int or_errno(int r)
{
	return r < 0 ? -errno : 0;
}

static int open_and_look(struct call *call)
{
	int fd = openat(call->fd, call->name, call->flags | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &call->st) < 0) {
		int r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

/* All are tried; the last error. */
static int unlink_all(const struct call *call)
{
	int r = 0;

	for (size_t at = 0; at < call->length; at += strlen(call->data + at) + 1)
		if (unlinkat(call->fd, call->data + at, 0) < 0 && errno != ENOENT)
			r = -errno;
	return r;
}

static int put(struct call *call)
{
	int fd = openat(call->fd, call->name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : move_bytes(fd, true, call->data, call->length, 0);

	if (fd >= 0)
		close(fd);
	return r;
}

static int run(struct call *call)
{
	switch (call->kind) {
	case CALL_LOOK:
		return or_errno(stat(call->data, &call->st));
	case CALL_OPEN:
		return open_and_look(call);
	case CALL_STAT:
		return or_errno(fstat(call->fd, &call->st));
	case CALL_TRUNCATE:
		return or_errno(ftruncate(call->fd, 0));
	case CALL_UNLINK:
		return unlink_all(call);
	case CALL_PUT:
		return put(call);
	case CALL_SYNC:
		return or_errno(fdatasync(call->fd));
	case CALL_CLOSE:
		return or_errno(close(call->fd));
	default:
		return move_bytes(call->fd, call->kind != CALL_READ, call->data, call->length, call->offset);
	}
}

/* Of a call that nobody waits for any more. */
static void drop(struct call *call)
{
	if (call->kind == CALL_OPEN && call->result >= 0)
		close(call->result);
	free(call);
}

static void free_disk(struct disk *disk)
{
	pthread_cond_destroy(&disk->changed);
	pthread_mutex_destroy(&disk->lock);
	free(disk);
}

static void *work(void *arg)
{
	struct disk *disk = arg;

	pthread_mutex_lock(&disk->lock);
	for (;;) {
		while (list_empty(&disk->waiting) && !disk->ending)
			pthread_cond_wait(&disk->changed, &disk->lock);
		if (list_empty(&disk->waiting))
			break;
		struct call *call = list_entry(disk->waiting.next, struct call, link);
		list_remove(&call->link);
		pthread_mutex_unlock(&disk->lock);
		atomic_store(&disk->since, now_ms());
		int result = run(call);
		atomic_store(&disk->since, 0);
		pthread_mutex_lock(&disk->lock);
		call->result = result;
		call->done = true;
		if (call->alone && result < 0)
			atomic_store(&disk->failed, result);
		if (call->alone)
			drop(call);
		if (list_empty(&disk->waiting))
			atomic_store(&disk->hangs, false);
		pthread_cond_broadcast(&disk->changed);
	}
	bool left = disk->left;
	pthread_mutex_unlock(&disk->lock);
	if (left)
		free_disk(disk);
	return NULL;
}

int disk_create(struct disk **ret_disk)
{
	struct disk *disk = calloc(1, sizeof(*disk));
	pthread_condattr_t monotonic;

	if (disk == NULL)
		return -ENOMEM;
	list_init(&disk->waiting);
	pthread_mutex_init(&disk->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&disk->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	*ret_disk = disk;
	return 0;
}

/* Signals are the loop's. */
static int start(struct disk *disk)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int r = -pthread_create(&disk->thread, NULL, work, disk);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	disk->started = r == 0;
	return r;
}

static struct timespec in_ms(long long ms)
{
	long long when = now_ms() + ms;

	return (struct timespec){.tv_sec = (time_t)(when / 1000), .tv_nsec = (long)(when % 1000) * 1000000};
}

/* True: the thread has come to its end, or will. */
static bool wait_for_end(struct disk *disk)
{
	struct timespec until = in_ms(DISK_MS);

	disk->ending = true;
	pthread_cond_broadcast(&disk->changed);
	while (!list_empty(&disk->waiting) && !disk_hangs(disk))
		if (pthread_cond_timedwait(&disk->changed, &disk->lock, &until) == ETIMEDOUT)
			return false;
	return !disk_hangs(disk);
}

void disk_destroy(struct disk *disk)
{
	if (disk == NULL)
		return;
	if (disk->started) {
		pthread_mutex_lock(&disk->lock);
		bool ends = wait_for_end(disk);
		if (!ends) {
			log_warning("cache: its disk does not answer: it is left alone");
			pthread_detach(disk->thread);
		}
		disk->left = !ends;
		pthread_mutex_unlock(&disk->lock);
		if (!ends)
			return;
		pthread_join(disk->thread, NULL);
	}
	free_disk(disk);
}

bool disk_hangs(struct disk *disk)
{
	long long since = atomic_load(&disk->since);

	bool hangs = disk->marked || atomic_load(&disk->hangs) || (since != 0 && now_ms() - since >= DISK_MS);
	if (hangs && !disk->told)
		log_warning("cache: its disk does not answer: it is done without until it does");
	disk->told = hangs;
	return hangs;
}

void disk_mark(struct disk *disk, bool hangs)
{
	disk->marked = hangs;
	(void)disk_hangs(disk);
}

struct call *disk_call_new(enum call_kind kind, int fd, size_t length)
{
	struct call *call = malloc(sizeof(*call) + length);

	if (call == NULL)
		return NULL;
	*call = (struct call){.kind = kind, .fd = fd, .length = length};
	list_init(&call->link);
	return call;
}

struct call *disk_call_named(enum call_kind kind, int dir, const char *name)
{
	struct call *call = disk_call_new(kind, dir, 0);

	if (call != NULL)
		memcpy(call->name, name, strnlen(name, NAME_ROOM - 1)); /* the rest is 0 */
	return call;
}

/* Hands it over; true: it has come back, and is the caller's. Else nobody waits for it any more. */
static bool hand_over(struct disk *disk, struct call *call, long long ms)
{
	struct timespec until = in_ms(ms);

	pthread_mutex_lock(&disk->lock);
	list_append(&disk->waiting, &call->link);
	pthread_cond_broadcast(&disk->changed);
	while (!call->done)
		if (pthread_cond_timedwait(&disk->changed, &disk->lock, &until) == ETIMEDOUT)
			break;
	bool done = call->done;
	call->alone = !done;
	if (!done && ms >= DISK_MS)
		atomic_store(&disk->hangs, true);
	pthread_mutex_unlock(&disk->lock);
	return done;
}

/* Takes the call over where it cannot be made. */
static int get_ready(struct disk *disk, struct call *call)
{
	int r = call == NULL ? -ENOMEM : disk_hangs(disk) ? -ETIMEDOUT : 0;

	if (r == 0 && !disk->started)
		r = start(disk);
	if (r < 0)
		free(call);
	return r;
}

int disk_call_make(struct disk *disk, struct call *call)
{
	int r = get_ready(disk, call);

	if (r < 0)
		return r;
	if (!hand_over(disk, call, DISK_MS)) {
		(void)disk_hangs(disk);
		return -ETIMEDOUT;
	}
	r = call->result;
	if (r < 0)
		free(call);
	return r;
}

int disk_call_start(struct disk *disk, struct call *call)
{
	long long since = atomic_load(&disk->since);
	int r = get_ready(disk, call);

	if (r < 0)
		return r;
	/* the one before it was waited for already */
	if (since != 0 && now_ms() - since >= DISK_START_MS)
		return disk_call_leave(disk, call);
	if (!hand_over(disk, call, DISK_START_MS))
		return 0;
	r = call->result;
	free(call);
	return r;
}

int disk_call_leave_always(struct disk *disk, struct call *call)
{
	int r = call == NULL ? -ENOMEM : disk->started ? 0 : start(disk);

	if (r < 0) {
		free(call);
		return r;
	}
	call->alone = true;
	pthread_mutex_lock(&disk->lock);
	list_append(&disk->waiting, &call->link);
	pthread_cond_broadcast(&disk->changed);
	pthread_mutex_unlock(&disk->lock);
	return 0;
}

int disk_call_leave(struct disk *disk, struct call *call)
{
	int failed = atomic_exchange(&disk->failed, 0);

	if (failed < 0)
		log_errno(LOG_LEVEL_WARNING, failed, "cache: a file there could not be removed, or not written");
	if (call != NULL && disk_hangs(disk)) {
		free(call);
		return -ETIMEDOUT;
	}
	return disk_call_leave_always(disk, call);
}
