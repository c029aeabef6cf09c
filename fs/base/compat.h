/* SPDX-License-Identifier: MIT */
#pragma once
/* compat: what the kernel has and not every C library passes on (musl 1.2.3, glibc 2.35). The two calls go to the
 * kernel directly, so that they are the same everywhere; the constants are the kernel's own. */
#include <fcntl.h>
#include <linux/falloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE (1 << 0)
#define RENAME_EXCHANGE (1 << 1)
#endif

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#ifndef STATX_TYPE
#include <linux/stat.h>

static inline int statx(
	int dir, const char *path, int flags, unsigned mask, struct statx *ret_status)
{
	return (int)syscall(SYS_statx, dir, path, flags, mask, ret_status);
}
#endif

/* pidfd_open(2): a descriptor that becomes readable when the process has ended; -1 with errno. */
static inline int compat_pidfd_open(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* SIGKILL to the process of a pidfd, whose number may be another one's by now; 0, or -1 with errno. */
static inline int compat_pidfd_kill(int pid_fd)
{
	return (int)syscall(SYS_pidfd_send_signal, pid_fd, SIGKILL, NULL, 0);
}

/* renameat2(2): 0, or -1 with errno. */
static inline int compat_renameat2(
	int dir, const char *path, int new_dir, const char *new_path, unsigned flags)
{
	return (int)syscall(SYS_renameat2, dir, path, new_dir, new_path, flags);
}

/* execveat(2), which musl does not have. */
static inline int compat_execveat(int fd, const char *path, char *const *words, char *const *environment, int flags)
{
	return (int)syscall(SYS_execveat, fd, path, words, environment, flags);
}

/* close_range(2): all descriptors from `first` to `last`; 0, or -1 with errno (Linux before 5.9, or none such). */
static inline int compat_close_range(unsigned first, unsigned last)
{
	return (int)syscall(SYS_close_range, first, last, 0);
}
