/* SPDX-License-Identifier: MIT */
#pragma once
/* read_all: read(2) until there is no more, or no more room. */
#include <stddef.h>
#include <sys/types.h>

/* The bytes that were read, `size` at most, or the negative errno of read(2). */
ssize_t read_all(int fd, void *data, size_t size);
