/* SPDX-License-Identifier: MIT */
#include "tests/unit/own_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* libc declares the names that our own sources call, and SQLite calls the ones with 64. */
#undef pwrite
#undef pread
#undef ftruncate

struct fault {
	char part[64]; /* "": none */
	int error;
};

static struct fault writes, syncs;
static pthread_mutex_t hang_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t hang_over = PTHREAD_COND_INITIALIZER;
static const char *hanging_reads, *hanging_writes; /* protected by it */
static int spared;
static bool full;
static char lines[256 * 1024];
static size_t length;

static void hang(const char **which, const char *part)
{
	pthread_mutex_lock(&hang_lock);
	*which = part;
	pthread_cond_broadcast(&hang_over);
	pthread_mutex_unlock(&hang_lock);
}

void own_disk_reset(void)
{
	writes = syncs = (struct fault){0};
	spared = 0;
	full = false;
	hang(&hanging_reads, NULL);
	hang(&hanging_writes, NULL);
}

static void set(struct fault *fault, const char *part, int error)
{
	fault->error = error;
	snprintf(fault->part, sizeof(fault->part), "%s", error != 0 ? part : "");
}

void own_disk_fail_writes(const char *part, int error)
{
	set(&writes, part, error);
}

void own_disk_fail_syncs(const char *part, int error)
{
	set(&syncs, part, error);
}

void own_disk_spare(int count)
{
	spared = count;
}

void own_disk_hang_reads(const char *part)
{
	hang(&hanging_reads, part);
}

void own_disk_hang_writes(const char *part)
{
	hang(&hanging_writes, part);
}

void own_disk_fill(void)
{
	set(&writes, "weryaifs.db", ENOSPC);
	full = true;
}

void record(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int n = vsnprintf(lines + length, sizeof(lines) - length, format, args);
	va_end(args);
	if (n < 0 || (size_t)n + 2 > sizeof(lines) - length)
		abort();
	length += (size_t)n;
	lines[length++] = '\n';
	lines[length] = '\0';
}

const char *recorded(void)
{
	return lines;
}

void record_clear(void)
{
	length = 0;
	lines[0] = '\0';
}

bool recorded_before(const char *first, const char *then)
{
	const char *after = strstr(lines, then), *before = strstr(lines, first);

	return before != NULL && after != NULL && before < after;
}

/* The last two names of its path: "data/1001", "default/weryaifs.db-wal". */
static void name_of(int fd, char *name, size_t size)
{
	char link[64], path[512];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	char *slash = strrchr(path, '/');
	while (slash != NULL && slash > path && *--slash != '/')
		;
	snprintf(name, size, "%s", slash != NULL ? slash + 1 : path);
}

static bool fails(const struct fault *fault, const char *name)
{
	if (fault->part[0] == '\0' || strstr(name, fault->part) == NULL)
		return false;
	return spared-- <= 0;
}

static bool write_fails(int fd)
{
	char name[512];

	if (writes.part[0] == '\0')
		return false;
	name_of(fd, name, sizeof(name));
	return fails(&writes, name);
}

static void wait_for_disk(int fd, const char *const *which)
{
	char name[512] = "";

	pthread_mutex_lock(&hang_lock);
	if (*which != NULL)
		name_of(fd, name, sizeof(name));
	while (*which != NULL && strstr(name, *which) != NULL)
		pthread_cond_wait(&hang_over, &hang_lock);
	pthread_mutex_unlock(&hang_lock);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset)
{
	wait_for_disk(fd, &hanging_writes);
	if (write_fails(fd)) {
		errno = writes.error;
		return -1;
	}
	return syscall(SYS_pwrite64, fd, data, size, offset);
}

ssize_t pread64(int fd, void *data, size_t size, off_t offset)
{
	wait_for_disk(fd, &hanging_reads);
	return syscall(SYS_pread64, fd, data, size, offset);
}

static int sync_fd(int fd, long call)
{
	char name[512];

	name_of(fd, name, sizeof(name));
	if (fails(&syncs, name)) {
		record("sync of %s fails", name);
		errno = syncs.error;
		return -1;
	}
	record("sync %s", name);
	/* the medium is not what is tested: nothing needs to wait for it */
	(void)call;
	return 0;
}

int fsync(int fd)
{
	return sync_fd(fd, SYS_fsync);
}

int fdatasync(int fd)
{
	return sync_fd(fd, SYS_fdatasync);
}

int unlinkat(int dir, const char *name, int flags)
{
	if (full && strcmp(name, "reserve") == 0) {
		record("the reserve is given up");
		full = false;
		writes = (struct fault){0};
	}
	return (int)syscall(SYS_unlinkat, dir, name, flags);
}
