/* SPDX-License-Identifier: MIT */
#include "fs/store/cache_io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fs/base/loop.h"
#include "fs/base/move_bytes.h"
#include "fs/store/cache.h"
#include "fs/store/cache_private.h"

_Static_assert(CACHE_IO_NAME == STORE_NAME, "room for a name");

/* --- on the worker's thread --- */

static int open_file(struct cache_io *io)
{
	struct stat st;
	int fd = openat(io->dir, io->name, io->flags | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : fstat(fd, &st) < 0 ? -errno : 0;

	/* a pipe, a directory, a device: somebody has put it there */
	if (r == 0 && !S_ISREG(st.st_mode))
		r = -EIO;
	if (r == 0 && st.st_size < io->known_end)
		r = -ENOENT;
	if (r < 0 && fd >= 0)
		close(fd);
	if (r < 0)
		return r;
	io->fd = fd;
	io->opened = true;
	return 0;
}

static int copy_rest(const struct cache_io *io)
{
	off_t in = io->from_offset, out = io->offset + (off_t)io->length;
	int64_t left = io->from_length;

	while (left > 0) {
		ssize_t n = copy_file_range(io->from, &in, io->fd, &out, (size_t)left, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		left -= n;
	}
	return 0;
}

static void run(struct worker_job *job)
{
	struct cache_io *io = list_entry(job, struct cache_io, job);

	io->error = io->fd >= 0 ? 0 : open_file(io);
	if (io->error == 0)
		io->error = move_bytes(io->fd, io->kind != CACHE_READ, io->data, io->length, io->offset);
	if (io->error == 0)
		io->error = copy_rest(io);
}

/* --- on the loop's --- */

/* In two halves: after a pause of the whole process nothing is late yet. */
static void on_late(void *arg)
{
	struct store *store = arg;
	struct list *item, *after;

	if (!store->io_is_slow) {
		store->io_is_slow = true;
		loop_timer_arm(store->io_late, DISK_MS / 2);
		return;
	}
	disk_mark(store->disk, true);
	list_for_each_safe(item, after, &store->io_waiting)
	{
		struct cache_io *io = list_entry(item, struct cache_io, link);
		if (io->late != NULL && !io->told)
			io->late(io);
		io->told = true;
	}
}

static void watch(struct store *store)
{
	store->io_is_slow = false;
	if (list_empty(&store->io_waiting))
		loop_timer_disarm(store->io_late);
	else
		loop_timer_arm(store->io_late, DISK_MS / 2);
}

/* What the thread cannot mend: the directory was removed, or there are no descriptors left. The disk has just answered. */
static int try_again(struct cache_io *io)
{
	bool few = io->error == -EMFILE || io->error == -ENFILE;

	if (io->from_length > 0)
		return io->error;
	if (io->kind == CACHE_READ)
		return few ? cache_file_read(io->file, io->offset, io->data, io->length) : io->error;
	return few || io->error == -ENOENT ? cache_file_write(io->file, io->offset, io->data, io->length) : io->error;
}

static void finish(struct worker_job *job)
{
	struct cache_io *io = list_entry(job, struct cache_io, job);
	struct cache_file *file = io->file;
	int64_t length = (int64_t)io->length + io->from_length;

	list_remove(&io->link);
	disk_mark(file->store->disk, false);
	watch(file->store);
	if (io->opened)
		cache_fd_adopt(file, io->fd);
	if (io->kind == CACHE_READ && io->error == -ENOENT)
		cache_file_missing(file);
	/* others may have found meanwhile that they are not its bytes */
	else if (io->kind == CACHE_READ && !ranges_has(&file->present, io->offset, io->offset + length))
		io->error = -EIO;
	else if (io->error < 0)
		io->error = try_again(io);
	else if (io->kind != CACHE_READ)
		io->error = cache_file_note(file, io->offset, (size_t)length);
	cache_file_release(file);
	io->done(io);
}

int cache_io_begin(struct store *store, struct loop *loop, struct worker *worker)
{
	store->io_worker = worker;
	return loop_timer_create(loop, on_late, store, &store->io_late);
}

void cache_io_end(struct store *store)
{
	loop_timer_destroy(store->io_late);
	store->io_late = NULL;
	store->io_worker = NULL;
}

/* One of which nothing is known is emptied, unless somebody is about to write to it. */
static int choose_flags(const struct cache_file *file, enum cache_io_kind kind)
{
	int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK;

	if (kind != CACHE_READ && file->present.count == 0)
		flags |= O_CREAT | (file->writers == 0 ? O_TRUNC : 0);
	return flags;
}

int cache_io_submit(struct cache_file *file, struct cache_io *io)
{
	struct store *store = file->store;

	if (store->io_worker == NULL || disk_hangs(store->disk))
		return -ETIMEDOUT;
	if (file->gone)
		return -ENOENT;
	if (io->kind == CACHE_WRITE_FIRST) {
		if (file->writers > 0)
			return -EBUSY;
		cache_file_forget(file);
		cache_fd_close(file);
	}
	io->dir = store->cache_fd;
	io->fd = file->fd;
	io->flags = choose_flags(file, io->kind);
	io->opened = io->told = false;
	io->known_end = ranges_end(&file->present);
	store_name(file->ino, io->name);
	io->file = file;
	io->job = (struct worker_job){.run = run, .done = finish};
	cache_file_hold(file);
	list_append(&store->io_waiting, &io->link);
	if (!loop_timer_armed(store->io_late))
		watch(store);
	if (io->later)
		worker_submit_later(store->io_worker, &io->job);
	else
		worker_submit(store->io_worker, &io->job);
	return 0;
}
