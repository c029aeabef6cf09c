/* SPDX-License-Identifier: MIT */
#pragma once
/* move_bytes: all bytes of a stretch of a file, by pread(2) or pwrite(2). */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Into `data`, or (`out`) from there. 0; the negative errno of the call; -EIO: the file ends before. */
int move_bytes(int fd, bool out, void *data, size_t length, int64_t offset);
