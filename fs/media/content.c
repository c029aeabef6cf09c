/* SPDX-License-Identifier: MIT */
#include "fs/media/content.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE 16384

void content_text(struct sha256 *sha, int64_t size, char text[CONTENT_TEXT])
{
	char hash[SHA256_TEXT];

	sha256_finish(sha, hash);
	snprintf(text, CONTENT_TEXT, "%" PRId64 ":%s", size, hash);
}

int content_of_file(int fd, char text[CONTENT_TEXT])
{
	struct sha256 sha;
	struct stat st;
	char piece[PIECE];
	off_t at = 0;

	if (fstat(fd, &st) < 0)
		return -errno;
	sha256_init(&sha);
	while (at < CONTENT_FIRST) {
		ssize_t n = pread(fd, piece, sizeof(piece), at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		sha256_add(&sha, piece, (size_t)n);
		at += n;
	}
	content_text(&sha, st.st_size, text);
	return 0;
}
