/* SPDX-License-Identifier: MIT */
#include "fs/store/disk_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8 /* linux/fs.h */
#endif

static int make_simple(struct disk *disk, enum call_kind kind, int fd)
{
	struct call *call = disk_call_new(kind, fd, 0);
	int r = disk_call_make(disk, call);

	if (r >= 0)
		free(call);
	return r;
}

int disk_look(struct disk *disk, const char *path)
{
	size_t size = strlen(path) + 1;
	struct call *call = disk_call_new(CALL_LOOK, -1, size);

	if (call != NULL)
		memcpy(call->data, path, size);
	int r = disk_call_make(disk, call);
	if (r == 0)
		free(call);
	return r;
}

int disk_open(struct disk *disk, int dir, const char *name, int flags, struct stat *ret_stat)
{
	struct call *call = disk_call_named(CALL_OPEN, dir, name);

	if (call != NULL)
		call->flags = flags;
	int r = disk_call_make(disk, call);
	if (r < 0)
		return r;
	*ret_stat = call->st;
	free(call);
	return r;
}

int disk_stat(struct disk *disk, int fd, struct stat *ret_stat)
{
	struct call *call = disk_call_new(CALL_STAT, fd, 0);
	int r = disk_call_make(disk, call);

	if (r < 0)
		return r;
	*ret_stat = call->st;
	free(call);
	return 0;
}

/* What lies in memory: how much of it there is. */
static size_t read_now(int fd, int64_t offset, void *data, size_t length)
{
	struct iovec where = {data, length};
	long n = syscall(SYS_preadv2, (long)fd, &where, 1L, (long)offset,
		(long)(uint64_t)((uint64_t)offset >> 32), (long)RWF_NOWAIT);

	return n > 0 ? (size_t)n : 0;
}

bool disk_read_now(struct disk *disk, int fd, int64_t offset, void *data, size_t length)
{
	return !disk_hangs(disk) && read_now(fd, offset, data, length) == length;
}

int disk_read(struct disk *disk, int fd, int64_t offset, void *data, size_t length)
{
	size_t now = disk_hangs(disk) ? 0 : read_now(fd, offset, data, length);

	if (now == length)
		return 0;
	struct call *call = disk_call_new(CALL_READ, fd, length - now);
	if (call != NULL)
		call->offset = offset + (int64_t)now;
	int r = disk_call_make(disk, call);
	if (r < 0)
		return r;
	memcpy((char *)data + now, call->data, length - now);
	free(call);
	return 0;
}

int disk_write(struct disk *disk, int fd, int64_t offset, const void *data, size_t length)
{
	struct call *call = disk_call_new(CALL_WRITE, fd, length);

	if (call != NULL) {
		call->offset = offset;
		memcpy(call->data, data, length);
	}
	int r = disk_call_make(disk, call);
	if (r == 0)
		free(call);
	return r;
}

int disk_truncate(struct disk *disk, int fd)
{
	return make_simple(disk, CALL_TRUNCATE, fd);
}

int disk_unlink(struct disk *disk, int dir, const char *names, size_t length)
{
	struct call *call = disk_call_new(CALL_UNLINK, dir, length);

	if (call != NULL)
		memcpy(call->data, names, length);
	return disk_call_leave(disk, call);
}

int disk_put(struct disk *disk, int dir, const char *name, const void *data, size_t length)
{
	struct call *call = disk_call_new(CALL_PUT, dir, length);

	if (call != NULL) {
		memcpy(call->name, name, strnlen(name, NAME_ROOM - 1));
		memcpy(call->data, data, length);
	}
	return disk_call_start(disk, call);
}

int disk_sync(struct disk *disk, int fd)
{
	return make_simple(disk, CALL_SYNC, fd);
}

void disk_close(struct disk *disk, int fd)
{
	if (fd >= 0 && disk_call_leave_always(disk, disk_call_new(CALL_CLOSE, fd, 0)) < 0)
		close(fd);
}
