/* SPDX-License-Identifier: MIT */
#pragma once
/* disk: system calls on a file system that may stop to answer: a share whose server is gone, a disk that is dying, a stopped FUSE.
 * They are made on a thread of their own, and waited for DISK_MS at most: then the disk hangs. While it does, every call ends
 * at once with -ETIMEDOUT and touches nothing. It is well again when the call that it hung in has come back.
 *
 * Thread: everything on the loop's, one call at a time. The thread owns the call that it hangs in, with its bytes.
 * What is in the page cache is read without the thread (RWF_NOWAIT).
 * Errors: negative errno. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#define DISK_MS 2000
#define DISK_START_MS 100

struct disk;

int disk_create(struct disk **ret_disk); /* its thread begins with the first call. -ENOMEM */
/* Leaves the thread behind where that hangs. NULL is fine. */
void disk_destroy(struct disk *disk);
bool disk_hangs(struct disk *disk); /* a line of the log says so once */
/* Calls that others make on it do not come back; or one has. */
void disk_mark(struct disk *disk, bool hangs);

/* Does the disk answer that `path` is on? 0; -ETIMEDOUT; whatever stat(2) says. */
int disk_look(struct disk *disk, const char *path);
/* `name` in the directory `dir`, with O_CLOEXEC and mode 0600; *ret_stat is what it is. */
int disk_open(struct disk *disk, int dir, const char *name, int flags, struct stat *ret_stat);
int disk_stat(struct disk *disk, int fd, struct stat *ret_stat);
/* All of it, or an error: -EIO where the file ends before. */
int disk_read(struct disk *disk, int fd, int64_t offset, void *data, size_t length);
/* What lies in memory; false: not all of it does, and nothing was waited for. */
bool disk_read_now(struct disk *disk, int fd, int64_t offset, void *data, size_t length);
int disk_write(struct disk *disk, int fd, int64_t offset, const void *data, size_t length);
int disk_truncate(struct disk *disk, int fd);
/* Not waited for: a line of the log says later what was not possible. `names`: one behind the other, each with its NUL, `length` bytes in
 * all. -ETIMEDOUT, -ENOMEM: it is not done. */
int disk_unlink(struct disk *disk, int dir, const char *names, size_t length);
int disk_sync(struct disk *disk, int fd);
/* All of a small file, from its beginning, which is made where it is not there. Waited for DISK_START_MS at most: it is written all the
 * same, and that counts as written. */
int disk_put(struct disk *disk, int dir, const char *name, const void *data, size_t length);
/* Not waited for either. */
void disk_close(struct disk *disk, int fd);
