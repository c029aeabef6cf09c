/* SPDX-License-Identifier: MIT */
#include "fs/base/move_bytes.h"

#include <errno.h>
#include <unistd.h>

int move_bytes(int fd, bool out, void *data, size_t length, int64_t offset)
{
	char *bytes = data;
	size_t done = 0;

	while (done < length) {
		off_t at = (off_t)(offset + (int64_t)done);
		ssize_t n = out ? pwrite(fd, bytes + done, length - done, at) : pread(fd, bytes + done, length - done, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		done += (size_t)n;
	}
	return 0;
}
