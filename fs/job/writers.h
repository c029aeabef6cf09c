/* SPDX-License-Identifier: MIT */
#pragma once
/* writers: how many have a file open for writing, by its inode. A prompt is not examined, and a file is not uploaded, while
 * there are any. In memory alone: a writer does not outlive the mount. */
#include <stdbool.h>
#include <stdint.h>

struct writers;

struct writers *writers_create(void); /* NULL: out of memory */
void writers_destroy(struct writers *writers); /* NULL is fine */
int writers_add(struct writers *writers, int64_t ino); /* -ENOMEM */
void writers_remove(struct writers *writers, int64_t ino); /* there has to be one */
bool writers_any(const struct writers *writers, int64_t ino);
void writers_forget(struct writers *writers, int64_t ino); /* the file is gone, with all of them */
