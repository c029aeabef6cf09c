/* SPDX-License-Identifier: MIT */
#pragma once
/* region: memory by its size alone, whose pages come as they are written to and are zero until then: a part of a file of
 * somebody else's, or of our own. */
#include <stddef.h>
#include <sys/types.h>

/* fd: borrowed, with `size` bytes at `at`; -1: memory of our own, which ends with it. */
int region_create(int fd, off_t at, size_t size, void **ret_memory);
int region_clear(void *memory, size_t size); /* all is zero again */
void region_destroy(void *memory, size_t size); /* NULL is fine */
