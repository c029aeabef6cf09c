/* SPDX-License-Identifier: MIT */
#include "fs/base/descriptors.h"

#include <errno.h>
#include <limits.h>
#include <sys/resource.h>
#include <unistd.h>

enum { ENOUGH = 65536 }; /* a limit of a billion would be a loop of a billion for whoever closes all of them */

void descriptors_raise(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= ENOUGH)
		return;
	limit.rlim_cur = limit.rlim_max < ENOUGH ? limit.rlim_max : ENOUGH;
	/* where that is refused we go on with what we have */
	(void)!setrlimit(RLIMIT_NOFILE, &limit);
}

static int limit_now(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > INT_MAX)
		return INT_MAX;
	return (int)limit.rlim_cur;
}

unsigned descriptors_part(unsigned most)
{
	unsigned part = (unsigned)limit_now() / 10;

	return part > most ? most : part < 2 ? 2 : part;
}

/* The kernel gives the lowest number that is free, so a high one means that nearly all are taken. */
int descriptors_spare(int fd)
{
	int limit = limit_now();

	/* a limit that is all reserve leaves half of itself */
	if (fd < limit - (limit >= 2 * DESCRIPTORS_RESERVE ? DESCRIPTORS_RESERVE : limit / 2))
		return fd;
	close(fd);
	return -EMFILE;
}
